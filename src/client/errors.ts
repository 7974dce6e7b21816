import type { Outcome } from '../node/errors.js';

/**
 * Why an operation of the client ended without a result:
 * - `noLeader`: no server that leads was found within the deadline; nothing was done
 * - `deadline`: a server had the call, but no answer came within the deadline; what it changes may be done, now or later
 * - `refused`: the service refuses this very call, and would refuse it again
 * - `unreachable`: the server that was asked for does not answer
 * - `aborted`: the caller gave up, or the client was closed
 */
export type ClientErrorCode = 'noLeader' | 'deadline' | 'refused' | 'unreachable' | 'aborted';

/**
 * An operation ended without a result. `outcome` says what is known of its effect after all its attempts: `notDone`, it
 * had none and never will; `unknown`, it may have been done, or may still be, once. `cause` is the last thing that went
 * wrong.
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
