import { expect } from 'chai';
import fc from 'fast-check';
import { Prng } from '../../../src/sim/prng.js';
import { checkFiles, type FileOperation, type FileState, type Update } from '../../../src/verify/index.js';
import { fileStep, simulateFiles, type FileStep } from './support/simulated.js';

/** The last step of every history here: what the map really was at the end. */
const lastRead: FileStep = {
  kind: 'readMap',
  file: 0,
  offset: 0,
  content: 0,
  before: 0,
  after: 0,
  fate: 'answered',
  isGivenUp: false,
};

const truthful = fc
  .constantFrom(0, 15, 60)
  .chain((overlap) => fc.array(fileStep(overlap), { minLength: 1, maxLength: 60, size: 'max' }))
  .map((steps) => simulateFiles([...steps, lastRead], true));

function finalFiles(history: readonly FileOperation[]): Readonly<Record<string, FileState>> {
  const last = history.at(-1);
  return last?.kind === 'readMap' && last.outcome.status === 'ok' ? last.outcome.files : {};
}

type Applied = Update & { readonly outcome: { readonly status: 'ok'; readonly applied: true } };

function isApplied(operation: FileOperation): operation is Applied {
  return operation.kind === 'update' && operation.outcome.status === 'ok' && operation.outcome.applied;
}

/** After all other calls. */
function at(step: number): { id: number; client: string; invokedAt: number; returnedAt: number } {
  const invokedAt = 1e6 + 10 * step;
  return { id: 1e6 + step, client: 'planted', invokedAt, returnedAt: invokedAt + 5 };
}

function updated(
  file: string,
  version: number,
  content: string,
  applied: boolean,
  step: number,
): FileOperation {
  return { ...at(step), kind: 'update', file, version, content, outcome: { status: 'ok', applied } };
}

function seen(file: string, state: FileState | undefined, step: number): FileOperation {
  const outcome = { status: 'ok', version: state?.version ?? 0, content: state?.content ?? null } as const;
  return { ...at(step), kind: 'readFile', file, outcome };
}

/** Each way to make a history wrong for certain: gives undefined when this one offers no place for it. */
type Plant = (history: readonly FileOperation[], pick: number) => FileOperation[] | undefined;

function picked<T>(items: readonly T[], pick: number): T | undefined {
  return items[pick % Math.max(1, items.length)];
}

function replaced(history: readonly FileOperation[], old: FileOperation, by: FileOperation): FileOperation[] {
  return history.map((operation) => (operation === old ? by : operation));
}

const plants: Record<string, Plant> = {
  'a read at the end sees an older version than an acknowledged one': (history, pick) => {
    const update = picked(history.filter(isApplied), pick);
    if (update === undefined) return undefined;
    const below = history.find(
      (other) =>
        other.kind === 'update' && other.file === update.file && other.version === update.version - 1,
    );
    const state = below?.kind === 'update' ? { version: below.version, content: below.content } : undefined;
    return [...history, seen(update.file, state, 0)];
  },
  'a map read at the end lacks a file with an acknowledged update': (history, pick) => {
    const update = picked(history.filter(isApplied), pick);
    if (update === undefined) return undefined;
    const kept = Object.entries(finalFiles(history)).filter(([name]) => name !== update.file);
    const files = Object.fromEntries(kept);
    return [...history, { ...at(0), kind: 'readMap', outcome: { status: 'ok', files } }];
  },
  'an update is acknowledged twice': (history, pick) => {
    const update = picked(history.filter(isApplied), pick);
    return update && [...history, { ...update, id: 1e6 }];
  },
  'an acknowledged update that others build on is reported as failed': (history, pick) => {
    const builtOn = history
      .filter(isApplied)
      .filter(({ file, version }) =>
        history.some((other) => isApplied(other) && other.file === file && other.version > version),
      );
    const update = picked(builtOn, pick);
    if (update === undefined) return undefined;
    // An unknown one that never took effect may have asked for the same version, and would explain it.
    const others = history.filter(
      (other) =>
        other.kind !== 'update' ||
        other.outcome.status !== 'unknown' ||
        other.file !== update.file ||
        other.version !== update.version,
    );
    return replaced(others, update, { ...update, outcome: { status: 'failed' } });
  },
  'a read sees a content that was never written': (history, pick) => {
    const reads = history.filter(
      (operation) =>
        operation.kind === 'readFile' && operation.outcome.status === 'ok' && operation.outcome.version > 0,
    );
    const read = picked(reads, pick);
    if (read?.kind !== 'readFile' || read.outcome.status !== 'ok') return undefined;
    return replaced(history, read, { ...read, outcome: { ...read.outcome, content: 'never written' } });
  },
  'an acknowledged update is said to have been made after all else was over': (history, pick) => {
    const seenOnes = history
      .filter(isApplied)
      .filter(({ file, version }) =>
        history.some(
          (other) =>
            other.kind === 'readFile' &&
            other.file === file &&
            other.outcome.status === 'ok' &&
            other.outcome.version === version,
        ),
      );
    const update = picked(seenOnes, pick);
    return update && replaced(history, update, { ...update, ...at(0), id: update.id });
  },
  'a refusal of the next version between two reads that agree on it': (history) => [
    ...history,
    updated('new', 1, 'x', true, 0),
    seen('new', { version: 1, content: 'x' }, 1),
    updated('new', 2, 'y', false, 2),
    seen('new', { version: 1, content: 'x' }, 3),
  ],
  'two reads at the end see an update and then not': (history) => [
    ...history,
    { ...updated('new', 1, 'x', true, 0), returnedAt: 2e6 },
    seen('new', { version: 1, content: 'x' }, 1),
    seen('new', undefined, 2),
  ],
  'a map read at the end sees the second of two updates and not the first': (history) => {
    const files = { ...finalFiles(history), newer: { version: 1, content: 'y' } };
    return [
      ...history,
      updated('new', 1, 'x', true, 1),
      updated('newer', 1, 'y', true, 2),
      { ...at(0), kind: 'readMap', returnedAt: 2e6, outcome: { status: 'ok', files } },
    ];
  },
};

describe('the file checker on generated histories', function () {
  this.timeout(60_000);

  it('accepts every history of a linearizable file map, with overlap and unknown outcomes', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.array(fileStep(), { maxLength: 200, size: 'max' }), (isUnique, steps) => {
        expect(checkFiles(simulateFiles(steps, isUnique))).to.deep.equal({ ok: true });
      }),
      { numRuns: 300 },
    );
  });

  it('gives the same verdict in whatever order the operations are listed', () => {
    fc.assert(
      fc.property(truthful, fc.integer(), (history, seed) => {
        const random = new Prng(seed);
        const shuffled = history
          .map((operation) => ({ operation, rank: random.next() }))
          .sort((x, y) => x.rank - y.rank)
          .map(({ operation }) => operation);
        expect(checkFiles(shuffled).ok).to.equal(true);
      }),
      { numRuns: 200 },
    );
  });

  for (const [fault, plant] of Object.entries(plants)) {
    it(`finds a planted fault: ${fault}`, () => {
      let planted = 0;
      fc.assert(
        fc.property(truthful, fc.nat(), (history, pick) => {
          const faulty = plant(history, pick);
          if (faulty === undefined) return;
          planted += 1;
          const verdict = checkFiles(faulty);
          expect(verdict.ok).to.equal(false);
          if (verdict.ok === false) expect(verdict.operations.length).to.be.within(1, 6);
        }),
        { numRuns: 200 },
      );
      expect(planted).to.be.above(50);
    });
  }
});
