import type { StorageBatch } from '../../src/raft/output.js';
import type { Entry, Snapshot } from '../../src/raft/types.js';
import { DiskLog } from '../../src/sim/diskLog.js';
import { StagedSnapshots } from '../../src/storage/memoryStorage.js';
import { nothingStored, type Storage, type StoredState } from '../../src/storage/storage.js';
import { deepFreeze } from './overTheWire.js';

type Write = { readonly done: (error: Error | null) => void } & (
  { readonly batch: StorageBatch } | { readonly staged: Snapshot }
);

/**
 * A storage with a visible disk. Writes become durable at once, or, while `isSlow`, one by one when the test
 * says so; `losePower` forgets what is not durable, as the end of a process with a real disk would.
 */
export class VirtualStorage implements Storage {
  isSlow = false;
  /** Every batch handed over, in order; for tests that count or inspect writes. */
  readonly batches: StorageBatch[] = [];
  onPersist: (batch: StorageBatch) => void = () => undefined;

  /** The entries committed in the cluster so far, for which a snapshot from another server stands. */
  committed: () => readonly Entry[] = () => [];

  private hardState = nothingStored.hardState;
  private identity = nothingStored.identity;
  private snapshot: Snapshot | null = null;
  private readonly staged = new StagedSnapshots();
  private readonly log = new DiskLog();
  private writes: Write[] = [];
  private failure: Error | undefined;

  /** The durable contents. */
  get durable(): StoredState {
    const { hardState, identity, snapshot, log } = this;
    return { hardState, identity, snapshot, base: log.base, entries: log.kept };
  }

  get writesUnderWay(): number {
    return this.writes.length;
  }

  /** All log entries handed over, durable or not, and those that were compacted. */
  get entries(): readonly Entry[] {
    if (this.writes.length === 0) return this.log.entries;
    const log = new DiskLog();
    log.copyFrom(this.log);
    for (const write of this.writes) if ('batch' in write) log.apply(write.batch, this.committed());
    return log.entries;
  }

  persist(batch: StorageBatch, done: (error: Error | null) => void): void {
    deepFreeze(batch);
    this.batches.push(batch);
    this.onPersist(batch);
    this.write({ batch, done });
  }

  stage(snapshot: Snapshot, done: (error: Error | null, staged: Snapshot) => void): void {
    this.write({ staged: deepFreeze(snapshot), done: (error) => done(error, snapshot) });
  }

  load(done: (error: Error | null, stored: StoredState) => void): void {
    this.completeAll();
    done(null, this.durable);
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
    if ('staged' in write) this.staged.add(write.staged);
    else this.apply(write.batch);
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
    this.staged.clear();
  }

  /** A new, empty disk. */
  wipe(): void {
    this.writes = [];
    this.staged.clear();
    this.hardState = nothingStored.hardState;
    this.identity = nothingStored.identity;
    this.snapshot = null;
    this.log.clear();
  }

  private write(write: Write): void {
    this.writes.push(write);
    if (!this.isSlow) this.completeAll();
  }

  private apply(batch: StorageBatch): void {
    if (batch.hardState !== null) this.hardState = batch.hardState;
    if (batch.identity !== null) this.identity = batch.identity;
    if (batch.snapshot !== null) this.snapshot = this.staged.take(batch.snapshot);
    this.log.apply(batch, this.committed());
  }
}
