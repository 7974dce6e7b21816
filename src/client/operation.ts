import type { FailureOutcome } from '../node/errors.js';
import { ClientError, type Failure } from './errors.js';

/** Time for an attempt. With less it would hardly bring an answer, but leave open what was certain before. */
const ATTEMPT_MS_MIN = 20;

/** What bounds one operation. */
export interface OperationOptions {
  /** @default the client's */
  readonly deadlineMs?: number;
  /** Gives the operation up. */
  readonly signal?: AbortSignal;
}

/** Whether an operation may leave something behind. */
export type Effect = 'read' | 'write';

/** What an operation has, unless its options say otherwise. */
export interface OperationDefaults {
  readonly deadlineMs: number;
  readonly backoff: BackoffOptions;
}

/** One operation from its first attempt to its end: its deadline, its pauses, and the verdict over its failures. */
export class ClientOperation {
  private readonly controller = new AbortController();
  private readonly endsAt: number;
  private readonly backoff: Backoff;
  private readonly callersSignal: AbortSignal | undefined;
  private lastFailure: Failure | undefined;
  private mayBeDone = false;

  constructor(
    private readonly effect: Effect,
    { deadlineMs, signal }: OperationOptions,
    defaults: OperationDefaults,
  ) {
    this.callersSignal = signal;
    if (this.callersSignal?.aborted === true) this.abort();
    else this.callersSignal?.addEventListener('abort', this.abort);
    this.endsAt = performance.now() + (deadlineMs ?? defaults.deadlineMs);
    this.backoff = new Backoff(defaults.backoff);
  }

  /** Aborted when the caller gives up or the client is closed. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** What is known of the effect of all attempts so far. An attempt that did nothing says nothing of those before it. */
  get outcome(): FailureOutcome {
    return this.mayBeDone ? 'unknown' : 'notDone';
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

  /** Takes a failure into account. @throws ClientError when another attempt would not help, or would be too late */
  noteFailure(failure: Failure): void {
    this.lastFailure = failure;
    if (this.effect === 'write' && failure.outcome === 'unknown') this.mayBeDone = true;
    if (failure.remedy !== 'retry') throw this.refused(failure);
    this.check();
  }

  /** @throws ClientError when the deadline is over or the caller gave up */
  check(): void {
    this.checkAborted();
    if (this.remainingMs() <= 0) throw this.expired();
  }

  /** @throws ClientError `aborted` when the caller gave up */
  checkAborted(): void {
    if (this.signal.aborted) throw this.aborted();
  }

  /** Waits before the next round, though never beyond the deadline. @throws ClientError as `check` */
  async pause(): Promise<void> {
    const pauseMs = this.backoff.nextMs();
    const remainingMs = this.remainingMs();
    const isLast = pauseMs + ATTEMPT_MS_MIN > remainingMs;
    await sleep(Math.max(0, isLast ? remainingMs : pauseMs), this.signal);
    this.check();
    // A timer may be early by a moment.
    if (isLast) throw this.expired();
  }

  private refused({ error, outcome }: Failure): ClientError {
    const isEarlier = this.mayBeDone && outcome === 'notDone';
    const message = isEarlier ? `${error.message}; an earlier attempt may have been done` : error.message;
    return new ClientError('refused', message, this.outcome, error);
  }

  private expired(): ClientError {
    const { lastFailure, outcome } = this;
    const last = lastFailure === undefined ? '' : `; the last answer was: ${lastFailure.error.message}`;
    if (this.mayBeDone) {
      const message = `no answer within the deadline; it may have been done, or may still be${last}`;
      return new ClientError('deadline', message, outcome, lastFailure?.error);
    }
    if (lastFailure?.timedOut === true)
      return new ClientError('deadline', 'no answer within the deadline', outcome, lastFailure.error);
    const message = `no leader was found within the deadline${last}`;
    return new ClientError('noLeader', message, outcome, lastFailure?.error);
  }

  private aborted(): ClientError {
    const message = 'the caller gave up, or the client was closed';
    return new ClientError('aborted', message, this.outcome, this.signal.reason);
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

/** How long to wait between rounds of attempts. */
export interface BackoffOptions {
  /** @default 50 */
  readonly minMs: number;
  /** @default 1000 */
  readonly maxMs: number;
  /** A number from 0 to 1. @default Math.random */
  readonly random: () => number;
}

/** Exponential backoff with jitter: half of each delay is drawn, so that many clients do not come back together. */
export class Backoff {
  private attempts = 0;

  constructor(private readonly options: BackoffOptions) {}

  /** The next delay in milliseconds, longer each time up to the maximum. */
  nextMs(): number {
    const { minMs, maxMs, random } = this.options;
    const ceiling = Math.min(maxMs, minMs * 2 ** this.attempts);
    this.attempts += 1;
    return ceiling / 2 + (ceiling / 2) * random();
  }
}

/** A time that a timer of Node can count: beyond 2^31 - 1 ms it would go off at once. */
export function timerMs(ms: number): number {
  return Math.min(2 ** 31 - 1, Math.max(1, Math.ceil(ms)));
}
