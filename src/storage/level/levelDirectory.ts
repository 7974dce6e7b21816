import { mkdir, open, readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { codeOf, Damage, unusable } from '../storageError.js';

/** The parts of a data directory. */
export interface LevelDirectory {
  readonly path: string;
  /** Where LevelDB keeps its files. */
  readonly levelPath: string;
  readonly highwaterPath: string;
  /** Whether the file was there. Only then has anything been acknowledged. */
  readonly hasHighwater: boolean;
}

/** Found at the root of a fresh volume, or put into any directory by the system. */
const OF_THE_SYSTEM: ReadonlySet<string> = new Set(['lost+found', '.Trashes', '.DS_Store', '.snapshot']);

const LEVEL = 'level';
const HIGHWATER = 'highwater';

/**
 * Finds out what the directory holds, and makes it when it is missing.
 * @throws StorageError, Damage, or an error of the file system
 */
export async function prepareDirectory(path: string): Promise<LevelDirectory> {
  await makeDirectory(resolve(path));
  const names = (await readdir(path)).filter((name) => !OF_THE_SYSTEM.has(name));
  const isOurs = names.includes(LEVEL) || names.includes(HIGHWATER);
  if (!isOurs && names.length > 0)
    throw unusable(
      path,
      `it holds other files, such as ${names[0] ?? ''}`,
      'name an empty or a new directory',
    );
  const levelPath = join(path, LEVEL);
  const hasHighwater = names.includes(HIGHWATER);
  if (hasHighwater && !names.includes(LEVEL)) throw new Damage('the directory level is missing');
  await makeOne(levelPath);
  await refuseLostFiles(levelPath, hasHighwater);
  return { path, levelPath, highwaterPath: join(path, HIGHWATER), hasHighwater };
}

/** LevelDB would start afresh without its file CURRENT, and delete the others. */
async function refuseLostFiles(levelPath: string, hasHighwater: boolean): Promise<void> {
  const names = await readdir(levelPath);
  const hasData = hasHighwater || names.some((name) => /\.(log|ldb|sst)$/.test(name));
  if (hasData && !names.includes('CURRENT')) throw new Damage('the file level/CURRENT is missing');
}

/**
 * Makes a directory, and those above it, one by one: the recursive `mkdir` of Node.js never ends where the system refuses
 * with "no such file" in a directory that is there, as in /proc, and tells of a read-only file system in the same words.
 */
async function makeDirectory(path: string): Promise<void> {
  try {
    await makeOne(path);
  } catch (error) {
    if (codeOf(error) === 'ENOTDIR') throw unusable(path, 'it is not a directory', 'name a directory', error);
    const parent = dirname(path);
    if (codeOf(error) !== 'ENOENT' || parent === path) throw error;
    await makeDirectory(parent);
    await makeOne(path);
  }
}

async function makeOne(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    if (!(await isDirectory(path))) throw unusable(path, 'it is not a directory', 'name a directory', error);
    return;
  }
  await syncDirectory(dirname(path));
}

/** A symbolic link that leads nowhere is none. */
async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/** Makes the names in a directory durable, as a sync of the files alone does not. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
