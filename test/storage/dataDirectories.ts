import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LogStorage } from '../../src/storage/logStorage.js';
import { StorageError, type StorageErrorKind } from '../../src/storage/storage.js';

/** Server 1 of a cluster of three. */
export const identity = { server: 1, servers: ['a:8080', 'b:8080', 'c:8080'] };

/** Where files cost no time: for tests that open a directory thousands of times. */
export const inMemory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** Directories for the tests of one `describe`, removed after it. */
export function temporaryDirectories(below = tmpdir()): () => string {
  const made: string[] = [];
  after(() => {
    for (const path of made) rmSync(path, { recursive: true, force: true });
  });
  return () => {
    const path = mkdtempSync(join(below, 'logStorage-'));
    made.push(path);
    return path;
  };
}

/** The error with which a directory is refused; an error of another kind is a failure of the test. */
export async function refusalOf(
  directory: string,
  kind: StorageErrorKind,
  own = identity,
): Promise<StorageError> {
  try {
    const storage = await LogStorage.open(directory, own);
    await new Promise<void>((resolve) => storage.close(() => resolve()));
  } catch (error) {
    if (error instanceof StorageError && error.kind === kind) return error;
    throw error;
  }
  throw new Error(`${directory} was not refused`);
}
