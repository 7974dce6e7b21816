import type { StorageBatch } from '../raft/output.js';
import type { EntryId, HardState, Identity } from '../raft/types.js';
import type { SnapshotRecord } from './snapshotFiles.js';
import { isSame } from './storage.js';

/** The metadata of a log: everything but the entries and the snapshot themselves. */
export interface LogMeta {
  readonly hardState: HardState;
  /** The identity of the directory; null until the core has set it. */
  readonly identity: Identity | null;
  readonly base: EntryId;
  /** The log's last entry; equals `base` when the log is empty. */
  readonly last: EntryId;
  readonly snapshot: SnapshotRecord | null;
}

/** A batch, and its meaning for the log. */
export interface LogChange {
  readonly batch: StorageBatch;
  /** The snapshot that the batch names. */
  readonly snapshot: SnapshotRecord | null;
  /** The entry with which the log ends when the batch has dropped entries, before it appends. */
  readonly truncatedTo: EntryId | null;
  /** The metadata once the batch is durable. */
  readonly meta: LogMeta;
  /** Snapshots that were staged before the one named, and are obsolete. */
  readonly outdated: readonly SnapshotRecord[];
}

/** Computes, from the batches handed over, the metadata that will be valid once they are durable. */
export class MetaTracker {
  /** Durable, and named by no batch yet. */
  private staged: SnapshotRecord[] = [];

  constructor(
    private current: LogMeta,
    private terms: TermRuns,
  ) {}

  addStaged(snapshot: SnapshotRecord): void {
    this.staged.push(snapshot);
  }

  /**
   * @throws when the batch does not fit what was handed over before, which is a bug in the caller; nothing has changed
   *   then
   */
  apply(batch: StorageBatch): LogChange {
    const { current } = this;
    const truncated = batch.truncateFrom === null ? null : this.terms.truncateFrom(batch.truncateFrom);
    let terms = truncated ?? this.terms;
    if (batch.compactTo !== null) terms = terms.compactTo(batch.compactTo);
    terms = terms.append(batch.appended);
    if (!isSame(terms.last, batch.last))
      throw new Error(
        `the log ends with entry ${describe(terms.last)}, not with entry ${describe(batch.last)}`,
      );
    const snapshot = batch.snapshot === null ? null : this.stagedUpTo(batch.snapshot);
    this.current = {
      hardState: batch.hardState ?? current.hardState,
      identity: batch.identity ?? current.identity,
      base: batch.compactTo === null ? current.base : idOf(batch.compactTo),
      last: terms.last,
      snapshot: snapshot ?? current.snapshot,
    };
    this.terms = terms;
    const outdated = snapshot === null ? [] : this.takeOutdated(snapshot);
    return { batch, snapshot, truncatedTo: truncated?.last ?? null, meta: this.current, outdated };
  }

  private stagedUpTo(last: EntryId): SnapshotRecord {
    const found = this.staged.findLast((snapshot) => isSame(snapshot.last, last));
    if (found === undefined) throw new Error(`no snapshot up to entry ${describe(last)} was staged`);
    return found;
  }

  private takeOutdated(kept: SnapshotRecord): SnapshotRecord[] {
    const isOver = (snapshot: SnapshotRecord): boolean => snapshot.last.index <= kept.last.index;
    const outdated = this.staged.filter((snapshot) => isOver(snapshot) && snapshot !== kept);
    this.staged = this.staged.filter((snapshot) => !isOver(snapshot));
    return outdated;
  }
}

function idOf({ term, index }: EntryId): EntryId {
  return { term, index };
}

function describe({ term, index }: EntryId): string {
  return `${index} of term ${term}`;
}

/** The term of every entry of a log, kept as the first entry of each run of equal terms. */
export class TermRuns {
  private constructor(
    /** The first of them is the entry before the log. */
    private readonly starts: readonly EntryId[],
    private readonly lastIndex: number,
  ) {}

  /** An empty log that begins after `base`. */
  static after({ term, index }: EntryId): TermRuns {
    return new TermRuns([{ term, index }], index);
  }

  get last(): EntryId {
    return { term: this.termAt(this.lastIndex), index: this.lastIndex };
  }

  /** The term of an entry of the log, or of the one before it. */
  termAt(index: number): number {
    const start = index > this.lastIndex ? undefined : this.starts.findLast((run) => run.index <= index);
    if (start === undefined) throw new Error(`the log holds no entry ${index}`);
    return start.term;
  }

  /** With entries that follow the last one. */
  append(entries: readonly EntryId[]): TermRuns {
    const starts = [...this.starts];
    let { last } = this;
    for (const { term, index } of entries) {
      if (index !== last.index + 1) throw new Error(`entry ${index} does not follow entry ${last.index}`);
      if (term !== last.term) starts.push({ term, index });
      last = { term, index };
    }
    return new TermRuns(starts, last.index);
  }

  /** Without the entry `index` and all after it. */
  truncateFrom(index: number): TermRuns {
    const lastIndex = index - 1;
    this.termAt(lastIndex);
    return new TermRuns(
      this.starts.filter((run) => run.index <= lastIndex),
      lastIndex,
    );
  }

  /** Without all entries up to `to`, which the log may not have held. */
  compactTo(to: EntryId): TermRuns {
    if (to.index > this.lastIndex) return TermRuns.after(to);
    if (this.termAt(to.index) !== to.term)
      throw new Error(`entry ${to.index} is of term ${this.termAt(to.index)}, not ${to.term}`);
    const kept = this.starts.filter((run) => run.index > to.index);
    return new TermRuns([{ term: to.term, index: to.index }, ...kept], this.lastIndex);
  }
}
