import { expect } from 'chai';
import { fork, spawnSync, type ChildProcess } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { LogStorage } from '../../src/storage/logStorage.js';
import type { Segment } from '../../src/storage/segments.js';
import { nothingStored, type Storage, StorageError } from '../../src/storage/storage.js';
import { entriesOf } from '../support/coreHarness.js';
import { BatchWriter, close, load, persist, snapshotUpTo, stage } from './batchWriter.js';
import { identity, refusalOf, temporaryDirectories } from './dataDirectories.js';
import { itKeepsTheContractOfStorage } from './suite.js';

/** So small that the suite fills several segments. */
const SMALL = { first: 256, max: 1024 };

describe('LogStorage', () => {
  const newDirectory = temporaryDirectories();
  const directories = new WeakMap<Storage, string>();

  async function open(directory: string, sizes = SMALL): Promise<LogStorage> {
    const storage = await LogStorage.open(directory, identity, sizes);
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

  for (const [name, sizes] of [
    ['LogStorage', undefined],
    ['LogStorage with tiny segments', SMALL],
  ] as const)
    itKeepsTheContractOfStorage(name, {
      create: () => open(newDirectory(), sizes),
      reopen: (storage) => open(directories.get(storage) ?? 'unknown', sizes),
    });

  describe('which directories it takes', () => {
    it('makes a directory, and those above it', async () => {
      const directory = join(newDirectory(), 'a', 'b');
      await close(await open(directory));
      expect(readdirSync(directory).sort()).to.deep.equal(['acknowledged', 'log-0000000001', 'owner']);
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

    it('refuses one with a path too long for the name of a socket that is in use', async () => {
      const directory = join(newDirectory(), 'x'.repeat(120));
      const storage = await open(directory);
      expect((await refusalOf(directory, 'unusable')).message).to.include('in use by another process');
      await close(storage);
      await close(await open(directory));
    });

    it('at most one of many that open it at the same time gets it', async () => {
      const directory = await written();
      const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => open(directory)));
      const got = outcomes.filter((outcome) => outcome.status === 'fulfilled');
      expect(got.length).to.be.at.most(1);
      for (const { value } of got) await close(value);
      await close(await open(directory));
    });

    it('takes one whose last process was killed', async () => {
      const directory = await written();
      const owner = await processThatListensIn(directory);
      expect((await refusalOf(directory, 'unusable')).message).to.include('in use by another process');
      owner.kill('SIGKILL');
      await once(owner, 'exit');
      expect(existsSync(join(directory, 'lock-0123'))).to.equal(true);
      await close(await open(directory));
      expect(existsSync(join(directory, 'lock-0123'))).to.equal(false);
    });

    it('refuses one with other files in it', async () => {
      const directory = newDirectory();
      writeFileSync(join(directory, 'thesis.tex'), '');
      expect((await refusalOf(directory, 'unusable')).message).to.include('thesis.tex');
      expect(readdirSync(directory)).to.deep.equal(['thesis.tex']);
    });

    it('refuses one of a version that used LevelDB, says what to do, and leaves it alone', async () => {
      const directory = newDirectory();
      mkdirSync(join(directory, 'level'));
      writeFileSync(join(directory, 'highwater'), '');
      const { message } = await refusalOf(directory, 'unusable');
      expect(message).to.include('an older version wrote it').and.include('start that version with it');
      expect(readdirSync(directory).sort()).to.deep.equal(['highwater', 'level']);
    });

    it('takes the root of a fresh volume, with what the system puts there', async () => {
      const directory = newDirectory();
      mkdirSync(join(directory, 'lost+found'));
      await close(await open(directory));
      expect(readdirSync(directory)).to.include.members(['lost+found', 'owner']);
    });

    it('refuses a file, and a directory below a file', async () => {
      const file = join(newDirectory(), 'file');
      writeFileSync(file, '');
      for (const path of [file, join(file, 'below')])
        expect((await refusalOf(path, 'unusable')).message).to.include('it is not a directory');
    });

    it('refuses a link that leads nowhere', async () => {
      const link = join(newDirectory(), 'link');
      symlinkSync('nowhere', link);
      expect((await refusalOf(link, 'unusable')).message).to.include('it is not a directory');
    });

    it('gives up where the system lets nobody make a directory', async function () {
      if (process.platform !== 'linux') this.skip();
      expect((await refusalOf('/proc/surfstore', 'io')).message).to.include('no such file or directory');
    });

    it('starts afresh where a process was killed while it made the directory', async () => {
      const withSegment = newDirectory();
      await close(await open(withSegment));
      rmSync(join(withSegment, 'owner'));
      const withoutAcknowledged = newDirectory();
      await close(await open(withoutAcknowledged));
      for (const part of ['owner', 'acknowledged']) rmSync(join(withoutAcknowledged, part));
      const withHalfAnOwner = newDirectory();
      await close(await open(withHalfAnOwner));
      rmSync(join(withHalfAnOwner, 'owner'));
      writeFileSync(join(withHalfAnOwner, 'owner.new'), 'half');
      for (const directory of [withSegment, withoutAcknowledged, withHalfAnOwner]) {
        const storage = await open(directory);
        expect(storage.isFresh).to.equal(true);
        expect(await load(storage)).to.deep.equal(nothingStored);
        await close(storage);
      }
    });

    for (const part of ['owner', 'acknowledged', 'log-0000000001'])
      it(`refuses a directory without ${part}`, async () => {
        const directory = await written();
        rmSync(join(directory, part));
        const { message } = await refusalOf(directory, 'damaged');
        expect(message).to.include(directory).and.include('missing').and.include('remove all of it');
        await refusalOf(directory, 'damaged');
      });
  });

  describe('groups', () => {
    it('writes what gathers during one sync with the next one', async () => {
      const directory = newDirectory();
      const writer = new BatchWriter(await open(directory));
      const first = writer.persist({ appended: entriesOf([1]) });
      await Promise.resolve();
      const others = Array.from({ length: 500 }, (_, k) =>
        writer.persist({ appended: entriesOf([1], k + 2) }),
      );
      await Promise.all([first, ...others]);
      expect((await writer.load()).entries).to.have.length(501);
      await writer.close();
      expect(groupsOf(directory)).to.equal(2);
    });

    it('deletes segments and snapshots that nobody needs any more', async () => {
      const directory = newDirectory();
      const writer = new BatchWriter(await open(directory));
      for (let index = 1; index <= 200; index += 1) await writer.persist({ appended: entriesOf([1], index) });
      const before = filesOf(directory, 'log-').length;
      await writer.adopt(snapshotUpTo(1, 100, 20));
      await writer.stage(snapshotUpTo(1, 150, 20));
      await writer.adopt(snapshotUpTo(1, 200, 20), { compactTo: { term: 1, index: 190 } });
      await writer.persist({});
      await writer.close();
      expect(filesOf(directory, 'log-').length).to.be.below(before / 2);
      expect(filesOf(directory, 'snapshot-')).to.deep.equal(['snapshot-3']);
      const reopened = new BatchWriter(await open(directory));
      expect((await reopened.load()).entries).to.deep.equal(entriesOf(Array<number>(10).fill(1), 191));
      await reopened.close();
    });

    it('a snapshot can be read as long as the log goes on from there, and the next process keeps only the newest', async () => {
      const directory = newDirectory();
      const writer = new BatchWriter(await open(directory));
      await writer.persist({ appended: entriesOf([1, 1, 1, 1]) });
      const older = await new Promise<readonly string[]>((resolve, reject) =>
        writer.storage.stage(snapshotUpTo(1, 2), (error, staged) => {
          if (error !== null) reject(error);
          else resolve(staged.chunks as unknown as readonly string[]);
        }),
      );
      await writer.persist({ snapshot: { term: 1, index: 2 } });
      await writer.adopt(snapshotUpTo(1, 3));
      expect([...older]).to.deep.equal(snapshotUpTo(1, 2).chunks);
      await writer.persist({ compactTo: { term: 1, index: 2 } });
      expect([...older]).to.deep.equal(snapshotUpTo(1, 2).chunks);
      await writer.persist({ compactTo: { term: 1, index: 3 } });
      await writer.persist({});
      expect(() => [...older]).to.throw('no longer kept');
      await writer.close();
      expect(filesOf(directory, 'snapshot-')).to.deep.equal(['snapshot-2']);
    });

    it('prepares the next segment before it is needed', async () => {
      const directory = newDirectory();
      const writer = new BatchWriter(await open(directory, { first: 4096, max: 8192 }));
      while (filesOf(directory, 'log-').length < 2)
        await writer.persist({ appended: entriesOf([1], writer.last.index + 1) });
      expect(
        readFileSync(join(directory, 'log-0000000001'))
          .subarray(3072)
          .every((byte) => byte === 0),
      ).to.equal(true);
      await writer.close();
      expect(statSync(join(directory, 'log-0000000002')).size).to.equal(8192);
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
      breakDown(storage);
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

    it('what failed is not there later, and what was acknowledged is', async () => {
      const directory = newDirectory();
      const storage = await open(directory);
      const writer = new BatchWriter(storage);
      await writer.persist({ appended: entriesOf([1]) });
      breakDown(storage, 10);
      const failed = await writer
        .persist({ appended: entriesOf([1, 1], 2) })
        .catch((error: unknown) => error);
      expect(failed).to.be.instanceOf(StorageError);
      await close(storage);
      const later = await open(directory);
      expect((await load(later)).entries).to.deep.equal(entriesOf([1]));
      await close(later);
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
  const storage = await LogStorage.open(directory, identity);
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
  expect(failure).to.have.property('message').that.includes('no space left').and.includes(directory);
  expect(await writer.persist({}).catch((error: unknown) => error)).to.equal(failure);
  await writer.close();
  expect(spawnSync('mount', ['-o', 'remount,size=16m', join(directory, '..')]).status).to.equal(0);
  const later = await LogStorage.open(directory, identity);
  expect((await load(later)).entries).to.have.length(written);
  await close(later);
}

function mountTiny(path: string): boolean {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', path]).status === 0;
}

/** From now on every write fails, after so many bytes of it. */
function breakDown(storage: LogStorage, bytesWritten = 0): void {
  const { writer } = storage as unknown as { writer: { current: Segment } };
  const { current } = writer;
  const write = current.write.bind(current);
  current.write = async (bytes, position) => {
    if (bytesWritten > 0) await write(bytes.subarray(0, bytesWritten), position);
    throw Object.assign(new Error('EIO: i/o error, write'), { code: 'EIO' });
  };
}

/** How many groups were ever acknowledged. */
function groupsOf(directory: string): number {
  const bytes = readFileSync(join(directory, 'acknowledged'));
  return Math.max(bytes.readDoubleLE(0), bytes.readDoubleLE(16));
}

function filesOf(directory: string, prefix: string): string[] {
  return readdirSync(directory).filter((name) => name.startsWith(prefix));
}

/** Another process that holds the directory as a server does. */
async function processThatListensIn(directory: string): Promise<ChildProcess> {
  const script = join(directory, '..', `listen-${process.pid}.cjs`);
  writeFileSync(
    script,
    `require('node:net').createServer((c) => c.destroy()).listen(process.argv[2], () => process.send('ready'));`,
  );
  const child = fork(script, [join(directory, 'lock-0123')], { execArgv: [] });
  await once(child, 'message');
  rmSync(script);
  return child;
}
