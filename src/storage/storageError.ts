/**
 * What is wrong with a storage.
 * - `unusable`: the directory is the wrong one: another server's, another cluster's, in use, not a directory, or not ours.
 * - `damaged`: what the directory holds cannot be trusted.
 * - `io`: the system failed: no space, no permission, a broken disk.
 */
export type StorageErrorKind = 'unusable' | 'damaged' | 'io';

/**
 * Thrown by `LogStorage.open` and given to every callback of a storage that has failed. The message is meant for the
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
  const what = error instanceof Error ? error.message : String(error);
  if (error instanceof Damage)
    return new StorageError(
      'damaged',
      `The data directory ${directory} is damaged: ${what}; while all other servers ` +
        'are up and know all there is, remove all of it: the server comes back empty and they fill it.',
      { cause: error },
    );
  return new StorageError(
    'io',
    `Cannot ${doing} the data directory ${directory}: ${what}; see to the disk, its space and its permissions, then start the server again.`,
    { cause: error },
  );
}

/** The `code` of an error of Node.js. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
