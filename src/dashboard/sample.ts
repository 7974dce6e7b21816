import type { Entry, Role } from '../raft/types.js';

/*
 * The words that servers and the page exchange. Everything here is JSON; the page imports these types, so a change of one is a
 * change of both, and nothing here may lead to a part of Node.js.
 */

/** How many calls were answered since the server started, and how long they took. */
export interface CallReading {
  readonly answered: number;
  /** Calls that took at most the bound of the bucket and more than the one before; the last is for those beyond all. */
  readonly buckets: readonly number[];
}

/** Counters of one server. They only rise; rates come from the difference of two readings. */
export interface Readings {
  /** Upper bounds of the buckets of latencies, rising. */
  readonly boundsMs: readonly number[];
  readonly writes: CallReading;
  readonly reads: CallReading;
  /** Requests that other servers have made here. */
  readonly fromPeers: number;
  /** Calls of clients, on whatever surface. */
  readonly fromClients: number;
}

/** A time without a known leader that has ended, as one server saw it. */
export interface Election {
  readonly term: number;
  readonly leader: number;
  /** When the leader was known, in milliseconds since 1970 by the clock of the server that saw it. */
  readonly atMs: number;
  /** How long the server knew no leader before; null when it had just started. */
  readonly leaderlessMs: number | null;
  /** Who led before; null when nobody was known to. */
  readonly previous: number | null;
  /** The reason, in words, as far as it is known. */
  readonly reason: string;
}

interface PeerSample {
  readonly id: number;
  readonly matchIndex: number;
  /** Since the peer last answered this leader; null: never. */
  readonly contactMs: number | null;
}

/** Where a server keeps its state. */
export interface DiskSample {
  readonly directory: string;
  /** Null until it has been measured, and where the system does not tell. */
  readonly freeBytes: number | null;
  readonly totalBytes: number | null;
}

interface WaitingSample {
  /** Those that wait for the log, and those that wait for a leader. */
  readonly calls: number;
  /** How long the oldest one has waited for the log; null when none does. */
  readonly oldestMs: number | null;
  /** Whether the oldest one is a write; meaningless when none waits. */
  readonly oldestIsWrite: boolean;
}

/** One server at one moment, as it tells it itself. */
export interface ServerSample {
  readonly id: number;
  readonly version: string;
  /** In milliseconds since 1970, by the clock of this server. */
  readonly atMs: number;
  readonly uptimeSeconds: number;
  readonly lifecycle: 'starting' | 'running' | 'crashed' | 'restoring' | 'failed' | 'stopped';
  readonly role: Role;
  readonly term: number;
  readonly leader: number | null;
  readonly votedFor: number | null;
  /** Whether it leads and a majority has answered it a short while ago. */
  readonly hasQuorum: boolean;
  readonly snapshotIndex: number;
  readonly lastIndex: number;
  readonly commitIndex: number;
  readonly lastApplied: number;
  readonly electionTimeoutMs: number;
  readonly electionElapsedMs: number;
  readonly waiting: WaitingSample;
  /** The servers that it was told to ignore. */
  readonly unreachableFrom: readonly number[];
  /** The servers that it has nothing to do with, and why. */
  readonly estranged: readonly { readonly id: number; readonly reason: string }[];
  /** Whether its directory is new to the cluster, so that it does not count yet. */
  readonly isLearner: boolean;
  /** On the leader only. */
  readonly peers: readonly PeerSample[];
  readonly files: number;
  readonly keys: number;
  readonly stateBytes: number;
  readonly stateBytesMax: number;
  /** Null: the state is kept in memory. */
  readonly disk: DiskSample | null;
  /** Whether it can be crashed and cut off by calls. */
  readonly chaosHooks: boolean;
  /** The longest that its event loop was late within the last seconds; null until it has been measured. */
  readonly eventLoopMs: number | null;
  readonly readings: Readings;
  /** The newest last. */
  readonly elections: readonly Election[];
}

/** Rates between two samples of a server; null until there are two. */
export interface ServerRates {
  readonly writes: number;
  readonly reads: number;
  readonly fromPeers: number;
  readonly fromClients: number;
}

export interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** How far a server's state is behind what the cluster has committed. */
export interface Lag {
  readonly entries: number;
  readonly seconds: number;
}

/** One server as the collector knows it. */
export interface ServerView {
  readonly id: number;
  readonly address: string;
  /** The newest that it has told; null when it has told nothing yet. Counters and elections are left out. */
  readonly sample: Omit<ServerSample, 'readings' | 'elections'> | null;
  /** How old the sample is. */
  readonly ageMs: number | null;
  /** Why it did not answer the last time it was asked; null when it did, or was not asked yet. */
  readonly failure: string | null;
  readonly rates: ServerRates | null;
  readonly lag: Lag | null;
  /** Since the leader last heard from it; null when nobody leads, and for the leader itself. */
  readonly contactMs: number | null;
}

/** One moment in the charts. `null` where nothing is known. */
export interface Point {
  readonly atMs: number;
  readonly writes: number | null;
  readonly reads: number | null;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly waiting: number;
  /** By server. */
  readonly eventLoopMs: readonly (number | null)[];
}

/** An election as all servers together saw it. */
export interface ClusterElection extends Election {
  /** How many servers tell of it. */
  readonly seenBy: number;
}

/** How the cluster is, in words. */
export interface HealthVerdict {
  readonly level: 'healthy' | 'degraded' | 'down' | 'unknown';
  readonly headline: string;
  /** The next thing to do; null when there is nothing to do. */
  readonly next: string | null;
  /** Whatever else deserves a look. */
  readonly notes: readonly string[];
}

/** A scenario of the chaos monkey. */
export interface ChaosScenario {
  readonly name: string;
  /** The servers that it needs, in words. */
  readonly needs: string;
  readonly shows: string;
}

/** A run of the chaos monkey that was started from the server that is looked at. */
export interface ChaosSample {
  readonly scenario: string;
  readonly seconds: number;
  readonly startedAtMs: number;
  readonly state: 'running' | 'stopping' | 'ended';
  /** Null until it has ended. */
  readonly outcome: 'passed' | 'failed' | 'not run' | null;
  /** The newest that it told of its progress. */
  readonly line: string;
  /** Its verdicts, once it has ended. */
  readonly summary: string;
}

/** The whole cluster at one moment. */
export interface ClusterSample {
  readonly atMs: number;
  /** The server that tells it. */
  readonly self: number;
  readonly servers: readonly ServerView[];
  readonly verdict: HealthVerdict;
  /** The newest first. */
  readonly elections: readonly ClusterElection[];
  readonly latency: Latency | null;
  /** Requests that this server makes of the others for the dashboard, per second. */
  readonly asksPerSecond: number;
  readonly viewers: number;
  /** Null: none was started here. */
  readonly chaos: ChaosSample | null;
  /** A new moment in the charts, about once a second. */
  readonly point: Point | null;
}

/** The first thing that a viewer receives: the past that the charts show. */
export interface Hello {
  readonly points: readonly Point[];
}

/** An entry of the log as it is shown: `label` says in a few characters what it is. */
export interface ShownEntry {
  readonly term: number;
  readonly kind: Entry['kind'];
  readonly label: string;
}

/** The end of a server's log, and the rest of its state in figure 2 of the paper. */
export interface ShownLog {
  readonly id: number;
  readonly lifecycle: ServerSample['lifecycle'];
  readonly role: Role;
  readonly term: number;
  readonly votedFor: number | null;
  readonly commitIndex: number;
  readonly isLearner: boolean;
  /** The servers that it was told to ignore. */
  readonly unreachableFrom: readonly number[];
  /** The entry before the first of `entries`. */
  readonly base: { readonly index: number; readonly term: number };
  readonly entries: readonly ShownEntry[];
}

/** The log of one server; null when it did not answer, for the reason in `failure`. */
export interface ServerLog {
  readonly id: number;
  readonly log: ShownLog | null;
  readonly failure: string | null;
}

/** The logs of all servers, taken one after another within a few seconds. */
export interface ClusterLogs {
  readonly atMs: number;
  /** By id. */
  readonly servers: readonly ServerLog[];
}

/** A file or a key in the list. */
export interface NameRow {
  readonly name: string;
  /** Of a file: its version. Of a key: null. */
  readonly version: number | null;
  /** In a few words: `3 blocks`, `deleted`, `list of 2: ["a","b"]`. */
  readonly text: string;
}

/** A part of the files or keys whose names match. */
export interface NamePage {
  readonly kind: 'files' | 'keys';
  readonly total: number;
  readonly matches: number;
  /** Whether the search ended early because too many match. */
  readonly isCut: boolean;
  readonly offset: number;
  readonly rows: readonly NameRow[];
}

/** Most requests that an idle server may receive from its peers per second: "O(10)", as the assignment puts it. */
export const PEER_RPC_BUDGET = 10;

/** The hooks that a button of the page reaches. */
export const faultActions = ['crash', 'restore', 'isolate', 'heal'] as const;
export type FaultAction = (typeof faultActions)[number];
