import type { PlacedAction } from '../../src/web/raft/checkpoints.js';
import { History } from '../../src/web/raft/history.js';
import type { WorldSetup } from '../../src/web/raft/setup.js';

/** A run, and the positions at which it is looked at. */
export interface PlayedRun {
  readonly setup: WorldSetup;
  readonly actions: readonly PlacedAction[];
  readonly stops: readonly number[];
}

/** The states at the stops, first by a straight run to each, then by going from stop to stop and over all of them again. */
export function hashesOf({ setup, actions, stops }: PlayedRun): {
  readonly straight: string[];
  readonly scrubbed: string[];
} {
  const straight = stops.map((stop) => {
    const run = new History(setup, actions);
    run.seek(stop);
    return run.world.hash;
  });
  const history = new History(setup, actions);
  const scrubbed = [...stops, ...stops].map((stop) => {
    history.seek(stop);
    return history.world.hash;
  });
  return { straight, scrubbed };
}
