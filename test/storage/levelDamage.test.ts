import { expect } from 'chai';
import { cpSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Prng } from '../../src/sim/prng.js';
import { LevelStorage } from '../../src/storage/level/levelStorage.js';
import type { StoredState } from '../../src/storage/storage.js';
import { StorageError } from '../../src/storage/storageError.js';
import { close, load } from './batchWriter.js';
import { damageOneFile, filesOf } from './damage.js';
import { History } from './history.js';
import { identity, temporaryDirectories } from './levelDirectories.js';

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

  it('has tables and a write-ahead log, or these tests would test little', () => {
    const files = filesOf(whole.directory);
    expect(files.filter((name) => name.endsWith('.ldb')).length).to.be.at.least(2);
    const log = files.find((name) => name.endsWith('.log')) ?? 'none';
    expect(statSync(join(whole.directory, log)).size).to.be.above(1000);
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

  it('loads although a killed process left a table unfinished', async () => {
    const directory = copy();
    const table = filesOf(directory).find((name) => name.endsWith('.ldb')) ?? 'none';
    cpSync(join(directory, table), join(directory, 'level', '000900.ldb'));
    truncateSync(join(directory, 'level', '000900.ldb'), 5000);
    expect(await outcomeOf(directory)).to.deep.equal(whole.state);
    expect(readdirSync(join(directory, 'level')).join()).not.to.include('900.ldb');
  });

  it('is left as it was found when it is refused', async () => {
    const directory = copy();
    const table = filesOf(directory).find((name) => name.endsWith('.ldb')) ?? 'none';
    truncateSync(join(directory, table), 5000);
    expect(await outcomeOf(directory)).to.be.instanceOf(StorageError);
    expect(statSync(join(directory, table)).size).to.equal(5000);
  });
});

describe('a write-ahead log with a torn end', function () {
  this.timeout(60_000);
  const newDirectory = temporaryDirectories();

  it('loads as after some group that was not acknowledged before, and is refused when an acknowledged one is lost', async () => {
    const { torn, highwater, states, log, size } = await writeAndTear(newDirectory);
    let loaded = 0;
    const random = new Prng(SEED);
    for (let cut = 0; cut < 150; cut += 1) {
      const directory = newDirectory();
      cpSync(torn, directory, { recursive: true });
      truncateSync(join(directory, 'level', log), random.between(0, size));
      const outcome = await outcomeOf(directory);
      rmSync(directory, { recursive: true });
      if (outcome instanceof StorageError)
        expect(outcome.message).to.match(/writes that were acknowledged|missing/);
      else {
        const group = states.findLastIndex((state) => isDeepStrictEqual(state, outcome));
        expect(group, `cut ${cut}`).to.be.at.least(highwater);
        loaded += 1;
      }
    }
    expect(loaded).to.be.above(30).and.below(120);
  });

  it('loads as it was written when there is nothing but noise behind its end', async () => {
    const { torn, states, log, size } = await writeAndTear(newDirectory);
    const path = join(torn, 'level', log);
    truncateSync(path, size + 5000);
    expect(await outcomeOf(torn)).to.deep.equal(states.at(-1));
  });

  it('is refused when the file highwater is ahead of it', async () => {
    const { torn } = await writeAndTear(newDirectory);
    const other = newDirectory();
    await new History(new Prng(1)).write(other, STEPS);
    cpSync(join(other, 'highwater'), join(torn, 'highwater'));
    const outcome = await outcomeOf(torn);
    expect(outcome).to.be.instanceOf(StorageError).with.property('kind', 'damaged');
    writeFileSync(join(torn, 'highwater'), '');
    expect(await outcomeOf(torn))
      .to.be.instanceOf(StorageError)
      .with.property('kind', 'damaged');
  });
});

interface Torn {
  readonly torn: string;
  /** How many groups were acknowledged by then, as far as the file highwater knows. */
  readonly highwater: number;
  /** What must be found after so many groups. */
  readonly states: readonly StoredState[];
  readonly log: string;
  readonly size: number;
}

/** A directory as after a power failure: all in the write-ahead log, the file highwater from half-way. */
async function writeAndTear(newDirectory: () => string): Promise<Torn> {
  const directory = newDirectory();
  const history = new History(new Prng(SEED));
  const storage = await LevelStorage.open(directory, identity);
  const states = [await history.state()];
  const torn = newDirectory();
  for (let group = 1; group <= 200; group += 1) {
    states.push(await history.step(storage));
    if (group === 100) cpSync(join(directory, 'highwater'), join(torn, 'highwater'));
  }
  cpSync(join(directory, 'level'), join(torn, 'level'), { recursive: true });
  await close(storage);
  const log = readdirSync(join(torn, 'level')).find((name) => name.endsWith('.log')) ?? 'none';
  return { torn, highwater: 100, states, log, size: statSync(join(torn, 'level', log)).size };
}

async function outcomeOf(directory: string): Promise<StoredState | StorageError> {
  let storage: LevelStorage;
  try {
    storage = await LevelStorage.open(directory, identity);
  } catch (error) {
    if (error instanceof StorageError) return error;
    throw error;
  }
  try {
    return await load(storage);
  } finally {
    await close(storage);
  }
}
