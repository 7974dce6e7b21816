import { expect } from 'chai';
import fc from 'fast-check';
import { LinearizedSet } from '../../../src/verify/wgl.js';

describe('the set of placed operations', () => {
  it('has the same text exactly when it has the same members, however it came by them', () => {
    const changes = fc.array(fc.record({ operation: fc.nat(99), isAdded: fc.boolean() }), { maxLength: 60 });
    fc.assert(
      fc.property(fc.nat(100), changes, (from, steps) => {
        const set = new LinearizedSet(100);
        const members = new Set<number>();
        const change = (operation: number, isAdded: boolean): void => {
          if (isAdded === members.has(operation)) return;
          if (isAdded) members.add(operation);
          else members.delete(operation);
          if (isAdded) set.add(operation);
          else set.delete(operation);
        };
        for (let operation = 0; operation < from; operation += 1) change(operation, true);
        for (const { operation, isAdded } of steps) change(operation, isAdded);
        const fresh = new LinearizedSet(100);
        for (const operation of members) fresh.add(operation);
        expect(set.key()).to.equal(fresh.key());
        const other = members.has(from) ? 99 - from : from;
        if (members.has(other) || other > 99) return;
        fresh.add(other);
        expect(set.key()).to.not.equal(fresh.key());
      }),
    );
  });
});
