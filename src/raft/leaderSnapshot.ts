import type { Progress } from './progress.js';
import type { RaftState } from './state.js';
import type { InstallSnapshotResponse, NodeId } from './types.js';

/**
 * Section 7: a follower whose next entry is compacted away gets the snapshot instead, one chunk at a time. A transfer keeps
 * to the snapshot that it began with, also when a newer one has been taken since, as long as the log goes on from there.
 */
export function sendSnapshotChunk(state: RaftState, to: NodeId, progress: Progress): void {
  const transfer = usable(state, progress.transfer) ?? beginTransfer(state, progress);
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
  const isCurrent = progress.answered(response.sequence);
  progress.echoed(response.readRound, state.reads.round);
  const { matchIndex, commitIndex, nextChunk } = response;
  // A snapshot holds nothing that is not committed.
  if (matchIndex > state.commitIndex) progress.unreachable();
  else if (matchIndex > 0) {
    progress.matched(matchIndex);
    progress.knowsCommit(Math.min(commitIndex, state.commitIndex, matchIndex));
  } else if (isCurrent) progress.wantsChunk(nextChunk);
}

/** A snapshot is of no use any more when the log behind it is gone, too: the follower would need another one at once. */
function usable({ log }: RaftState, transfer: Progress['transfer']): Progress['transfer'] {
  return transfer !== null && transfer.snapshot.last.index >= log.firstIndex - 1 ? transfer : null;
}

function beginTransfer(state: RaftState, progress: Progress): Progress['transfer'] {
  if (state.snapshot === null) return null;
  progress.transfer = { snapshot: state.snapshot, nextChunk: 0 };
  return progress.transfer;
}
