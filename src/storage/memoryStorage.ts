import type { StorageBatch } from '../raft/output.js';
import type { Entry, EntryId, Snapshot } from '../raft/types.js';
import { isSame, nothingStored, type Storage, type StoredState } from './storage.js';

/**
 * Keeps everything in memory: survives `crash` and `restore`, not the end of the process. That is what the
 * assignment asks for ("you do not need to persist your replicated log").
 */
export class MemoryStorage implements Storage {
  private hardState = nothingStored.hardState;
  private identity = nothingStored.identity;
  private snapshot: Snapshot | null = null;
  private base = nothingStored.base;
  private readonly entries: Entry[] = [];
  private readonly staged = new StagedSnapshots();

  persist(batch: StorageBatch, done: (error: Error | null) => void): void {
    if (batch.hardState !== null) this.hardState = batch.hardState;
    if (batch.identity !== null) this.identity = batch.identity;
    if (batch.snapshot !== null) this.snapshot = this.staged.take(batch.snapshot);
    if (batch.truncateFrom !== null) this.entries.length = batch.truncateFrom - 1 - this.base.index;
    if (batch.compactTo !== null) this.compact(batch.compactTo);
    for (const entry of batch.appended) this.entries.push(entry);
    done(null);
  }

  stage(snapshot: Snapshot, done: (error: Error | null, staged: Snapshot) => void): void {
    this.staged.add(snapshot);
    done(null, snapshot);
  }

  load(done: (error: Error | null, stored: StoredState) => void): void {
    const { hardState, identity, snapshot, base } = this;
    done(null, { hardState, identity, snapshot, base, entries: [...this.entries] });
  }

  close(done: () => void): void {
    done();
  }

  private compact(to: EntryId): void {
    this.entries.splice(0, to.index - this.base.index);
    this.base = to;
  }
}

/** Snapshots that are staged and not named by a batch yet, for storages that keep them as they are. */
export class StagedSnapshots {
  private snapshots: Snapshot[] = [];

  add(snapshot: Snapshot): void {
    this.snapshots.push(snapshot);
  }

  /**
   * The snapshot that ends with `last`. Those that end no later are forgotten with it.
   *
   * @throws Error when none was staged
   */
  take(last: EntryId): Snapshot {
    const taken = this.snapshots.findLast((staged) => isSame(staged.last, last));
    if (taken === undefined)
      throw new Error(`no snapshot up to entry ${last.index} of term ${last.term} is staged`);
    this.snapshots = this.snapshots.filter((staged) => staged.last.index > last.index);
    return taken;
  }

  clear(): void {
    this.snapshots = [];
  }
}
