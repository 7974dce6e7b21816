import type { StorageBatch } from '../../src/raft/output.js';
import type { Entry, HardState } from '../../src/raft/types.js';
import type { Storage, StoredState } from '../../src/storage/storage.js';
import { deepFreeze } from './overTheWire.js';

interface Write {
  readonly batch: StorageBatch;
  readonly done: (error: Error | null) => void;
}

/**
 * A storage with a visible disk. Writes become durable at once, or, while `isSlow`, one by one when the test
 * says so; `losePower` forgets what is not durable, as the end of a process with a real disk would.
 */
export class VirtualStorage implements Storage {
  isSlow = false;
  /** Every batch handed over, in order; for tests that count or inspect writes. */
  readonly batches: StorageBatch[] = [];
  onPersist: (batch: StorageBatch) => void = () => undefined;

  private hardState: HardState = { term: 0, votedFor: null };
  private readonly log: Entry[] = [];
  private writes: Write[] = [];
  private failure: Error | undefined;

  /** What is durable. */
  get durable(): StoredState {
    return { hardState: this.hardState, entries: this.log };
  }

  get writesUnderWay(): number {
    return this.writes.length;
  }

  /** All log entries handed over, durable or not. */
  get entries(): readonly Entry[] {
    if (this.writes.length === 0) return this.log;
    const log = [...this.log];
    for (const { batch } of this.writes) applyBatch(log, batch);
    return log;
  }

  persist(batch: StorageBatch, done: (error: Error | null) => void): void {
    deepFreeze(batch);
    this.batches.push(batch);
    this.onPersist(batch);
    this.writes.push({ batch, done });
    if (!this.isSlow) this.completeAll();
  }

  load(done: (error: Error | null, stored: StoredState) => void): void {
    this.completeAll();
    done(null, { hardState: this.hardState, entries: [...this.log] });
  }

  close(done: () => void): void {
    this.completeAll();
    done();
  }

  /** The oldest write under way ends, well or with the failure set. */
  complete(): void {
    const write = this.writes.shift();
    if (write === undefined) return;
    if (this.failure !== undefined) {
      write.done(this.failure);
      return;
    }
    const { hardState } = write.batch;
    if (hardState !== null) this.hardState = hardState;
    applyBatch(this.log, write.batch);
    write.done(null);
  }

  completeAll(): void {
    while (this.writes.length > 0) this.complete();
  }

  /** From now on every write fails. */
  breakDown(message = 'no space left'): void {
    this.failure = new Error(message);
  }

  losePower(): void {
    this.writes = [];
  }

  /** A new, empty disk. */
  wipe(): void {
    this.writes = [];
    this.hardState = { term: 0, votedFor: null };
    this.log.length = 0;
  }
}

function applyBatch(log: Entry[], { truncateFrom, appended }: StorageBatch): void {
  if (truncateFrom !== null) log.length = truncateFrom - 1;
  for (const entry of appended) {
    if (entry.index !== log.length + 1) throw new Error(`entry ${entry.index} leaves a gap on disk`);
    log.push(entry);
  }
}
