import { expect } from 'chai';
import fc from 'fast-check';
import {
  checkHistory,
  checkKeyValues,
  keyValueModel,
  searchLinearization,
  type KeyOperation,
} from '../../../src/verify/index.js';
import { append, get, put, read, update } from './support/build.js';
import { keyStep, simulateKeys } from './support/simulated.js';

function accepted(...history: KeyOperation[]): void {
  expect(checkKeyValues(history)).to.deep.equal({ ok: true });
}

function rejected(...history: KeyOperation[]): void {
  expect(checkKeyValues(history).ok).to.equal(false);
}

describe('histories of keys', function () {
  this.timeout(60_000);

  it('a get sees the last put', () => {
    accepted(get([0, 1], 'k', undefined), put([2, 3], 'k', ['x']), get([4, 5], 'k', ['x']));
    rejected(put([2, 3], 'k', ['x']), get([4, 5], 'k', undefined));
    rejected(put([0, 1], 'k', ['x']), put([2, 3], 'k', ['y']), get([4, 5], 'k', ['x']));
  });

  it('an append adds to a list, and starts one where there is none or an empty one', () => {
    accepted(append([0, 1], 'k', 'x'), append([2, 3], 'k', 'y'), get([4, 5], 'k', ['x', 'y']));
    accepted(put([0, 1], 'k', []), append([2, 3], 'k', 'x'), get([4, 5], 'k', ['x']));
    rejected(append([0, 1], 'k', 'x'), append([2, 3], 'k', 'y'), get([4, 5], 'k', ['y', 'x']));
  });

  it('concurrent appends come in one order for all', () => {
    const both = [append([0, 10], 'k', 'x'), append([0, 10], 'k', 'y')];
    accepted(...both, get([11, 12], 'k', ['y', 'x']), get([11, 12], 'k', ['y', 'x']));
    rejected(...both, get([11, 12], 'k', ['y', 'x']), get([11, 12], 'k', ['x', 'y']));
  });

  it('an append to what is no list is never acknowledged, and changes nothing', () => {
    rejected(put([0, 1], 'k', 'text'), append([2, 3], 'k', 'x'));
    accepted(put([0, 1], 'k', 'text'), append([2, 3], 'k', 'x', 'unknown'), get([4, 5], 'k', 'text'));
  });

  it('a lost append is found', () => {
    rejected(append([0, 1], 'k', 'x'), append([2, 3], 'k', 'y'), get([4, 5], 'k', ['y']));
  });

  it('a stale read and the reversal of two reads are found', () => {
    rejected(put([0, 1], 'k', 1), put([2, 3], 'k', 2), get([4, 5], 'k', 1));
    rejected(put([0, 1], 'k', 1), put([2, 99], 'k', 2), get([4, 5], 'k', 2), get([6, 7], 'k', 1));
  });

  it('a failed write is never seen', () => {
    rejected(put([0, 1], 'k', 1, 'failed'), get([4, 5], 'k', 1));
    accepted(put([0, 1], 'k', 1, 'failed'), get([4, 5], 'k', undefined));
  });

  it('an unknown write may take effect at any later time or never, but only once', () => {
    const open = put([0, 1], 'k', 1, 'unknown');
    accepted(
      open,
      get([4, 5], 'k', undefined),
      put([6, 7], 'k', 2),
      get([8, 9], 'k', 1),
      get([10, 11], 'k', 1),
    );
    accepted(open, put([6, 7], 'k', 2), get([8, 9], 'k', 2));
    rejected(open, get([2, 3], 'k', 1), put([6, 7], 'k', 2), get([8, 9], 'k', 1));
    rejected(open, get([2, 3], 'k', 1), get([4, 5], 'k', undefined));
  });

  it('an unknown append shows once or not at all', () => {
    const open = append([0, null], 'k', 'x', 'unknown');
    accepted(open, append([1, 2], 'k', 'y'), get([3, 4], 'k', ['y']), get([5, 6], 'k', ['y', 'x']));
    rejected(open, append([1, 2], 'k', 'y'), get([3, 4], 'k', ['x', 'y', 'x']));
  });

  it('objects are equal whatever the order of their members', () => {
    accepted(
      put([0, 1], 'k', { a: 1, b: [{ c: null, d: 2 }] }),
      get([2, 3], 'k', { b: [{ d: 2, c: null }], a: 1 }),
    );
    rejected(put([0, 1], 'k', { a: 1 }), get([2, 3], 'k', { a: '1' }));
  });

  it('a stored null is not a missing key', () => {
    accepted(put([0, 1], 'k', null), get([2, 3], 'k', null));
    rejected(put([0, 1], 'k', null), get([2, 3], 'k', undefined));
  });

  it('a violation names the key and shows the operations under way when no order was left', () => {
    const stale = get([4, 5], 'other', 1);
    const second = put([2, 3], 'other', 2);
    const verdict = checkKeyValues([put([0, 9], 'k', 1), put([0, 1], 'other', 1), second, stale]);
    expect(verdict.ok).to.equal(false);
    if (verdict.ok !== false) return;
    expect(verdict.reason).to.match(/key "other": no order explains the operation that returned at 5/);
    expect(verdict.operations).to.deep.equal([second, stale]);
  });

  it('when the budget runs out the verdict is unknown, and a violation on another key still counts', () => {
    const history = [put([0, 1], 'k', 1), put([0, 1], 'k', 2), get([2, 3], 'k', 1)];
    const verdict = searchLinearization(keyValueModel, history, { budgetSteps: 2 });
    expect(verdict).to.deep.equal({ ok: 'unknown', reason: 'no answer within 2 steps' });
    expect(checkKeyValues(history, { budgetSteps: 2 }).ok).to.equal('unknown');
    expect(checkKeyValues([...history, get([0, 1], 'l', 1)], { budgetSteps: 2 }).ok).to.equal(false);
  });

  it('accepts every history of a linearizable store, with overlap and unknown outcomes', () => {
    fc.assert(
      fc.property(fc.array(keyStep(3, []), { maxLength: 40, size: 'max' }), (steps) => {
        expect(checkKeyValues(simulateKeys(steps))).to.deep.equal({ ok: true });
      }),
      { numRuns: 200 },
    );
  });

  it('finds a planted fault: a get at the end that sees what was never written', () => {
    fc.assert(
      fc.property(fc.array(keyStep(3, []), { maxLength: 40, size: 'max' }), (steps) => {
        const history = [...simulateKeys(steps), get([1e6, 1e6 + 1], 'k1', ['never written'])];
        expect(checkKeyValues(history).ok).to.equal(false);
      }),
      { numRuns: 200 },
    );
  });

  it('finds a planted fault: an acknowledged put that two later gets see and then not', () => {
    fc.assert(
      fc.property(fc.array(keyStep(2, []), { maxLength: 30, size: 'max' }), (drawn) => {
        // A delete of unknown outcome might explain it.
        const steps = drawn.filter(({ kind }) => kind !== 'kvDelete');
        const planted = [
          put([1e6, 2e6], 'k0', 'planted'),
          get([1e6 + 1, 1e6 + 2], 'k0', 'planted'),
          get([1e6 + 3, 1e6 + 4], 'k0', undefined),
        ];
        expect(checkKeyValues([...simulateKeys(steps), ...planted]).ok).to.equal(false);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a history of files and keys', () => {
  it('is linearizable when both are; the violation comes from whichever is not', () => {
    const good = [update([0, 1], 'a', 1, true), put([0, 1], 'a', 1)];
    expect(checkHistory(good)).to.deep.equal({ ok: true });
    const stale = read([2, 3], 'a', 0);
    expect(checkHistory([...good, stale]))
      .to.have.property('operations')
      .that.includes(stale);
    const missing = get([2, 3], 'a', undefined);
    expect(checkHistory([...good, missing]))
      .to.have.property('operations')
      .that.includes(missing);
  });
});
