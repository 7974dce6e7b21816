import { createHash } from 'node:crypto';
import { mkdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { homedir, hostname } from 'node:os';
import { join } from 'node:path';
import ignore from 'ignore';
import lockfile from 'proper-lockfile';
import { codeOf } from './fileSystem.js';
import { OWN_FOLDER } from './names.js';
import type { FolderRegistry } from './syncFolder.js';

/** The folder that was named on the command line cannot be used. */
export class FolderError extends Error {
  override readonly name = 'FolderError';
}

const IGNORE_FILE = '.surfignore';
const LOCK_STALE_MS = 10_000;

/** The folder's real path. @throws FolderError */
export async function openFolder(path: string): Promise<string> {
  try {
    const real = await realpath(path);
    if ((await stat(real)).isDirectory()) return real;
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw new FolderError(`${path} cannot be opened: ${codeOf(error)}`);
    throw new FolderError(
      `there is no folder ${path}: create it first (a disk that is not mounted looks like this)`,
    );
  }
  throw new FolderError(`${path} is not a folder`);
}

/** The rules of `.surfignore`, written as in `.gitignore`. */
export async function ignoreRules(folder: string): Promise<(name: string) => boolean> {
  let text: string;
  try {
    text = await readFile(join(folder, IGNORE_FILE), 'utf8');
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw new FolderError(`${IGNORE_FILE} cannot be read: ${codeOf(error)}`);
    return () => false;
  }
  const rules = ignore().add(text);
  // Names of other clients may be none that a rule can match.
  return (name) => ignore.isPathValid(name) && rules.ignores(name);
}

/**
 * What this machine remembers of folders, outside of them: which one was synced at a path. Another one there, or none,
 * is noticed, as when a disk is not mounted.
 */
export function folderRegistry(folder: string): FolderRegistry {
  const state = process.env['XDG_STATE_HOME'] ?? '';
  const root = join(state === '' ? join(homedir(), '.local', 'state') : state, 'surfstore', 'folders');
  const file = join(root, `${createHash('sha256').update(folder).digest('hex').slice(0, 32)}.json`);
  return {
    async lookUp() {
      try {
        const { id } = JSON.parse(await readFile(file, 'utf8')) as { id?: unknown };
        return typeof id === 'string' ? id : undefined;
      } catch {
        return undefined;
      }
    },
    async record(id) {
      if ((await this.lookUp()) === id) return;
      await mkdir(root, { recursive: true });
      await writeFile(file, `${JSON.stringify({ folder, id })}\n`);
    },
  };
}

/** Makes sure that one client at a time works in the folder. @returns the release @throws FolderError */
export async function lockFolder(folder: string, onLost: () => void): Promise<() => Promise<void>> {
  const own = join(folder, OWN_FOLDER);
  const lockfilePath = join(own, 'lock');
  const owner = join(own, 'owner');
  await mkdir(own, { recursive: true });
  for (let attempt = 1; ; attempt += 1) {
    try {
      const release = await lockfile.lock(own, { lockfilePath, stale: LOCK_STALE_MS, onCompromised: onLost });
      await writeFile(owner, `${process.pid} ${hostname()}\n`);
      return release;
    } catch (error) {
      if (codeOf(error) !== 'ELOCKED') throw error;
      const [pid = '', host = ''] = (await readFile(owner, 'utf8').catch(() => '')).trim().split(' ');
      if (attempt > 1 || host !== hostname() || isRunning(Number(pid)))
        throw new FolderError(
          `the folder is being synced by another process${pid === '' ? '' : `, ${pid}`}: wait for it`,
        );
      // Its owner was killed.
      await rm(lockfilePath, { recursive: true, force: true });
    }
  }
}

function isRunning(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== 'ESRCH';
  }
}
