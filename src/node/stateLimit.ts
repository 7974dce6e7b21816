import { ServiceError } from './errors.js';
import type { PendingCall } from './pendingRequests.js';

/** What a limit must know of the state. */
interface SizedState {
  /** What is applied, in bytes. */
  readonly bytes: number;
  /** By how much a command would change that, were it applied now. */
  growthBy(command: string): number;
}

/**
 * Keeps the state from outgrowing the memory: the leader refuses a command before it is in the log. Once there, a command is
 * applied whatever the limit says, so servers with different limits agree on every result. What grows nothing passes,
 * deletes above all. A call that is given up leaves the count before its entry is applied: the state may exceed the limit by
 * what may be uncommitted at once.
 */
export class StateLimit {
  private inFlightBytes = 0;

  /**
   * @param bytesPerCharMax no command makes the state grow by more than this for each character
   */
  constructor(
    private readonly state: SizedState,
    private readonly bytesMax: number,
    private readonly bytesPerCharMax: number,
  ) {}

  /**
   * Proposes the command unless the state has no room for it, and holds the room until the call has ended.
   *
   * @throws ServiceError `overloaded`
   */
  admit<Result>(command: string, propose: () => PendingCall<Result>): PendingCall<Result> {
    const bytes = this.roomFor(command);
    const { promise, cancel } = propose();
    this.inFlightBytes += bytes;
    let isHeld = true;
    const release = (): void => {
      if (isHeld) this.inFlightBytes -= bytes;
      isHeld = false;
    };
    promise.then(release, release);
    return {
      promise,
      cancel: () => {
        release();
        cancel();
      },
    };
  }

  /** Reads the command only when it matters: far below the limit its length is enough. */
  private roomFor(command: string): number {
    const { state, bytesMax, inFlightBytes } = this;
    const atMost = state.bytes + this.bytesPerCharMax * (inFlightBytes + command.length);
    if (atMost <= bytesMax) return command.length;
    const growth = Math.max(0, state.growthBy(command));
    if (growth > 0 && state.bytes + inFlightBytes + growth > bytesMax)
      throw new ServiceError(
        'overloaded',
        `the state takes ${state.bytes} bytes of at most ${bytesMax}, and this would add ${growth}; ` +
          'delete keys, or raise --state-bytes-max',
      );
    return growth;
  }
}
