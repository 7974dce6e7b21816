import type { StorageBatch } from '../../raft/output.js';
import type { EntryId } from '../../raft/types.js';
import { isSame } from '../entryIds.js';
import { putEntry, type Meta, type Put, type SnapshotRecord } from './levelRecord.js';
import type { TermRuns } from './termRuns.js';

/** What a batch means for the database. */
export interface Change {
  readonly puts: readonly Put[];
  /** What counts once it is durable; the generation is the writer's to fill in. */
  readonly standing: Standing;
  /** Entries that count for nothing then: from the first to the last. */
  readonly dropped: { readonly first: number; readonly last: number } | null;
  /** Snapshots that count for nothing then. */
  readonly replaced: readonly SnapshotRecord[];
}

export type Standing = Omit<Meta, 'generation'>;

/** What will count once all that was handed over is durable; turns batches into changes of the database. */
export class Ledger {
  /** Durable, and named by no batch yet. */
  private staged: SnapshotRecord[] = [];
  /** No entry above this was ever written. */
  private highestIndex: number;

  constructor(
    private current: Standing,
    private terms: TermRuns,
  ) {
    this.highestIndex = current.last.index;
  }

  addStaged(snapshot: SnapshotRecord): void {
    this.staged.push(snapshot);
  }

  /** @throws when the batch does not fit what was handed over before, which is a mistake of the caller; nothing has changed then */
  apply(batch: StorageBatch): Change {
    const { before: previousBefore, snapshot: previousSnapshot, hardState, identity } = this.current;
    const terms = this.termsAfter(batch);
    const adopted = batch.snapshot === null ? null : this.stagedUpTo(batch.snapshot);
    const before = batch.compactTo ?? previousBefore;
    this.current = {
      hardState: batch.hardState ?? hardState,
      identity: batch.identity ?? identity,
      before,
      last: terms.last,
      snapshot: adopted ?? previousSnapshot,
    };
    this.terms = terms;
    const dropped = { first: previousBefore.index + 1, last: Math.min(before.index, this.highestIndex) };
    this.highestIndex = Math.max(this.highestIndex, batch.last.index);
    return {
      puts: batch.appended.map((entry) => putEntry(entry, terms.termAt(entry.index - 1))),
      standing: this.current,
      dropped: dropped.first <= dropped.last ? dropped : null,
      replaced: adopted === null ? [] : this.takeReplaced(previousSnapshot, adopted),
    };
  }

  private termsAfter({ truncateFrom, compactTo, appended, last }: StorageBatch): TermRuns {
    let { terms } = this;
    if (truncateFrom !== null) terms = terms.truncateFrom(truncateFrom);
    if (compactTo !== null) terms = terms.compactTo(compactTo);
    terms = terms.append(appended);
    if (!isSame(terms.last, last))
      throw new Error(`the log ends with entry ${describe(terms.last)}, not with entry ${describe(last)}`);
    return terms;
  }

  private stagedUpTo(last: EntryId): SnapshotRecord {
    const found = this.staged.findLast((snapshot) => isSame(snapshot.last, last));
    if (found === undefined) throw new Error(`no snapshot up to entry ${describe(last)} was staged`);
    return found;
  }

  /** The snapshot before, and those staged that end no later than the new one. */
  private takeReplaced(previous: SnapshotRecord | null, kept: SnapshotRecord): SnapshotRecord[] {
    const isOver = (snapshot: SnapshotRecord): boolean => snapshot.last.index <= kept.last.index;
    const replaced = this.staged.filter((snapshot) => isOver(snapshot) && snapshot !== kept);
    this.staged = this.staged.filter((snapshot) => !isOver(snapshot));
    return previous === null ? replaced : [...replaced, previous];
  }
}

function describe({ term, index }: EntryId): string {
  return `${index} of term ${term}`;
}
