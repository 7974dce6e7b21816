import { heardFromLeader } from './roles.js';
import type { RaftState } from './state.js';
import type { EntryId, InstallSnapshot, InstallSnapshotResponse, NodeId, Snapshot } from './types.js';

/**
 * A leader's snapshot, as far as it has arrived. Only chunks of the same leadership and the same snapshot are put together:
 * another server may have cut the same content elsewhere.
 */
export interface IncomingSnapshot {
  readonly from: NodeId;
  readonly term: number;
  readonly last: EntryId;
  readonly chunkCount: number;
  readonly chunks: string[];
}

/** Figure 13, InstallSnapshot RPC, receiver. The message's term is the current one. */
export function handleInstallSnapshot(state: RaftState, request: InstallSnapshot): void {
  heardFromLeader(state, request);
  const { last, chunkCount } = request;
  state.noteLeaderCommit(request.term, last.index);
  commitUpTo(state, last);
  if (last.index <= state.commitIndex) {
    state.forgetPartialSnapshot();
    answer(state, request, { matchIndex: last.index, nextChunk: chunkCount });
    return;
  }
  // One installation at a time: the leader hears "all is there" and asks again at its next heartbeat.
  if (isComplete(state.incoming)) {
    answer(state, request, { matchIndex: 0, nextChunk: chunkCount });
    return;
  }
  const incoming = continues(state.incoming, request) ? state.incoming : begin(request);
  state.incoming = incoming;
  // A duplicate, or one that comes too early, changes nothing.
  if (request.chunk === incoming.chunks.length && request.chunk < chunkCount)
    incoming.chunks.push(request.data);
  if (isComplete(incoming)) state.draft.received = { last, chunks: [...incoming.chunks] };
  answer(state, request, { matchIndex: 0, nextChunk: incoming.chunks.length });
}

/** A request of an outdated term is told the current one and nothing else. */
export function refuseOutdatedSnapshot(state: RaftState, request: InstallSnapshot): void {
  answer(state, { ...request, readRound: 0 }, { matchIndex: 0, nextChunk: 0 });
}

/** What was received is ready: unless the log has got there meanwhile, everything it covers is replaced by it. */
export function installReceived(state: RaftState, snapshot: Snapshot): void {
  const { last } = snapshot;
  commitUpTo(state, last);
  if (last.index <= state.commitIndex) return;
  state.snapshot = snapshot;
  state.commitIndex = last.index;
  state.handedIndex = last.index;
  if (state.log.lastIndex >= state.log.firstIndex) state.draft.truncateFrom = state.log.firstIndex;
  state.log.resetTo(last, state.nextBatch);
  state.draft.snapshot = last;
  state.draft.compactTo = last;
  state.draft.installed = snapshot;
}

/** Whether this is the snapshot that the driver was given to make ready; if so, the next one may be received. */
export function takeReceived(state: RaftState, { last }: Snapshot): boolean {
  const { incoming } = state;
  const isIt = isComplete(incoming) && incoming.last.index === last.index && incoming.last.term === last.term;
  if (isIt) state.incoming = null;
  return isIt;
}

/** The last entry of a leader's snapshot is committed. Where the own log has it, it has all before it too (Log Matching). */
function commitUpTo(state: RaftState, { term, index }: EntryId): void {
  if (index > state.commitIndex && state.log.termAt(index) === term) state.commitIndex = index;
}

function begin({ from, term, last, chunkCount }: InstallSnapshot): IncomingSnapshot {
  return { from, term, last, chunkCount, chunks: [] };
}

function continues(
  incoming: IncomingSnapshot | null,
  { from, term, last, chunkCount }: InstallSnapshot,
): incoming is IncomingSnapshot {
  return (
    incoming?.from === from &&
    incoming.term === term &&
    incoming.last.index === last.index &&
    incoming.last.term === last.term &&
    incoming.chunkCount === chunkCount
  );
}

function isComplete(incoming: IncomingSnapshot | null): incoming is IncomingSnapshot {
  return incoming !== null && incoming.chunks.length === incoming.chunkCount;
}

/** An answer that vouches for entries waits until they are durable; one that only asks for the next chunk need not. */
function answer(
  state: RaftState,
  request: InstallSnapshot,
  outcome: { readonly matchIndex: number; readonly nextChunk: number },
): void {
  const response: InstallSnapshotResponse = {
    type: 'installSnapshotResponse',
    from: state.id,
    to: request.from,
    term: state.term,
    commitIndex: state.commitIndex,
    sequence: request.sequence,
    readRound: request.readRound,
    ...outcome,
  };
  if (outcome.matchIndex > 0) state.sendAfterPersist(response);
  else state.send(response);
}
