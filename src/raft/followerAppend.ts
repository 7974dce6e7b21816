import { meetAll, reconcile, refuse } from './identity.js';
import { heardFromLeader } from './roles.js';
import type { RaftState } from './state.js';
import type { AppendEntries, AppendEntriesResponse, ConflictHint, Entry } from './types.js';

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
    answer(state, request, { success: false, matchIndex: 0, conflict: state.log.conflictHint(prevLogIndex) });
    return;
  }
  storeNewEntries(state, entries);
  const matchIndex = prevLogIndex + entries.length;
  // Only what this append covered is known to be the leader's: beyond it the own log may still differ.
  state.commitIndex = Math.max(state.commitIndex, Math.min(request.leaderCommit, matchIndex));
  if (state.incoming !== null && state.incoming.last.index <= state.commitIndex)
    state.forgetPartialSnapshot();
  answer(state, request, { success: true, matchIndex, conflict: null });
}

/** A request of an outdated term is told the current one and nothing else. */
export function refuseOutdatedAppend(state: RaftState, request: AppendEntries): void {
  state.sendAfterPersist({
    ...response(state, request),
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
  if (first.index <= state.log.lastIndex) {
    state.log.truncateFrom(first.index, state.nextBatch);
    state.draft.truncateFrom = first.index;
  }
  const added = entries.slice(firstNew);
  state.log.append(added);
  state.draft.appended.push(...added);
}

function answer(
  state: RaftState,
  request: AppendEntries,
  outcome: { success: boolean; matchIndex: number; conflict: ConflictHint | null },
): void {
  state.sendAfterPersist({ ...response(state, request), ...outcome });
}

function response(
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
