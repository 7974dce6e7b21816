import { entryBytes } from './log.js';
import { Progress } from './progress.js';
import { ReadIndex } from './readIndex.js';
import type { RaftState } from './state.js';
import type { Entry, NodeId } from './types.js';

/**
 * The only changes of role. A higher term is always adopted through `becomeFollower`; a vote of the old
 * term does not bind in the new one.
 */
export function becomeFollower(state: RaftState, term: number, leader: NodeId | null): void {
  const unchanged = state.role === 'follower' && state.term === term && state.leader === leader;
  if (unchanged) return;
  if (term > state.term) state.setHardState(term, null);
  if (state.role === 'leader') state.resetElectionTimer();
  leaveRole(state, leader);
  state.role = 'follower';
  state.noteRole();
}

/** A message of the current term's leader has come, be it an append or a chunk of a snapshot (section 5.2). */
export function heardFromLeader(state: RaftState, { term, from }: { term: number; from: NodeId }): void {
  becomeFollower(state, term, from);
  state.leaderContactTicks = 0;
  state.resetElectionTimer();
}

/** Asks around before raising the term, so that a server that cannot win disturbs nobody (dissertation, section 9.6). */
export function becomePreCandidate(state: RaftState): void {
  leaveRole(state, null);
  state.role = 'preCandidate';
  state.votes.add(state.id);
  state.resetElectionTimer();
  state.noteRole();
}

/** Section 5.2: raise the term, vote for oneself, restart the election timer. */
export function becomeCandidate(state: RaftState): void {
  leaveRole(state, null);
  state.setHardState(state.term + 1, state.id);
  state.voteBatch = state.nextBatch;
  state.role = 'candidate';
  state.votes.add(state.id);
  state.resetElectionTimer();
  state.noteRole();
}

/**
 * Section 5.3: next index starts just after the own log. The new leader appends a no-op, through which all
 * earlier entries become committed and its commit index becomes trustworthy for reads (section 8).
 */
export function becomeLeader(state: RaftState): void {
  leaveRole(state, state.id);
  state.role = 'leader';
  state.forgetPartialSnapshot();
  for (const peer of state.peers) state.progress.set(peer, new Progress(state.log.lastIndex + 1));
  state.heartbeatElapsed = 0;
  state.quorumElapsed = 0;
  state.acknowledged = 0;
  state.uncommittedBytes = 0;
  for (const entry of state.log.slice(state.commitIndex + 1, state.log.lastIndex)) {
    state.uncommittedBytes += entryBytes(entry);
  }
  state.noteRole();
  state.termStartIndex = appendAsLeader(state, 'noop', '').index;
}

/** Leader append-only (figure 3): a leader adds one entry of its own term at the end. */
export function appendAsLeader(state: RaftState, kind: Entry['kind'], command: string): Entry {
  const entry: Entry = { term: state.term, index: state.log.lastIndex + 1, kind, command };
  state.log.append([entry]);
  state.draft.appended.push(entry);
  state.uncommittedBytes += entryBytes(entry);
  return entry;
}

/** Whatever a role leaves behind ends with it: votes, progress, and the reads that waited on a leadership. */
function leaveRole(state: RaftState, leader: NodeId | null): void {
  state.leader = leader;
  state.votes.clear();
  state.progress.clear();
  for (const request of state.reads.takeAll()) {
    state.draft.dropped.push({ request, reason: 'notLeader', leader });
  }
  state.reads = new ReadIndex();
}
