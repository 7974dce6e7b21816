import { expect } from 'chai';
import fc from 'fast-check';
import { InvariantViolation } from '../../../src/raft/types.js';
import { entryBytes, RaftLog } from '../../../src/raft/log.js';
import { entriesOf, entryOf } from '../../support/coreHarness.js';

/** A log whose first entries, up to index 3 of term 2, have been compacted away. */
const compacted = (): RaftLog => new RaftLog(entriesOf([2, 5], 4), { term: 2, index: 3 });

describe('log', () => {
  it('is empty at first: before index 1 there is index 0 of term 0', () => {
    const log = new RaftLog();
    expect([log.firstIndex, log.lastIndex, log.lastTerm, log.stableIndex]).to.deep.equal([1, 0, 0, 0]);
    expect([log.termAt(0), log.termAt(1), log.entryAt(0)]).to.deep.equal([0, undefined, undefined]);
  });

  it('that was recovered is durable', () => {
    const log = new RaftLog(entriesOf([1, 1, 3]));
    expect([log.lastIndex, log.lastTerm, log.stableIndex]).to.deep.equal([3, 3, 3]);
  });

  it('knows the entry before its first one when it was compacted', () => {
    const log = compacted();
    expect([log.firstIndex, log.lastIndex, log.stableIndex]).to.deep.equal([4, 5, 5]);
    expect([2, 3, 4, 5, 6].map((index) => log.termAt(index))).to.deep.equal([undefined, 2, 2, 5, undefined]);
    expect(log.slice(4, 5)).to.deep.equal(entriesOf([2, 5], 4));
    expect(new RaftLog([], { term: 2, index: 3 }).lastTerm).to.equal(2);
  });

  it('takes only entries that continue it', () => {
    const log = new RaftLog(entriesOf([1, 3]));
    expect(() => log.append([entryOf(3, 4)])).to.throw(InvariantViolation);
    expect(() => log.append([entryOf(3, 2)])).to.throw(InvariantViolation);
    expect(() => log.append([entryOf(2, 3)])).to.throw(InvariantViolation);
    log.append([entryOf(3, 3), entryOf(4, 4)]);
    expect(log.lastIndex).to.equal(4);
  });

  it('t10 slices include both ends (async-raft changelog)', () => {
    const log = new RaftLog(entriesOf([1, 1, 1, 1]));
    expect(log.slice(2, 3).map(({ index }) => index)).to.deep.equal([2, 3]);
    expect(log.slice(1, 4)).to.have.length(4);
    expect(log.slice(3, 2)).to.deep.equal([]);
  });

  it('t10 a batch keeps both limits, but always has the first entry', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(50), { minLength: 1, maxLength: 20 }),
        fc.nat(19),
        fc.integer({ min: 1, max: 25 }),
        fc.integer({ min: 1, max: 400 }),
        (sizes, start, entriesMax, bytesMax) => {
          const entries = sizes.map((size, k) => ({ ...entryOf(1, k + 1), command: 'x'.repeat(size) }));
          const from = (start % sizes.length) + 1;
          const batch = new RaftLog(entries).batch(from, entriesMax, bytesMax);
          const fitting = naiveBatch(entries.slice(from - 1), entriesMax, bytesMax);
          expect(batch).to.deep.equal(fitting);
        },
      ),
    );
  });

  it('a batch beyond the end is empty', () => {
    expect(new RaftLog(entriesOf([1])).batch(2, 10, 1000)).to.deep.equal([]);
  });

  it('a truncation takes entries and their durability away', () => {
    const log = new RaftLog(entriesOf([1, 1, 2, 2]));
    log.truncateFrom(3, 1);
    expect([log.lastIndex, log.lastTerm, log.stableIndex]).to.deep.equal([2, 1, 2]);
    log.append(entriesOf([3], 3));
    expect(log.stableIndex).to.equal(2);
    expect(() => compacted().truncateFrom(3, 1)).to.throw(InvariantViolation);
  });

  describe('t48 durability (etcd append ABA race)', () => {
    it('follows completed writes, whose entries must still be there', () => {
      const log = new RaftLog();
      log.append(entriesOf([1, 1]));
      log.persisted(1, { term: 1, index: 1 });
      expect(log.stableIndex).to.equal(1);
      log.persisted(2, { term: 2, index: 2 });
      expect(log.stableIndex).to.equal(1);
      log.persisted(2, { term: 1, index: 2 });
      expect(log.stableIndex).to.equal(2);
      log.persisted(1, { term: 1, index: 1 });
      expect(log.stableIndex).to.equal(2);
    });

    it('a write from before a truncation vouches for nothing behind it', () => {
      const log = new RaftLog();
      log.append(entriesOf([1, 1, 1]));
      log.truncateFrom(2, 2);
      log.append(entriesOf([2], 2));
      log.truncateFrom(2, 3);
      log.append(entriesOf([1, 1], 2));
      log.persisted(1, { term: 1, index: 3 });
      expect(log.stableIndex).to.equal(1);
      log.persisted(2, { term: 2, index: 2 });
      expect(log.stableIndex).to.equal(1);
      log.persisted(3, { term: 1, index: 3 });
      expect(log.stableIndex).to.equal(3);
    });
  });

  it('t20 is compared by last term, then by length (section 5.4.1, openraft a48a3282)', () => {
    const log = new RaftLog(entriesOf([1, 2, 2]));
    const upToDate = [
      [2, 3],
      [2, 4],
      [3, 1],
    ] as const;
    for (const [term, index] of upToDate)
      expect(log.isUpToDate(term, index), `${term}/${index}`).to.equal(true);
    const behind = [
      [2, 2],
      [1, 9],
      [0, 0],
    ] as const;
    for (const [term, index] of behind)
      expect(log.isUpToDate(term, index), `${term}/${index}`).to.equal(false);
  });

  it('a conflict hint names the first index of the term in the way, or the end of a short log', () => {
    const log = new RaftLog(entriesOf([1, 4, 4, 4, 6]));
    expect([2, 3, 4].map((index) => log.conflictHint(index))).to.deep.equal(
      Array(3).fill({ term: 4, index: 2 }),
    );
    expect(log.conflictHint(1)).to.deep.equal({ term: 1, index: 1 });
    expect(log.conflictHint(9)).to.deep.equal({ term: 0, index: 6 });
    expect(compacted().conflictHint(5)).to.deep.equal({ term: 5, index: 5 });
    expect(compacted().conflictHint(4)).to.deep.equal({ term: 2, index: 4 });
  });

  it('finds the last entry of at most a term', () => {
    const log = new RaftLog(entriesOf([1, 4, 4, 6, 6]));
    const found = (term: number, from: number): number => log.lastIndexOfTermAtMost(term, from);
    expect([found(6, 5), found(6, 9), found(5, 5), found(4, 2), found(3, 5), found(0, 5)]).to.deep.equal([
      5, 5, 3, 2, 1, 0,
    ]);
    expect(compacted().lastIndexOfTermAtMost(1, 5)).to.equal(3);
  });
});

function naiveBatch<E extends { command: string }>(
  entries: readonly E[],
  entriesMax: number,
  bytesMax: number,
): E[] {
  for (let count = Math.min(entries.length, entriesMax); count > 1; count -= 1) {
    const bytes = entries.slice(0, count).reduce((sum, { command }) => sum + command.length + 32, 0);
    if (bytes <= bytesMax) return entries.slice(0, count);
  }
  return entries.slice(0, 1);
}

describe('bytes of an entry', () => {
  it('grow with its command and are never nothing', () => {
    expect(entryBytes({ ...entryOf(1, 1), command: '' })).to.be.above(0);
    expect(entryBytes({ ...entryOf(1, 1), command: 'x'.repeat(100) })).to.be.at.least(100);
  });
});
