import type { StorageBatch } from '../raft/output.js';
import type { Entry, EntryId } from '../raft/types.js';
import { SafetyViolation } from './safetyViolation.js';

/**
 * A log as a disk keeps it, which also remembers what the compacted entries were, so that the watch over safety can go on
 * asking for them.
 */
export class DiskLog {
  private readonly all: Entry[] = [];
  private beforeFirst: EntryId = { term: 0, index: 0 };

  /** Every entry, the compacted ones included; entry i at position i - 1. */
  get entries(): readonly Entry[] {
    return this.all;
  }

  /** The entry before the first one that is still there. */
  get base(): EntryId {
    return this.beforeFirst;
  }

  /** The entries that are still there. */
  get kept(): Entry[] {
    return this.all.slice(this.beforeFirst.index);
  }

  /** @param committed all that is committed so far, in order: what a snapshot from elsewhere stands for */
  apply({ truncateFrom, compactTo, appended }: StorageBatch, committed: readonly Entry[]): void {
    if (truncateFrom !== null) this.all.length = truncateFrom - 1;
    if (compactTo !== null) this.compact(compactTo, committed);
    for (const entry of appended) {
      if (entry.index !== this.all.length + 1)
        throw new SafetyViolation('a log has no gaps', `entry ${entry.index} after ${this.all.length}`);
      this.all.push(entry);
    }
  }

  copyFrom(other: DiskLog): void {
    this.all.length = 0;
    for (const entry of other.all) this.all.push(entry);
    this.beforeFirst = other.beforeFirst;
  }

  clear(): void {
    this.copyFrom(new DiskLog());
  }

  private compact(to: EntryId, committed: readonly Entry[]): void {
    if (this.all[to.index - 1]?.term !== to.term) {
      if (this.all.length > this.beforeFirst.index)
        throw new SafetyViolation(
          'a log is compacted to an entry that it holds',
          `entry ${to.index} of term ${to.term}`,
        );
      this.all.length = 0;
      for (const entry of committed.slice(0, to.index)) this.all.push(entry);
      if (this.all[to.index - 1]?.term !== to.term)
        throw new SafetyViolation(
          'a snapshot covers committed entries only',
          `up to entry ${to.index} of term ${to.term}`,
        );
    }
    this.beforeFirst = to;
  }
}
