import type { Entry } from '../raft/types.js';

/**
 * What the log replicates (paper, section 2): the same entries in the same order give the same state and the
 * same results on every server. Never throws, whatever an entry holds.
 */
export interface StateMachine<Result> {
  /** Index of the last entry applied, 0 at the start. */
  readonly lastApplied: number;
  /** Applies the entry after `lastApplied`. A no-op only moves `lastApplied`; its result has no meaning. */
  apply(entry: Entry): Result;
}
