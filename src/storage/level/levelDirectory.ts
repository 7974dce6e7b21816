import { mkdir, open, readdir } from 'node:fs/promises';
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

const LEVEL = 'level';
const HIGHWATER = 'highwater';

/**
 * Finds out what the directory holds, and makes it when it is missing.
 * @throws StorageError, Damage, or an error of the file system
 */
export async function prepareDirectory(path: string): Promise<LevelDirectory> {
  await makeDirectory(path);
  const names = await readdir(path);
  const isOurs = names.includes(LEVEL) || names.includes(HIGHWATER);
  if (!isOurs && names.length > 0)
    throw unusable(
      path,
      `it holds other files, such as ${names[0] ?? ''}`,
      'name an empty or a new directory',
    );
  const levelPath = join(path, LEVEL);
  const hasHighwater = names.includes(HIGHWATER);
  if (names.includes(LEVEL)) await refuseLostFiles(levelPath, hasHighwater);
  else if (hasHighwater) throw new Damage('the directory level is missing');
  return { path, levelPath, highwaterPath: join(path, HIGHWATER), hasHighwater };
}

/** LevelDB would start afresh without its file CURRENT, and delete the others. */
async function refuseLostFiles(levelPath: string, hasHighwater: boolean): Promise<void> {
  const names = await readdir(levelPath);
  const hasData = hasHighwater || names.some((name) => /\.(log|ldb|sst)$/.test(name));
  if (hasData && !names.includes('CURRENT')) throw new Damage('the file level/CURRENT is missing');
}

async function makeDirectory(path: string): Promise<void> {
  let first: string | undefined;
  try {
    first = await mkdir(path, { recursive: true });
  } catch (error) {
    if (codeOf(error) === 'EEXIST' || codeOf(error) === 'ENOTDIR')
      throw unusable(path, 'it is not a directory', 'name a directory', error);
    throw error;
  }
  if (first === undefined) return;
  for (let made = resolve(path); ; made = dirname(made)) {
    await syncDirectory(dirname(made));
    if (made === resolve(first) || made === dirname(made)) return;
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
