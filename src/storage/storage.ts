import type { StorageBatch } from '../raft/output.js';
import type { Entry, EntryId, HardState } from '../raft/types.js';

/** What a storage has kept. `before` names the entry before the first one kept; absent while the log is whole. */
export interface StoredState {
  readonly hardState: HardState;
  readonly before?: EntryId;
  readonly entries: readonly Entry[];
}

/**
 * Where a server keeps its term, vote and log.
 *
 * Batches become durable in the order in which they were handed over, each at once or not at all; `done` is
 * called once per batch in that order, possibly before `persist` returns. An error is final: the server stops,
 * nothing is tried again, and every later `persist` and `load` fails too.
 */
export interface Storage {
  persist(batch: StorageBatch, done: (error: Error | null) => void): void;
  /** Reads back everything handed over so far, all of it durable by then; the initial state of a fresh storage is term 0 and no entries. */
  load(done: (error: Error | null, stored: StoredState) => void): void;
  /** Frees what the storage holds, after all batches handed over are written. */
  close(done: () => void): void;
}
