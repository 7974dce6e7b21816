import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Session, type Profiler } from 'node:inspector';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect } from 'chai';
import { SurfStoreClient } from '../../src/client/index.js';
import type * as Assembly from '../../src/cli/assembly.js';
import { readClusterFile } from '../../src/config/clusterFile.js';
import { defaultOptions, validateOptions } from '../../src/config/options.js';
import { noopObserver } from '../../src/node/events.js';
import { serializeMethodCall } from '../../src/xmlrpc/index.js';
import { freePort } from '../unit/api/fronts.js';

const root = join(import.meta.dirname, '..', '..');
const built = join(root, 'dist', 'src');

/** How many files of the source one durable update may pass through, on the leader and on its followers together. */
const FILES_MAX = 68;
/** Calls that are traced at least. A file that belongs to the path is on all of them. */
const CALLS = 8;
/** So many calls are traced until one has passed between two ticks of the protocol's timers. */
const CALLS_MAX = 500;
const TIMERS = 'node/clock';
/** Slow timers: a call passes between two ticks even on a busy machine. */
const TIMES = { tickMs: 100, heartbeatMs: 500, electionMinMs: 1500, electionMaxMs: 3000 };

/** Three servers of the build in this process, so that one trace shows the leader and the followers. */
class TracedCluster {
  private readonly directory = mkdtempSync(join(tmpdir(), 'surfstore-trace-'));
  private readonly session = new Session();
  private servers: Assembly.RunningServer[] = [];
  private socket: Socket | undefined;
  private version = 0;

  /** Resolves when an update has been acknowledged, and all code that an update needs is loaded. */
  async start(): Promise<void> {
    const ports = [await freePort(), await freePort(), await freePort()];
    const file = join(this.directory, 'cluster.txt');
    writeFileSync(file, ['M: 3', ...ports.map((port, id) => `metadata${id}: localhost:${port}`)].join('\n'));
    const cluster = readClusterFile(file);
    const { startServer } = (await import(join(built, 'cli', 'assembly.js'))) as typeof Assembly;
    this.servers = await Promise.all(
      cluster.servers.map((server) =>
        startServer({
          cluster,
          server,
          options: validateOptions({
            ...defaultOptions,
            ...TIMES,
            dataDir: join(this.directory, String(server.id)),
          }),
          log: pino({ level: 'silent' }),
          observer: noopObserver,
        }),
      ),
    );
    const client = new SurfStoreClient({ servers: cluster.servers });
    const leader = await client.findLeader();
    client.close();
    this.socket = connect(leader.port, 'localhost');
    await this.update();
    this.session.connect();
    await this.profiler('enable');
    await this.profiler('startPreciseCoverage', { callCount: true, detailed: false });
  }

  async stop(): Promise<void> {
    this.socket?.destroy();
    this.session.disconnect();
    await Promise.all(this.servers.map((server) => server.stop()));
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** The files with a function that ran during one update, as paths below `src/` without extension. */
  async trace(): Promise<Set<string>> {
    await this.profiler('takePreciseCoverage');
    await this.update();
    const { result } = (await this.profiler('takePreciseCoverage')) as Profiler.TakePreciseCoverageReturnType;
    const visited = result.filter(
      ({ url, functions }) =>
        url.includes(built) && functions.some(({ ranges }) => (ranges[0]?.count ?? 0) > 0),
    );
    return new Set(visited.map(({ url }) => url.slice(url.indexOf(built) + built.length + 1, -'.js'.length)));
  }

  private async update(): Promise<void> {
    const { socket } = this;
    if (socket === undefined) throw new Error('not started');
    this.version += 1;
    const xml = serializeMethodCall('surfstore.updatefile', ['a.txt', this.version, ['hash']]);
    const head = `POST /RPC2 HTTP/1.1\r\nHost: test\r\nContent-Type: text/xml\r\nContent-Length: ${xml.length}\r\n\r\n`;
    const answer = new Promise<Buffer>((resolve) => socket.once('data', resolve));
    socket.write(head + xml);
    expect(String(await answer)).to.include('<boolean>1</boolean>');
  }

  private profiler(method: string, parameters: object = {}): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.session.post(`Profiler.${method}`, parameters, (error: Error | null, result?: object) => {
        if (error === null) resolve(result);
        else reject(error);
      });
    });
  }
}

describe('tidy: the life of a call', () => {
  const cluster = new TracedCluster();
  before(() => cluster.start());
  after(() => cluster.stop());

  it('passes through few files, and docs/life-of-a-call.md names them all and no others', async () => {
    let path = await cluster.trace();
    for (let call = 1; call < CALLS || (path.has(TIMERS) && call < CALLS_MAX); call += 1) {
      const visited = await cluster.trace();
      path = new Set([...path].filter((file) => visited.has(file)));
    }
    const page = readFileSync(join(root, 'docs', 'life-of-a-call.md'), 'utf8');
    const named = [...page.matchAll(/`src\/([\w/]+)\.ts`/g)].map(([, file]) => file);
    expect([...new Set(named)].sort()).to.deep.equal([...path].sort());
    expect(path.size).to.be.at.most(FILES_MAX);
  });
});
