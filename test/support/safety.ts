import type { StorageBatch } from '../../src/raft/output.js';
import type { CoreStatus } from '../../src/raft/status.js';
import type { Entry, HardState, NodeId } from '../../src/raft/types.js';

/** Thrown when the servers together break one of the five properties of the paper's figure 3. */
export class SafetyViolation extends Error {
  override readonly name = 'SafetyViolation';
}

interface Written {
  readonly entry: Entry;
  readonly previousTerm: number;
}

/**
 * Watches all servers at once and remembers everything, also across crashes: election safety, one vote per
 * term, log matching, leader completeness, state machine safety; a commit index, once known, stands.
 */
export class Safety {
  private readonly leaders = new Map<number, NodeId>();
  private readonly votes = new Map<string, NodeId>();
  private readonly written = new Map<string, Written>();
  private readonly committed: Entry[] = [];
  /** For each committed entry, a term by which it was committed. */
  private readonly committedBy: number[] = [];
  private readonly seenCommit = new Map<NodeId, number>();
  private readonly seenTerm = new Map<NodeId, number>();

  /** Everything committed anywhere so far. */
  get committedEntries(): readonly Entry[] {
    return this.committed;
  }

  /** Election safety, monotonic terms, leader completeness, and committed prefixes, for one running server. */
  checkServer(status: CoreStatus, log: readonly Entry[]): void {
    const { id, term, commitIndex, role } = status;
    this.require(term >= (this.seenTerm.get(id) ?? 0), `server ${id} went back to term ${term}`);
    this.seenTerm.set(id, term);
    if (role === 'leader') this.checkLeader(id, term, log);
    for (let index = (this.seenCommit.get(id) ?? 0) + 1; index <= commitIndex; index += 1) {
      this.noteCommitted(id, term, log[index - 1], index);
    }
    this.seenCommit.set(id, commitIndex);
  }

  /** A server whose memory of commits begins anew: restored, or started again. */
  forgetCommitOf(id: NodeId): void {
    this.seenCommit.delete(id);
  }

  /** A server whose process ended: a term and a vote that were not durable were never told to anybody either. */
  forgetUndurable(id: NodeId, durable: HardState): void {
    this.forgetCommitOf(id);
    this.seenTerm.set(id, durable.term);
    for (const key of this.votes.keys()) {
      const term = Number(key.split(' ')[1]);
      const isUndurable = term > durable.term || (term === durable.term && durable.votedFor === null);
      if (key.startsWith(`${id} `) && isUndurable) this.votes.delete(key);
    }
  }

  /** A server that lost its disk may vote and log anew: the rules across its restart do not hold. */
  forgetServer(id: NodeId): void {
    this.forgetUndurable(id, { term: 0, votedFor: null });
  }

  /** One vote per term; and log matching, by induction: an entry determines the one before it. */
  checkWrite(id: NodeId, batch: StorageBatch, logBefore: readonly Entry[]): void {
    const { hardState, appended } = batch;
    if (hardState !== null && hardState.votedFor !== null) {
      const key = `${id} ${hardState.term}`;
      const earlier = this.votes.get(key) ?? hardState.votedFor;
      this.require(earlier === hardState.votedFor, `server ${id} votes twice in term ${hardState.term}`);
      this.votes.set(key, hardState.votedFor);
    }
    const first = appended[0];
    let previousTerm = first === undefined ? 0 : (logBefore[first.index - 2]?.term ?? 0);
    for (const entry of appended) {
      this.noteWritten(entry, previousTerm);
      previousTerm = entry.term;
    }
  }

  /** State machine safety: every server applies the same entry at the same index, in order. */
  checkApplied(id: NodeId, term: number, entry: Entry, lastApplied: number): void {
    this.require(entry.index === lastApplied + 1, `server ${id} applies ${entry.index} after ${lastApplied}`);
    this.noteCommitted(id, term, entry, entry.index);
  }

  /** A snapshot holds nothing but what is committed. */
  checkInstalled(id: NodeId, lastApplied: number): void {
    this.require(lastApplied <= this.committed.length, `server ${id} installs more than is committed`);
  }

  private checkLeader(id: NodeId, term: number, log: readonly Entry[]): void {
    const leader = this.leaders.get(term);
    this.require(
      leader === undefined || leader === id,
      `servers ${leader ?? ''} and ${id} lead term ${term}`,
    );
    if (leader !== undefined) return;
    this.leaders.set(term, id);
    for (const [position, entry] of this.committed.entries()) {
      if ((this.committedBy[position] ?? term) >= term) continue;
      this.require(
        log[entry.index - 1]?.term === entry.term,
        `leader ${id} of term ${term} lacks committed entry ${entry.index}`,
      );
    }
  }

  private noteCommitted(id: NodeId, term: number, entry: Entry | undefined, index: number): void {
    this.require(entry !== undefined, `server ${id} commits ${index} without having it`);
    const known = this.committed[index - 1];
    if (known === undefined && entry !== undefined) {
      this.require(index === this.committed.length + 1, `commit ${index} leaves a gap`);
      this.committed.push(entry);
      this.committedBy.push(term);
      return;
    }
    this.require(
      known?.term === entry?.term && known?.command === entry?.command,
      `server ${id} commits another entry ${index}`,
    );
  }

  private noteWritten(entry: Entry, previousTerm: number): void {
    const key = `${entry.term} ${entry.index}`;
    const known = this.written.get(key) ?? { entry, previousTerm };
    this.require(
      known.entry.command === entry.command && known.previousTerm === previousTerm,
      `two logs differ at or before entry ${entry.index} of term ${entry.term}`,
    );
    this.written.set(key, known);
  }

  private require(holds: boolean, rule: string): void {
    if (!holds) throw new SafetyViolation(rule);
  }
}
