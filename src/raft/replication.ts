import { sendSnapshotChunk } from './snapshot.js';
import { entryBytes } from './log.js';
import type { RequestNumber } from './output.js';
import type { Progress } from './progress.js';
import { majorityReached } from './config.js';
import { admitLearners, meetAll, reconcile, refuse } from './identity.js';
import { appendAsLeader, heardFromLeader } from './roles.js';
import type { RaftState } from './state.js';
import type {
  AppendEntries,
  AppendEntriesResponse,
  ConflictHint,
  Entry,
  Heartbeat,
  HeartbeatResponse,
  NodeId,
} from './types.js';

/** Until a follower's log is known to agree, an append carries this many entries: probes should be cheap. */
const PROBE_ENTRIES_MAX = 1;

/** Section 5.3: the leader appends the command to its log; replication follows when the step ends. */
export function propose(state: RaftState, request: RequestNumber, command: string): void {
  if (state.role !== 'leader') {
    state.draft.dropped.push({ request, reason: 'notLeader', leader: state.leader });
    return;
  }
  if (state.uncommittedBytes + command.length > state.config.uncommittedBytesMax) {
    state.draft.dropped.push({ request, reason: 'overloaded', leader: state.leader });
    return;
  }
  const { term, index } = appendAsLeader(state, 'command', command);
  state.draft.accepted.push({ request, entry: { term, index } });
}

/** Section 8: a read waits for a round with a majority, and for the entry that opened this leader's term. */
export function read(state: RaftState, request: RequestNumber): void {
  if (state.role !== 'leader') {
    state.draft.dropped.push({ request, reason: 'notLeader', leader: state.leader });
    return;
  }
  state.reads.add(request, Math.max(state.commitIndex, state.termStartIndex));
}

/** An answer to an append of this term. What could not have been sent by a follower of ours is ignored. */
export function handleAppendEntriesResponse(state: RaftState, response: AppendEntriesResponse): void {
  const progress = state.progress.get(response.from);
  if (progress === undefined) return;
  const inFlight = progress.answered(response.sequence);
  progress.echoed(response.readRound, state.reads.round);
  if (response.success) {
    reconcile(state, response.from);
    handleMatch(state, progress, response, inFlight?.lastIndex ?? 0);
  } else if (response.conflict !== null && inFlight !== null) {
    // The beginning of the log conflicts with nothing: whoever says so is left alone until the next heartbeat.
    if (progress.nextIndex === 1) progress.unreachable();
    else {
      progress.rejected(nextProbe(state, progress, response.conflict));
      const { nextIndex } = progress;
      state.trace({ kind: 'probe', term: state.term, peer: response.from, nextIndex });
    }
  }
}

/** A follower cannot have more than the leader, nor less than it has just accepted: then it talks nonsense. */
function handleMatch(
  state: RaftState,
  progress: Progress,
  { matchIndex, commitIndex }: AppendEntriesResponse,
  leastMatch: number,
): void {
  if (matchIndex > state.log.lastIndex || matchIndex < leastMatch) {
    progress.unreachable();
    return;
  }
  progress.matched(matchIndex);
  progress.knowsCommit(Math.min(commitIndex, state.commitIndex, matchIndex));
}

/** After each step of a leader: everything that may have become true. */
export function advance(state: RaftState): void {
  advanceCommit(state);
  admitLearners(state);
  sendAppends(state);
  advanceAcknowledged(state);
  releaseReads(state);
}

/** With the hint of a rejection, at most one probe per term that differs (end of section 5.3). */
function nextProbe(state: RaftState, progress: Progress, hint: { term: number; index: number }): number {
  const rejected = progress.nextIndex - 1;
  const sameTerm = state.log.lastIndexOfTermAtMost(hint.term, rejected);
  const next = hint.term > 0 && state.log.termAt(sameTerm) === hint.term ? sameTerm + 1 : hint.index;
  return Math.max(1, Math.min(next, rejected));
}

/**
 * Section 5.4.2: the majority is counted only for an entry of the current term; earlier ones become
 * committed with it. The leader counts itself only up to what is durable.
 */
function advanceCommit(state: RaftState): void {
  if (state.commitIndex === state.log.lastIndex) return;
  const matched = [state.log.stableIndex];
  for (const { isVoter, matchIndex } of state.progress.values()) matched.push(isVoter ? matchIndex : 0);
  const index = majorityReached(matched);
  if (index <= state.commitIndex || state.log.termAt(index) !== state.term) return;
  for (const entry of state.log.slice(state.commitIndex + 1, index))
    state.uncommittedBytes -= entryBytes(entry);
  state.commitTo(index);
}

/** The highest index whose commit a majority knows: when `updatefile` replies by the assignment's rule. */
function advanceAcknowledged(state: RaftState): void {
  if (state.acknowledged === state.commitIndex) return;
  const known = [state.commitIndex];
  for (const { isVoter, commitIndex } of state.progress.values()) known.push(isVoter ? commitIndex : 0);
  const index = majorityReached(known);
  if (index <= state.acknowledged) return;
  state.acknowledged = index;
  state.draft.acknowledged = index;
}

function releaseReads(state: RaftState): void {
  if (!state.reads.isWaiting) return;
  const echoed = [state.reads.round];
  for (const { isVoter, ackedRound } of state.progress.values()) echoed.push(isVoter ? ackedRound : 0);
  state.draft.readable.push(...state.reads.takeReady(majorityReached(echoed), state.commitIndex));
}

function sendAppends(state: RaftState): void {
  for (const [peer, progress] of state.progress) {
    if (progress.isReady && hasNews(state, progress)) sendAppend(state, peer, progress);
  }
}

/** A snapshot, entries, a commit index the follower could use, or a read that waits for its word. */
function hasNews(state: RaftState, progress: Progress): boolean {
  return (
    progress.transfer !== null ||
    progress.nextIndex <= state.log.lastIndex ||
    progress.sentCommit < Math.min(state.commitIndex, progress.matchIndex) ||
    (state.reads.isWaiting && progress.sentRound < state.reads.round)
  );
}

/** What a leader knows of all servers goes along where there is room: another one may need it when this one is gone. */
function knownOfAll(
  state: RaftState,
  progress: Progress,
  entries: readonly Entry[],
): Pick<AppendEntries, 'acknowledgements' | 'lives'> {
  if (state.identity === null || entries.length > 0) return {};
  const { met: lives } = state.identity;
  const own = Math.min(state.log.stableIndex, state.commitIndex);
  return {
    acknowledgements: state.config.servers.map((id) => (id === state.id ? own : state.acknowledgedBy(id))),
    ...(progress.tells(lives) ? { lives } : {}),
  };
}

/** Sends the follower what it needs next: entries, none, or a chunk of the snapshot. */
export function sendAppend(state: RaftState, to: NodeId, progress: Progress): void {
  const { log, config } = state;
  const prevLogIndex = progress.nextIndex - 1;
  const prevLogTerm = log.termAt(prevLogIndex);
  if (progress.transfer !== null || prevLogTerm === undefined) {
    sendSnapshotChunk(state, to, progress);
    return;
  }
  const entriesMax = progress.isProbing ? PROBE_ENTRIES_MAX : config.appendEntriesMax;
  const entries = log.batch(progress.nextIndex, entriesMax, config.appendBytesMax);
  const known = knownOfAll(state, progress, entries);
  const sequence = progress.sent(prevLogIndex + entries.length, state.commitIndex, state.reads.round);
  state.send({
    type: 'appendEntries',
    from: state.id,
    to,
    term: state.term,
    prevLogIndex,
    prevLogTerm,
    entries,
    leaderCommit: state.commitIndex,
    hasQuorum: state.hasQuorum,
    ...known,
    sequence,
    readRound: state.reads.round,
  });
}

/** Figure 2, AppendEntries RPC, receiver. The message's term is the current one: others were sorted out before. */
export function handleAppendEntries(state: RaftState, request: AppendEntries): void {
  if (contradictsCommitted(state, request)) {
    refuse(state, request, 'history');
    return;
  }
  reconcile(state, request.from);
  heardFromLeader(state, request);
  state.noteLeaderCommit(request.term, request.leaderCommit);
  noteAcknowledgements(state, request);
  if (request.lives !== undefined) meetAll(state, request.lives);
  const { prevLogIndex, prevLogTerm, entries } = dropCommitted(state, request);
  if (state.log.termAt(prevLogIndex) !== prevLogTerm) {
    const previous = { term: prevLogTerm, index: prevLogIndex };
    const { term, log } = state;
    state.trace({ kind: 'appendRejected', term, leader: request.from, previous, lastIndex: log.lastIndex });
    answerAppend(state, request, {
      success: false,
      matchIndex: 0,
      conflict: state.log.conflictHint(prevLogIndex),
    });
    return;
  }
  storeNewEntries(state, entries);
  const matchIndex = prevLogIndex + entries.length;
  // Only what this append covered is known to be the leader's: beyond it the own log may still differ.
  state.commitTo(Math.min(request.leaderCommit, matchIndex));
  if (state.incoming !== null && state.incoming.last.index <= state.commitIndex)
    state.forgetPartialSnapshot();
  answerAppend(state, request, { success: true, matchIndex, conflict: null });
}

/** A request of an outdated term is told the current one and nothing else. */
export function refuseOutdatedAppend(state: RaftState, request: AppendEntries): void {
  state.sendAfterPersist({
    ...appendResponse(state, request),
    success: false,
    matchIndex: 0,
    conflict: null,
    readRound: 0,
  });
}

/**
 * What is committed here is in every later leader's log (Leader Completeness), so an append that starts
 * below the commit index is read as one that starts at it.
 */
function dropCommitted(
  state: RaftState,
  request: AppendEntries,
): { prevLogIndex: number; prevLogTerm: number; entries: readonly Entry[] } {
  const committed = state.commitIndex - request.prevLogIndex;
  if (committed <= 0) return request;
  return {
    prevLogIndex: state.commitIndex,
    prevLogTerm: state.log.termAt(state.commitIndex) ?? 0,
    entries: request.entries.slice(committed),
  };
}

/**
 * Every leader's log holds all that is committed (Leader Completeness). One whose log has another entry in the place of a
 * committed one leads a history of its own: a majority of its servers has lost its directories.
 */
function contradictsCommitted(
  state: RaftState,
  { prevLogIndex, prevLogTerm, entries }: AppendEntries,
): boolean {
  const isOther = (index: number, term: number): boolean => {
    if (index > state.commitIndex) return false;
    const own = state.log.termAt(index);
    return own !== undefined && own !== term;
  };
  return isOther(prevLogIndex, prevLogTerm) || entries.some(({ index, term }) => isOther(index, term));
}

function noteAcknowledgements(state: RaftState, { acknowledgements }: AppendEntries): void {
  acknowledgements?.forEach((index, position) => {
    const server = state.config.servers[position];
    if (server === undefined || server === state.id) return;
    state.acknowledgements.set(server, Math.max(state.acknowledgements.get(server) ?? 0, index));
  });
}

/** Figure 2, steps 3 and 4: truncate only at a real conflict; a delayed append must not erase what followed it. */
function storeNewEntries(state: RaftState, entries: readonly Entry[]): void {
  const firstNew = entries.findIndex((entry) => state.log.termAt(entry.index) !== entry.term);
  const first = entries[firstNew];
  if (first === undefined) return;
  const { lastIndex } = state.log;
  if (first.index <= lastIndex) {
    state.trace({ kind: 'truncated', term: state.term, from: first.index, lastIndex });
    state.log.truncateFrom(first.index, state.nextBatch);
    state.draft.truncateFrom = first.index;
  }
  const added = entries.slice(firstNew);
  state.log.append(added);
  state.draft.appended.push(...added);
}

function answerAppend(
  state: RaftState,
  request: AppendEntries,
  outcome: { success: boolean; matchIndex: number; conflict: ConflictHint | null },
): void {
  state.sendAfterPersist({ ...appendResponse(state, request), ...outcome });
}

function appendResponse(
  state: RaftState,
  request: AppendEntries,
): Omit<AppendEntriesResponse, 'success' | 'matchIndex' | 'conflict'> {
  return {
    type: 'appendEntriesResponse',
    from: state.id,
    to: request.from,
    term: state.term,
    commitIndex: state.commitIndex,
    sequence: request.sequence,
    readRound: request.readRound,
  };
}

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
  state.commitToEntry(request.commit);
  answerHeartbeat(state, request);
}

/** A request of an outdated term is told the current one and nothing else. */
export function refuseOutdatedHeartbeat(state: RaftState, request: Heartbeat): void {
  answerHeartbeat(state, { ...request, readRound: 0 });
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
function answerHeartbeat(state: RaftState, request: Heartbeat): void {
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
