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
  readonly signal: AbortSignal | undefined;
  private readonly endsAt: number;
  private readonly backoff: Backoff;
  private lastFailure: Failure | undefined;

  constructor(options: OperationOptions, deadlineMs: number, backoff: BackoffOptions) {
    this.signal = options.signal;
    this.endsAt = performance.now() + (options.deadlineMs ?? deadlineMs);
    this.backoff = new Backoff(backoff);
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
      if (this.signal?.aborted === true) throw this.aborted('unknown');
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

  /** @throws ClientError when the deadline is over or the caller gave up */
  check(): void {
    if (this.signal?.aborted === true) throw this.aborted('notDone');
    if (this.remainingMs() > 0) return;
    const { lastFailure } = this;
    if (lastFailure?.timedOut === true) {
      throw new ClientError('deadline', 'no answer within the deadline', 'notDone', lastFailure.error);
    }
    const last = lastFailure === undefined ? '' : `; the last answer was: ${lastFailure.error.message}`;
    throw new ClientError(
      'noLeader',
      `no leader was found within the deadline${last}`,
      'notDone',
      lastFailure?.error,
    );
  }

  /** Waits before the next round, though never beyond the deadline. @throws ClientError as `check` */
  async pause(): Promise<void> {
    await sleep(Math.max(0, Math.min(this.backoff.nextMs(), this.remainingMs())), this.signal);
    this.check();
  }

  private aborted(outcome: Failure['outcome']): ClientError {
    return new ClientError('aborted', 'the caller gave up', outcome, this.signal?.reason);
  }
}

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done);
  });
}
