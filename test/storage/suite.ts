import { expect } from 'chai';
import type { Entry } from '../../src/raft/types.js';
import { nothingStored, type Storage } from '../../src/storage/storage.js';
import { entriesOf } from '../support/coreHarness.js';
import { BatchWriter, type WithStorage } from './batchWriter.js';
import { itKeepsSnapshots } from './snapshotSuite.js';

/** Where the suite gets its storages from. */
export interface StorageFactory {
  /** A storage on which nothing was ever written. */
  create(): Promise<Storage>;
  /** The storage of a new process after `storage` was closed; absent when nothing outlives the process. */
  reopen?(storage: Storage): Promise<Storage>;
}

/** The contract between every storage and the driver. Run it once per implementation. */
export function itKeepsTheContractOfStorage(name: string, factory: StorageFactory): void {
  const withStorage: WithStorage = (test) => async () => {
    const writer = new BatchWriter(await factory.create());
    await test(writer);
    await writer.close();
  };

  describe(`${name} keeps the contract of storage`, () => {
    itKeepsTermVoteAndLog(withStorage);
    itKeepsOrder(withStorage);
    itKeepsAnyValue(withStorage);
    itKeepsSnapshots(withStorage);
    const reopen = factory.reopen?.bind(factory);
    if (reopen !== undefined) itOutlivesTheProcess(factory, reopen);
  });
}

function itKeepsTermVoteAndLog(withStorage: WithStorage): void {
  it(
    'is empty at first: term 0, no vote, no entries, no snapshot',
    withStorage(async (writer) => {
      expect(await writer.load()).to.deep.equal(nothingStored);
    }),
  );

  it(
    'gives back the newest term and vote, and all entries in order',
    withStorage(async (writer) => {
      await writer.persist({ hardState: { term: 1, votedFor: 2 }, appended: entriesOf([1, 1]) });
      await writer.persist({ hardState: { term: 3, votedFor: null }, appended: entriesOf([3], 3) });
      expect(await writer.load()).to.deep.equal({
        ...nothingStored,
        hardState: { term: 3, votedFor: null },
        entries: entriesOf([1, 1, 3]),
      });
    }),
  );

  it(
    'leaves term and vote alone in a batch of entries, and entries in a batch of term and vote',
    withStorage(async (writer) => {
      await writer.persist({ hardState: { term: 1, votedFor: 0 } });
      await writer.persist({ appended: entriesOf([1]) });
      await writer.persist({ hardState: { term: 2, votedFor: 1 } });
      expect(await writer.load()).to.deep.equal({
        ...nothingStored,
        hardState: { term: 2, votedFor: 1 },
        entries: entriesOf([1]),
      });
    }),
  );

  for (const truncateFrom of [1, 2, 3, 4]) {
    it(
      `drops entries from ${truncateFrom} on before it appends`,
      withStorage(async (writer) => {
        await writer.persist({ appended: entriesOf([1, 1, 1]) });
        await writer.persist({ truncateFrom, appended: entriesOf([2, 2, 2, 2], truncateFrom) });
        const kept = Array<number>(truncateFrom - 1).fill(1);
        expect((await writer.load()).entries).to.deep.equal(entriesOf([...kept, 2, 2, 2, 2]));
      }),
    );
  }

  it(
    'drops entries without appending any',
    withStorage(async (writer) => {
      await writer.persist({ appended: entriesOf([1, 1, 1]) });
      await writer.persist({ truncateFrom: 2 });
      expect((await writer.load()).entries).to.deep.equal(entriesOf([1]));
    }),
  );

  it(
    'appends anew what was dropped',
    withStorage(async (writer) => {
      await writer.persist({ appended: entriesOf([1, 1, 1]) });
      await writer.persist({ truncateFrom: 2 });
      await writer.persist({ appended: entriesOf([2], 2) });
      expect((await writer.load()).entries).to.deep.equal(entriesOf([1, 2]));
    }),
  );
}

function itKeepsOrder(withStorage: WithStorage): void {
  it(
    'calls back once for each batch, in the order in which they were handed over',
    withStorage(async (writer) => {
      const done: number[] = [];
      await new Promise<void>((resolve, reject) => {
        for (let number = 1; number <= 100; number += 1) {
          writer.storage.persist(writer.batch({ appended: entriesOf([1], number) }), (error) => {
            if (error !== null) reject(error);
            done.push(number);
            if (done.length === 100) resolve();
          });
        }
      });
      expect(done).to.deep.equal(Array.from({ length: 100 }, (_, k) => k + 1));
    }),
  );

  it(
    'takes more from whoever is called back',
    withStorage(async (writer) => {
      await new Promise<void>((resolve, reject) => {
        const next = (error: Error | null): void => {
          if (error !== null) reject(error);
          else if (writer.last.index === 10) resolve();
          else
            writer.storage.persist(writer.batch({ appended: entriesOf([1], writer.last.index + 1) }), next);
        };
        next(null);
      });
      expect((await writer.load()).entries).to.deep.equal(entriesOf(Array<number>(10).fill(1)));
    }),
  );

  it(
    'load gives back everything handed over, also what is still being written',
    withStorage(async (writer) => {
      writer.storage.persist(writer.batch({ appended: entriesOf([1, 1]) }), () => undefined);
      writer.storage.persist(writer.batch({ hardState: { term: 5, votedFor: 1 } }), () => undefined);
      expect(await writer.load()).to.deep.equal({
        ...nothingStored,
        hardState: { term: 5, votedFor: 1 },
        entries: entriesOf([1, 1]),
      });
    }),
  );

  it(
    'what was loaded does not change when more is written',
    withStorage(async (writer) => {
      await writer.persist({ appended: entriesOf([1]) });
      const loaded = await writer.load();
      await writer.persist({ truncateFrom: 1, appended: entriesOf([2, 2]) });
      expect(loaded.entries).to.deep.equal(entriesOf([1]));
    }),
  );
}

function itKeepsAnyValue(withStorage: WithStorage): void {
  it(
    'keeps commands of any text and any length',
    withStorage(async (writer) => {
      const commands = ['', '\u0000\u2028é😀', 'x'.repeat(1_000_000), '{"a":1}\n', '\ud800'];
      const appended = commands.map((command, k): Entry => ({
        term: 1,
        index: k + 1,
        kind: 'command',
        command,
      }));
      const noop: Entry = { term: 2, index: commands.length + 1, kind: 'noop', command: '' };
      await writer.persist({ appended: [...appended, noop] });
      expect((await writer.load()).entries).to.deep.equal([...appended, noop]);
    }),
  );

  it(
    'keeps terms as large as numbers can be',
    withStorage(async (writer) => {
      const hardState = { term: Number.MAX_SAFE_INTEGER, votedFor: 9 };
      await writer.persist({ hardState });
      expect((await writer.load()).hardState).to.deep.equal(hardState);
    }),
  );
}

function itOutlivesTheProcess(factory: StorageFactory, reopen: (storage: Storage) => Promise<Storage>): void {
  it('a new process finds what the old one wrote', async () => {
    const writer = new BatchWriter(await factory.create());
    await writer.persist({ hardState: { term: 4, votedFor: 2 }, appended: entriesOf([1, 4]) });
    await writer.close();
    const reopened = new BatchWriter(await reopen(writer.storage));
    expect(await reopened.load()).to.deep.equal({
      ...nothingStored,
      hardState: { term: 4, votedFor: 2 },
      entries: entriesOf([1, 4]),
    });
    await reopened.close();
  });

  it('a new process finds the snapshot and the log after it, and goes on', async () => {
    const writer = new BatchWriter(await factory.create());
    const snapshot = { last: { term: 1, index: 2 }, chunks: ['a', '', 'c\u0000😀'] };
    await writer.persist({ hardState: { term: 4, votedFor: 2 }, appended: entriesOf([1, 1, 4]) });
    await writer.adopt(snapshot, { compactTo: snapshot.last });
    await writer.close();
    const reopened = await reopen(writer.storage);
    const kept = { hardState: { term: 4, votedFor: 2 }, identity: null, snapshot, base: snapshot.last };
    const later = new BatchWriter(reopened);
    expect(await later.load()).to.deep.equal({ ...kept, entries: entriesOf([4], 3) });
    await later.persist({ ...writer.batch({ truncateFrom: 3, appended: entriesOf([5, 5], 3) }) });
    expect(await later.load()).to.deep.equal({ ...kept, entries: entriesOf([5, 5], 3) });
    await later.close();
  });
}
