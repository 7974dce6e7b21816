import type { Snapshot } from '../raft/types.js';
import type { SnapshotLoader, StateMachine } from '../stateMachine/stateMachine.js';
import { inPieces, type Defer } from './defer.js';
import { errorOf } from './errors.js';

/**
 * Loads a snapshot beside the state machine, chunk by chunk.
 *
 * @param done gets the loader when it is ready to be installed, or what is wrong with the snapshot
 * @returns calls the loading off
 */
export function loadSnapshot(
  snapshot: Snapshot,
  stateMachine: Pick<StateMachine<unknown>, 'load'>,
  defer: Defer,
  done: (error: Error | null, loader: SnapshotLoader) => void,
): () => void {
  const loader = stateMachine.load();
  let next = 0;
  return inPieces(defer, () => {
    const chunk = snapshot.chunks.at(next);
    next += 1;
    if (chunk === undefined) {
      done(null, loader);
      return false;
    }
    try {
      loader.add(chunk);
      return true;
    } catch (error) {
      done(errorOf(error), loader);
      return false;
    }
  });
}
