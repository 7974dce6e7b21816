import { estrangementText } from '../node/errors.js';
import type { NodeStatus } from '../node/nodeOptions.js';
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

function readiness({ lifecycle, core, lastApplied }: NodeStatus): Page {
  if (lifecycle === 'crashed' || lifecycle === 'restoring')
    return textPage(503, 'crashed: this server is held down by its crash hook until restore is called');
  if (lifecycle !== 'running') return textPage(503, `${lifecycle}: this server takes no part in the cluster`);
  for (const [peer, reason] of core.estranged)
    if (reason !== 'history' || peer === core.leader)
      return textPage(503, `estranged: ${estrangementText(peer, reason)}`);
  if (core.standing === 'learner')
    return textPage(
      503,
      'learner: the directory of this server is new to its cluster; it neither votes nor counts until the leader has taken it in',
    );
  if (core.role === 'leader' && !core.hasQuorum)
    return textPage(503, 'no majority: this server leads, but hears from no majority of the servers');
  if (core.leader === null)
    return textPage(
      503,
      'no leader: this server knows of none; a majority may be down, or an election under way',
    );
  if (lastApplied < core.leaderCommit)
    return textPage(503, `catching up: ${lastApplied} of ${core.leaderCommit} entries are applied here`);
  return textPage(200, 'ok');
}
