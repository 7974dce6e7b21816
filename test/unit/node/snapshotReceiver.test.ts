import { expect } from 'chai';
import { SnapshotReceiver } from '../../../src/node/snapshots.js';
import type { Snapshot } from '../../../src/raft/types.js';
import { ServiceState } from '../../../src/stateMachine/serviceState.js';
import { ManualDefer } from '../../support/manualParts.js';
import { ManualStorage } from '../../support/manualStorage.js';

const GOOD: Snapshot = { last: { term: 1, index: 9 }, chunks: ['[["a",1,[]]]', '[["b",2,[]]]'] };
const OTHER: Snapshot = { last: { term: 1, index: 12 }, chunks: ['[["c",3,[]]]'] };
const BAD: Snapshot = { last: { term: 1, index: 9 }, chunks: ['[["a",1,[]]]', 'x', '[["b",2,[]]]'] };

/** Pieces of work until `GOOD` is loaded: one per chunk, and one that finds that there are no more. */
const LOADING = 3;

class Bench {
  readonly state = new ServiceState();
  readonly storage = new ManualStorage();
  readonly turns = new ManualDefer();
  readonly events: string[] = [];
  readonly receiver = new SnapshotReceiver(this.state, this.storage, this.turns.defer, {
    ready: ({ last }) => this.events.push(`ready ${last.index}`),
    unusable: ({ name }) => this.events.push(`unusable: ${name}`),
    failed: ({ message }) => this.events.push(`failed: ${message}`),
  });

  constructor() {
    this.storage.disk.hold();
  }
}

describe('snapshot receiver', () => {
  it('a snapshot is ready when it is both staged and loaded, and not before', () => {
    const bench = new Bench();
    bench.receiver.begin(GOOD);
    bench.turns.work(LOADING);
    expect(bench.events).to.deep.equal([]);
    bench.storage.disk.complete();
    expect(bench.events).to.deep.equal(['ready 9']);
  });

  it('in the other order too', () => {
    const bench = new Bench();
    bench.receiver.begin(GOOD);
    bench.storage.disk.complete();
    bench.turns.work(LOADING - 1);
    expect(bench.events).to.deep.equal([]);
    bench.turns.work();
    expect(bench.events).to.deep.equal(['ready 9']);
  });

  it('with a storage that is done at once', () => {
    const bench = new Bench();
    bench.storage.disk.free();
    bench.receiver.begin(GOOD);
    bench.turns.workAll();
    expect(bench.events).to.deep.equal(['ready 9']);
  });

  it('the state machine does not change before the installation', () => {
    const bench = new Bench();
    bench.storage.disk.free();
    bench.receiver.begin(GOOD);
    bench.turns.workAll();
    expect([bench.state.files.size, bench.state.lastApplied]).to.deep.equal([0, 0]);
    bench.receiver.install(GOOD);
    expect(bench.state.files.list().map(([name]) => name)).to.deep.equal(['a', 'b']);
    expect(bench.state.lastApplied).to.equal(9);
  });

  it('installs once, and only what is ready', () => {
    const bench = new Bench();
    bench.storage.disk.free();
    expect(() => bench.receiver.install(GOOD)).to.throw('no snapshot up to entry 9 is ready');
    bench.receiver.begin(GOOD);
    bench.turns.work(LOADING - 1);
    expect(() => bench.receiver.install(GOOD)).to.throw('is ready');
    bench.turns.workAll();
    bench.receiver.install(GOOD);
    expect(() => bench.receiver.install(GOOD)).to.throw('is ready');
  });

  for (const isStaged of [true, false]) {
    it(`tells of a snapshot that makes no sense, once, ${isStaged ? 'after' : 'before'} it is staged`, () => {
      const bench = new Bench();
      bench.receiver.begin(BAD);
      if (isStaged) bench.storage.disk.complete();
      bench.turns.workAll();
      bench.storage.disk.complete(Infinity);
      expect(bench.events).to.deep.equal(['unusable: SnapshotError']);
      expect(() => bench.receiver.install(BAD)).to.throw('is ready');
      expect(bench.state.files.size).to.equal(0);
    });
  }

  it('and takes a good one after it', () => {
    const bench = new Bench();
    bench.storage.disk.free();
    bench.receiver.begin(BAD);
    bench.turns.workAll();
    bench.receiver.begin(OTHER);
    bench.turns.workAll();
    expect(bench.events).to.deep.equal(['unusable: SnapshotError', 'ready 12']);
    bench.receiver.install(OTHER);
    expect(bench.state.files.versionOf('c')).to.equal(3);
  });

  it('t47 a storage that fails is reported, also after the receiver has given up', () => {
    const bench = new Bench();
    bench.receiver.begin(GOOD);
    bench.receiver.cancel();
    bench.storage.disk.breakDown();
    bench.storage.disk.complete();
    expect(bench.events).to.deep.equal(['failed: the disk failed']);
  });

  describe('given up', () => {
    for (let pieces = 0; pieces <= LOADING; pieces += 1) {
      for (const isStaged of [true, false]) {
        it(`after ${pieces} pieces, ${isStaged ? '' : 'not '}staged, is never ready`, () => {
          const bench = new Bench();
          bench.receiver.begin(GOOD);
          if (isStaged && pieces < LOADING) bench.storage.disk.complete();
          bench.turns.work(pieces);
          bench.receiver.cancel();
          expect(bench.turns.size).to.equal(0);
          bench.turns.workAll();
          bench.storage.disk.complete(Infinity);
          expect(bench.events).to.deep.equal([]);
          expect(() => bench.receiver.install(GOOD)).to.throw('is ready');
        });
      }
    }

    it('for another one: only that is ready', () => {
      const bench = new Bench();
      bench.receiver.begin(GOOD);
      bench.turns.work();
      bench.receiver.begin(OTHER);
      bench.turns.workAll();
      bench.storage.disk.complete();
      expect(bench.events, 'the first one is staged, the second one loaded').to.deep.equal([]);
      bench.storage.disk.complete();
      expect(bench.events).to.deep.equal(['ready 12']);
      bench.receiver.install(OTHER);
      expect(bench.state.files.list().map(([name]) => name)).to.deep.equal(['c']);
    });
  });
});
