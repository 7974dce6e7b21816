import { installReceived, takeReceived } from './followerSnapshot.js';
import { entryBytes } from './log.js';
import type { RaftState } from './state.js';
import type { Snapshot } from './types.js';

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
