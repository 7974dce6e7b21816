import type { FileSystem } from './fileSystem.js';
import type { SyncOperation } from './plan.js';
import type { Scan } from './scan.js';
import type { SyncState } from './state.js';
import type { Store } from './store.js';
import type { Trash } from './trash.js';

/** Something that happened, for whoever watches. */
export type SyncEvent =
  | { readonly kind: 'planned'; readonly operations: readonly SyncOperation[]; readonly bytes: number }
  | { readonly kind: 'bytes'; readonly direction: 'up' | 'down'; readonly bytes: number }
  /** Bytes that were found to be there already. */
  | { readonly kind: 'spared'; readonly bytes: number }
  | { readonly kind: 'done'; readonly operation: SyncOperation };

/** What the operations of one round work with. */
export interface Round {
  readonly files: FileSystem;
  readonly store: Store;
  readonly state: SyncState;
  readonly scan: Scan;
  readonly trash: Trash;
  readonly blockSize: number;
  readonly nowMs: () => number;
  readonly newId: () => string;
  readonly emit: (event: SyncEvent) => void;
  /** Whether no other file may be begun. */
  readonly isStopping: () => boolean;
}

/**
 * How an operation ended: `again`, something has changed meanwhile and the next plan decides; with a reason, it was
 * left undone.
 */
export type OperationEnd = 'done' | 'again' | { readonly reason: string };

/** So many files, and so many blocks of one file, are under way at a time. */
export const TRANSFERS_AT_ONCE = 8;
