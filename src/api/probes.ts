import type { NodeStatus } from '../node/raftNode.js';
import { landingPage } from './landingPage.js';
import { jsonPage, textPage, type Page, type Pages } from './pages.js';
import type { StatusSource } from './status.js';

/**
 * What supervisors, load balancers and people with a browser ask for: `/livez` (the process answers), `/readyz` (it takes part
 * in the cluster and knows a leader; otherwise 503 and the reason), `/version`, and a page at `/` that says what lives here.
 */
export function probePages(source: StatusSource, methodNames: readonly string[]): Pages {
  return new Map([
    ['/', () => landingPage(source, methodNames)],
    ['/livez', () => textPage(200, 'ok')],
    ['/readyz', () => readiness(source.node.status)],
    ['/version', () => jsonPage({ name: 'surfstore', version: source.version, node: process.version })],
  ]);
}

function readiness({ lifecycle, core }: NodeStatus): Page {
  if (lifecycle === 'crashed' || lifecycle === 'restoring')
    return textPage(503, 'crashed: this server is held down by its crash hook until restore is called');
  if (lifecycle !== 'running') return textPage(503, `${lifecycle}: this server takes no part in the cluster`);
  if (core.leader === null)
    return textPage(
      503,
      'no leader: this server knows of none; a majority may be down, or an election under way',
    );
  return textPage(200, 'ok');
}
