/**
 * What is wrong with a storage.
 * - `unusable`: the directory is the wrong one: another server's, another cluster's, in use, not a directory, or not ours.
 * - `damaged`: what the directory holds cannot be trusted.
 * - `io`: the system failed: no space, no permission, a broken disk.
 */
export type StorageErrorKind = 'unusable' | 'damaged' | 'io';

/**
 * Thrown by `LevelStorage.open` and given to every callback of a storage that has failed. The message is meant for the
 * person at the terminal: what is wrong with which directory, and what to do.
 */
export class StorageError extends Error {
  readonly code = 'storage';

  constructor(
    readonly kind: StorageErrorKind,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message.replaceAll(/\p{Cc}+/gu, ' '), options);
    this.name = 'StorageError';
  }
}

/** Thrown where damage is found, by code that does not know the directory; its message goes on "it is damaged: ". */
export class Damage extends Error {}

/** A directory that is the wrong one. */
export function unusable(directory: string, what: string, whatToDo: string, cause?: unknown): StorageError {
  return new StorageError('unusable', `Cannot use the data directory ${directory}: ${what}; ${whatToDo}.`, {
    cause,
  });
}

/** Anything that was thrown while `doing` something with the directory, as a `StorageError`. */
export function storageErrorOf(directory: string, doing: string, error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  const reason = rootOf(error);
  const what = reason instanceof Error ? reason.message : String(reason);
  switch (kindOf(reason)) {
    case 'unusable':
      if (!isHeld(what))
        return unusable(
          directory,
          `its file system gives no locks (${what})`,
          'name a directory on a disk of this machine: nothing else keeps two processes off one directory',
          error,
        );
      return unusable(
        directory,
        'it is in use by another process',
        'stop that process or give this server a directory of its own',
        error,
      );
    case 'damaged':
      return damaged(directory, what, error);
    case 'io':
      return new StorageError(
        'io',
        `Cannot ${doing} the data directory ${directory}: ${what}; see to the disk, its space and its permissions, then start the server again.`,
        { cause: error },
      );
  }
}

function damaged(directory: string, what: string, cause: unknown): StorageError {
  return new StorageError(
    'damaged',
    `The data directory ${directory} is damaged: ${what}; while all other servers ` +
      'are up and know all there is, remove all of it: the server comes back empty and they fill it.',
    { cause },
  );
}

/** classic-level wraps what LevelDB said when it opens. */
function rootOf(error: unknown): unknown {
  return codeOf(error) === 'LEVEL_DATABASE_NOT_OPEN' && error instanceof Error && error.cause !== undefined
    ? error.cause
    : error;
}

function kindOf(reason: unknown): StorageErrorKind {
  if (reason instanceof Damage) return 'damaged';
  const code = codeOf(reason);
  if (code === 'LEVEL_LOCKED') return 'unusable';
  if (code === 'LEVEL_CORRUPTION') return 'damaged';
  // LevelDB names the system's errors only in words. A file of its own that is missing, or a read beyond a file's end,
  // is damage; so are its errors without a code, such as "does not exist (create_if_missing is false)".
  const message = reason instanceof Error ? reason.message : '';
  if (/^(IO error|Invalid argument|Not implemented|NotFound): /.test(message))
    return message.startsWith('IO error') &&
      !/(No such file or directory|Invalid argument|truncated)/.test(message)
      ? 'io'
      : 'damaged';
  return 'io';
}

/** Whether LevelDB's lock is refused because somebody holds it; shares refuse every lock. */
function isHeld(message: string): boolean {
  return /temporarily unavailable|already held|Permission denied/.test(message);
}

/** The `code` of an error of Node.js or of classic-level. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
