import { ClassicLevel } from 'classic-level';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isWholeTable } from './levelTable.js';
import { codeOf } from '../storageError.js';

const ASIDE = '.damaged';

/**
 * Moves LevelDB's damaged tables out of its way, and returns their paths. LevelDB then says that a table is missing,
 * unless it is one that a killed process left unfinished, which counts for nothing.
 */
export async function setDamagedTablesAside(levelPath: string): Promise<string[]> {
  await putBackLeftOver(levelPath);
  const damaged: string[] = [];
  for (const name of await readdir(levelPath)) {
    const path = join(levelPath, name);
    if (/\.(ldb|sst)$/.test(name) && !(await isWhole(path))) damaged.push(path);
  }
  if (damaged.length > 0) await verifyNotInUse(levelPath);
  for (const path of damaged) await rename(path, path + ASIDE);
  return damaged;
}

/** A process was killed between the two renamings. */
async function putBackLeftOver(levelPath: string): Promise<void> {
  const names = await readdir(levelPath);
  const left = names.filter((name) => name.endsWith(ASIDE)).map((name) => join(levelPath, name));
  if (left.length === 0) return;
  await verifyNotInUse(levelPath);
  await putTablesBack(left.map((path) => path.slice(0, -ASIDE.length)));
}

/** LevelDB does want them: the directory stays as it was found. */
export async function putTablesBack(paths: readonly string[]): Promise<void> {
  for (const path of paths) await rename(path + ASIDE, path);
}

/** LevelDB does not want them. */
export async function forgetTables(paths: readonly string[]): Promise<void> {
  for (const path of paths) await rm(path + ASIDE);
}

async function isWhole(path: string): Promise<boolean> {
  try {
    return isWholeTable(await readFile(path));
  } catch (error) {
    // A process that has the directory in use may delete its tables at any moment.
    if (codeOf(error) === 'ENOENT') return true;
    throw error;
  }
}

/** Tables that a running process is writing are not whole yet. Takes LevelDB's lock, and touches nothing. */
async function verifyNotInUse(levelPath: string): Promise<void> {
  const probe = new ClassicLevel(levelPath, { createIfMissing: false, errorIfExists: true });
  try {
    await probe.open();
  } catch (error) {
    if (error instanceof Error && codeOf(error.cause) === 'LEVEL_LOCKED') throw error;
    return;
  }
  await probe.close();
}
