import { expect } from 'chai';
import fc from 'fast-check';
import {
  checkFiles,
  checkKeyValues,
  fileMapModel,
  searchLinearization,
  type FileOperation,
} from '../../../src/verify/index.js';
import { isLinearizable } from './support/bruteForce.js';
import {
  drawnHistory,
  drawnKeyHistory,
  fileStep,
  mutate,
  mutation,
  simulateFiles,
} from './support/simulated.js';

const search = (history: readonly FileOperation[]): boolean | 'unknown' =>
  searchLinearization(fileMapModel, history).ok;

/** Small histories of files with little or much overlap, a part of them with changes of every kind. */
const mutatedHistory = fc
  .constantFrom(5, 20, 60)
  .chain((overlap) =>
    fc.tuple(
      fc.array(fileStep(overlap), { minLength: 5, maxLength: 10 }),
      fc.array(mutation, { maxLength: 5 }),
    ),
  )
  .map(([steps, mutations]) => mutate(simulateFiles(steps), mutations));

const drawn = fc.noBias(fc.integer()).map(drawnHistory);

/** The same, or one of those that are often wrong by their times alone. */
const smallHistory = fc.oneof(mutatedHistory, drawn, drawn);

/** The rest of an operation that is hidden: an update may have happened at any time; a read leaves nothing. */
function unshown(operation: FileOperation): FileOperation[] {
  if (operation.kind !== 'update' || operation.outcome.status === 'failed') return [];
  if (operation.outcome.status === 'ok' && !operation.outcome.applied) return [];
  return [{ ...operation, invokedAt: -1e6, returnedAt: null, outcome: { status: 'unknown' } }];
}

describe('the checkers against each other', function () {
  this.timeout(60_000);

  it('the file checker and the general search always agree', () => {
    const verdicts = { good: 0, bad: 0 };
    fc.assert(
      fc.property(smallHistory, (history) => {
        const { ok } = checkFiles(history);
        expect(ok).to.equal(search(history));
        verdicts[ok === true ? 'good' : 'bad'] += 1;
      }),
      { numRuns: 10_000 },
    );
    console.log(`      ${verdicts.good} good histories, ${verdicts.bad} bad ones`);
    expect(Math.min(verdicts.good, verdicts.bad)).to.be.above(1_000);
  });

  it('the operations shown are enough to show a violation, whatever the other updates did', () => {
    fc.assert(
      fc.property(smallHistory, (history) => {
        const verdict = checkFiles(history);
        if (verdict.ok !== false) return;
        const isShown = (operation: FileOperation): boolean => verdict.operations.includes(operation);
        const weaker = history.flatMap((operation) =>
          isShown(operation) ? [operation] : unshown(operation),
        );
        expect(search(weaker), verdict.reason).to.equal(false);
      }),
      { numRuns: 5_000 },
    );
  });

  it('the general search agrees with trying every order, on files', () => {
    const tiny = fc
      .tuple(fc.array(fileStep(30), { minLength: 1, maxLength: 6 }), fc.array(mutation, { maxLength: 2 }))
      .map(([steps, mutations]) => mutate(simulateFiles(steps), mutations));
    fc.assert(
      fc.property(tiny, (history) => {
        expect(search(history)).to.equal(isLinearizable(history));
      }),
      { numRuns: 2_000 },
    );
  });

  it('the general search agrees with trying every order, on keys', () => {
    // One key or two, few values: a write that changes nothing where it comes often matters elsewhere.
    const tiny = fc
      .record({ seed: fc.noBias(fc.integer()), keys: fc.constantFrom(1, 1, 2) })
      .map(({ seed, keys }) => drawnKeyHistory(seed, keys));
    const verdicts = { good: 0, bad: 0 };
    fc.assert(
      fc.property(tiny, (history) => {
        const { ok } = checkKeyValues(history);
        expect(ok).to.equal(isLinearizable(history));
        verdicts[ok === true ? 'good' : 'bad'] += 1;
      }),
      { numRuns: 6_000 },
    );
    expect(Math.min(verdicts.good, verdicts.bad)).to.be.above(1_000);
  });
});
