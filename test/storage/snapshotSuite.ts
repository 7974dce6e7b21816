import { expect } from 'chai';
import { nothingStored } from '../../src/storage/storage.js';
import { entriesOf } from '../support/coreHarness.js';
import { snapshotUpTo, type WithStorage } from './batchWriter.js';

/** A log of which the suite's snapshots come from elsewhere; storages that watch over safety want to know it. */
export const committedElsewhere = entriesOf([1, 1, 2, 2, 3, 3, 3]);

/** The part of the contract that is about snapshots and the log's beginning. */
export function itKeepsSnapshots(withStorage: WithStorage): void {
  itStages(withStorage);
  itCompacts(withStorage);
  itInstalls(withStorage);
}

function itStages(withStorage: WithStorage): void {
  it(
    'a snapshot that is staged and that no batch names counts for nothing',
    withStorage(async (writer) => {
      await writer.persist({ appended: entriesOf([1, 1]) });
      await writer.stage(snapshotUpTo(1, 2));
      expect(await writer.load()).to.deep.equal({ ...nothingStored, entries: entriesOf([1, 1]) });
    }),
  );

  it(
    'a batch that names a staged snapshot makes it the one that counts, without touching the log',
    withStorage(async (writer) => {
      await writer.persist({ appended: entriesOf([1, 1, 1]) });
      await writer.adopt(snapshotUpTo(1, 2));
      expect(await writer.load()).to.deep.equal({
        ...nothingStored,
        snapshot: snapshotUpTo(1, 2),
        entries: entriesOf([1, 1, 1]),
      });
    }),
  );

  it(
    'a later snapshot replaces the one before',
    withStorage(async (writer) => {
      await writer.persist({ appended: entriesOf([1, 1, 1]) });
      await writer.adopt(snapshotUpTo(1, 1, 3));
      await writer.adopt(snapshotUpTo(1, 2, 1));
      expect((await writer.load()).snapshot).to.deep.equal(snapshotUpTo(1, 2, 1));
    }),
  );

  it(
    'of several that are staged, the one that is named counts, and a later one can still be named',
    withStorage(async (writer) => {
      await writer.persist({ appended: entriesOf([1, 1, 1]) });
      await writer.stage(snapshotUpTo(1, 2, 3));
      await writer.stage(snapshotUpTo(1, 1));
      await writer.stage(snapshotUpTo(1, 3));
      await writer.persist({ snapshot: { term: 1, index: 2 } });
      expect((await writer.load()).snapshot).to.deep.equal(snapshotUpTo(1, 2, 3));
      await writer.persist({ snapshot: { term: 1, index: 3 } });
      expect((await writer.load()).snapshot).to.deep.equal(snapshotUpTo(1, 3));
    }),
  );

  it(
    'stages a big snapshot of many chunks while batches go on',
    withStorage(async (writer) => {
      const chunks = Array.from({ length: 60 }, (_, k) => `${k}"`.repeat(30_000));
      const big = { last: { term: 1, index: 1 }, chunks };
      await writer.persist({ appended: entriesOf([1]) });
      const progress = { isStaged: false };
      const staging = writer.stage(big).then(() => (progress.isStaged = true));
      do await writer.persist({ appended: entriesOf([1], writer.last.index + 1) });
      while (!progress.isStaged && writer.last.index < 1000);
      await staging;
      await writer.persist({ snapshot: big.last });
      const loaded = await writer.load();
      expect(loaded.snapshot).to.deep.equal(big);
      expect(loaded.entries).to.have.length(writer.last.index);
    }),
  );
}

function itCompacts(withStorage: WithStorage): void {
  it(
    'drops the entries up to the snapshot’s last and keeps those after it',
    withStorage(async (writer) => {
      await writer.persist({ appended: entriesOf([1, 1, 2, 2]) });
      await writer.adopt(snapshotUpTo(2, 3), { compactTo: { term: 2, index: 3 } });
      expect(await writer.load()).to.deep.equal({
        ...nothingStored,
        snapshot: snapshotUpTo(2, 3),
        identity: null,
        base: { term: 2, index: 3 },
        entries: entriesOf([2], 4),
      });
    }),
  );

  it(
    'keeps some entries before the snapshot’s last, and drops them later',
    withStorage(async (writer) => {
      await writer.persist({ appended: entriesOf([1, 1, 2, 2]) });
      await writer.adopt(snapshotUpTo(2, 3), { compactTo: { term: 1, index: 1 } });
      const { base, entries } = await writer.load();
      expect({ base, entries }).to.deep.equal({
        base: { term: 1, index: 1 },
        entries: entriesOf([1, 2, 2], 2),
      });
      await writer.persist({ compactTo: { term: 2, index: 3 } });
      expect((await writer.load()).entries).to.deep.equal(entriesOf([2], 4));
    }),
  );

  it(
    'can drop all entries, and appends after them',
    withStorage(async (writer) => {
      await writer.persist({ appended: entriesOf([1, 1]) });
      await writer.adopt(snapshotUpTo(1, 2), { compactTo: { term: 1, index: 2 } });
      expect((await writer.load()).entries).to.deep.equal([]);
      await writer.persist({ appended: entriesOf([1, 3], 3) });
      expect((await writer.load()).entries).to.deep.equal(entriesOf([1, 3], 3));
    }),
  );

  it(
    'truncates and appends in a log that was compacted',
    withStorage(async (writer) => {
      await writer.persist({ appended: entriesOf([1, 1, 1, 1, 1]) });
      await writer.adopt(snapshotUpTo(1, 2), { compactTo: { term: 1, index: 2 } });
      await writer.persist({ truncateFrom: 4, appended: entriesOf([2], 4) });
      await writer.persist({ truncateFrom: 3 });
      expect((await writer.load()).entries).to.deep.equal([]);
      await writer.persist({ appended: entriesOf([3, 3], 3) });
      expect(await writer.load()).to.deep.equal({
        ...nothingStored,
        snapshot: snapshotUpTo(1, 2),
        identity: null,
        base: { term: 1, index: 2 },
        entries: entriesOf([3, 3], 3),
      });
    }),
  );

  it(
    'truncates, compacts and appends in one batch, in this order',
    withStorage(async (writer) => {
      await writer.persist({ appended: entriesOf([1, 1, 1, 1]) });
      await writer.adopt(snapshotUpTo(1, 2), {
        truncateFrom: 4,
        compactTo: { term: 1, index: 2 },
        appended: entriesOf([2, 2], 4),
      });
      const { base, entries } = await writer.load();
      expect(base).to.deep.equal({ term: 1, index: 2 });
      expect(entries).to.deep.equal(entriesOf([1, 2, 2], 3));
    }),
  );
}

function itInstalls(withStorage: WithStorage): void {
  for (const own of [[], [1, 1, 1], [1, 1, 2, 2, 2, 2, 2, 2, 2]]) {
    it(
      `takes a snapshot from elsewhere in place of a log of ${own.length} entries`,
      withStorage(async (writer) => {
        await writer.persist({ hardState: { term: 3, votedFor: null }, appended: entriesOf(own) });
        await writer.adopt(snapshotUpTo(3, 7), { truncateFrom: 1, compactTo: { term: 3, index: 7 } });
        const installed = {
          hardState: { term: 3, votedFor: null },
          snapshot: snapshotUpTo(3, 7),
          identity: null,
          base: { term: 3, index: 7 },
        };
        expect(await writer.load()).to.deep.equal({ ...installed, entries: [] });
        await writer.persist({ appended: entriesOf([3, 4], 8) });
        expect(await writer.load()).to.deep.equal({ ...installed, entries: entriesOf([3, 4], 8) });
      }),
    );
  }
}
