import type { Lag } from './sample.js';

/** How far the cluster had committed at a moment. */
interface Commit {
  readonly atMs: number;
  readonly index: number;
}

/** Moments that are kept: some minutes at two a second. */
const COMMITS_MAX = 1_000;

/**
 * Remembers when the cluster had committed what. Servers are not asked at the same moment, so each is compared with what the
 * cluster had committed when that server answered; between two known moments the commit index is taken to have risen evenly.
 */
export class CommitHistory {
  private readonly commits: Commit[] = [];

  /** @param atMs by a clock that only goes forward */
  note(atMs: number, index: number): void {
    const last = this.commits.at(-1);
    if (last !== undefined && index < last.index) return;
    // A long time without commits takes two moments.
    if (last?.index === index && this.commits.at(-2)?.index === index) this.commits.pop();
    this.commits.push({ atMs, index });
    if (this.commits.length > COMMITS_MAX) this.commits.shift();
  }

  /** How far a server that had applied so much at that moment was behind; where the history is too short, at least so far. */
  lagOf(applied: number, atMs: number): Lag {
    const entries = Math.max(0, Math.round(this.indexAt(atMs) - applied));
    return { entries, seconds: entries === 0 ? 0 : Math.max(0, (atMs - this.momentOf(applied)) / 1000) };
  }

  clear(): void {
    this.commits.length = 0;
  }

  private indexAt(atMs: number): number {
    const next = this.commits.findIndex((commit) => commit.atMs > atMs);
    const before = this.commits.at(next === -1 ? -1 : next - 1);
    const after = this.commits[next];
    if (next === 0 || before === undefined) return 0;
    if (after === undefined) return before.index;
    const share = (atMs - before.atMs) / (after.atMs - before.atMs);
    return before.index + share * (after.index - before.index);
  }

  /** The last moment at which no more than this was committed. */
  private momentOf(index: number): number {
    const next = this.commits.findIndex((commit) => commit.index > index);
    const after = this.commits[next];
    const before = this.commits[next - 1];
    if (after === undefined) return this.commits.at(-1)?.atMs ?? 0;
    if (before === undefined) return after.atMs;
    const share = (index - before.index) / (after.index - before.index);
    return before.atMs + share * (after.atMs - before.atMs);
  }
}
