import type { StorageBatch } from '../raft/output.js';
import type { Entry, EntryId, Snapshot } from '../raft/types.js';
import { StagedSnapshots } from './stagedSnapshots.js';
import { nothingStored, type Storage, type StoredState } from './storage.js';

/**
 * Keeps everything in memory: survives `crash` and `restore`, not the end of the process. That is what the
 * assignment asks for ("you do not need to persist your replicated log").
 */
export class MemoryStorage implements Storage {
  private hardState = nothingStored.hardState;
  private identity = nothingStored.identity;
  private snapshot: Snapshot | null = null;
  private before = nothingStored.before;
  private readonly entries: Entry[] = [];
  private readonly staged = new StagedSnapshots();

  persist(batch: StorageBatch, done: (error: Error | null) => void): void {
    if (batch.hardState !== null) this.hardState = batch.hardState;
    if (batch.identity !== null) this.identity = batch.identity;
    if (batch.snapshot !== null) this.snapshot = this.staged.take(batch.snapshot);
    if (batch.truncateFrom !== null) this.entries.length = batch.truncateFrom - 1 - this.before.index;
    if (batch.compactTo !== null) this.compact(batch.compactTo);
    for (const entry of batch.appended) this.entries.push(entry);
    done(null);
  }

  stage(snapshot: Snapshot, done: (error: Error | null) => void): void {
    this.staged.add(snapshot);
    done(null);
  }

  load(done: (error: Error | null, stored: StoredState) => void): void {
    const { hardState, identity, snapshot, before } = this;
    done(null, { hardState, identity, snapshot, before, entries: [...this.entries] });
  }

  close(done: () => void): void {
    done();
  }

  private compact(to: EntryId): void {
    this.entries.splice(0, to.index - this.before.index);
    this.before = to;
  }
}
