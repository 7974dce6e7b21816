import { expect } from 'chai';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ping } from './support/http.js';
import {
  atEnd,
  Cluster,
  ELECTION_MS,
  stopEverything,
  temporaryFile,
  writeClusterFile,
} from './support/cluster.js';
import { freePorts, occupyPort } from './support/ports.js';
import { surfstore } from './support/program.js';
import { OpenCall, timed, until, within } from './support/waiting.js';
import { apartFromLeaders, logLinesOf } from './support/logLines.js';

/** A server that is told to stop has ended after this long. */
const STOP_MS = 2_000;

const signals = ['SIGTERM', 'SIGINT'] as const;

describe('a server process', function () {
  this.timeout(40_000);

  /** Their three seconds pass while the other tests go on. */
  const outages = new Map<string, OpenCall<Outage>>();

  const stopping = new Map<string, OpenCall<{ cluster: Cluster; leader: number }>>();

  before(() => {
    for (const signal of signals) stopping.set(signal, new OpenCall(Cluster.startWithLeader(3)));
    for (const role of ['follower', 'leader']) outages.set(role, new OpenCall(outageOf(role)));
  });
  after(stopEverything);

  it('writes one line when it is ready, and nothing else while leaders are crashed and restored', async () => {
    const startedAt = performance.now();
    const cluster = await Cluster.start(3);
    const readyMs = performance.now() - startedAt;
    let leader = await cluster.leader();
    for (let version = 1; version <= 2; version += 1) {
      expect(await cluster.update(leader, 'quiet', version)).to.equal(true);
      await cluster.crash(leader);
      await until('another leader', async () => (await cluster.leaders()).length === 1, ELECTION_MS);
      await cluster.restore(leader);
      leader = await cluster.heal();
    }
    for (const id of cluster.ids) {
      const { stdout, stderr } = cluster.process(id);
      expect(stdout).to.match(
        new RegExp(
          `^surfstore \\d+\\.\\d+\\.\\d+: server ${id} of 3 is ready at localhost:${cluster.port(id)}\n$`,
        ),
      );
      expect(apartFromLeaders(stderr)).to.deep.equal([]);
      const changes = logLinesOf(stderr).map(({ leader: by, term }) => `${String(by)} in ${String(term)}`);
      expect(changes, 'one line for each change of leader').to.deep.equal([...new Set(changes)]);
    }
    console.log(`      three servers were ready after ${Math.round(readyMs)} ms`);
  });

  it('starts in well under five seconds, alone', async () => {
    const { tookMs } = await timed(() => Cluster.start(1));
    console.log(`      one server was ready after ${Math.round(tookMs)} ms`);
    expect(tookMs).to.be.below(5_000);
  });

  for (const signal of signals) {
    it(`ends on ${signal} with exit code 0 within two seconds: waiting calls get a fault`, async () => {
      const { cluster, leader } = (await stopping.get(signal)?.value(20_000)) ?? unmeasured(signal);
      await cluster.crash(...cluster.others(leader));
      const calls = [
        new OpenCall(cluster.call(leader, 'updatefile', ['waits', 1, []])),
        new OpenCall(cluster.call(leader, 'getfileinfomap')),
      ];
      await until('the calls wait', async () => (await cluster.waitingCalls(leader)) === calls.length);
      // Clients that say nothing, or not all that they have to say, do not hold the server up.
      const silent = [connect(cluster.port(leader), '127.0.0.1'), connect(cluster.port(leader), '127.0.0.1')];
      for (const socket of silent) {
        socket.on('error', () => undefined);
        atEnd(() => socket.destroy());
      }
      silent[0]?.write(ping.slice(0, 40));
      silent[1]?.write(ping);

      const server = cluster.process(leader);
      const { value: status, tookMs } = await timed(async () => {
        server.signal(signal);
        return within(server.ended, STOP_MS, 'the end of the server');
      });
      expect(status).to.equal(0);
      for (const call of calls)
        expect(await call.error(500))
          .to.include({ faultCode: 10 })
          .and.match(/stopped/);
      expect(apartFromLeaders(server.stderr)).to.deep.equal([]);
      console.log(`      ended after ${Math.round(tookMs)} ms`);

      await Promise.all(
        cluster.running.map(async (id) => {
          cluster.process(id).signal(signal);
          expect(await within(cluster.process(id).ended, STOP_MS, 'the end of a crashed server')).to.equal(0);
        }),
      );
    });
  }

  it('says in one line that its port is in use, and exits with 1', async () => {
    const { port, close } = await occupyPort();
    atEnd(close);
    const server = surfstore(['server', writeClusterFile([port]), '0']);
    expect(await within(server.closed, 5_000, 'the end of the server')).to.equal(1);
    expect(server.stdout).to.equal('');
    expect(server.stderr).to.match(new RegExp(`^surfstore: .*port ${port}.*in use.*\n$`));
  });

  it('finds its address by line order, in a file with other line ends, blanks and labels that repeat', async () => {
    const [first = 0, second = 0] = await freePorts(2);
    const file = temporaryFile(
      'cluster.txt',
      `M:2\r\n\r\n  metadata0 :  localhost:${first}  \r\n\tmetadata0: 127.0.0.1:${second}`,
    );
    const servers = [surfstore(['server', file, '0']), surfstore(['server', file, '1'])];
    const lines = await Promise.all(servers.map((server) => server.firstLine()));
    expect(lines[0]).to.contain(`localhost:${first}`);
    expect(lines[1]).to.contain(`127.0.0.1:${second}`);
    const status = surfstore(['status', file, '--wait-leader', '10s', '-o', 'json']);
    expect(await status.closed).to.equal(0);
  });

  const missing = '/nowhere/cluster.txt';
  const usage: Readonly<Record<string, (file: string) => readonly string[]>> = {
    'a file that is not there': () => [missing, '0'],
    'a directory as file': () => ['/', '0'],
    'an id beyond the last': (file) => [file, '3'],
    'a negative id': (file) => [file, '-1'],
    'an id that is no number': (file) => [file, 'one'],
    'no id': (file) => [file],
    'an unknown flag': (file) => [file, '0', '--nonsense'],
    'a flag without its value': (file) => [file, '0', '--heartbeat-ms'],
    'a flag of zero': (file) => [file, '0', '--heartbeat-ms', '0'],
    'a flag that is no number': (file) => [file, '0', '--heartbeat-ms', 'often'],
    'flags that contradict each other': (file) => [file, '0', '--heartbeat-ms', '500'],
    'a log level that there is none of': (file) => [file, '0', '--log-level', 'loud'],
    'a file without servers': () => [temporaryFile('cluster.txt', 'M: 2\nmetadata0: localhost:9001\n'), '0'],
    'a file that is no cluster file': () => [temporaryFile('cluster.txt', '\x7fELF\0\0'), '0'],
  };
  it('says in one line what is wrong with its command line, and exits with 2', async () => {
    const file = writeClusterFile([1, 2, 3]);
    const wrong: string[] = [];
    await Promise.all(
      Object.entries(usage).map(async ([what, args]) => {
        const server = surfstore(['server', ...args(file)]);
        const status = await within(server.closed, 15_000, `the end of a server with ${what}`);
        if (status !== 2 || server.stdout !== '' || !/^surfstore: .+\n$/.test(server.stderr)) {
          wrong.push(`${what}: ${status} ${JSON.stringify(server.stderr)}`);
        }
      }),
    );
    expect(wrong).to.deep.equal([]);
  });

  for (const role of ['follower', 'leader']) {
    it(`writes at most two lines to stderr per outage of a peer, JSON that names it: of a ${role}`, async () => {
      const { cluster, down, leader } = (await outages.get(role)?.value(30_000)) ?? unmeasured(role);
      for (const id of cluster.others(down)) {
        const lines = apartFromLeaders(cluster.process(id).stderr);
        expect(lines.length, JSON.stringify(lines)).to.be.at.most(2);
        for (const line of lines) expect(line).to.include({ peer: down, server: id });
      }
      expect(apartFromLeaders(cluster.process(down).stderr)).to.deep.equal([]);
      const told = apartFromLeaders(cluster.process(leader).stderr);
      if (down !== leader) expect(told, 'the leader tells').not.to.deep.equal([]);
    });
  }

  interface Outage {
    readonly cluster: Cluster;
    /** The server that was killed. */
    readonly down: number;
    /** The server that led until then. */
    readonly leader: number;
  }

  /** Kills a server for three seconds; it comes back empty and is filled again. */
  async function outageOf(role: string): Promise<Outage> {
    const { cluster, leader } = await Cluster.startWithLeader(3);
    const down = role === 'leader' ? leader : (cluster.others(leader)[0] ?? -1);
    expect(await cluster.update(leader, 'survives', 1)).to.equal(true);
    await until('version 1 on all', async () =>
      (await cluster.versions('survives')).every((one) => one === 1),
    );
    await cluster.process(down).kill();
    await sleep(3_000);
    const next = await cluster.leader();
    expect(await cluster.update(next, 'survives', 2)).to.equal(true);
    await cluster.startServer(down);
    await until('version 2 there', async () => (await cluster.version(down, 'survives')) === 2);
    expect(await cluster.leaders()).to.deep.equal([next]);
    return { cluster, down, leader };
  }
});

function unmeasured(what: string): never {
  throw new Error(`${what} was not prepared`);
}
