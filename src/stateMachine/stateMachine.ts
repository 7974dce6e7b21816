import type { Entry } from '../raft/types.js';

/** A piece of a snapshot that this state machine did not write. The message says what is wrong with it. */
export class SnapshotError extends Error {
  override readonly name = 'SnapshotError';
}

/** A snapshot that is being loaded beside the state machine, which does not change before `install`. */
export interface SnapshotLoader {
  /**
   * Takes the next chunk.
   * @throws SnapshotError when it cannot be decoded
   */
  add(chunk: string): void;
  /**
   * Replaces all that the state machine holds, at once. `lastApplied`: index of the last entry that the snapshot
   * covers.
   */
  install(lastApplied: number): void;
}

/** The chunks of a snapshot, each made when it is asked for. `return` ends the reading early. */
export interface SnapshotReader extends Iterator<string, undefined> {
  /** A function that makes the last chunk again; it shares values with the state, where the chunk is a copy of them. */
  remake?(): () => string;
}

/**
 * A replicated state machine (paper, section 2): the same entries in the same order give the same state and the same
 * results on every server. `apply` never throws, whatever an entry contains.
 */
export interface StateMachine<Result> {
  /** Index of the last entry applied, or covered by the snapshot installed; 0 at the start. */
  readonly lastApplied: number;
  /** Applies the entry after `lastApplied`. A no-op only moves `lastApplied`; its result has no meaning. */
  apply(entry: Entry): Result;
  /**
   * The current contents of the state machine; entries applied while it is read do not show.
   *
   * @param chunkChars a chunk holds as many records as fit in this length in UTF-16 units; one that is longer makes a
   *   chunk of its own
   */
  snapshot(chunkChars: number): SnapshotReader;
  /** Begins to load a snapshot. */
  load(): SnapshotLoader;
}
