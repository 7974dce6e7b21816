import type { Dialect } from '../calls/server.js';
import type { FileState } from '../../src/verify/index.js';
import type { Attempt } from '../clients/attempts.js';
import type { Standstill } from '../faults/standstill.js';
import type { ExpectationResult } from '../notes.js';
import type { CheckResult, FaultSpan, RunMs, RunOperation, ServerId, StatusSample } from '../runRecord.js';
import type { LeaderGap } from '../watch/leaderGaps.js';

/** Who reads every key on every server when all is healed and nobody writes any more. */
export const LAST_READER = 'last read';

/** The log and the state of a server once all faults have ended. */
export interface Replica {
  readonly server: ServerId;
  readonly commitIndex: number;
  readonly lastApplied: number;
  readonly versions: Readonly<Record<string, number>>;
  /** By key; null: there is none. */
  readonly lists: Readonly<Record<string, readonly string[] | null>>;
}

/** All replicas, looked at until they were equal or the time was up; undefined: a server that gave no answer. */
export interface Replicas {
  readonly afterMs: number;
  readonly replicas: readonly (Replica | undefined)[];
}

/** Messages between the servers while no client called. */
export interface IdleTraffic {
  readonly durationMs: number;
  /** By server: how many it was sent. */
  readonly received: readonly number[];
}

/** Everything that the checks judge. */
export interface RunFacts {
  readonly serverCount: number;
  /** The calls that the servers offer: those of the assignment tell no terms, and have no keys. */
  readonly dialect: Dialect;
  readonly faults: readonly FaultSpan[];
  readonly samples: readonly StatusSample[];
  readonly gaps: readonly LeaderGap[];
  readonly operations: readonly RunOperation[];
  readonly attempts: readonly Attempt[];
  readonly standstills: readonly Standstill[];
  readonly expectations: readonly ExpectationResult[];
  /** The map as the leader gave it when all was healed; undefined: nobody gave it. */
  readonly finalMap: Readonly<Record<string, FileState>> | undefined;
  readonly replicas: Replicas | undefined;
  readonly idle: IdleTraffic | undefined;
  /** Faults that could not be healed at the end, and servers that died on their own, one line each. */
  readonly unhealed: readonly string[];
  /** By so much a change may have been seen too late. */
  readonly blindMs: number;
  /** By how much longer an election or an answer may take on this machine; at least 1. */
  readonly allowance: number;
  readonly endedAt: RunMs;
}

/** Decides one property of a run. */
export type Check = (facts: RunFacts) => CheckResult;
