import { InvariantViolation, type NodeId, type Role } from './types.js';
import type { RaftState } from './state.js';

interface Before {
  readonly term: number;
  readonly votedFor: NodeId | null;
  readonly role: Role;
  readonly commitIndex: number;
  readonly handedIndex: number;
  readonly snapshotIndex: number;
  readonly lastIndex: number;
}

/** What a step may never undo, checked after every step; the cost does not depend on the log's length. */
export class Invariants {
  private before: Before;

  constructor(private readonly state: RaftState) {
    this.before = snapshot(state);
    this.check();
  }

  /** @throws InvariantViolation naming the rule and the values that break it */
  check(): void {
    const { before, state } = this;
    const now = snapshot(state);
    require(now.term >= before.term, `term went from ${before.term} to ${now.term}`);
    require(now.term > before.term ||
      before.votedFor === null ||
      now.votedFor === before.votedFor, `a second vote in term ${now.term}`);
    require(now.commitIndex >=
      before.commitIndex, `commit index went from ${before.commitIndex} to ${now.commitIndex}`);
    require(now.handedIndex >=
      before.handedIndex, `applied went from ${before.handedIndex} to ${now.handedIndex}`);
    require(now.commitIndex <=
      now.lastIndex, `commit ${now.commitIndex} beyond the log's end ${now.lastIndex}`);
    require(now.handedIndex <=
      now.commitIndex, `applied ${now.handedIndex} beyond commit ${now.commitIndex}`);
    require(now.snapshotIndex >=
      before.snapshotIndex, `snapshot went from ${before.snapshotIndex} to ${now.snapshotIndex}`);
    require(now.snapshotIndex <=
      now.handedIndex, `snapshot ${now.snapshotIndex} beyond applied ${now.handedIndex}`);
    require(state.log.firstIndex <=
      now.snapshotIndex +
        1, `the log begins at ${state.log.firstIndex}, the snapshot ends at ${now.snapshotIndex}`);
    require(state.log.stableIndex <= now.lastIndex, `stable ${state.log.stableIndex} beyond the log's end`);
    if (now.role === 'leader') this.checkLeader(now);
    this.before = now;
  }

  private checkLeader(now: Before): void {
    const { before, state } = this;
    require(now.votedFor === state.id, `leads term ${now.term} without its own vote`);
    require(before.role !== 'leader' || now.lastIndex >= before.lastIndex, 'a leader shortened its log');
    for (const [peer, progress] of state.progress) {
      require(progress.nextIndex >
        progress.matchIndex, `next ${progress.nextIndex} of server ${peer} is not above match`);
      require(progress.matchIndex <=
        now.lastIndex, `match ${progress.matchIndex} of server ${peer} beyond the log's end`);
    }
  }
}

function snapshot(state: RaftState): Before {
  const { term, votedFor, role, commitIndex, handedIndex } = state;
  const snapshotIndex = state.snapshot?.last.index ?? 0;
  return { term, votedFor, role, commitIndex, handedIndex, snapshotIndex, lastIndex: state.log.lastIndex };
}

function require(holds: boolean, rule: string): void {
  if (!holds) throw new InvariantViolation(rule);
}
