import type { PendingCall } from '../node/pendingRequests.js';

/** The client's side of a call, on whatever surface. */
export interface Caller {
  /**
   * The listener is called once if the client goes away before it has its answer; at once when that has happened already.
   * Never after the answer.
   */
  onHangUp(listener: () => void): void;
}

/** Waits for the log; a client that hangs up frees its place. */
export function waitFor<T>(pending: PendingCall<T>, caller: Caller): Promise<T> {
  caller.onHangUp(pending.cancel);
  return pending.promise;
}
