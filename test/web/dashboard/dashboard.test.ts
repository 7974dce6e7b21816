import { expect } from 'chai';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { Dashboard } from '../../../src/dashboard/dashboard.js';
import { ElectionLog } from '../../../src/dashboard/electionLog.js';
import type { ChaosScenario, ClusterLogs, ClusterSample, NamePage } from '../../../src/dashboard/sample.js';
import { closeFronts, frontOf, listen } from '../../unit/api/fronts.js';
import { Service } from '../../unit/api/service.js';
import { serverSample } from './samples.js';

const PAGE = new URL('../../../dist/web/ui/', import.meta.url);
/** It stands for the chaos monkey: it lists one scenario, and ends at once when it is to run. */
const MONKEY = fileURLToPath(new URL('standInMonkey.mjs', import.meta.url));
/** All that a browser loads. */
const GZIPPED_MAX = 150 * 1024;

describe('dashboard: what is served under /ui/', () => {
  let at: string;
  let service: Service;
  let dashboard: Dashboard;

  async function serve(chaosHooks = true, page = PAGE): Promise<void> {
    service = await Service.leading();
    dashboard = new Dashboard({
      source: {
        id: 0,
        // A cluster of one, so that nobody is asked.
        servers: [{ id: 0, host: 'localhost', port: 1 }],
        node: service.node,
        tickMs: 10,
        version: '1.2.3',
        counts: () => ({ files: 0, keys: 0, sessions: 0, stateBytes: 0, stateBytesMax: 1 }),
        uptimeSeconds: () => 7,
      },
      node: service.node,
      state: service.state,
      metrics: { readings: () => Promise.resolve(serverSample(0).readings) },
      elections: new ElectionLog(),
      leaderlessCalls: () => 3,
      dataDir: undefined,
      chaosHooks,
      monkey: MONKEY,
      failed: (error) => {
        throw error;
      },
      page,
    });
    at = `http://127.0.0.1:${await listen(frontOf({ routes: [dashboard] }))}`;
  }

  beforeEach(() => serve());
  afterEach(async () => {
    dashboard.close();
    await closeFronts();
  });

  const post = (path: string, headers: Record<string, string> = { Origin: at }): Promise<Response> =>
    fetch(`${at}${path}`, { method: 'POST', headers });

  it('is the page, with a policy that lets it load nothing from elsewhere', async () => {
    const reply = await fetch(`${at}/ui/`);
    expect(reply.status).to.equal(200);
    expect(await reply.text()).to.include('<div id="app">');
    const policy = reply.headers.get('content-security-policy') ?? '';
    expect(policy).to.match(/^default-src 'none'; /);
    expect(policy).not.to.match(/unsafe|https?:|\*|data:/);
    expect(reply.headers.get('x-content-type-options')).to.equal('nosniff');
    for (const file of ['app.js', 'app.css', 'icon.svg'])
      expect((await fetch(`${at}/ui/${file}`)).status, file).to.equal(200);
  });

  it('is reached without the last slash, too', async () => {
    const reply = await fetch(`${at}/ui`, { redirect: 'manual' });
    expect([reply.status, reply.headers.get('location')]).to.deep.equal([308, '/ui/']);
  });

  it('names nothing that would be loaded from elsewhere, and is small', () => {
    const files = ['index.html', 'app.js', 'app.css', 'icon.svg'].map((name) =>
      readFileSync(new URL(name, PAGE)),
    );
    const text = files.join('\n').replaceAll('http://www.w3.org/', '');
    expect([
      ...text.matchAll(/\b(?:src|href)="(https?:)?\/\/[^"]*"|url\(["']?(?:https?:)?\/\/|@import/g),
    ]).to.deep.equal([]);
    const gzipped = files.reduce((sum, file) => sum + gzipSync(file).length, 0);
    console.log(`      ${(gzipped / 1024).toFixed(1)} KiB gzipped`);
    expect(gzipped).to.be.below(GZIPPED_MAX);
  });

  it('is compressed for those who ask', async () => {
    const reply = await fetch(`${at}/ui/app.js`, { headers: { 'Accept-Encoding': 'gzip' } });
    expect(reply.headers.get('content-encoding')).to.equal('gzip');
    expect(Number(reply.headers.get('content-length'))).to.be.below(
      readFileSync(new URL('app.js', PAGE)).length / 2,
    );
    // fetch has decoded it.
    expect(Buffer.from(await reply.arrayBuffer())).to.deep.equal(
      gunzipSync(gzipSync(readFileSync(new URL('app.js', PAGE)))),
    );
  });

  it('says so when the page was not built, and knows no other files', async () => {
    await closeFronts();
    await serve(true, new URL('file:///nowhere/'));
    expect(await (await fetch(`${at}/ui/`)).text()).to.equal(
      'The dashboard is not built: run npm run build.\n',
    );
    for (const path of ['/ui/other', '/ui/..%2fpackage.json', '/ui/servers/0', '/ui/app.js/'])
      expect((await fetch(`${at}${path}`)).status, path).to.equal(404);
  });

  it('streams the past and then samples, with the verdict', async () => {
    const reply = await fetch(`${at}/ui/events`);
    expect(reply.headers.get('content-type')).to.equal('text/event-stream');
    const text = await readUntil(reply, 'event: sample');
    expect(text).to.match(/^event: hello\ndata: \{"points":\[\]\}\n\n/);
    const line = /event: sample\ndata: (.*)\n/.exec(text)?.[1] ?? '';
    const { verdict, viewers, servers } = JSON.parse(line) as ClusterSample;
    expect(verdict.headline).to.match(/^healthy: server 0 leads in term 1, 1 of 1 answers/);
    expect(viewers).to.equal(1);
    expect(servers[0]?.sample?.waiting.calls).to.equal(3);
  });

  it('tells the logs of all servers, and rests when nobody looks', async () => {
    const { servers } = (await (await fetch(`${at}/ui/logs`)).json()) as ClusterLogs;
    expect(servers.map(({ log }) => [log?.role, log?.term, log?.entries[0]?.label])).to.deep.equal([
      ['leader', 1, 'no-op'],
    ]);
    expect((await post('/ui/logs')).status).to.equal(405);
  });

  it('has the page that runs Raft, under the policy that this page brings along', async () => {
    const reply = await fetch(`${at}/ui/raft.html`);
    const policy = reply.headers.get('content-security-policy') ?? '';
    expect(policy).to.match(/^default-src 'none'; script-src 'sha256-[^']+'; /);
    expect(policy)
      .to.include("frame-ancestors 'none'")
      .and.not.to.match(/script-src[^;]*unsafe|https?:|\*/);
    expect(await reply.text()).to.include('<title>Raft, seen</title>');
  });

  it('finds names, and refuses questions that make no sense', async () => {
    service.state.keys.put({ key: 'cat', value: [1] });
    const page = (await (await fetch(`${at}/ui/names?kind=keys&text=A&limit=5`)).json()) as NamePage;
    expect(page.rows).to.deep.equal([{ name: 'cat', version: null, text: '1 item: 1' }]);
    for (const query of ['kind=dogs', 'offset=-1', 'limit=201', 'limit=x', `text=${'x'.repeat(201)}`])
      expect((await fetch(`${at}/ui/names?${query}`)).status, query).to.equal(400);
  });

  it('crashes and restores by buttons of its own page', async () => {
    expect((await post('/ui/servers/0/crash')).status).to.equal(200);
    expect(service.node.isCrashed).to.equal(true);
    // A crashed server still serves the page, and says that it is crashed.
    expect((await fetch(`${at}/ui/`)).status).to.equal(200);
    const text = await readUntil(await fetch(`${at}/ui/events`), 'event: sample');
    expect(text).to.include('server 0 is held down by its crash hook');
    expect(await (await post('/ui/servers/0/restore')).text()).to.equal('server 0 is restored\n');
    expect(service.node.isCrashed).to.equal(false);
  });

  it('does nothing for pages of other sites, for programs, for GET, and for what there is not', async () => {
    const refused: readonly (readonly [number, Promise<Response>])[] = [
      [403, post('/ui/servers/0/crash', { Origin: 'http://elsewhere.example' })],
      [403, post('/ui/servers/0/crash', { Origin: 'null' })],
      [403, post('/ui/servers/0/crash', {})],
      [405, fetch(`${at}/ui/servers/0/crash`)],
      [404, post('/ui/servers/9/crash')],
      [404, post('/ui/servers/0/burn')],
      [405, post('/ui/events')],
      [405, post('/ui/')],
    ];
    for (const [status, reply] of refused) expect((await reply).status).to.equal(status);
    expect(service.node.isCrashed).to.equal(false);
  });

  it('lets the chaos monkey loose by a button of its own page alone, and has its report', async () => {
    expect((await fetch(`${at}/ui/chaos.html`)).status).to.equal(404);
    const list = (await (await fetch(`${at}/ui/chaos`)).json()) as ChaosScenario[];
    expect(list.map(({ name }) => name)).to.deep.equal(['random', 'one-way']);
    const refused: readonly (readonly [number, Promise<Response>])[] = [
      [405, fetch(`${at}/ui/chaos/one-way`)],
      [403, post('/ui/chaos/one-way', {})],
      [403, post('/ui/chaos/one-way', { Origin: 'http://elsewhere.example' })],
      [404, post('/ui/chaos/other-way')],
      [400, post('/ui/chaos/one-way?seconds=601')],
    ];
    for (const [status, reply] of refused) expect((await reply).status).to.equal(status);
    expect((await post('/ui/chaos/one-way?seconds=5')).status).to.equal(200);
    expect((await post('/ui/chaos/one-way?seconds=5')).status).to.equal(409);
    await readUntil(await fetch(`${at}/ui/events`), '3 s, all up');
    expect((await post('/ui/chaos/stop')).status).to.equal(200);
    await readUntil(await fetch(`${at}/ui/events`), '"state":"ended"');
    const report = await fetch(`${at}/ui/chaos.html`);
    expect(report.headers.get('content-security-policy')).to.match(
      /^default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-[^']{44}';/,
    );
    expect(await report.text()).to.equal('<p>all is well</p><script>1</script>');
  });

  it('has no buttons where there are no hooks', async () => {
    dashboard.close();
    await serve(false);
    const reply = await post('/ui/servers/0/crash');
    expect([reply.status, await reply.text()]).to.deep.equal([
      403,
      'This server runs with --no-chaos-hooks: nothing can be crashed or cut off from here.\n',
    ]);
    expect(service.node.isCrashed).to.equal(false);
    expect((await post('/ui/chaos/random')).status).to.equal(403);
  });

  before(function () {
    if (existsSync(new URL('index.html', PAGE))) return;
    throw new Error('the page is not built: npm run build comes before the tests');
  });
});

/** The text of a stream, once it holds this; the stream is then given up. */
async function readUntil(reply: Response, wanted: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of reply.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    const at = text.indexOf(wanted);
    if (at >= 0 && text.slice(at).includes('\n\n')) break;
  }
  return text;
}
