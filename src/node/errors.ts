import { addressOf } from '../net/address.js';
import type { NodeId, RefusalReason } from '../raft/types.js';

/** Whether an operation that ended in an error is certain to have no effect, or may have one. */
export type FailureOutcome = 'notDone' | 'unknown';

/**
 * The table of errors that every surface shares: the stable word at the start of the message, the stable
 * code, and whether the operation can still take (or have taken) effect.
 */
export const errorTable = {
  notLeader: { word: 'notLeader', code: 1, outcome: 'notDone' },
  crashed: { word: 'isCrashed', code: 2, outcome: 'notDone' },
  crashedWhileWaiting: { word: 'isCrashed', code: 3, outcome: 'unknown' },
  steppedDown: { word: 'steppedDown', code: 4, outcome: 'unknown' },
  superseded: { word: 'superseded', code: 5, outcome: 'notDone' },
  overloaded: { word: 'overloaded', code: 6, outcome: 'notDone' },
  failed: { word: 'failed', code: 7, outcome: 'notDone' },
  failedWhileWaiting: { word: 'failed', code: 8, outcome: 'unknown' },
  stopped: { word: 'stopped', code: 9, outcome: 'notDone' },
  stoppedWhileWaiting: { word: 'stopped', code: 10, outcome: 'unknown' },
  noLeader: { word: 'noLeader', code: 11, outcome: 'notDone' },
  timedOut: { word: 'timedOut', code: 12, outcome: 'unknown' },
  sessionExpired: { word: 'sessionExpired', code: 13, outcome: 'unknown' },
  staleRequest: { word: 'staleRequest', code: 14, outcome: 'unknown' },
  requestReused: { word: 'requestReused', code: 15, outcome: 'notDone' },
  blockNotFound: { word: 'blockNotFound', code: 20, outcome: 'notDone' },
  blockStoreFull: { word: 'blockStoreFull', code: 21, outcome: 'notDone' },
  epochMoved: { word: 'epochMoved', code: 22, outcome: 'notDone' },
  blockUnavailable: { word: 'blockUnavailable', code: 23, outcome: 'notDone' },
} as const satisfies Record<string, { word: string; code: number; outcome: FailureOutcome }>;

export type ErrorKind = keyof typeof errorTable;

/** The kind of error behind a code on the wire, or undefined for a code that is not of this table. */
export function errorKindOf(code: number): ErrorKind | undefined {
  return Object.keys(errorTable).find(
    (kind): kind is ErrorKind => errorTable[kind as ErrorKind].code === code,
  );
}

/** Where the leader listens, as far as it is known. */
export interface LeaderAddress {
  readonly id: number;
  readonly host: string;
  readonly port: number;
}

/** An operation ended without a result; `kind` says why and `message` starts with the kind's word. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly code: number;
  readonly outcome: FailureOutcome;

  constructor(
    readonly kind: ErrorKind,
    readonly explanation: string,
    /** The leader's id, for `notLeader`, when known. */
    readonly leader: number | null = null,
  ) {
    super(`${errorTable[kind].word}: ${explanation}`);
    this.code = errorTable[kind].code;
    this.outcome = errorTable[kind].outcome;
  }
}

/** The error of a call that this server's core did not accept. */
export function notTaken(
  reason: 'notLeader' | 'overloaded',
  server: number,
  leader: number | null,
): ServiceError {
  const explanation =
    reason === 'notLeader'
      ? `server ${server} does not lead`
      : 'too much of the log is uncommitted; try again later';
  return new ServiceError(reason, explanation, leader);
}

/** Whatever was thrown, as an error. */
export function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** The hint that a `notLeader` message carries; `leaderIn` reads it back. */
export function leaderHint(leader: LeaderAddress): string {
  return `the leader is server ${leader.id} at ${addressOf(leader)}`;
}

/** The leader named in a message, or undefined when it names none. */
export function leaderIn(message: string): LeaderAddress | undefined {
  const found = /the leader is server (\d+) at (\S+):(\d+)/.exec(message);
  if (found === null) return undefined;
  const [, id, host = '', port] = found;
  return { id: Number(id), host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
}

/** For people: why this server and another one ignore each other, and what to do about it. */
export function estrangementText(peer: NodeId, reason: RefusalReason): string {
  switch (reason) {
    case 'roster':
      return (
        `server ${peer} was started with another list of servers: give all servers the same cluster file, or the same ` +
        '--cluster-name where the files must differ'
      );
    case 'cluster':
      return (
        `server ${peer} belongs to another cluster, which came into being when a majority of the directories was empty: stop ` +
        'the servers that are in the wrong, remove their directories, and start them again, or restore all of them together'
      );
    case 'history':
      return (
        `server ${peer} leads with a log that lacks what is committed here: a majority has lost its data; keep this ` +
        "server's data"
      );
  }
}
