import { expect } from 'chai';
import { SnapshotTaker, type SnapshotPolicy } from '../../../src/node/snapshots.js';
import { entryBytes } from '../../../src/raft/log.js';
import type { Entry, Snapshot } from '../../../src/raft/types.js';
import { encodeUpdateFile } from '../../../src/stateMachine/command.js';
import { ServiceState } from '../../../src/stateMachine/serviceState.js';
import { ManualDefer } from '../../support/manualParts.js';
import { viewsKept } from '../../support/viewsKept.js';

/** Each update of this bench is an entry of this size. */
const ENTRY_BYTES = entryBytes(update(1));

function update(index: number): Entry {
  const name = `f${String(index).padStart(3, '0')}`;
  return { term: 2, index, kind: 'command', command: encodeUpdateFile(name, 1, ['h']) };
}

/** Views that a snapshot needs until it has come to the files' end: of files, keys, clients and single requests. */
const VIEWS = 4;

/** A taker of a state machine that holds files, and what it has taken. */
class Bench {
  readonly state = new ServiceState();
  readonly turns = new ManualDefer();
  readonly taken: Snapshot[] = [];
  readonly taker: SnapshotTaker;

  constructor(policy: Partial<SnapshotPolicy>) {
    this.taker = new SnapshotTaker(
      { entriesMax: Infinity, bytesMax: Infinity, chunkChars: 40, ...policy },
      this.state,
      this.turns.defer,
      (snapshot) => this.taken.push(snapshot),
    );
  }

  /** Applies the next so many updates, each in a step of its own. */
  apply(count: number): void {
    for (let entry = 0; entry < count; entry += 1) {
      const next = update(this.state.lastApplied + 1);
      this.state.apply(next);
      this.taker.note(next);
      this.taker.takeIfDue(next);
    }
  }

  get isTaking(): boolean {
    return this.turns.size > 0;
  }

  get takenUpTo(): number[] {
    return this.taken.map(({ last }) => last.index);
  }
}

/** The state that a snapshot makes. */
function restored({ chunks, last }: Snapshot): ServiceState {
  const state = new ServiceState();
  const loader = state.load();
  for (const chunk of chunks) loader.add(chunk);
  loader.install(last.index);
  return state;
}

describe('snapshot taker', () => {
  it('takes one after so many entries', () => {
    const bench = new Bench({ entriesMax: 5 });
    bench.apply(4);
    expect(bench.isTaking).to.equal(false);
    bench.apply(1);
    bench.turns.workAll();
    expect(bench.taken.map(({ last }) => last)).to.deep.equal([{ term: 2, index: 5 }]);
  });

  it('or after so many bytes of them', () => {
    const bench = new Bench({ bytesMax: 3 * ENTRY_BYTES });
    bench.apply(2);
    expect(bench.isTaking).to.equal(false);
    bench.apply(1);
    expect(bench.isTaking).to.equal(true);
  });

  it('then after as many again', () => {
    const bench = new Bench({ entriesMax: 5 });
    for (let entries = 0; entries < 17; entries += 1) {
      bench.apply(1);
      bench.turns.workAll();
    }
    expect(bench.takenUpTo).to.deep.equal([5, 10, 15]);
  });

  it('piece by piece, as it was when it began', () => {
    const bench = new Bench({ entriesMax: 5 });
    bench.apply(5);
    const files = bench.state.files.list();
    while (bench.taken.length === 0) {
      bench.apply(1);
      expect(bench.turns.work()).to.equal(true);
    }
    const [snapshot] = bench.taken;
    if (snapshot === undefined) throw new Error('none taken');
    expect(snapshot.chunks.length).to.be.above(1);
    expect(restored(snapshot).files.list()).to.deep.equal(files);
    expect(viewsKept(bench.state)).to.equal(0);
  });

  it('one at a time: what is applied meanwhile counts for the next', () => {
    const bench = new Bench({ entriesMax: 3 });
    bench.apply(3);
    bench.apply(3);
    expect(viewsKept(bench.state)).to.equal(VIEWS);
    bench.turns.workAll();
    expect([bench.takenUpTo, bench.isTaking]).to.deep.equal([[3], false]);
    bench.apply(1);
    bench.turns.workAll();
    expect(bench.takenUpTo).to.deep.equal([3, 7]);
  });

  it('never before the log has grown by as much as the last one is large', () => {
    const bench = new Bench({ entriesMax: 1 });
    bench.apply(100);
    bench.turns.workAll();
    bench.apply(1);
    bench.turns.workAll();
    const sizes = (): number[] => bench.taken.map(({ chunks }) => [...chunks].join('').length);
    for (let entry = 0; entry < 300; entry += 1) {
      bench.apply(1);
      bench.turns.workAll();
    }
    const ends = bench.takenUpTo;
    for (const [k, size] of sizes().slice(0, -1).entries()) {
      const grown = ((ends[k + 1] ?? 0) - (ends[k] ?? 0)) * ENTRY_BYTES;
      expect(grown, `after the snapshot up to ${ends[k] ?? 0}`).to.be.at.least(size);
    }
    expect(ends.length).to.be.within(5, 100);
  });

  it('nor before it has grown by as much as the stored one that it starts from', () => {
    const bench = new Bench({ entriesMax: 1 });
    const chunks = ['x'.repeat(2 * ENTRY_BYTES), 'y'.repeat(2 * ENTRY_BYTES)];
    bench.taker.reset({ last: { term: 1, index: 9 }, chunks }, []);
    bench.apply(3);
    expect(bench.isTaking).to.equal(false);
    bench.apply(1);
    expect(bench.isTaking).to.equal(true);
  });

  it('counts what was applied after the stored snapshot', () => {
    const bench = new Bench({ entriesMax: 5 });
    bench.taker.reset(null, [1, 2, 3].map(update));
    bench.apply(1);
    expect(bench.isTaking).to.equal(false);
    bench.apply(1);
    expect(bench.isTaking).to.equal(true);
  });

  describe('called off', () => {
    for (const pieces of [0, 1, 2]) {
      it(`after ${pieces} pieces, leaves nothing behind: no view, no snapshot, no work`, () => {
        const bench = new Bench({ entriesMax: 5, chunkChars: 1 });
        bench.apply(5);
        bench.turns.work(pieces);
        expect(viewsKept(bench.state)).to.equal(VIEWS);
        bench.taker.cancel();
        expect([viewsKept(bench.state), bench.isTaking]).to.deep.equal([0, false]);
        bench.turns.workAll();
        expect(bench.taken).to.deep.equal([]);
      });
    }

    it('by a reset as well; then it begins anew', () => {
      const bench = new Bench({ entriesMax: 5 });
      bench.apply(7);
      bench.taker.reset(null, []);
      expect([viewsKept(bench.state), bench.isTaking]).to.deep.equal([0, false]);
      bench.apply(4);
      expect(bench.isTaking).to.equal(false);
      bench.apply(1);
      bench.turns.workAll();
      expect(bench.takenUpTo).to.deep.equal([12]);
    });

    it('takes one again when it is due', () => {
      const bench = new Bench({ entriesMax: 5 });
      bench.apply(5);
      bench.taker.cancel();
      bench.taker.cancel();
      bench.apply(5);
      bench.turns.workAll();
      expect(bench.takenUpTo).to.deep.equal([10]);
    });
  });

  it('takes none when there is no limit', () => {
    const bench = new Bench({});
    bench.apply(500);
    expect(bench.isTaking).to.equal(false);
  });
});
