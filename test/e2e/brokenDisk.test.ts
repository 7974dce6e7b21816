import { expect } from 'chai';
import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Prng } from '../../src/sim/prng.js';
import type { ParsedValue } from '../../src/xmlrpc/index.js';
import { Cluster, quickElections, stopEverything } from './support/cluster.js';
import { copyDataDir } from './support/dataCopies.js';
import { DurableLoad } from './support/durableLoad.js';
import { makeReadOnly, mountSmallDisk, resizeDisk, unmount, whyNoMounts } from './support/mounts.js';
import { within, until } from './support/waiting.js';

/** A hundred of these make several segments of the log, and a snapshot. */
const CONTENT_BYTES = 50_000;

describe('a server whose disk breaks', function () {
  this.timeout(60_000);

  let whyNot: string | undefined;

  before(() => {
    whyNot = whyNoMounts();
    if (whyNot !== undefined) console.log(`    disks cannot be mounted here: ${whyNot}`);
  });
  afterEach(stopEverything);

  it('ends with one clear message when the disk is full or refuses new files; the others go on; nothing is lost', async function () {
    if (whyNot !== undefined) this.skip();
    const cluster = await Cluster.prepareDurable(5, quickElections);
    mountSmallDisk(cluster.dataDir(0), 4);
    await cluster.restart(...cluster.ids);
    const load = await DurableLoad.start(cluster, new Prng(1), { contentBytes: CONTENT_BYTES });
    const readOnly = await leaderBut(0, cluster);
    makeReadOnly(cluster.dataDir(readOnly));

    await expectFailure(cluster, 0, /no space left on device/i);
    await expectFailure(cluster, readOnly, /read-only file system/i);
    await load.progress(30);
    expect(cluster.running, 'servers that go on').to.have.length(3);

    // Whoever starts it again and again while there is no space makes nothing worse.
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      cluster.launch(0);
      await expectFailure(cluster, 0, /no space left on device/i);
    }

    resizeDisk(cluster.dataDir(0), 256);
    unmount(cluster.dataDir(readOnly));
    await cluster.restart(0, readOnly);
    await load.judge();
  });

  it('does not start on a directory in which it may not write, and says why, with exit code 1', async function () {
    if (whyNot !== undefined) this.skip();
    const { cluster } = await Cluster.startWithLeader(1, { durable: true });
    expect(await cluster.update(0, 'kept', 1)).to.equal(true);
    await cluster.kill(0);
    makeReadOnly(cluster.dataDir(0));
    const server = cluster.launch(0);
    expect(await within(server.closed, 10_000, 'the end of the server')).to.equal(1);
    expect(server.stdout).to.equal('');
    expect(server.stderr)
      .to.match(/^surfstore: .+\n$/)
      .and.match(/Cannot open the data directory .*read-only file system.*; see to the disk/i);
    unmount(cluster.dataDir(0));
    await cluster.restart(0);
    await cluster.leader();
    expect(await cluster.version(0, 'kept')).to.equal(1);
  });

  /** Each changes the file that it is given. */
  const damages: Readonly<Record<string, { of: RegExp; by: (file: string) => void }>> = {
    'a segment of the log without its end': { of: /^log-/, by: (file) => truncateSync(file, half(file)) },
    'a flipped bit in the log': { of: /^log-/, by: flipBit },
    'a segment that is missing': { of: /^log-/, by: (file) => rmSync(file) },
    'a snapshot without its end': { of: /^snapshot-/, by: (file) => truncateSync(file, half(file)) },
    'a flipped bit in the snapshot': { of: /^snapshot-/, by: flipBit },
    'no snapshot': { of: /^snapshot-/, by: (file) => rmSync(file) },
    'no number of acknowledged groups': { of: /^acknowledged$/, by: (file) => rmSync(file) },
    'no owner': { of: /^owner$/, by: (file) => rmSync(file) },
  };

  it('refuses to start on damaged files with a clear message and exit code 1, or has exactly what it had', async () => {
    const { cluster } = await Cluster.startWithLeader(1, { durable: true });
    const before = await fill(cluster);
    const whole = `${cluster.dataDir(0)} whole`;
    copyDataDir(cluster.dataDir(0), whole);
    const outcomes: string[] = [];
    for (const [what, { of, by }] of Object.entries(damages)) {
      rmSync(cluster.dataDir(0), { recursive: true });
      copyDataDir(whole, cluster.dataDir(0));
      by(fileOf(cluster.dataDir(0), of));
      outcomes.push(`${what}: ${await outcomeOf(cluster, before)}`);
    }
    console.log(outcomes.map((outcome) => `      ${outcome}`).join('\n'));
  });

  /** The outcome of the start on a damaged directory; throws when it is wrong. */
  async function outcomeOf(cluster: Cluster, before: ParsedValue): Promise<string> {
    const server = cluster.launch(0);
    const isUp = await Promise.race([server.firstLine().then(() => true), server.closed.then(() => false)]);
    if (isUp) {
      await cluster.leader();
      expect(await cluster.call(0, 'getfileinfomap'), 'a start with other state').to.deep.equal(before);
      await server.kill();
      return 'starts with all it had';
    }
    expect(await server.closed).to.equal(1);
    expect(server.stderr)
      .to.match(/^surfstore: .+\n$/)
      .and.match(
        /The data directory .* is damaged: .*; while all other servers are up and know all there is, remove all of it/,
      );
    return 'refused';
  }

  /** Writes until there is a snapshot, and some more into the log; the server is killed then. */
  async function fill(cluster: Cluster): Promise<ParsedValue> {
    let version = 0;
    const write = async (): Promise<boolean> => {
      version += 1;
      expect(await cluster.update(0, 'file', version, [`v${version}`, 'x'.repeat(CONTENT_BYTES)])).to.equal(
        true,
      );
      return readdirSync(cluster.dataDir(0)).some((name) => name.startsWith('snapshot-'));
    };
    await until('a snapshot', write, 20_000);
    for (let more = 0; more < 5; more += 1) await write();
    const map = await cluster.call(0, 'getfileinfomap');
    await cluster.kill(0);
    return map;
  }
});

/** A server other than this one: the leader if possible. */
async function leaderBut(id: number, cluster: Cluster): Promise<number> {
  const leader = await cluster.leader();
  return leader === id ? (cluster.others(id)[0] ?? -1) : leader;
}

/**
 * The server ends by itself, with exit code 1, one fatal line in its log, and one for whoever looks at the terminal.
 */
async function expectFailure(cluster: Cluster, id: number, says: RegExp): Promise<void> {
  const { closed } = cluster.process(id);
  expect(await within(closed, 30_000, `the end of server ${id}`)).to.equal(1);
  const lines = cluster.process(id).stderr.trim().split('\n');
  const plain = lines.filter((line) => line.startsWith('surfstore: '));
  expect(plain, lines.join('\n')).to.have.length(1);
  expect(plain[0])
    .to.match(/Cannot write to the data directory/)
    .and.match(says);
  const fatal = lines
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ level }) => level === 60);
  expect(fatal, lines.join('\n')).to.have.length(1);
  expect(fatal[0]).to.include({ msg: 'this server cannot go on', server: id });
  expect(JSON.stringify(fatal[0]))
    .to.match(/Cannot write to the data directory/)
    .and.match(says);
}

function fileOf(folder: string, pattern: RegExp): string {
  const name = readdirSync(folder).find((each) => pattern.test(each));
  if (name === undefined) throw new Error(`no ${String(pattern)} among ${readdirSync(folder).join(' ')}`);
  return join(folder, name);
}

function half(file: string): number {
  return Math.floor(statSync(file).size / 2);
}

function flipBit(file: string): void {
  const bytes = readFileSync(file);
  const middle = half(file);
  bytes.writeUInt8(bytes.readUInt8(middle) ^ 0x10, middle);
  writeFileSync(file, bytes);
}
