import { expect } from 'chai';
import type { StorageBatch } from '../../src/raft/output.js';
import type { Entry } from '../../src/raft/types.js';
import type { Storage, StoredState } from '../../src/storage/storage.js';
import { entriesOf } from '../support/coreHarness.js';

/** Where the suite gets its storages from. */
export interface StorageFactory {
  /** A storage on which nothing was ever written. */
  create(): Promise<Storage>;
  /** What a new process finds after `storage` was closed; absent when nothing outlives the process. */
  reopen?(storage: Storage): Promise<Storage>;
}

/** What every storage owes the driver. Run it once per implementation. */
export function itKeepsTheContractOfStorage(name: string, factory: StorageFactory): void {
  describe(`${name} keeps the contract of storage`, () => {
    it('is empty at first: term 0, no vote, no entries', async () => {
      const storage = await factory.create();
      expect(await load(storage)).to.deep.equal({ hardState: { term: 0, votedFor: null }, entries: [] });
      await close(storage);
    });

    it('gives back the newest term and vote, and all entries in order', async () => {
      const storage = await factory.create();
      await persist(storage, { hardState: { term: 1, votedFor: 2 }, appended: entriesOf([1, 1]) });
      await persist(storage, { hardState: { term: 3, votedFor: null }, appended: entriesOf([3], 3) });
      expect(await load(storage)).to.deep.equal({
        hardState: { term: 3, votedFor: null },
        entries: entriesOf([1, 1, 3]),
      });
      await close(storage);
    });

    it('leaves term and vote alone in a batch of entries, and entries in a batch of term and vote', async () => {
      const storage = await factory.create();
      await persist(storage, { hardState: { term: 1, votedFor: 0 } });
      await persist(storage, { appended: entriesOf([1]) });
      await persist(storage, { hardState: { term: 2, votedFor: 1 } });
      expect(await load(storage)).to.deep.equal({
        hardState: { term: 2, votedFor: 1 },
        entries: entriesOf([1]),
      });
      await close(storage);
    });

    for (const truncateFrom of [1, 2, 3, 4]) {
      it(`drops entries from ${truncateFrom} on before it appends`, async () => {
        const storage = await factory.create();
        await persist(storage, { appended: entriesOf([1, 1, 1]) });
        await persist(storage, { truncateFrom, appended: entriesOf([2, 2, 2, 2], truncateFrom) });
        const kept = Array<number>(truncateFrom - 1).fill(1);
        expect((await load(storage)).entries).to.deep.equal(entriesOf([...kept, 2, 2, 2, 2]));
        await close(storage);
      });
    }

    it('drops entries without appending any', async () => {
      const storage = await factory.create();
      await persist(storage, { appended: entriesOf([1, 1, 1]) });
      await persist(storage, { truncateFrom: 2 });
      expect((await load(storage)).entries).to.deep.equal(entriesOf([1]));
      await close(storage);
    });

    it('calls back once for each batch, in the order in which they were handed over', async () => {
      const storage = await factory.create();
      const done: number[] = [];
      await new Promise<void>((resolve, reject) => {
        for (let number = 1; number <= 100; number += 1) {
          storage.persist(batchOf({ number, appended: entriesOf([1], number) }), (error) => {
            if (error !== null) reject(error);
            done.push(number);
            if (done.length === 100) resolve();
          });
        }
      });
      expect(done).to.deep.equal(Array.from({ length: 100 }, (_, k) => k + 1));
      await close(storage);
    });

    it('load gives back everything handed over, also what is still being written', async () => {
      const storage = await factory.create();
      storage.persist(batchOf({ appended: entriesOf([1, 1]) }), () => undefined);
      storage.persist(batchOf({ hardState: { term: 5, votedFor: 1 } }), () => undefined);
      expect(await load(storage)).to.deep.equal({
        hardState: { term: 5, votedFor: 1 },
        entries: entriesOf([1, 1]),
      });
      await close(storage);
    });

    it('what was loaded does not change when more is written', async () => {
      const storage = await factory.create();
      await persist(storage, { appended: entriesOf([1]) });
      const loaded = await load(storage);
      await persist(storage, { truncateFrom: 1, appended: entriesOf([2, 2]) });
      expect(loaded.entries).to.deep.equal(entriesOf([1]));
      await close(storage);
    });

    it('keeps commands of any text and any length', async () => {
      const storage = await factory.create();
      const commands = ['', '\u0000\u2028é😀', 'x'.repeat(1_000_000), '{"a":1}\n', '\ud800'];
      const appended = commands.map((command, k): Entry => ({
        term: 1,
        index: k + 1,
        kind: 'command',
        command,
      }));
      const noop: Entry = { term: 2, index: commands.length + 1, kind: 'noop', command: '' };
      await persist(storage, { appended: [...appended, noop] });
      expect((await load(storage)).entries).to.deep.equal([...appended, noop]);
      await close(storage);
    });

    it('keeps terms as large as numbers can be', async () => {
      const storage = await factory.create();
      const hardState = { term: Number.MAX_SAFE_INTEGER, votedFor: 9 };
      await persist(storage, { hardState });
      expect((await load(storage)).hardState).to.deep.equal(hardState);
      await close(storage);
    });

    const reopen = factory.reopen?.bind(factory);
    if (reopen === undefined) return;
    it('a new process finds what the old one wrote', async () => {
      const storage = await factory.create();
      await persist(storage, { hardState: { term: 4, votedFor: 2 }, appended: entriesOf([1, 4]) });
      await close(storage);
      const reopened = await reopen(storage);
      expect(await load(reopened)).to.deep.equal({
        hardState: { term: 4, votedFor: 2 },
        entries: entriesOf([1, 4]),
      });
      await close(reopened);
    });
  });
}

function batchOf(fields: Partial<StorageBatch>): StorageBatch {
  return {
    number: 1,
    hardState: null,
    truncateFrom: null,
    appended: [],
    last: { term: 0, index: 0 },
    ...fields,
  };
}

function persist(storage: Storage, fields: Partial<StorageBatch>): Promise<void> {
  return new Promise((resolve, reject) => {
    storage.persist(batchOf(fields), (error) => (error === null ? resolve() : reject(error)));
  });
}

function load(storage: Storage): Promise<StoredState> {
  return new Promise((resolve, reject) => {
    storage.load((error, stored) => (error === null ? resolve(stored) : reject(error)));
  });
}

function close(storage: Storage): Promise<void> {
  return new Promise((resolve) => storage.close(resolve));
}
