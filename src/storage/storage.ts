import type { StorageBatch } from '../raft/output.js';
import type { Entry, EntryId, HardState, Identity, Snapshot } from '../raft/types.js';

/**
 * The contents of a storage. `before` names the entry before the first one kept: index 0, term 0 while the log is
 * whole. With a snapshot, the log either begins right after its last entry or still holds that entry.
 */
export interface StoredState {
  readonly hardState: HardState;
  /** The identity of the directory; null until one was stored. */
  readonly identity: Identity | null;
  readonly snapshot: Snapshot | null;
  readonly base: EntryId;
  readonly entries: readonly Entry[];
}

/** The contents of a storage that was never written to. */
export const nothingStored: StoredState = Object.freeze({
  hardState: { term: 0, votedFor: null },
  identity: null,
  snapshot: null,
  base: { term: 0, index: 0 },
  entries: [],
});

/**
 * Where a server keeps its term, vote, log and snapshot.
 *
 * Batches become durable in the order in which they were handed over, each at once or not at all; `done` is
 * called once per batch in that order, possibly before `persist` returns. An error is final: the server stops,
 * nothing is tried again, and every later `persist`, `stage` and `load` fails too.
 */
export interface Storage {
  persist(batch: StorageBatch, done: (error: Error | null) => void): void;
  /**
   * Writes a snapshot beside the stored one, in as many pieces as it takes, while batches continue. `done` is called
   * once all of it is durable, with the stored form of the snapshot: its chunks may be read from disk on demand, as
   * long as the log continues from it. The snapshot takes effect only when a batch names its last entry. Staged
   * snapshots that end no later than the named one are then discarded; the next process discards all that were never
   * named.
   */
  stage(snapshot: Snapshot, done: (error: Error | null, staged: Snapshot) => void): void;
  /** Reads back everything handed over so far, all of it durable by then; of a fresh storage `nothingStored`. */
  load(done: (error: Error | null, stored: StoredState) => void): void;
  /**
   * Frees the resources of the storage after all batches handed over are written; `done` is called even if that fails.
   */
  close(done: (error?: Error) => void): void;
}

/** Whether both name the same entry. */
export function isSame(a: EntryId, b: EntryId): boolean {
  return a.term === b.term && a.index === b.index;
}

/**
 * The kind of a storage's failure.
 * - `unusable`: the directory is the wrong one: another server's, another cluster's, in use, not a directory, or not of
 *   this storage.
 * - `damaged`: the contents of the directory cannot be trusted.
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

/** Thrown where damage is found, by code that does not know the directory; its message continues "it is damaged: ". */
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
