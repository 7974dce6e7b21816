import { InvariantViolation, type ConflictHint, type Entry, type EntryId } from './types.js';

/** An entry's share of the byte limits: its command in UTF-16 units and a constant for the rest. */
export function entryBytes(entry: Entry): number {
  return entry.command.length + 32;
}

/** Entries at the end of its log that a server shows to people. */
const TAIL_ENTRIES = 48;

/** The end of a log, and the identity of the entry before it. */
export interface LogTail {
  readonly base: EntryId;
  readonly entries: readonly Entry[];
}

/**
 * A server's log: entries `firstIndex` to `lastIndex`, and the identity of the entry before them (index 0,
 * term 0 until the log is compacted). It also knows how far it is durable: `stableIndex` follows the
 * completions of storage batches.
 */
export class RaftLog {
  private readonly entries: Entry[] = [];
  private stable: number;
  /**
   * Batch `batch` truncates the log after `index`. Until it completes, completions of earlier batches must not mark
   * anything above `index` as stable: the entry that they wrote is gone from the disk, even if the same one has come
   * back here.
   *
   *     batch 7 writes     1 2 3 4
   *     batch 8 truncates  1 2        barrier {batch: 8, index: 2}
   *     batch 9 writes     1 2 3 4    the same entries 3 and 4
   *
   * When 7 completes, 3 and 4 are not stable; they are when 9 completes.
   */
  private barrier = { batch: 0, index: 0 };
  private completedBatch = 0;

  /** @param recovered entries read from storage, contiguous after `base` */
  constructor(
    recovered: readonly Entry[] = [],
    private base: EntryId = { term: 0, index: 0 },
  ) {
    this.append(recovered);
    this.stable = this.lastIndex;
  }

  get firstIndex(): number {
    return this.base.index + 1;
  }

  get lastIndex(): number {
    return this.base.index + this.entries.length;
  }

  get lastTerm(): number {
    return this.entries.at(-1)?.term ?? this.base.term;
  }

  /** The last index that is known to be durable here. */
  get stableIndex(): number {
    return this.stable;
  }

  /** The term of the entry at `index`, or undefined when the log does not hold it. */
  termAt(index: number): number | undefined {
    if (index === this.base.index) return this.base.term;
    return this.entries[index - this.firstIndex]?.term;
  }

  entryAt(index: number): Entry | undefined {
    return this.entries[index - this.firstIndex];
  }

  /** Entries `from` to `to`, both included. */
  slice(from: number, to: number): Entry[] {
    return this.entries.slice(from - this.firstIndex, to - this.firstIndex + 1);
  }

  /** The newest entries, or as many as there are. */
  get tail(): LogTail {
    const from = Math.max(this.firstIndex, this.lastIndex - TAIL_ENTRIES + 1);
    return {
      base: { term: this.termAt(from - 1) ?? 0, index: from - 1 },
      entries: this.slice(from, this.lastIndex),
    };
  }

  /** Entries from `from` on within the limits; the first one always, however large it is. */
  batch(from: number, entriesMax: number, bytesMax: number): Entry[] {
    const batch: Entry[] = [];
    let bytes = 0;
    for (let index = from; index <= this.lastIndex && batch.length < entriesMax; index += 1) {
      const entry = this.entryAt(index);
      if (entry === undefined) break;
      bytes += entryBytes(entry);
      if (batch.length > 0 && bytes > bytesMax) break;
      batch.push(entry);
    }
    return batch;
  }

  /** Appends entries that continue the log. */
  append(entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (entry.index !== this.lastIndex + 1 || entry.term < this.lastTerm) {
        throw new InvariantViolation(
          `entry ${entry.index} of term ${entry.term} cannot follow entry ${this.lastIndex} of term ${this.lastTerm}`,
        );
      }
      this.entries.push(entry);
    }
  }

  /**
   * Drops `index` and everything after it.
   *
   * @param batch number of the storage batch that will make the truncation durable
   */
  truncateFrom(index: number, batch: number): void {
    if (index < this.firstIndex) throw new InvariantViolation(`truncation at ${index}, before the log`);
    this.entries.length = index - this.firstIndex;
    this.stable = Math.min(this.stable, index - 1);
    const isOpen = this.completedBatch < this.barrier.batch;
    this.barrier = { batch, index: isOpen ? Math.min(this.barrier.index, index - 1) : index - 1 };
  }

  /**
   * Drops `index` and everything before it; a snapshot holds their effects. The entry at `index` must be in the log.
   */
  compactTo(index: number): void {
    const term = this.termAt(index);
    if (term === undefined)
      throw new InvariantViolation(`compaction to ${index}, which the log does not hold`);
    this.entries.splice(0, index - this.base.index);
    this.base = { term, index };
  }

  /**
   * Drops everything: a snapshot that ends with `last` takes its place.
   *
   * @param batch number of the storage batch that will make this durable
   */
  resetTo(last: EntryId, batch: number): void {
    this.entries.length = 0;
    this.base = last;
    this.stable = 0;
    this.barrier = { batch, index: 0 };
  }

  /**
   * Batch `batch`, written when the log ended in `last`, is durable, and so are all earlier ones. Entries truncated
   * since then are not stable, even if the same ones have been appended again.
   */
  persisted(batch: number, last: EntryId): void {
    this.completedBatch = batch;
    if (this.termAt(last.index) !== last.term) return;
    const index = batch < this.barrier.batch ? Math.min(last.index, this.barrier.index) : last.index;
    this.stable = Math.max(this.stable, index);
  }

  /** Whether a candidate's log is at least as up-to-date as this one (section 5.4.1): last term first, then length. */
  isUpToDate(lastLogTerm: number, lastLogIndex: number): boolean {
    if (lastLogTerm !== this.lastTerm) return lastLogTerm > this.lastTerm;
    return lastLogIndex >= this.lastIndex;
  }

  /**
   * Where a leader should look next after the consistency check failed at `prevLogIndex` (end of section 5.3): the term
   * that stands there, and the first entry of it, so that the leader skips a whole term with each probe.
   *
   *     leader    1 1 1 4 4 6 6     prevLogIndex 7
   *     follower  1 1 1 2 2 2 2     hint {term: 2, index: 4}
   *
   * The leader has no entry of term 2, and tries the entry before index 4.
   */
  conflictHint(prevLogIndex: number): ConflictHint {
    const term = this.termAt(prevLogIndex);
    if (term === undefined) return { term: 0, index: this.lastIndex + 1 };
    let index = prevLogIndex;
    while (index > this.firstIndex && this.termAt(index - 1) === term) index -= 1;
    return { term, index };
  }

  /** The last index at or below `from` whose entry has a term of at most `term`. */
  lastIndexOfTermAtMost(term: number, from: number): number {
    let index = Math.min(from, this.lastIndex);
    while (index > this.base.index && (this.termAt(index) ?? 0) > term) index -= 1;
    return index;
  }
}
