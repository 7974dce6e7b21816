import { entryBytes } from './log.js';
import type { Progress } from './progress.js';
import { heardFromLeader } from './roles.js';
import type { IncomingSnapshot, RaftState } from './state.js';
import type { InstallSnapshot, InstallSnapshotResponse, NodeId, Snapshot } from './types.js';

/** Section 7: a durable snapshot takes the place of the log behind it; a tail stays for followers that are a little slow. */
export function snapshotStaged(state: RaftState, snapshot: Snapshot): void {
  const { index } = snapshot.last;
  const wasReceived = takeReceived(state, snapshot);
  if (index <= (state.snapshot?.last.index ?? 0)) return;
  if (index <= state.handedIndex) adoptOwn(state, snapshot);
  // A leader has all that is committed in its log, and gets there by itself.
  else if (wasReceived && state.role !== 'leader') installReceived(state, snapshot);
}

function adoptOwn(state: RaftState, snapshot: Snapshot): void {
  state.snapshot = snapshot;
  state.draft.snapshot = snapshot.last;
  const index = Math.min(tailStart(state, snapshot.last.index), ...neededByTransfers(state));
  const term = state.log.termAt(index);
  if (index < state.log.firstIndex || term === undefined) return;
  state.draft.compactTo = { term, index };
  state.log.compactTo(index);
}

/** The entry before the tail that is kept behind `last`. */
function tailStart({ config, log }: RaftState, last: number): number {
  let index = last;
  let bytes = 0;
  while (index >= log.firstIndex && last - index < config.tailEntriesMax) {
    const entry = log.entryAt(index);
    bytes += entry === undefined ? 0 : entryBytes(entry);
    if (bytes > config.tailBytesMax) break;
    index -= 1;
  }
  return index;
}

/** A follower that is being sent a snapshot needs the log from there on; one that has fallen silent is not waited for. */
function neededByTransfers({ progress, config, log }: RaftState): number[] {
  return [...progress.values()].flatMap(({ transfer, contactTicks }) => {
    if (transfer === null || (contactTicks ?? Infinity) >= config.silentTicksMax) return [];
    const { index } = transfer.snapshot.last;
    // What is gone already cannot be kept for it.
    return index >= log.firstIndex - 1 ? [index] : [];
  });
}

/**
 * Section 7: a follower whose next entry is compacted away gets the snapshot instead, one chunk at a time. A transfer keeps
 * to the snapshot that it began with, also when a newer one has been taken since, as long as the log goes on from there.
 */
export function sendSnapshotChunk(state: RaftState, to: NodeId, progress: Progress): void {
  const transfer = usable(state, progress.transfer) ?? beginTransfer(state, to, progress);
  if (transfer === null) return;
  const { snapshot, nextChunk } = transfer;
  const sequence = progress.sentChunk(state.reads.round);
  state.send({
    type: 'installSnapshot',
    from: state.id,
    to,
    term: state.term,
    last: snapshot.last,
    chunk: nextChunk,
    chunkCount: snapshot.chunks.length,
    data: snapshot.chunks.at(nextChunk) ?? '',
    hasQuorum: state.hasQuorum,
    sequence,
    readRound: state.reads.round,
  });
}

/** What could not have been said by a follower of ours pauses the transfer until the next heartbeat. */
export function handleInstallSnapshotResponse(state: RaftState, response: InstallSnapshotResponse): void {
  const progress = state.progress.get(response.from);
  if (progress === undefined) return;
  const inFlight = progress.answered(response.sequence);
  progress.echoed(response.readRound, state.reads.round);
  const { matchIndex, commitIndex, nextChunk } = response;
  // A snapshot holds nothing that is not committed.
  if (matchIndex > state.commitIndex) progress.unreachable();
  else if (matchIndex > 0) {
    progress.matched(matchIndex);
    progress.knowsCommit(Math.min(commitIndex, state.commitIndex, matchIndex));
  } else if (inFlight !== null) progress.wantsChunk(nextChunk);
}

/** A snapshot is of no use any more when the log behind it is gone, too: the follower would need another one at once. */
function usable({ log }: RaftState, transfer: Progress['transfer']): Progress['transfer'] {
  return transfer !== null && transfer.snapshot.last.index >= log.firstIndex - 1 ? transfer : null;
}

function beginTransfer(state: RaftState, peer: NodeId, progress: Progress): Progress['transfer'] {
  const { snapshot, term } = state;
  if (snapshot === null) return null;
  state.trace({ kind: 'snapshotSent', term, peer, last: snapshot.last });
  return progress.beginTransfer(snapshot);
}

/** Figure 13, InstallSnapshot RPC, receiver. The message's term is the current one. */
export function handleInstallSnapshot(state: RaftState, request: InstallSnapshot): void {
  heardFromLeader(state, request);
  const { last, chunkCount } = request;
  state.noteLeaderCommit(request.term, last.index);
  state.commitToEntry(last);
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
function installReceived(state: RaftState, snapshot: Snapshot): void {
  const { last } = snapshot;
  state.commitToEntry(last);
  if (last.index <= state.commitIndex) return;
  state.trace({ kind: 'snapshotInstalled', term: state.term, last });
  state.snapshot = snapshot;
  if (state.log.lastIndex >= state.log.firstIndex) state.draft.truncateFrom = state.log.firstIndex;
  state.log.resetTo(last, state.nextBatch);
  state.commitTo(last.index);
  state.handedIndex = last.index;
  state.draft.snapshot = last;
  state.draft.compactTo = last;
  state.draft.installed = snapshot;
}

/** Whether this is the snapshot that the driver was given to make ready; if so, the next one may be received. */
function takeReceived(state: RaftState, { last }: Snapshot): boolean {
  const { incoming } = state;
  const isIt = isComplete(incoming) && incoming.last.index === last.index && incoming.last.term === last.term;
  if (isIt) state.incoming = null;
  return isIt;
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
