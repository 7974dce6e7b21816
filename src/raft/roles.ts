import { writeFounding } from './founding.js';
import { entryBytes } from './log.js';
import { Progress } from './progress.js';
import { ReadIndex } from './readIndex.js';
import type { RaftState } from './state.js';
import { InvariantViolation, type Entry, type NodeId, type Role } from './types.js';

/**
 * The only changes of role. A higher term is always adopted through `becomeFollower`; a vote of the old
 * term does not bind in the new one.
 */
export function becomeFollower(state: RaftState, term: number, leader: NodeId | null): void {
  const unchanged = state.role === 'follower' && state.term === term && state.leader === leader;
  if (unchanged) return;
  if (term > state.term) state.setHardState(term, null);
  if (state.role === 'leader') state.resetElectionTimer();
  reset(state, leader);
  // The term has a leader: votes of this term cannot elect another one.
  if (leader !== null) state.forgetVotes();
  state.role = 'follower';
  state.noteRole();
}

/**
 * A message of the current term's leader has come: an append, a heartbeat or a chunk of a snapshot (section 5.2). One
 * that has lost its majority is followed, so that its clients may keep waiting, but it is not protected from an
 * election: the timer keeps running, and a campaign that has begun continues. Otherwise a leader that reaches only a
 * few servers would keep them from electing another one together with the servers that it cannot reach.
 */
export function heardFromLeader(
  state: RaftState,
  { term, from, ...message }: { term: number; from: NodeId; hasQuorum: boolean },
): void {
  // The paper knows no difference.
  const hasQuorum = message.hasQuorum || state.config.paperElections === true;
  if (!hasQuorum && state.role === 'preCandidate') return;
  becomeFollower(state, term, from);
  if (!hasQuorum) return;
  state.leaderContactTicks = 0;
  state.leaderHeardAt = state.ticksSinceStart;
  state.resetElectionTimer();
}

/**
 * Asks around before raising the term, so that a server that cannot win does not disrupt the cluster (dissertation,
 * section 9.6).
 */
export function becomePreCandidate(state: RaftState): void {
  requireRole(state, 'preCandidate', ['follower', 'preCandidate', 'candidate']);
  reset(state, null);
  state.role = 'preCandidate';
  state.preVotes.add(state.id);
  state.resetElectionTimer();
  state.noteRole();
}

/**
 * Section 5.2: raise the term, vote for oneself, restart the election timer. Its own vote counts once it is durable.
 */
export function becomeCandidate(state: RaftState): void {
  requireRole(state, 'candidate', ['preCandidate']);
  reset(state, null);
  state.setHardState(state.term + 1, state.id);
  state.role = 'candidate';
  state.heartbeatElapsed = 0;
  state.resetElectionTimer();
  state.noteRole();
}

/**
 * Section 5.3: `nextIndex` starts just after the leader's log. The new leader appends a no-op, through which all
 * earlier entries become committed and its commit index becomes trustworthy for reads (section 8).
 */
export function becomeLeader(state: RaftState): void {
  // A vote may come so late that its candidate asks for the next term already.
  requireRole(state, 'leader', ['candidate', 'preCandidate']);
  reset(state, state.id);
  state.role = 'leader';
  state.forgetPartialSnapshot();
  for (const peer of state.peers) state.progress.set(peer, new Progress(state.log.lastIndex + 1));
  state.heartbeatElapsed = 0;
  state.hadQuorum = true;
  for (const entry of state.log.slice(state.commitIndex + 1, state.log.lastIndex)) {
    state.uncommittedBytes += entryBytes(entry);
  }
  state.noteRole();
  const [kind, command] = openingOf(state);
  state.termStartIndex = appendAsLeader(state, kind, command).index;
}

/**
 * A leader of founders whose log does not name their cluster yet gives it an id, or the one that its directory got when
 * it was recovered; any other opens its term with a no-op.
 */
function openingOf(state: RaftState): ['noop' | 'cluster', string] {
  const { identity } = state;
  if (identity?.standing !== 'founder' || state.foundingId !== null) return ['noop', ''];
  return ['cluster', writeFounding(state.id, identity, identity.cluster ?? state.drawId())];
}

/** Leader append-only (figure 3): a leader adds one entry of its own term at the end. */
export function appendAsLeader(state: RaftState, kind: Entry['kind'], command: string): Entry {
  const entry: Entry = { term: state.term, index: state.log.lastIndex + 1, kind, command };
  state.log.append([entry]);
  state.draft.appended.push(entry);
  state.uncommittedBytes += entryBytes(entry);
  return entry;
}

/**
 * Every change of role begins here: the volatile state of the role before is discarded, pre-votes, followers' progress,
 * what a leader had acknowledged, and reads that waited for confirmation. Votes stay: they belong to the term.
 */
function reset(state: RaftState, leader: NodeId | null): void {
  state.leader = leader;
  state.preVotes.clear();
  state.isTurn = false;
  state.progress.clear();
  state.admissions.clear();
  state.termStartIndex = 0;
  state.acknowledged = 0;
  state.uncommittedBytes = 0;
  for (const request of state.reads.takeAll()) {
    state.draft.dropped.push({ request, reason: 'notLeader', leader });
  }
  state.reads = new ReadIndex();
}

/** @throws InvariantViolation for a change of role that neither figure 4 nor the pre-vote extension allows */
function requireRole({ role, term }: RaftState, next: Role, from: readonly Role[]): void {
  if (!from.includes(role)) throw new InvariantViolation(`a ${role} became ${next} in term ${term}`);
}
