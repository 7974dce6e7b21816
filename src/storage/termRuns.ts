import type { EntryId } from '../raft/types.js';

/** The term of every entry of a log, kept as the first entry of each run of equal terms. */
export class TermRuns {
  private constructor(
    /** The first of them is the entry before the log. */
    private readonly starts: readonly EntryId[],
    private readonly lastIndex: number,
  ) {}

  /** An empty log that begins after `before`. */
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
