import { expect } from 'chai';
import {
  copyFileSync,
  cpSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Prng } from '../../src/sim/prng.js';
import { LogStorage } from '../../src/storage/logStorage.js';
import { type StoredState, StorageError } from '../../src/storage/storage.js';
import { entriesOf } from '../support/coreHarness.js';
import { BatchWriter, close, load, snapshotUpTo } from './batchWriter.js';
import { damageOneFile, filesOf } from './damage.js';
import { identity, inMemory, temporaryDirectories } from './dataDirectories.js';
import { History } from './history.js';

const SEED = 7;
const STEPS = 1500;
const DAMAGES = 300;

describe('a damaged data directory', function () {
  this.timeout(60_000);
  const newDirectory = temporaryDirectories();
  const whole = { directory: '', state: undefined as StoredState | undefined };

  before(async () => {
    const history = new History(new Prng(SEED));
    whole.directory = newDirectory();
    await history.write(whole.directory, STEPS);
    whole.state = await history.state();
  });

  /** A copy of the whole directory, to be damaged. */
  function copy(): string {
    const directory = newDirectory();
    cpSync(whole.directory, directory, { recursive: true });
    return directory;
  }

  it('has several segments and a snapshot, or these tests would test little', () => {
    expect(segmentsOf(whole.directory).length).to.be.at.least(4);
    expect(whole.state?.entries.length).to.be.above(500);
    expect(whole.state?.snapshot?.chunks.length).to.be.above(100);
  });

  it('loads as it was written while nothing is damaged', async () => {
    expect(await outcomeOf(copy())).to.deep.equal(whole.state);
  });

  it('is refused, now and later, or loads exactly as it was written, whatever file is damaged', async () => {
    let refused = 0;
    for (let damage = 1; damage <= DAMAGES; damage += 1) {
      const directory = copy();
      const what = `damage ${damage}: ${damageOneFile(directory, new Prng(SEED).fork(damage))}`;
      const outcome = await outcomeOf(directory);
      const isRefused = outcome instanceof StorageError;
      if (isRefused) expect(outcome.kind, `${what}: ${outcome.message}`).to.equal('damaged');
      else expect(isDeepStrictEqual(outcome, whole.state), what).to.equal(true);
      expect((await outcomeOf(directory)) instanceof StorageError, `${what}, again`).to.equal(isRefused);
      if (isRefused) refused += 1;
      rmSync(directory, { recursive: true });
    }
    expect(refused)
      .to.be.above(DAMAGES / 3)
      .and.below(DAMAGES);
  });

  it('is left as it was found when it is refused', async () => {
    const directory = copy();
    const [first = 'none'] = segmentsOf(directory);
    truncateSync(join(directory, first), 5000);
    const before = bytesOf(directory);
    expect(await outcomeOf(directory)).to.be.instanceOf(StorageError);
    expect(bytesOf(directory)).to.deep.equal(before);
  });

  it('says which file is damaged, and at which byte', async () => {
    const directory = copy();
    const [first = 'none'] = segmentsOf(directory);
    flipByte(join(directory, first), 3000);
    const outcome = await outcomeOf(directory);
    expect(outcome).to.be.instanceOf(StorageError);
    expect(outcome)
      .to.have.property('message')
      .that.matches(new RegExp(`byte \\d+ of the file ${first} `));
  });

  it('notices that a segment is missing, wherever it is', async () => {
    const names = segmentsOf(whole.directory);
    // The last one is prepared and empty.
    for (const name of names.slice(0, -1)) {
      const directory = copy();
      rmSync(join(directory, name));
      const outcome = await outcomeOf(directory);
      expect(outcome, name).to.be.instanceOf(StorageError).with.property('kind', 'damaged');
    }
  });

  it('does not take a segment of another directory, or one under another number, for its own', async () => {
    const other = newDirectory();
    await new History(new Prng(SEED)).write(other, STEPS);
    const [, second = 'none', third = 'none'] = segmentsOf(whole.directory);
    for (const [from, to] of [
      [join(other, second), second],
      [join(whole.directory, second), third],
    ] as const) {
      const directory = copy();
      copyFileSync(from, join(directory, to));
      expect(await outcomeOf(directory))
        .to.be.instanceOf(StorageError)
        .with.property('kind', 'damaged');
    }
  });
});

describe('every byte of a small data directory', function () {
  this.timeout(120_000);
  const newDirectory = temporaryDirectories(inMemory);

  /** A term, a vote, entries in three segments, a truncation and a snapshot. */
  async function writeSmall(directory: string): Promise<StoredState> {
    const writer = new BatchWriter(await LogStorage.open(directory, identity, { first: 512, max: 512 }));
    await writer.persist({ hardState: { term: 1, votedFor: 1 }, appended: entriesOf([1, 1]) });
    await writer.persist({ appended: entriesOf([1, 1, 1], 3) });
    await writer.persist({
      hardState: { term: 2, votedFor: null },
      truncateFrom: 5,
      appended: entriesOf([2], 5),
    });
    await writer.adopt(snapshotUpTo(1, 3), { compactTo: { term: 1, index: 2 } });
    for (let index = 6; index <= 12; index += 1) await writer.persist({ appended: entriesOf([2], index) });
    const state = await writer.load();
    await writer.close();
    return state;
  }

  for (const [name, damage] of [
    ['flipped', flipByte],
    ['the first of those cut off', (path: string, at: number) => truncateSync(path, at)],
  ] as const)
    it(`${name}: started with all that was acknowledged, or refused with a clear message`, async () => {
      const directory = newDirectory();
      const state = await writeSmall(directory);
      let [started, refused] = [0, 0];
      const files = filesOf(directory).map((file) => ({ file, bytes: readFileSync(join(directory, file)) }));
      for (const { file, bytes } of files) {
        for (let at = 0; at < bytes.length; at += 1) {
          damage(join(directory, file), at);
          const outcome = await outcomeOf(directory);
          const what = `${file}, byte ${at}`;
          if (outcome instanceof StorageError) {
            expect(outcome.kind, `${what}: ${outcome.message}`).to.equal('damaged');
            refused += 1;
          } else {
            expect(outcome, what).to.deep.equal(state);
            started += 1;
          }
          for (const other of files) writeFileSync(join(directory, other.file), other.bytes);
        }
      }
      // Zeros that were prepared, and one of the two numbers of the newest acknowledged group, are nobody's loss.
      expect(started).to.be.above(100);
      expect(refused).to.be.above(1000);
    });
});

describe('a log with a torn end', function () {
  this.timeout(60_000);
  const newDirectory = temporaryDirectories();

  it('loads as after some group that was not acknowledged before, and is refused when an acknowledged one is lost', async () => {
    const { torn, acknowledged, states, ends } = await writeAndTear(newDirectory);
    const random = new Prng(SEED);
    let loaded = 0;
    for (let cut = 0; cut < 150; cut += 1) {
      const directory = newDirectory();
      cpSync(torn, directory, { recursive: true });
      const at = random.between(0, ends.at(-1) ?? 0);
      zeroFrom(join(directory, LOG), at, random.between(0, 1) === 1 ? 'noise' : 'zeros', random);
      // A cut in the zeros that pad a group changes nothing of it.
      const changed = firstDifference(join(torn, LOG), join(directory, LOG));
      const whole = ends.findLastIndex((end) => end <= changed);
      const outcome = await outcomeOf(directory);
      rmSync(directory, { recursive: true });
      if (whole < acknowledged)
        expect(outcome, `cut ${cut}`).to.be.instanceOf(StorageError).with.property('kind', 'damaged');
      else {
        expect(outcome, `cut ${cut} at ${at}`).to.deep.equal(states[whole]);
        loaded += 1;
      }
    }
    expect(loaded).to.be.above(30).and.below(120);
  });

  it('removes what is behind the end before it goes on: nothing of it comes back later', async () => {
    const { torn, acknowledged, ends } = await writeAndTear(newDirectory);
    const end = ends[acknowledged + 1] ?? 0;
    // The first byte of a group is lost, the groups after it are not: they were written when that one was durable.
    const damaged = newDirectory();
    cpSync(torn, damaged, { recursive: true });
    flipByte(join(damaged, LOG), end);
    expect(await outcomeOf(damaged))
      .to.be.instanceOf(StorageError)
      .with.property('kind', 'damaged');
    // Only half of that group was written.
    truncateSync(join(torn, LOG), (end + (ends[acknowledged + 2] ?? 0)) / 2);
    const writer = new BatchWriter(await LogStorage.open(torn, identity));
    const { entries } = await writer.load();
    await writer.close();
    const bytes = readFileSync(join(torn, LOG));
    expect(bytes.subarray(end).every((byte) => byte === 0)).to.equal(true);
    expect(await outcomeOf(torn))
      .to.have.property('entries')
      .that.deep.equals(entries);
  });

  it('is refused when the number of acknowledged groups is ahead of it, or is gone', async () => {
    const { torn, ends } = await writeAndTear(newDirectory);
    const directory = newDirectory();
    cpSync(torn, directory, { recursive: true });
    truncateSync(join(directory, LOG), ends[50] ?? 0);
    const outcome = await outcomeOf(directory);
    expect(outcome)
      .to.be.instanceOf(StorageError)
      .with.property('message')
      .that.includes('group 51 of the log');
    writeFileSync(join(torn, 'acknowledged'), '');
    expect(await outcomeOf(torn))
      .to.be.instanceOf(StorageError)
      .with.property('kind', 'damaged');
  });
});

const LOG = 'log-0000000001';

interface Torn {
  readonly torn: string;
  /** How many groups were acknowledged by then, as far as the file tells. */
  readonly acknowledged: number;
  /** The state that must be found, by the number of groups. */
  readonly states: readonly StoredState[];
  /** The end of the log, by the number of groups. */
  readonly ends: readonly number[];
}

/** A directory as after a power failure: all in the log, the number of acknowledged groups from half-way. */
async function writeAndTear(newDirectory: () => string): Promise<Torn> {
  const directory = newDirectory();
  const history = new History(new Prng(SEED));
  const storage = await LogStorage.open(directory, identity);
  const states = [await history.state()];
  const ends = [0];
  const torn = newDirectory();
  for (let group = 1; group <= 200; group += 1) {
    states.push(await history.step(storage));
    ends.push((storage as unknown as { writer: { end: { position: number } } }).writer.end.position);
    if (group === 100) cpSync(join(directory, 'acknowledged'), join(torn, 'acknowledged'));
  }
  for (const name of [LOG, 'owner']) cpSync(join(directory, name), join(torn, name));
  await close(storage);
  return { torn, acknowledged: 100, states, ends };
}

/** Everything from `at` on is lost; noise is what a write that was under way may leave. */
function zeroFrom(path: string, at: number, content: 'zeros' | 'noise', random: Prng): void {
  const bytes = readFileSync(path);
  bytes.fill(0, at);
  if (content === 'noise')
    for (let byte = at; byte < Math.min(bytes.length, at + 700); byte += 1)
      bytes.writeUInt8(random.between(0, 255), byte);
  writeFileSync(path, bytes);
}

/** The position of the first byte that differs; the length when none does. */
function firstDifference(path: string, otherPath: string): number {
  const [bytes, other] = [readFileSync(path), readFileSync(otherPath)];
  const at = bytes.findIndex((byte, index) => byte !== other[index]);
  return at < 0 ? bytes.length : at;
}

function flipByte(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 0xff, at);
  writeFileSync(path, bytes);
}

function segmentsOf(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.startsWith('log-'))
    .sort();
}

function bytesOf(directory: string): Record<string, string> {
  return Object.fromEntries(
    filesOf(directory).map((name) => [
      name,
      `${statSync(join(directory, name)).mtimeMs} ${readFileSync(join(directory, name), 'base64')}`,
    ]),
  );
}

/** The state that a server finds, or the error that refuses it. */
async function outcomeOf(directory: string): Promise<StoredState | StorageError> {
  let storage: LogStorage;
  try {
    storage = await LogStorage.open(directory, identity, { first: 512, max: 1024 });
  } catch (error) {
    if (error instanceof StorageError) return error;
    throw error;
  }
  const stored = await load(storage);
  await close(storage);
  return stored;
}
