import { Backoff, type BackoffOptions } from './backoff.js';
import type { Failure } from './connections.js';
import { ClientError } from './errors.js';

/** What bounds one operation. */
export interface OperationOptions {
  /** @default the client's */
  readonly deadlineMs?: number;
  /** Gives the operation up. */
  readonly signal?: AbortSignal;
}

/** Whether an operation may be sent again although an earlier attempt may have been carried out. */
export type Effect = 'read' | 'write';

/** One operation from its first attempt to its end: its deadline, its pauses, and the verdict over its failures. */
export class Operation {
  private readonly controller = new AbortController();
  private readonly endsAt: number;
  private readonly backoff: Backoff;
  private readonly callersSignal: AbortSignal | undefined;
  private lastFailure: Failure | undefined;

  constructor(options: OperationOptions, deadlineMs: number, backoff: BackoffOptions) {
    this.callersSignal = options.signal;
    if (this.callersSignal?.aborted === true) this.abort();
    else this.callersSignal?.addEventListener('abort', this.abort);
    this.endsAt = performance.now() + (options.deadlineMs ?? deadlineMs);
    this.backoff = new Backoff(backoff);
  }

  /** Aborted when the caller gives up or the client is closed. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Gives the operation up: whatever it waits for ends now. */
  readonly abort = (): void => this.controller.abort(this.callersSignal?.reason);

  /** The operation has ended; nothing of it stays behind with the caller's signal. */
  end(): void {
    this.callersSignal?.removeEventListener('abort', this.abort);
  }

  remainingMs(): number {
    return this.endsAt - performance.now();
  }

  /** @throws ClientError when another attempt would not help, would not be safe, or would be too late */
  noteFailure(failure: Failure, effect: Effect): void {
    this.lastFailure = failure;
    const { error, outcome, retriable, timedOut } = failure;
    if (!retriable) throw new ClientError('refused', error.message, outcome, error);
    if (effect === 'write' && outcome === 'unknown') {
      this.checkAborted('unknown');
      if (timedOut)
        throw new ClientError(
          'deadline',
          'no answer within the deadline; the update may still be done',
          'unknown',
          error,
        );
      throw new ClientError(
        'interrupted',
        `the update may or may not have been done: ${error.message}`,
        'unknown',
        error,
      );
    }
    this.check();
  }

  /** @throws ClientError `aborted` when the caller gave up, with what is known of the attempt that this ended */
  checkAborted(outcome: Failure['outcome']): void {
    if (this.signal.aborted) throw this.aborted(outcome);
  }

  /** @throws ClientError when the deadline is over or the caller gave up */
  check(): void {
    this.checkAborted('notDone');
    if (this.remainingMs() <= 0) throw this.expired();
  }

  private expired(): ClientError {
    const { lastFailure } = this;
    if (lastFailure?.timedOut === true) {
      return new ClientError('deadline', 'no answer within the deadline', 'notDone', lastFailure.error);
    }
    const last = lastFailure === undefined ? '' : `; the last answer was: ${lastFailure.error.message}`;
    return new ClientError(
      'noLeader',
      `no leader was found within the deadline${last}`,
      'notDone',
      lastFailure?.error,
    );
  }

  /** Waits before the next round, though never beyond the deadline. @throws ClientError as `check` */
  async pause(): Promise<void> {
    const pauseMs = this.backoff.nextMs();
    const remainingMs = this.remainingMs();
    await sleep(Math.max(0, Math.min(pauseMs, remainingMs)), this.signal);
    this.check();
    // A timer may be early by a moment; what is left then is no time for another attempt.
    if (pauseMs >= remainingMs) throw this.expired();
  }

  private aborted(outcome: Failure['outcome']): ClientError {
    return new ClientError(
      'aborted',
      'the caller gave up, or the client was closed',
      outcome,
      this.signal.reason,
    );
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    if (signal.aborted) done();
    else signal.addEventListener('abort', done);
  });
}
