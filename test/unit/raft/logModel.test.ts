import { expect } from 'chai';
import fc from 'fast-check';
import { InvariantViolation, type Entry, type EntryId } from '../../../src/raft/types.js';
import { RaftLog } from '../../../src/raft/log.js';
import { entryOf } from '../../support/coreHarness.js';

/** A batch's change of a disk, and the log's last entry after it. */
interface Write {
  readonly batch: number;
  readonly last: EntryId;
  readonly apply: (disk: Contents) => void;
}

/** A log as plain as can be: the entry before it, and its entries. */
interface Contents {
  base: EntryId;
  entries: Entry[];
}

const lastOf = ({ base, entries }: Contents): EntryId => entries.at(-1) ?? base;

/**
 * The log beside a plain one and a plain disk, to which batches come in order, some time after they were written. Every
 * change is a batch of its own; some are never reported.
 */
class Model {
  readonly log = new RaftLog();
  readonly plain: Contents = { base: { term: 0, index: 0 }, entries: [] };
  readonly disk: Contents = { base: { term: 0, index: 0 }, entries: [] };
  private writes: Write[] = [];
  private batches = 0;

  append(terms: readonly number[]): void {
    const entries: Entry[] = [];
    for (const rise of terms) {
      const { term, index } = entries.at(-1) ?? lastOf(this.plain);
      entries.push(entryOf(term + rise, index + 1));
    }
    this.log.append(entries);
    this.write((contents) => contents.entries.push(...entries));
  }

  /** Cuts at `share` of the log, and appends what was there before, or the same with a higher term. */
  truncate(share: number, isComingBack: boolean): void {
    const index = this.plain.base.index + 1 + Math.floor(share * this.plain.entries.length);
    const dropped = this.plain.entries.slice(index - 1 - this.plain.base.index);
    this.log.truncateFrom(index, this.batches + 1);
    const back = isComingBack ? dropped : [];
    this.log.append(back);
    this.write((contents) => {
      contents.entries.length = index - 1 - contents.base.index;
      contents.entries.push(...back);
    });
  }

  /** As a server does it: what is compacted is durable. */
  compact(share: number): void {
    const { base } = this.plain;
    const index = base.index + Math.floor(share * Math.max(0, this.log.stableIndex - base.index));
    const term = this.log.termAt(index) ?? -1;
    this.log.compactTo(index);
    this.write((contents) => {
      contents.entries.splice(0, index - contents.base.index);
      contents.base = { term, index };
    });
  }

  /** A snapshot from elsewhere, with an entry that the log does not hold. */
  reset(distance: number, rise: number): void {
    const { term, index } = lastOf(this.plain);
    const last = { term: term + 1 + rise, index: Math.max(this.plain.base.index + 1, index + distance) };
    this.log.resetTo(last, this.batches + 1);
    this.write((contents) => {
      contents.entries.length = 0;
      contents.base = last;
    });
  }

  /** `count` writes become durable; the log hears of the last of them, hence of all. */
  persist(count: number): void {
    const done = this.writes.splice(0, count);
    for (const { apply } of done) apply(this.disk);
    const newest = done.at(-1);
    if (newest !== undefined) this.log.persisted(newest.batch, newest.last);
  }

  check(): void {
    const { log, plain } = this;
    const { base, entries } = plain;
    const last = lastOf(plain);
    expect([log.firstIndex, log.lastIndex, log.lastTerm]).to.deep.equal([
      base.index + 1,
      last.index,
      last.term,
    ]);
    expect(log.slice(log.firstIndex, log.lastIndex)).to.deep.equal(entries);
    for (let index = 0; index <= last.index + 1; index += 1) {
      const entry = entries.find((candidate) => candidate.index === index);
      expect(log.entryAt(index)).to.deep.equal(entry);
      expect(log.termAt(index)).to.equal(index === base.index ? base.term : entry?.term);
    }
    this.checkStable();
  }

  /** Stable entries are on the disk as they are in the log; with no write under way, all entries are stable. */
  private checkStable(): void {
    const { log, disk, plain } = this;
    expect(log.stableIndex).to.be.at.most(log.lastIndex);
    for (const { term, index } of [plain.base, ...plain.entries]) {
      if (index > log.stableIndex) continue;
      const stored = disk.entries.find((entry) => entry.index === index);
      const isStored = index <= disk.base.index || stored?.term === term;
      expect(isStored, `entry ${index} is on the disk`).to.equal(true);
    }
    if (this.writes.length === 0) expect(log.stableIndex).to.equal(log.lastIndex);
  }

  private write(apply: (contents: Contents) => void): void {
    apply(this.plain);
    this.batches += 1;
    this.writes.push({ batch: this.batches, last: lastOf(this.plain), apply });
  }
}

const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

const action = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      what: fc.constant('append' as const),
      terms: fc.array(fc.nat(1), { maxLength: 4 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ what: fc.constant('truncate' as const), share, isComingBack: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ what: fc.constant('compact' as const), share: fc.oneof(share, fc.constant(1)) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constant('reset' as const),
      distance: fc.integer({ min: -4, max: 4 }),
      rise: fc.nat(1),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ what: fc.constant('persist' as const), count: fc.integer({ min: 1, max: 4 }) }),
  },
);

describe('log, compacted', () => {
  it('is the same as a plain list, and calls nothing stable that a disk would not hold', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const model = new Model();
        for (const act of actions) {
          switch (act.what) {
            case 'append':
              model.append(act.terms);
              break;
            case 'truncate':
              model.truncate(act.share, act.isComingBack);
              break;
            case 'compact':
              model.compact(act.share);
              break;
            case 'reset':
              model.reset(act.distance, act.rise);
              break;
            case 'persist':
              model.persist(act.count);
              break;
          }
          model.check();
        }
        model.persist(Infinity);
        model.check();
      }),
      { numRuns: 500 },
    );
  });

  it('compacts to what it holds, the entry before it included', () => {
    const log = new RaftLog([entryOf(2, 6), entryOf(3, 7)], { term: 2, index: 5 });
    for (const index of [4, 8]) expect(() => log.compactTo(index)).to.throw(InvariantViolation);
    log.compactTo(5);
    expect([log.firstIndex, log.lastIndex]).to.deep.equal([6, 7]);
    log.compactTo(7);
    expect([log.firstIndex, log.lastIndex, log.lastTerm, log.stableIndex]).to.deep.equal([8, 7, 3, 7]);
    expect(log.isUpToDate(3, 7)).to.equal(true);
    expect(log.isUpToDate(3, 6)).to.equal(false);
  });

  it('a reset is durable with its batch, not with an earlier one', () => {
    const log = new RaftLog();
    log.append([entryOf(1, 1), entryOf(1, 2)]);
    log.resetTo({ term: 2, index: 9 }, 2);
    expect([log.firstIndex, log.lastIndex, log.lastTerm, log.stableIndex]).to.deep.equal([10, 9, 2, 0]);
    log.persisted(1, { term: 1, index: 2 });
    expect(log.stableIndex).to.equal(0);
    log.persisted(2, { term: 2, index: 9 });
    expect(log.stableIndex).to.equal(9);
  });

  it('t48 nor with one from before it, though what that wrote has come back', () => {
    const log = new RaftLog();
    log.append([1, 2, 3, 4, 5].map((index) => entryOf(1, index)));
    log.resetTo({ term: 1, index: 3 }, 2);
    log.append([entryOf(1, 4), entryOf(1, 5)]);
    log.persisted(1, { term: 1, index: 5 });
    expect(log.stableIndex).to.equal(0);
    log.truncateFrom(5, 4);
    log.append([entryOf(1, 5)]);
    log.persisted(1, { term: 1, index: 5 });
    expect(log.stableIndex).to.equal(0);
    log.persisted(3, { term: 1, index: 5 });
    expect(log.stableIndex).to.be.at.most(4);
    log.persisted(4, { term: 1, index: 5 });
    expect(log.stableIndex).to.equal(5);
  });
});
