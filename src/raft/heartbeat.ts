import type { Progress } from './progress.js';
import { heardFromLeader } from './roles.js';
import type { RaftState } from './state.js';
import type { Heartbeat, HeartbeatResponse, NodeId } from './types.js';

/**
 * Both ends of the heartbeat that leaves beside an append in flight. An append may take long: its entries are large, the link is
 * slow, or the follower's disk is. The leader must show that it lives meanwhile, and must see that the follower does.
 */
export function sendHeartbeat(state: RaftState, to: NodeId, progress: Progress): void {
  const { commitIndex, log } = state;
  state.send({
    type: 'heartbeat',
    from: state.id,
    to,
    term: state.term,
    commit: { term: log.termAt(commitIndex) ?? 0, index: commitIndex },
    hasQuorum: state.hasQuorum,
    sequence: progress.sentHeartbeat(),
    readRound: state.reads.round,
  });
}

/** The message's term is the current one. Its sender's last committed entry commits all that precedes it here. */
export function handleHeartbeat(state: RaftState, request: Heartbeat): void {
  heardFromLeader(state, request);
  state.noteLeaderCommit(request.term, request.commit.index);
  const { term, index } = request.commit;
  if (index > state.commitIndex && state.log.termAt(index) === term) state.commitIndex = index;
  answer(state, request);
}

/** A request of an outdated term is told the current one and nothing else. */
export function refuseOutdatedHeartbeat(state: RaftState, request: Heartbeat): void {
  answer(state, { ...request, readRound: 0 });
}

/** The follower lives, and knows this leader: that confirms reads, but no entry. */
export function handleHeartbeatResponse(state: RaftState, response: HeartbeatResponse): void {
  const progress = state.progress.get(response.from);
  if (progress === undefined) return;
  progress.answered(response.sequence);
  progress.echoed(response.readRound, state.reads.round);
  progress.knowsCommit(Math.min(response.commitIndex, progress.matchIndex, state.commitIndex));
}

/** Leaves at once, and so says nothing that a crash of this server could make untrue. */
function answer(state: RaftState, request: Heartbeat): void {
  state.send({
    type: 'heartbeatResponse',
    from: state.id,
    to: request.from,
    term: state.term,
    commitIndex: Math.min(state.commitIndex, state.log.stableIndex),
    sequence: request.sequence,
    readRound: request.readRound,
  });
}
