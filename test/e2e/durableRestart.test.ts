import { expect } from 'chai';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Prng } from '../../src/sim/prng.js';
import {
  Cluster,
  quickElections,
  stopEverything,
  temporaryFile,
  temporaryFolder,
  writeClusterFile,
} from './support/cluster.js';
import { DurableLoad } from './support/durableLoad.js';
import { serverEvents } from './support/killRounds.js';
import { freePorts } from './support/ports.js';
import { surfstore } from './support/program.js';
import { until, within } from './support/waiting.js';

describe('a server with --data-dir', function () {
  this.timeout(40_000);

  after(stopEverything);

  const ends: Readonly<Record<string, (cluster: Cluster) => Promise<unknown>>> = {
    SIGTERM: (cluster) => cluster.stop(...cluster.ids),
    SIGKILL: (cluster) => cluster.kill(...cluster.ids),
  };
  for (const [signal, end] of Object.entries(ends)) {
    it(`keeps everything when all servers end on ${signal} and start again`, async () => {
      const { cluster, leader } = await Cluster.startWithLeader(3, { flags: quickElections, durable: true });
      for (let version = 1; version <= 20; version += 1) {
        expect(await cluster.update(leader, 'kept', version, ['h', version])).to.equal(true);
      }
      expect(await cluster.update(leader, 'deleted', 1, '0')).to.equal(true);
      const before = await cluster.call(leader, 'getfileinfomap');
      const { term } = await cluster.status(leader);

      await end(cluster);
      await cluster.restart(...cluster.ids);

      const next = await cluster.leader();
      expect(await cluster.call(next, 'getfileinfomap')).to.deep.equal(before);
      expect(Number((await cluster.status(next))['term'])).to.be.greaterThan(Number(term));
      expect(await cluster.update(next, 'kept', 21)).to.equal(true);
      await until('all have it', async () => (await cluster.versions('kept')).every((one) => one === 21));
    });
  }

  it('alone in its cluster has everything as soon as it is ready', async () => {
    const { cluster } = await Cluster.startWithLeader(1, { durable: true });
    expect(await cluster.update(0, 'alone', 1, ['h'])).to.equal(true);
    await cluster.kill(0);
    await cluster.restart(0);
    await cluster.leader();
    expect(await cluster.call(0, 'getfileinfomap')).to.deep.equal(new Map([['alone', [1, ['h']]]]));
  });

  it('that lost its directory is caught up with a snapshot, while the others go on without an election', async () => {
    const { cluster, leader } = await Cluster.startWithLeader(3, {
      flags: ['--snapshot-entries', '50', '--log-level', 'debug'],
      durable: true,
    });
    const load = await DurableLoad.start(cluster, new Prng(1));
    await load.progress(200);
    const { term } = await cluster.status(leader);
    const [wiped = -1] = cluster.others(leader);
    await cluster.kill(wiped);
    cluster.wipe(wiped);
    await cluster.restart(wiped);
    await load.progress(50);
    await until('a snapshot is installed', () => serverEvents(cluster.process(wiped)).snapshotsInstalled > 0);
    await load.judge();
    expect(await cluster.leaders()).to.deep.equal([leader]);
    expect((await cluster.status(leader))['term']).to.equal(term);
    expect((await cluster.status(wiped))['term']).to.equal(term);
  });

  describe('refuses a directory that is not its own, with exit code 2 and one line:', () => {
    let cluster: Cluster;
    let foreign: string;
    let free: number[];

    before(async () => {
      cluster = await Cluster.start(2, { durable: true });
      await cluster.kill(1);
      free = await freePorts(2);
      foreign = temporaryFolder();
      writeFileSync(join(foreign, 'thesis.txt'), 'precious');
    });

    const refused: Readonly<Record<string, { args: () => string[]; says: RegExp }>> = {
      'that of another server': {
        args: () => [cluster.configFile, '0', '--data-dir', cluster.dataDir(1)],
        says: /belongs to server 1 and this is server 0; give every server a directory of its own/,
      },
      'that of another cluster': {
        args: () => [writeClusterFile(free), '1', '--data-dir', cluster.dataDir(1)],
        says: /belongs to a cluster of localhost:\d+, localhost:\d+, not of localhost:\d+, localhost:\d+; /,
      },
      'that of a smaller cluster': {
        args: () => [writeClusterFile([...cluster.ports, 1]), '1', '--data-dir', cluster.dataDir(1)],
        says: /belongs to a cluster of/,
      },
      'one that is in use': {
        args: () => [cluster.configFile, '0', '--data-dir', cluster.dataDir(0)],
        says: /in use by another process/,
      },
      'a file': {
        args: () => [cluster.configFile, '1', '--data-dir', temporaryFile('file', '')],
        says: /it is not a directory/,
      },
      'one below a file': {
        args: () => [cluster.configFile, '1', '--data-dir', join(temporaryFile('file', ''), 'below')],
        says: /it is not a directory/,
      },
      'one with other things in it': {
        args: () => [cluster.configFile, '1', '--data-dir', foreign],
        says: /holds other files, such as thesis\.txt/,
      },
      'one without a name': {
        args: () => [cluster.configFile, '1', '--data-dir', ''],
        says: /--data-dir must be the path of a directory/,
      },
    };
    for (const [what, { args, says }] of Object.entries(refused)) {
      it(what, async () => {
        const server = surfstore(['server', ...args()]);
        expect(await within(server.closed, 10_000, 'the end of the server')).to.equal(2);
        expect(server.stdout).to.equal('');
        expect(server.stderr)
          .to.match(/^surfstore: .+\n$/)
          .and.match(says);
      });
    }

    it('and leaves all of them as they were', async () => {
      expect(readdirSync(foreign)).to.deep.equal(['thesis.txt']);
      await cluster.restart(1);
      await cluster.leader();
    });
  });

  it('is made by the cluster command with a directory for each, on which it can be started alone later', async () => {
    const cluster = await Cluster.prepareDurable(3, quickElections);
    const parent = join(cluster.dataDir(0), '..');
    const together = surfstore(['cluster', cluster.configFile, ...quickElections, '--data-dir', parent]);
    await until('the table', () => together.stdout.includes('Ctrl-C'), 15_000);
    const update = surfstore(['update', cluster.configFile, 'kept', '1', 'h']);
    expect(await update.closed).to.equal(0);
    together.signal('SIGINT');
    expect(await within(together.closed, 5_000, 'the end of all servers')).to.equal(0);
    expect(readdirSync(parent).sort()).to.deep.equal(['server0', 'server1', 'server2']);

    await cluster.restart(1, 2);
    const leader = await cluster.leader();
    expect(await cluster.call(leader, 'getfileinfomap')).to.deep.equal(new Map([['kept', [1, ['h']]]]));
  });

  it('makes the directory, and those above it, when they are missing', async () => {
    const [port = 0] = await freePorts(1);
    const directory = join(temporaryFolder(), 'not', 'yet', 'there');
    const server = surfstore(['server', writeClusterFile([port]), '0', '--data-dir', directory]);
    await server.firstLine();
    expect(existsSync(directory)).to.equal(true);
  });

  it('takes an empty directory that is there already', async () => {
    const cluster = await Cluster.prepareDurable(1);
    mkdirSync(cluster.dataDir(0));
    await cluster.startServer(0);
    await cluster.leader();
  });

  it('without it forgets everything when the process ends', async () => {
    const { cluster } = await Cluster.startWithLeader(1);
    expect(await cluster.update(0, 'forgotten', 1)).to.equal(true);
    await cluster.stop(0);
    await cluster.restart(0);
    await cluster.leader();
    expect(await cluster.call(0, 'getfileinfomap')).to.deep.equal(new Map());
  });
});
