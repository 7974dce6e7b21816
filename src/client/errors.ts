import { type FailureOutcome, errorTable, leaderIn, type ErrorKind } from '../node/errors.js';
import type { ServerInfo } from './leaderFinder.js';

/**
 * Why an operation of the client ended without a result:
 * - `noLeader`: no server that leads was found within the deadline; nothing was done
 * - `deadline`: a server had the call, but no answer came within the deadline; what it changes may be done, now or
 *   later
 * - `refused`: the service refuses this very call, and would refuse it again
 * - `unreachable`: the server that was asked for does not answer
 * - `aborted`: the caller gave up, or the client was closed
 */
export type ClientErrorCode = 'noLeader' | 'deadline' | 'refused' | 'unreachable' | 'aborted';

/**
 * An operation ended without a result. `outcome` covers all its attempts: `notDone`, it had no effect and never will;
 * `unknown`, it may have taken effect, or may still do so, once. `cause` is the last failure.
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

/** The remedy for a failure: `retry`, the same call again, here or elsewhere; `newSession`, the same call in
 * another session, if it is certain that it was not done in this one; `none`.
 */
type Remedy = 'retry' | 'newSession' | 'none';

/** How one attempt at one server ended without an answer. */
export interface Failure {
  readonly error: Error;
  /** Whether this one attempt may have had an effect. */
  readonly outcome: FailureOutcome;
  readonly remedy: Remedy;
  /** Whether the call was still waiting when its time was up. */
  readonly timedOut: boolean;
  /** Id of the leader, when the failure names it. */
  readonly leader: number | undefined;
}

export type Attempt<Answer> = { readonly value: Answer } | { readonly failure: Failure };

/** The time limits of an attempt. */
export interface AttemptLimits {
  /** Until the answer is complete. */
  readonly timeoutMs: number;
  /** Until the answer begins: a long one may take its time. */
  readonly headMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * How calls reach the servers of a cluster: each attempt ends in an answer or in a classified failure. */
export interface Carrier<Call, Answer> {
  /** @throws TypeError when the server's answer does not belong to this service */
  attempt(server: ServerInfo, call: Call, limits: AttemptLimits): Promise<Attempt<Answer>>;
  close(): void;
}

/** The failure for an error of the service. */
export function serviceFailure(kind: ErrorKind, error: Error, outcome: FailureOutcome): Failure {
  const remedy = remedyFor(kind);
  return {
    error,
    // An attempt whose request id was refused did nothing, whatever the result of earlier attempts.
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

/**
 * A page with an HTTP status instead of an answer. With 400 to 499 the server rejected the request without executing
 * it.
 */
export function errorPage(error: Error, status: number): Failure {
  const isRefusal = status >= 400 && status < 500 && !PASSING.includes(status);
  return isRefusal ? refusal(error, 'notDone') : lostCall(error);
}

/** Temporary statuses: request timeout, too many requests. */
const PASSING: readonly number[] = [408, 429];

/**
 * The kind of error that a word at the start of a message stands for; of several the first, whose remedy is the same.
 */
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
    case 'epochMoved':
    case 'blockUnavailable':
      return 'none';
  }
}
