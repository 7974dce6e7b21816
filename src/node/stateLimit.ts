import { ServiceError } from './errors.js';
import type { PendingCall } from './pendingRequests.js';

/** A state whose size is known. */
interface SizedState {
  /** The size of the applied state, in bytes. */
  readonly bytes: number;
  /** The change of `bytes`, in bytes, if a command were applied now. */
  growthBy(command: string): number;
}

/**
 * Keeps the state from outgrowing the memory: the leader refuses a command before it is in the log. Once there, a
 * command is applied whatever the limit says, so servers with different limits agree on every result. Commands that do
 * not grow the state always pass, above all deletes. A call that is cancelled leaves the count before its entry is
 * applied, so the state may exceed the limit by the largest uncommitted part of the log.
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

  /** Decodes the command only near the limit: far below it, the command's length is a sufficient bound. */
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
