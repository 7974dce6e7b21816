import type { EntryId, Snapshot } from '../raft/types.js';
import { isSame } from './entryIds.js';

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
