import type { Outcome } from '../node/errors.js';

/**
 * Why an operation of the client ended without a result:
 * - `noLeader`: no server that leads was found within the deadline
 * - `deadline`: a leader has the call, but did not answer within the deadline
 * - `interrupted`: the connection broke, or the leader crashed or stepped down, while an update waited there
 * - `refused`: the service refuses this very call, and would refuse it again
 * - `unreachable`: the server that was asked for does not answer
 * - `aborted`: the caller gave up
 */
export type ClientErrorCode = 'noLeader' | 'deadline' | 'interrupted' | 'refused' | 'unreachable' | 'aborted';

/**
 * An operation ended without a result. `outcome` says what is known of its effect: `notDone`, it had none and
 * never will; `unknown`, it may have been done, or may still be. `cause` is the last thing that went wrong.
 */
export class ClientError extends Error {
  override readonly name = 'ClientError';

  constructor(
    readonly code: ClientErrorCode,
    message: string,
    readonly outcome: Outcome,
    cause?: unknown,
  ) {
    super(message, { cause });
  }
}
