import { expect } from 'chai';
import { Prng } from '../../../src/sim/prng.js';
import {
  checkFiles,
  checkKeyValues,
  decodeHistory,
  encodeHistory,
  type FileOperation,
  type FileState,
  type KeyOperation,
} from '../../../src/verify/index.js';

interface Load {
  readonly operations: number;
  readonly files: number;
  readonly clients: number;
}

/** Clients of a linearizable file map, each with one call at a time; one update in twenty of unknown outcome. */
function fileLoad({ operations, files, clients }: Load): FileOperation[] {
  const random = new Prng(1);
  const stored: Record<string, FileState> = {};
  return Array.from({ length: operations }, (_, index): FileOperation => {
    const [before, after] = [random.next() * clients, random.next() * clients];
    const timed = { id: index, client: 'c', invokedAt: index - before, returnedAt: index + after };
    const file = `file${random.between(1, files)}.txt`;
    const state = stored[file];
    const draw = random.next();
    if (draw < 0.1) return { ...timed, kind: 'readMap', outcome: { status: 'ok', files: { ...stored } } };
    if (draw < 0.4) {
      const seen = { version: state?.version ?? 0, content: state?.content ?? null };
      return { ...timed, kind: 'readFile', file, outcome: { status: 'ok', ...seen } };
    }
    const version = (state?.version ?? 0) + (random.chance(0.3) ? random.between(0, 2) : 1);
    const applied = version === (state?.version ?? 0) + 1;
    const content = `["${'0123456789abcdef'.repeat(4)}${index}"]`;
    const isOpen = random.chance(0.05);
    if (applied && (!isOpen || random.chance(0.5))) stored[file] = { version, content };
    const outcome = isOpen ? ({ status: 'unknown' } as const) : ({ status: 'ok', applied } as const);
    return { ...timed, kind: 'update', file, version, content, outcome };
  });
}

function keyLoad({ operations, files: keys, clients }: Load): KeyOperation[] {
  const random = new Prng(2);
  const stored: Record<string, string> = {};
  return Array.from({ length: operations }, (_, index): KeyOperation => {
    const [before, after] = [random.next() * clients, random.next() * clients];
    const key = `k${random.between(1, keys)}`;
    const timed = { id: index, client: 'c', invokedAt: index - before, returnedAt: index + after, key };
    if (random.chance(0.5)) {
      const value = stored[key];
      return {
        ...timed,
        kind: 'kvGet',
        outcome: value === undefined ? { status: 'ok' } : { status: 'ok', value },
      };
    }
    const isOpen = random.chance(0.02);
    const value = `v${index}`;
    if (!isOpen || random.chance(0.5)) stored[key] = value;
    return { ...timed, kind: 'kvPut', value, outcome: { status: isOpen ? 'unknown' : 'ok' } };
  });
}

function measured<T>(what: string, work: () => T): T {
  const start = performance.now();
  const result = work();
  console.log(`      ${what}: ${Math.round(performance.now() - start)} ms`);
  return result;
}

describe('the checkers on long histories', function () {
  this.timeout(60_000);

  for (const load of [
    { operations: 50_000, files: 20, clients: 10 },
    { operations: 20_000, files: 200, clients: 50 },
    { operations: 50_000, files: 1, clients: 100 },
  ]) {
    const { operations, files, clients } = load;
    it(`${operations} operations on ${files} files by ${clients} clients are checked, stored and read`, () => {
      const history = fileLoad(load);
      expect(measured('check', () => checkFiles(history)).ok).to.equal(true);
      const last = history.findLast(({ kind, outcome }) => kind === 'readFile' && outcome.status === 'ok');
      if (last === undefined) return;
      const stale = { ...last, id: -1, invokedAt: -1000, returnedAt: -900 };
      expect(measured('find a violation', () => checkFiles([...history, stale])).ok).to.equal(false);
      const short = history.slice(0, 5_000);
      const text = measured('encode 5000', () => encodeHistory(short));
      expect(measured('decode 5000', () => decodeHistory(text))).to.have.length(5_000);
    });
  }

  it('20000 operations on 20 keys by 10 clients are searched', () => {
    const history = keyLoad({ operations: 20_000, files: 20, clients: 10 });
    expect(measured('search', () => checkKeyValues(history)).ok).to.equal(true);
  });
});
