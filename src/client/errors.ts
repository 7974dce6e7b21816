import { type FailureOutcome, errorTable, leaderIn, type ErrorKind } from '../node/errors.js';
import type { ServerInfo } from './leaderFinder.js';

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
    readonly outcome: FailureOutcome,
    cause?: unknown,
  ) {
    super(message, { cause });
  }
}

/**
 * What may help after a failure: `retry`, the same call again, here or elsewhere; `newSession`, the same call in
 * another session, if it is certain that it was not done in this one; `none`.
 */
type Remedy = 'retry' | 'newSession' | 'none';

/** How one attempt at one server ended without an answer. */
export interface Failure {
  readonly error: Error;
  /** What is known of the effect of this one attempt. */
  readonly outcome: FailureOutcome;
  readonly remedy: Remedy;
  /** Whether the call was still waiting when its time was up. */
  readonly timedOut: boolean;
  /** Id of the leader, when the failure names it. */
  readonly leader: number | undefined;
}

export type Attempt<Answer> = { readonly value: Answer } | { readonly failure: Failure };

/** What bounds an attempt. */
export interface AttemptLimits {
  /** Until all of the answer is there. */
  readonly timeoutMs: number;
  /** Until the answer begins: a long one may take its time. */
  readonly headMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** How calls reach the servers of a cluster: each attempt ends in an answer or in a failure that has been understood. */
export interface Carrier<Call, Answer> {
  /** @throws TypeError when the server answers what no server of this service would */
  attempt(server: ServerInfo, call: Call, limits: AttemptLimits): Promise<Attempt<Answer>>;
  close(): void;
}

/** The failure that an error of the service is. */
export function serviceFailure(kind: ErrorKind, error: Error, outcome: FailureOutcome): Failure {
  const remedy = remedyFor(kind);
  return {
    error,
    // Whatever became of the call before, an attempt whose request id was refused did nothing.
    outcome: remedy === 'newSession' ? 'notDone' : outcome,
    remedy,
    timedOut: false,
    leader: leaderIn(error.message)?.id,
  };
}

/** The service has the call and refuses it. */
export function refusal(error: Error, outcome: FailureOutcome): Failure {
  return { error, outcome, remedy: 'none', timedOut: false, leader: undefined };
}

/** No answer came. `sent: false` on the error means that nothing of the call can have reached the server. */
export function lostCall(error: Error): Failure {
  const sent = !('sent' in error) || error.sent !== false;
  const code = 'code' in error ? error.code : undefined;
  return {
    error,
    outcome: sent ? 'unknown' : 'notDone',
    remedy: 'retry',
    timedOut: code === 'ETIMEDOUT' && sent,
    leader: undefined,
  };
}

/** A page with an HTTP status instead of an answer. With 400 to 499 the server looked at the request and left it. */
export function errorPage(error: Error, status: number): Failure {
  const isRefusal = status >= 400 && status < 500 && !PASSING.includes(status);
  return isRefusal ? refusal(error, 'notDone') : lostCall(error);
}

/** Request timeout, too many requests. */
const PASSING: readonly number[] = [408, 429];

/** The kind of error that a word at the start of a message stands for; of several the first, whose remedy is the same. */
export function kindOfWord(word: string): ErrorKind | undefined {
  const kinds = Object.keys(errorTable) as ErrorKind[];
  return kinds.find((kind) => errorTable[kind].word === word);
}

function remedyFor(kind: ErrorKind): Remedy {
  switch (kind) {
    case 'notLeader':
    case 'crashed':
    case 'crashedWhileWaiting':
    case 'steppedDown':
    case 'superseded':
    case 'overloaded':
    case 'failed':
    case 'failedWhileWaiting':
    case 'stopped':
    case 'stoppedWhileWaiting':
    case 'noLeader':
    case 'timedOut':
      return 'retry';
    case 'sessionExpired':
    case 'staleRequest':
    case 'requestReused':
      return 'newSession';
    case 'blockNotFound':
    case 'blockStoreFull':
      return 'none';
  }
}
