import { becomeCandidate, becomeFollower, becomeLeader, becomePreCandidate } from './roles.js';
import type { RaftState } from './state.js';
import type { CampaignCause, VoteRefusal } from './trace.js';
import type { NodeId, PreVote, PreVoteResponse, RequestVote, RequestVoteResponse } from './types.js';

/** Asks for pre-votes; the only server of a cluster becomes a candidate directly. */
export function campaign(state: RaftState, cause: CampaignCause): void {
  const isTurn = state.isHurried;
  state.trace({
    kind: 'campaign',
    term: state.term,
    cause: isTurn && cause === 'electionTimeout' ? 'leaderLost' : cause,
    silentTicks: state.leaderHeardAt === null ? null : state.ticksSinceStart - state.leaderHeardAt,
  });
  becomePreCandidate(state);
  state.isTurn = isTurn;
  if (state.config.paperElections === true) {
    startElection(state);
    return;
  }
  if (state.preVotes.size >= state.majority) {
    startElection(state);
    return;
  }
  for (const to of state.peers) {
    state.send({ type: 'preVote', from: state.id, to, term: state.term + 1, ...lastEntry(state) });
  }
}

/**
 * Whether this server must not help to replace the leader: it leads, or it heard from a leader recently (section 6).
 * Without this rule, a server that comes back could depose a leader that holds blocked calls. Messages of a leader that
 * has lost its majority do not count: its followers may vote with the servers that it cannot reach.
 */
export function isSticky(state: RaftState): boolean {
  if (state.config.paperElections === true) return false;
  return state.role === 'leader' || state.leaderContactTicks < state.config.stickyTicks;
}

/**
 * The network suggests that the leader's process is gone. This server no longer protects it, and shortens its own
 * election timeout. Servers campaign in turns, in cyclic order of ids from the leader on, so that usually one of them
 * has won before the turn of the next. False evidence costs no more than an election, as a false timeout does.
 */
export function leaderLost(state: RaftState, leader: NodeId): void {
  if (state.role !== 'follower' || state.leader !== leader) return;
  if (state.config.paperElections === true) return;
  const { id, config, peers } = state;
  state.trace({ kind: 'leaderLost', term: state.term, leader });
  state.leaderContactTicks = Number.POSITIVE_INFINITY;
  const turn = [id, ...peers].filter((server) => isBetween(leader, server, id)).length;
  state.hurryElection(turn * config.turnTicks);
}

/** Whether `server` comes after `first` and not after `last` in the cyclic order of ids. */
function isBetween(first: NodeId, server: NodeId, last: NodeId): boolean {
  if (server === first) return false;
  return first < last ? server > first && server <= last : server > first || server <= last;
}

/** Whether this server started so recently that it may have voted, and forgotten the vote, before its restart. */
export function mayHaveForgottenVote(state: RaftState): boolean {
  return state.ticksSinceStart < state.config.voteDelayTicks;
}

/**
 * A pre-vote is not binding: no vote is recorded and no term adopted. It only affects servers that take turns after the
 * loss of a leader: one that waits for its turn waits a little longer, and of two whose turns overlap the one with the
 * higher id yields, since they would split the votes. A server whose vote is being written to a slow disk refuses: a
 * higher term would waste that vote, and the same would happen to the next one.
 */
export function handlePreVote(state: RaftState, request: PreVote): void {
  const refusal = whyNoPreVote(state, request);
  const granted = refusal === null;
  traceBallot(state, request, refusal);
  // It asks again when its election timeout passes, as it would have without an answer.
  if (granted && state.isTurn && request.from < state.id) becomeFollower(state, state.term, null);
  else if (granted) state.yieldTurn();
  state.send({
    type: 'preVoteResponse',
    from: state.id,
    to: request.from,
    term: granted ? request.term : state.term,
    granted,
  });
}

function whyNoPreVote(state: RaftState, request: PreVote): VoteRefusal | null {
  if (request.term <= state.term) return 'olderTerm';
  if (isSticky(state)) return 'leaderAlive';
  if (!state.isVoter) return 'learner';
  if (state.isVoting) return 'voteBeingWritten';
  return whyNoBallot(state, request);
}

/** The reasons that hold for votes and pre-votes alike. */
function whyNoBallot(state: RaftState, request: PreVote | RequestVote): VoteRefusal | null {
  if (mayHaveForgottenVote(state)) return 'startedRecently';
  return state.log.isUpToDate(request.lastLogTerm, request.lastLogIndex) ? null : 'olderLog';
}

function traceBallot(
  state: RaftState,
  { type, from: candidate, term }: PreVote | RequestVote,
  refusal: VoteRefusal | null,
): void {
  const ballot = type === 'requestVote' ? 'vote' : 'preVote';
  state.trace({ kind: 'ballot', ballot, term, candidate, refusal });
}

/** A refusal of a higher term has been adopted before this is called, and has ended the pre-candidacy. */
export function handlePreVoteResponse(state: RaftState, response: PreVoteResponse): void {
  if (state.role !== 'preCandidate' || !response.granted || response.term !== state.term + 1) return;
  state.preVotes.add(response.from);
  if (state.preVotes.size >= state.majority) startElection(state);
}

/** Figure 2, RequestVote RPC, receiver: at most one vote per term, only for a log at least as up-to-date. */
export function handleRequestVote(state: RaftState, request: RequestVote): void {
  const refusal = whyNoVote(state, request);
  if (refusal === null) {
    if (state.votedFor === null) state.setHardState(state.term, request.from);
    state.resetElectionTimer();
  }
  answerVote(state, request, refusal);
}

function whyNoVote(state: RaftState, request: RequestVote): VoteRefusal | null {
  if (request.term !== state.term) return 'olderTerm';
  if (isSticky(state)) return 'leaderAlive';
  if (!state.isVoter) return 'learner';
  if (state.votedFor !== null && state.votedFor !== request.from) return 'votedForOther';
  return whyNoBallot(state, request);
}

/** The answer leaves only when the vote is durable (figure 2, "updated on stable storage before responding"). */
export function answerVote(state: RaftState, request: RequestVote, refusal: VoteRefusal | null): void {
  traceBallot(state, request, refusal);
  const { id: from, term } = state;
  state.sendAfterPersist({
    type: 'requestVoteResponse',
    from,
    to: request.from,
    term,
    granted: refusal === null,
  });
}

/**
 * Section 5.2: votes of a majority of all servers in one term make a leader. A vote that comes late in its term counts,
 * also when the candidate has meanwhile begun to ask for the next one.
 */
export function handleRequestVoteResponse(state: RaftState, response: RequestVoteResponse): void {
  if (!isStanding(state) || !response.granted || response.term !== state.term) return;
  state.votes.add(response.from);
  if (hasWon(state)) win(state);
}

/** A batch is durable: if it holds the vote of a candidate for itself, that vote counts from now on. */
export function handlePersistedVote(state: RaftState, batch: number): void {
  state.persisted(batch);
  if (!isStanding(state) || state.isVoting) return;
  state.votes.add(state.id);
  if (hasWon(state)) win(state);
}

/** Whether this server stands for election in the current term, though it may be asking for the next one already. */
function isStanding({ role, votedFor, id, voteBatch }: RaftState): boolean {
  return (role === 'candidate' || role === 'preCandidate') && votedFor === id && voteBatch > 0;
}

/**
 * The requests leave at once, while the candidate's own vote is written: on slow disks both syncs take place at the
 * same time. Without its own durable vote it never leads: a server that forgot it could lead the same term again after
 * a restart.
 */
function startElection(state: RaftState): void {
  becomeCandidate(state);
  for (const to of state.peers) requestVote(state, to);
}

function requestVote(state: RaftState, to: NodeId): void {
  state.send({ type: 'requestVote', from: state.id, to, term: state.term, ...lastEntry(state) });
}

/** The request for a vote, or its answer, was lost: it is sent again with the next heartbeat time (section 5.1). */
export function voteUnanswered(state: RaftState, peer: NodeId): void {
  if (isStanding(state)) state.votesUnanswered.add(peer);
}

/**
 * Asks those again whose answer was lost. A vote waits for the voter's disk, so that a connection which breaks
 * meanwhile takes the answer with it; without this, every broken connection would cost a term on slow disks.
 *
 * @returns whether anybody was asked
 */
export function tickCandidate(state: RaftState): boolean {
  if (!isStanding(state) || state.votesUnanswered.size === 0) return false;
  state.heartbeatElapsed += 1;
  if (state.heartbeatElapsed < state.config.heartbeatTicks) return false;
  state.heartbeatElapsed = 0;
  state.trace({ kind: 'votesAskedAgain', term: state.term, peers: [...state.votesUnanswered] });
  for (const to of state.votesUnanswered) requestVote(state, to);
  state.votesUnanswered.clear();
  return true;
}

function win(state: RaftState): void {
  state.trace({ kind: 'elected', term: state.term, votes: [...state.votes].sort((a, b) => a - b) });
  becomeLeader(state);
}

function hasWon(state: RaftState): boolean {
  return state.votes.has(state.id) && state.votes.size >= state.majority;
}

function lastEntry(state: RaftState): { lastLogIndex: number; lastLogTerm: number } {
  return { lastLogIndex: state.log.lastIndex, lastLogTerm: state.log.lastTerm };
}
