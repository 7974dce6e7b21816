import { expect } from 'chai';
import { ClassicLevel } from 'classic-level';
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { LevelStorage } from '../../src/storage/level/levelStorage.js';
import { nothingStored, type Storage } from '../../src/storage/storage.js';
import { StorageError, storageErrorOf } from '../../src/storage/storageError.js';
import { entriesOf } from '../support/coreHarness.js';
import { BatchWriter, close, load, persist, snapshotUpTo, stage } from './batchWriter.js';
import { identity, refusalOf, temporaryDirectories } from './levelDirectories.js';
import { itKeepsTheContractOfStorage } from './suite.js';

describe('LevelStorage', () => {
  const newDirectory = temporaryDirectories();
  const directories = new WeakMap<Storage, string>();

  async function open(directory: string): Promise<LevelStorage> {
    const storage = await LevelStorage.open(directory, identity);
    directories.set(storage, directory);
    return storage;
  }

  /** A directory with two entries in it. */
  async function written(): Promise<string> {
    const directory = newDirectory();
    const writer = new BatchWriter(await open(directory));
    await writer.persist({ appended: entriesOf([1]) });
    await writer.persist({ appended: entriesOf([1], 2) });
    await writer.close();
    return directory;
  }

  itKeepsTheContractOfStorage('LevelStorage', {
    create: () => open(newDirectory()),
    reopen: (storage) => open(directories.get(storage) ?? 'unknown'),
  });

  describe('which directories it takes', () => {
    it('makes a directory, and those above it', async () => {
      const directory = join(newDirectory(), 'a', 'b');
      await close(await open(directory));
      expect(readdirSync(directory).sort()).to.deep.equal(['highwater', 'level']);
    });

    it('is fresh until the first batch, and never again', async () => {
      const directory = newDirectory();
      for (const isFresh of [true, true]) {
        const storage = await open(directory);
        expect(storage.isFresh).to.equal(isFresh);
        await close(storage);
      }
      const storage = await open(directory);
      await new BatchWriter(storage).persist({ hardState: { term: 1, votedFor: null } });
      await close(storage);
      const later = await open(directory);
      expect(later.isFresh).to.equal(false);
      await close(later);
    });

    it('refuses another server’s, and says whose it is', async () => {
      const directory = await written();
      const { message } = await refusalOf(directory, 'unusable', { ...identity, server: 2 });
      expect(message).to.include(directory).and.include('belongs to server 1 and this is server 2');
    });

    it('refuses another cluster’s', async () => {
      const directory = await written();
      for (const servers of [
        ['a:8080', 'b:8080'],
        ['a:8080', 'b:8080', 'd:8080'],
        ['b:8080', 'a:8080', 'c:8080'],
      ]) {
        const { message } = await refusalOf(directory, 'unusable', { server: 1, servers });
        expect(message).to.include('a cluster of a:8080, b:8080, c:8080');
      }
    });

    it('refuses one that is in use, and leaves it alone', async () => {
      const directory = newDirectory();
      const storage = await open(directory);
      expect((await refusalOf(directory, 'unusable')).message).to.include('in use by another process');
      await new BatchWriter(storage).persist({ appended: entriesOf([1]) });
      expect((await load(storage)).entries).to.deep.equal(entriesOf([1]));
      await close(storage);
    });

    it('leaves the unfinished table of one that is in use alone', async () => {
      const directory = newDirectory();
      const storage = await open(directory);
      const table = join(directory, 'level', '000900.ldb');
      writeFileSync(table, 'half of a table');
      await refusalOf(directory, 'unusable');
      expect(existsSync(table)).to.equal(true);
      await close(storage);
    });

    it('refuses one with other files in it', async () => {
      const directory = newDirectory();
      writeFileSync(join(directory, 'thesis.tex'), '');
      expect((await refusalOf(directory, 'unusable')).message).to.include('thesis.tex');
      expect(readdirSync(directory)).to.deep.equal(['thesis.tex']);
    });

    it('tells a share without locks from one that is in use', () => {
      const lockError = (reason: string): Error =>
        Object.assign(new Error(`IO error: lock /x/level/LOCK: ${reason}`), { code: 'LEVEL_LOCKED' });
      for (const reason of ['No locks available', 'Function not implemented', 'Invalid argument'])
        expect(storageErrorOf('/x', 'open', lockError(reason))).to.satisfy(
          ({ kind, message }: StorageError) => kind === 'unusable' && message.includes('gives no locks'),
        );
      expect(storageErrorOf('/x', 'open', lockError('Resource temporarily unavailable')).message).to.include(
        'in use by another process',
      );
    });

    it('takes the root of a fresh volume, with what the system puts there', async () => {
      const directory = newDirectory();
      mkdirSync(join(directory, 'lost+found'));
      const storage = await LevelStorage.open(directory, identity);
      await close(storage);
      expect(readdirSync(directory)).to.include.members(['lost+found', 'level']);
    });

    it('refuses a file, and a directory below a file', async () => {
      const file = join(newDirectory(), 'file');
      writeFileSync(file, '');
      for (const path of [file, join(file, 'below')])
        expect((await refusalOf(path, 'unusable')).message).to.include('it is not a directory');
    });

    it('refuses a link that leads nowhere, and a file in place of the database', async () => {
      const link = join(newDirectory(), 'link');
      symlinkSync('nowhere', link);
      const directory = newDirectory();
      writeFileSync(join(directory, 'level'), '');
      for (const path of [link, directory])
        expect((await refusalOf(path, 'unusable')).message).to.include('it is not a directory');
    });

    it('gives up where the system lets nobody make a directory', async function () {
      if (process.platform !== 'linux') this.skip();
      expect((await refusalOf('/proc/surfstore', 'io')).message).to.include('no such file or directory');
    });

    it('starts afresh where a process was killed while it made the directory', async () => {
      const begun = newDirectory();
      mkdirSync(join(begun, 'level'));
      const withDatabase = newDirectory();
      const database = new ClassicLevel(join(withDatabase, 'level'));
      await database.open();
      await database.close();
      const withoutHighwater = newDirectory();
      await close(await open(withoutHighwater));
      rmSync(join(withoutHighwater, 'highwater'));
      for (const directory of [begun, withDatabase, withoutHighwater]) {
        const storage = await open(directory);
        expect(storage.isFresh).to.equal(true);
        expect(await load(storage)).to.deep.equal(nothingStored);
        await close(storage);
      }
    });
  });

  describe('what is missing', () => {
    for (const part of ['highwater', 'level', 'level/CURRENT'])
      it(`refuses a directory without ${part}`, async () => {
        const directory = await written();
        rmSync(join(directory, part), { recursive: true });
        const { message } = await refusalOf(directory, 'damaged');
        expect(message).to.include(directory).and.include(part).and.include('remove all of it');
        await refusalOf(directory, 'damaged');
      });

    it('takes one slot of the file highwater for enough', async () => {
      const directory = await written();
      truncateSync(join(directory, 'highwater'), 20);
      await close(await open(directory));
      truncateSync(join(directory, 'highwater'), 10);
      await refusalOf(directory, 'damaged');
    });

    it('says which entry is missing, and which record is not what was written', async () => {
      const directory = await written();
      const database = new ClassicLevel(join(directory, 'level'), { compression: false });
      const key = 'e0000000000000001';
      const value = (await database.get(key)) ?? '';
      await database.put(key, value.replace('noop', 'poop').replace('command', 'commend'));
      await database.close();
      expect((await refusalOf(directory, 'damaged')).message).to.include('the checksum of entry 1 is wrong');
      const again = new ClassicLevel(join(directory, 'level'), { compression: false });
      await again.del(key);
      await again.close();
      expect((await refusalOf(directory, 'damaged')).message).to.include('entry 1 is missing');
    });

    it('notices an entry of before a truncation in place of the one that came after it', async () => {
      const directory = newDirectory();
      const writer = new BatchWriter(await open(directory));
      await writer.persist({ appended: entriesOf([1, 1]) });
      const key = 'e0000000000000002';
      const stale = (await databaseOf(writer.storage).get(key)) ?? '';
      await writer.persist({ truncateFrom: 2, appended: entriesOf([3, 3], 2) });
      await databaseOf(writer.storage).put(key, stale);
      await writer.close();
      const { message } = await refusalOf(directory, 'damaged');
      expect(message).to.include('entry 3 of term 3 does not follow the entry before it');
    });

    it('notices that a chunk of the snapshot is missing, be it the last one', async () => {
      const directory = newDirectory();
      const writer = new BatchWriter(await open(directory));
      await writer.persist({ appended: entriesOf([1, 1]) });
      await writer.adopt(snapshotUpTo(1, 2, 3));
      const database = databaseOf(writer.storage);
      const [last = ''] = await database.keys({ gte: 's', lt: 't', reverse: true, limit: 1 }).all();
      await database.del(last);
      await writer.close();
      const { message } = await refusalOf(directory, 'damaged');
      expect(message).to.include('chunk 2 of the snapshot is missing');
    });
  });

  describe('groups', () => {
    it('writes what gathers during one sync with the next one', async () => {
      const storage = await open(newDirectory());
      const writer = new BatchWriter(storage);
      const syncs = countSyncs(storage);
      const first = writer.persist({ appended: entriesOf([1]) });
      await Promise.resolve();
      const others = Array.from({ length: 500 }, (_, k) =>
        writer.persist({ appended: entriesOf([1], k + 2) }),
      );
      await Promise.all([first, ...others]);
      expect(syncs.count).to.equal(2);
      expect((await writer.load()).entries).to.have.length(501);
      await writer.close();
    });

    it('deletes what was compacted and replaced', async () => {
      const directory = newDirectory();
      const writer = new BatchWriter(await open(directory));
      await writer.persist({ appended: entriesOf(Array<number>(2500).fill(1)) });
      await writer.adopt(snapshotUpTo(1, 1000, 20));
      await writer.stage(snapshotUpTo(1, 1500, 20));
      await writer.adopt(snapshotUpTo(1, 2400, 20), { compactTo: { term: 1, index: 2390 } });
      await writer.close();
      const database = new ClassicLevel(join(directory, 'level'), { compression: false });
      const keys = await database.keys().all();
      await database.close();
      expect(keys.filter((key) => key.startsWith('e'))).to.have.length(110);
      expect(keys.filter((key) => key.startsWith('s'))).to.have.length(20);
    });

    it('throws when a batch does not fit the log, and goes on', async () => {
      const storage = await open(newDirectory());
      const writer = new BatchWriter(storage);
      await writer.persist({ appended: entriesOf([1]) });
      const hand = (fields: object): void =>
        storage.persist({ ...new BatchWriter(storage).batch({}), ...fields }, () => undefined);
      expect(() => hand({ appended: entriesOf([1], 3) })).to.throw('entry 3 does not follow entry 1');
      expect(() => hand({ snapshot: { term: 1, index: 1 } })).to.throw('the log ends with entry 1');
      expect(() => hand({ snapshot: { term: 1, index: 1 }, last: { term: 1, index: 1 } })).to.throw(
        'was staged',
      );
      await writer.persist({ appended: entriesOf([1], 2) });
      expect((await writer.load()).entries).to.deep.equal(entriesOf([1, 1]));
      await writer.close();
    });
  });

  describe('a failing disk', () => {
    it('fails everything that waits and everything later, once each, in order', async () => {
      const storage = await open(newDirectory());
      const writer = new BatchWriter(storage);
      await writer.persist({ appended: entriesOf([1]) });
      await databaseOf(storage).close();
      const told: string[] = [];
      await new Promise<void>((resolve) => {
        const tell = (name: string, error: Error | null): void => {
          told.push(`${name} ${error instanceof StorageError ? error.kind : 'well'}`);
        };
        storage.persist(writer.batch({}), (error) => {
          tell('first', error);
          storage.persist(writer.batch({}), (later) => {
            tell('later', later);
            resolve();
          });
        });
        storage.persist(writer.batch({}), (error) => tell('second', error));
        storage.load((error) => tell('load', error));
        storage.persist(writer.batch({}), (error) => tell('third', error));
      });
      expect(told).to.deep.equal(['first io', 'second io', 'load io', 'third io', 'later io']);
      for (const attempt of [
        stage(storage, snapshotUpTo(1, 1)),
        load(storage),
        persist(storage, writer.batch({})),
      ])
        expect(await attempt.catch((error: unknown) => error)).to.be.instanceOf(StorageError);
      await close(storage);
    });

    it('says that there is no space; the directory opens again when there is', async function () {
      const mount = newDirectory();
      if (!mountTiny(mount)) {
        console.log('      skipped: this user may not mount a tmpfs');
        this.skip();
      }
      try {
        await fillAndRecover(join(mount, 'data'));
      } finally {
        spawnSync('umount', [mount]);
      }
    });

    it('closes twice, and refuses what comes after', async () => {
      const storage = await open(newDirectory());
      await Promise.all([close(storage), close(storage)]);
      const error: unknown = await load(storage).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(StorageError).with.property('message').that.includes('is closed');
    });
  });
});

/** Writes until the disk is full, then opens the directory again with room. */
async function fillAndRecover(directory: string): Promise<void> {
  const storage = await LevelStorage.open(directory, identity);
  const writer = new BatchWriter(storage);
  const command = 'x'.repeat(300_000);
  let written = 0;
  const failure: unknown = await (async () => {
    for (let index = 1; ; index += 1) {
      await writer.persist({ appended: [{ term: 1, index, kind: 'command', command }] });
      written = index;
    }
  })().catch((error: unknown) => error);
  expect(failure).to.be.instanceOf(StorageError).with.property('kind', 'io');
  expect(failure)
    .to.have.property('message')
    .that.includes('No space left on device')
    .and.includes(directory);
  expect(await writer.persist({}).catch((error: unknown) => error)).to.equal(failure);
  await writer.close();
  await refusalOf(directory, 'io');
  expect(spawnSync('mount', ['-o', 'remount,size=16m', join(directory, '..')]).status).to.equal(0);
  const later = await LevelStorage.open(directory, identity);
  expect((await load(later)).entries).to.have.length(written);
  await close(later);
}

function mountTiny(path: string): boolean {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', path]).status === 0;
}

/** The database inside, to be broken. */
function databaseOf(storage: Storage): ClassicLevel {
  return (storage as unknown as { db: ClassicLevel }).db;
}

function countSyncs(storage: LevelStorage): { count: number } {
  const syncs = { count: 0 };
  const database = databaseOf(storage);
  const batch = database.batch.bind(database) as (...args: unknown[]) => Promise<void>;
  Object.assign(database, {
    batch: (...args: unknown[]) => {
      syncs.count += 1;
      return batch(...args);
    },
  });
  return syncs;
}
