import type { StorageBatch } from '../raft/output.js';
import type { EntryId, HardState, Identity } from '../raft/types.js';
import { isSame } from './storage.js';
import type { SnapshotRecord } from './snapshotFiles.js';
import type { TermRuns } from './termRuns.js';

/** All that counts, apart from the entries and the snapshot themselves. */
export interface LogMeta {
  readonly hardState: HardState;
  /** Whose directory it is; null until the core has said so. */
  readonly identity: Identity | null;
  readonly before: EntryId;
  /** The log's last entry; equals `before` when the log is empty. */
  readonly last: EntryId;
  readonly snapshot: SnapshotRecord | null;
}

/** A batch, and its meaning for the log. */
export interface Change {
  readonly batch: StorageBatch;
  /** The snapshot that the batch names. */
  readonly snapshot: SnapshotRecord | null;
  /** The entry with which the log ends when the batch has dropped entries, before it appends. */
  readonly truncatedTo: EntryId | null;
  /** All that counts once the batch is durable. */
  readonly meta: LogMeta;
  /** Snapshots that were staged before the one named: nobody needs them any more. */
  readonly outdated: readonly SnapshotRecord[];
}

/** Follows the batches, and knows all that will count once they are durable. */
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

  /** @throws when the batch does not fit what was handed over before, which is a mistake of the caller; nothing has changed then */
  apply(batch: StorageBatch): Change {
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
      before: batch.compactTo === null ? current.before : idOf(batch.compactTo),
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
