import type { StorageBatch } from '../../src/raft/output.js';
import type { EntryId, Snapshot } from '../../src/raft/types.js';
import type { Storage, StoredState } from '../../src/storage/storage.js';

/** Hands a storage batches as a driver does: numbered, and each with the log's last entry after it. */
export class BatchWriter {
  private number = 0;
  /** The log as it will be, from the entry before its first one on. */
  private log: EntryId[] = [{ term: 0, index: 0 }];

  constructor(readonly storage: Storage) {}

  get last(): EntryId {
    return this.log.at(-1) ?? { term: 0, index: 0 };
  }

  get base(): EntryId {
    return this.log[0] ?? this.last;
  }

  /** The next batch. */
  batch(fields: Partial<StorageBatch>): StorageBatch {
    const { truncateFrom = null, compactTo = null, appended = [] } = fields;
    if (truncateFrom !== null) this.log = this.log.filter(({ index }) => index < truncateFrom);
    if (compactTo !== null)
      this.log = [compactTo, ...this.log.filter(({ index }) => index > compactTo.index)];
    this.log.push(...appended);
    const last = { term: this.last.term, index: this.last.index };
    this.number += 1;
    return {
      number: this.number,
      hardState: null,
      identity: null,
      snapshot: null,
      truncateFrom,
      compactTo,
      appended,
      last,
      ...fields,
    };
  }

  persist(fields: Partial<StorageBatch>): Promise<void> {
    return persist(this.storage, this.batch(fields));
  }

  stage(snapshot: Snapshot): Promise<void> {
    return stage(this.storage, snapshot);
  }

  /** Stages a snapshot, and then in one batch with other fields makes it the one that counts. */
  async adopt(snapshot: Snapshot, fields: Partial<StorageBatch> = {}): Promise<void> {
    await this.stage(snapshot);
    await this.persist({ snapshot: snapshot.last, ...fields });
  }

  load(): Promise<StoredState> {
    return load(this.storage);
  }

  close(): Promise<void> {
    return close(this.storage);
  }
}

export function persist(storage: Storage, batch: StorageBatch): Promise<void> {
  return new Promise((resolve, reject) => {
    storage.persist(batch, (error) => (error === null ? resolve() : reject(error)));
  });
}

export function stage(storage: Storage, snapshot: Snapshot): Promise<void> {
  return new Promise((resolve, reject) => {
    storage.stage(snapshot, (error) => (error === null ? resolve() : reject(error)));
  });
}

export function load(storage: Storage): Promise<StoredState> {
  return new Promise((resolve, reject) => {
    storage.load((error, stored) => (error === null ? resolve(withPlainChunks(stored)) : reject(error)));
  });
}

/** With the chunks of its snapshot in an array, to be compared. */
function withPlainChunks(stored: StoredState): StoredState {
  const { snapshot } = stored;
  return snapshot === null
    ? stored
    : { ...stored, snapshot: { last: snapshot.last, chunks: [...snapshot.chunks] } };
}

export function close(storage: Storage): Promise<void> {
  return new Promise((resolve) => storage.close(() => resolve()));
}

/** A snapshot up to entry `index` of term `term`, whose chunks name it. */
export function snapshotUpTo(term: number, index: number, chunkCount = 2): Snapshot {
  const chunks = Array.from({ length: chunkCount }, (_, chunk) => `chunk ${chunk} up to ${index} of ${term}`);
  return { last: { term, index }, chunks };
}

/** A test's hold on a storage that is closed when the test ends. */
export type WithStorage = (test: (writer: BatchWriter) => Promise<void>) => () => Promise<void>;
