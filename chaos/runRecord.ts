import type { Operation } from '../src/verify/index.js';

/** A server's number in the cluster file, from 0. */
export type ServerId = number;

/** Milliseconds since the run began. All times of a run are on this one clock. */
export type RunMs = number;

/** The faults of single servers. The last three need a cluster whose processes are ours (`--managed`). */
export const faultKinds = ['crash', 'unreachable', 'kill', 'pause'] as const;
export type FaultKind = (typeof faultKinds)[number];

/** A fault of one server, from its beginning to its end. */
export interface FaultSpan {
  readonly server: ServerId;
  readonly kind: FaultKind;
  readonly startedAt: RunMs;
  /** Null: it lasted to the end of the run. */
  readonly endedAt: RunMs | null;
  /** Of `unreachable`: the servers that this one does not hear. */
  readonly from?: readonly ServerId[];
  /** From when the server had certainly heard of it; undefined: that is not known. */
  readonly heldFrom?: RunMs;
  /** When undoing it began; undefined: it was not undone. */
  readonly heldTo?: RunMs;
}

/** A server's status, noted when it differs from the one before. */
export interface StatusSample {
  readonly server: ServerId;
  readonly at: RunMs;
  /** `none`: it gave no answer. */
  readonly role: 'leader' | 'candidate' | 'preCandidate' | 'follower' | 'none';
  readonly crashed: boolean;
  readonly term: number;
  /** Null: it knows none. */
  readonly leader: ServerId | null;
  readonly commitIndex: number;
}

/** A line of the story: what the monkey did, in words. */
export interface Step {
  readonly at: RunMs;
  /** As in "crash the leader (server 2)". */
  readonly text: string;
}

/** A change of leader, as seen from outside. */
export interface Election {
  /** When a majority was up and had no leader: what the five seconds are counted from. */
  readonly neededAt: RunMs;
  readonly electedAt: RunMs;
  /** Null: there was none before. */
  readonly from: ServerId | null;
  readonly to: ServerId;
  readonly term: number;
}

export type VerdictName =
  | 'linearizable'
  | 'nothing acknowledged is lost'
  | 'no lost and no doubled element'
  | 'calls are answered'
  | 'nothing is answered without a majority'
  | 'one leader per term'
  | 'one leader at a time'
  | 'a leader within 5 s'
  | 'crashed servers stand still'
  | 'blocked calls finish'
  | 'replicas are equal'
  | 'few messages when idle'
  | 'the story goes as expected';

/** The result of a check. `unknown`: it could not be decided, or there was nothing to check. */
export interface CheckResult {
  readonly name: VerdictName;
  readonly verdict: 'pass' | 'fail' | 'unknown';
  /** One sentence with the figures. */
  readonly summary: string;
  /** For a failure, or what a person wants to know: one line each. */
  readonly details: readonly string[];
  /** For a failure of linearizability: the shortest bad history, ids of operations in `history`. */
  readonly operations?: readonly number[];
}

/** An operation with what only this run knows of it. */
export type RunOperation = Operation & {
  /** Who answered, or was asked last; null when nobody could be. */
  readonly server: ServerId | null;
  /** How many times it was sent, be it to one server or to several. */
  readonly attempts: number;
};

/** Everything that a run saw: `result.json` without the history, and the history. The report is made from this alone. */
export interface RunRecord {
  readonly format: 1;
  readonly program: string;
  /** As in "rolling leaders", or "random". */
  readonly scenario: string;
  /** The claim that the scenario demonstrates, in one sentence. */
  readonly shows: string;
  readonly seed: number;
  /** The exact command that runs it again. */
  readonly command: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly durationMs: RunMs;
  readonly servers: readonly { readonly id: ServerId; readonly address: string }[];
  /** Clients of files, and clients of keys. */
  readonly clients: number;
  readonly kvClients: number;
  /** Whether the servers were started by the run, and whether they kept their state on disk. */
  readonly managed: boolean;
  readonly durable: boolean;
  readonly steps: readonly Step[];
  readonly faults: readonly FaultSpan[];
  readonly samples: readonly StatusSample[];
  readonly elections: readonly Election[];
  readonly checks: readonly CheckResult[];
  readonly operations: readonly RunOperation[];
}
