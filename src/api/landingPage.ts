import { addressOf } from '../net/address.js';
import type { LeaderAddress } from '../node/errors.js';
import { escapeText } from '../xmlrpc/index.js';
import type { Page } from './pages.js';
import type { StatusSource } from './status.js';

/** Brackets are no part of what `encodeURI` leaves alone. */
function urlOf({ host, port }: LeaderAddress): string {
  return `http://${addressOf({ host: encodeURI(host), port })}/`;
}

/** For a person who opens the server's address in a browser: the server, its state, and its interfaces. */
export function landingPage(
  { id, servers, node, version }: StatusSource,
  methodNames: readonly string[],
): Page {
  const { core, lifecycle } = node.status;
  const state = lifecycle === 'running' ? core.role : lifecycle;
  const leader = core.leader === null ? 'no leader known' : `server ${core.leader} leads`;
  const links = ['/livez', '/readyz', '/version', '/metrics', '/admin/status']
    .map((path) => `<a href="${path}">${path}</a>`)
    .join(', ');
  const { host: ownHost, port: ownPort } = servers[id] ?? { host: 'HOST', port: 'PORT' };
  const rows = servers.map((server) => {
    const { id: other } = server;
    const address = escapeText(addressOf(server));
    const url = escapeText(urlOf(server));
    const link = other === id ? address : `<a href="${url}">${address}</a>`;
    return `<li>server ${other}: ${link}${other === id ? ' (this one)' : ''}</li>`;
  });
  const body = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>SurfStore server ${id}</title>
<style>
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem; }
code, li { font-family: ui-monospace, monospace; font-size: 0.9rem; }
ul { columns: 18rem; padding-left: 1.2rem; }
</style>
<h1>SurfStore server ${id} of ${servers.length}</h1>
<p><strong>${escapeText(state)}</strong> in term ${core.term}; ${leader}. Version ${escapeText(version)}.</p>
<p><a href="/ui/">The dashboard</a> shows the whole cluster as it changes.</p>
<p>${links}</p>
<h2>Servers of this cluster</h2>
<ul>
${rows.join('\n')}
</ul>
<h2>Keys and values</h2>
<p><code>/keys/KEY</code> with GET and POST; a JSON message by POST to <code>/messages</code>;
or JSON lines on the same port: <code>nc ${escapeText(ownHost)} ${ownPort}</code></p>
<h2>XML-RPC</h2>
<p>POST to <code>/RPC2</code> or <code>/</code>. <code>system.methodHelp</code> tells of each:</p>
<ul>
${methodNames.map((name) => `<li>${escapeText(name)}</li>`).join('\n')}
</ul>
</html>
`;
  return { status: 200, contentType: 'text/html; charset=utf-8', body };
}
