import { ClassicLevel } from 'classic-level';
import { forgetTables, putTablesBack, setDamagedTablesAside } from './damagedTables.js';
import { Highwater } from './highwater.js';
import { prepareDirectory, syncDirectory, type LevelDirectory } from './levelDirectory.js';
import { readAll, type Reading } from './levelReader.js';
import {
  chunkKey,
  entryKey,
  FORMAT,
  FORMAT_WITHOUT_IDENTITY,
  IDENTITY_KEY,
  identityOf,
  META_KEY,
  putOf,
  snapshotIdOf,
  type Meta,
  type StorageIdentity,
} from './levelRecord.js';
import { nothingStored } from '../storage.js';
import { Damage, unusable } from '../storageError.js';

/** How LevelDB is run. */
export interface LevelOptions {
  /**
   * How many bytes LevelDB gathers in its write-ahead log before it makes a table of them.
   * @default 4 MiB
   */
  readonly writeBufferSize?: number;
}

/** An open data directory, verified, without anything in it that counts for nothing. */
export interface OpenLevel {
  readonly db: ClassicLevel;
  readonly highwater: Highwater;
  readonly reading: Reading;
  /** No snapshot in the directory ever had this id or a higher one. */
  readonly nextSnapshotId: number;
}

/** @throws StorageError, Damage, or an error of LevelDB or the file system */
export async function openLevel(
  path: string,
  identity: StorageIdentity,
  options: LevelOptions,
): Promise<OpenLevel> {
  const directory = await prepareDirectory(path);
  const db = await openDatabase(directory, options);
  try {
    if (await isNew(db, directory)) await create(db, identity);
    const format = verifyIdentity(path, await db.get(IDENTITY_KEY), identity);
    if (format !== FORMAT) await writeIdentity(db, identity);
    const reading = await readAllNow(db);
    const highwater = await openHighwater(directory, reading.meta);
    return { db, highwater, reading, nextSnapshotId: await tidyUp(db, highwater, reading.meta) };
  } catch (error) {
    await db.close();
    throw error;
  }
}

async function openDatabase(
  { levelPath, hasHighwater }: LevelDirectory,
  options: LevelOptions,
): Promise<ClassicLevel> {
  const damaged = hasHighwater ? await setDamagedTablesAside(levelPath) : [];
  try {
    const db = new ClassicLevel(levelPath, {
      ...options,
      // Where something was acknowledged a database must be: a new one in its place would hide the loss.
      createIfMissing: !hasHighwater,
      // Lets damaged tables be found with their checksums alone.
      compression: false,
    });
    await db.open();
    await forgetTables(damaged);
    return db;
  } catch (error) {
    await putTablesBack(damaged);
    throw error;
  }
}

/** Reads and verifies what the database holds at this moment. */
export async function readAllNow(db: ClassicLevel): Promise<Reading> {
  const view = db.snapshot();
  try {
    return await readAll(db, view);
  } finally {
    await view.close();
  }
}

/** Nothing at all is in it: it was made just now, or by a process that ended right then. */
async function isNew(db: ClassicLevel, { hasHighwater }: LevelDirectory): Promise<boolean> {
  return !hasHighwater && (await db.keys({ limit: 1 }).all()).length === 0;
}

async function create(db: ClassicLevel, { server, servers }: StorageIdentity): Promise<void> {
  const { hardState, identity, before } = nothingStored;
  const meta: Meta = { generation: 0, hardState, identity, before, last: before, snapshot: null };
  const puts = [putOf(IDENTITY_KEY, { format: FORMAT, server, servers }), putOf(META_KEY, meta)];
  await db.batch(puts, { sync: true });
}

async function writeIdentity(db: ClassicLevel, { server, servers }: StorageIdentity): Promise<void> {
  await db.batch([putOf(IDENTITY_KEY, { format: FORMAT, server, servers })], { sync: true });
}

/** The format that the directory is of. */
function verifyIdentity(path: string, value: string | undefined, own: StorageIdentity): number {
  const { format, server, servers } = identityOf(value);
  if (format !== FORMAT && format !== FORMAT_WITHOUT_IDENTITY)
    throw unusable(path, `it is of format ${format}, not ${FORMAT}`, 'run the version that wrote it');
  const areSame = own.areSame ?? ((stored, given) => stored.join() === given.join());
  if (!areSame(servers, own.servers))
    throw unusable(
      path,
      `it belongs to a cluster of ${servers.join(', ')}, not of ${own.servers.join(', ')}`,
      'give the cluster file it was made with, or name another directory',
    );
  if (server !== own.server)
    throw unusable(
      path,
      `it belongs to server ${server} and this is server ${own.server}`,
      'give every server a directory of its own',
    );
  return format;
}

/** The number of the newest group must have reached the database: its write was acknowledged. */
async function openHighwater(directory: LevelDirectory, { generation }: Meta): Promise<Highwater> {
  if (!directory.hasHighwater) return createHighwater(directory, generation);
  const highwater = Highwater.open(directory.highwaterPath);
  try {
    if (highwater.generation > generation)
      throw new Damage(
        `writes that were acknowledged are lost (the newest is number ${generation} instead of ${highwater.generation})`,
      );
    highwater.write(generation);
    return highwater;
  } catch (error) {
    highwater.close();
    throw error;
  }
}

/** The last step of the creation of a directory. */
async function createHighwater(directory: LevelDirectory, generation: number): Promise<Highwater> {
  if (generation > 0) throw new Damage('the file highwater is missing');
  const highwater = Highwater.create(directory.highwaterPath);
  await syncDirectory(directory.levelPath);
  await syncDirectory(directory.path);
  return highwater;
}

/** Leaves in the database only what counts; the id for the next snapshot. */
async function tidyUp(db: ClassicLevel, highwater: Highwater, meta: Meta): Promise<number> {
  try {
    const nextSnapshotId = await findNextSnapshotId(db);
    await clearGarbage(db, meta);
    return nextSnapshotId;
  } catch (error) {
    highwater.close();
    throw error;
  }
}

async function findNextSnapshotId(db: ClassicLevel): Promise<number> {
  const [newest] = await db.keys({ gte: 's', lt: 't', reverse: true, limit: 1 }).all();
  return newest === undefined ? 1 : snapshotIdOf(newest) + 1;
}

/** Deletes what an earlier process had no time to delete, and what it had staged or truncated. */
async function clearGarbage(db: ClassicLevel, { before, last, snapshot }: Meta): Promise<void> {
  await db.clear({ gte: 'e', lt: entryKey(before.index + 1) });
  await db.clear({ gte: entryKey(last.index + 1), lt: 'f' });
  if (snapshot === null) {
    await db.clear({ gte: 's', lt: 't' });
    return;
  }
  await db.clear({ gte: 's', lt: chunkKey(snapshot.id, 0) });
  await db.clear({ gte: chunkKey(snapshot.id, snapshot.chunkCount), lt: 't' });
}
