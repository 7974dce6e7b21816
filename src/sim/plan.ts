import type { NodeId } from '../raft/types.js';
import type { Shape } from './shapes.js';
import type { DiskBehaviour } from './simDisk.js';
import type { NetworkBehaviour } from './simNetwork.js';

/** A server by its id, or whichever leads at that moment. */
export type Target = NodeId | 'leader';

/** Something bad that begins at `atMs` and is made good after `forMs`. */
export type Fault = { readonly atMs: number; readonly forMs: number } & (
  | { readonly kind: 'crash'; readonly targets: readonly Target[] }
  /** The connections from these servers break once, and prove nothing. */
  | { readonly kind: 'reset'; readonly targets: readonly Target[] }
  | { readonly kind: 'kill'; readonly targets: readonly Target[] }
  | { readonly kind: 'pause'; readonly targets: readonly Target[] }
  | { readonly kind: 'diskFailure'; readonly targets: readonly Target[] }
  | { readonly kind: 'slowDisk'; readonly targets: readonly Target[]; readonly extraMs: number }
  /** No message passes between a server of `side` and one that is not in it. */
  | { readonly kind: 'partition'; readonly side: readonly NodeId[] }
  /** Two halves that only reach each other through one server. */
  | { readonly kind: 'bridge'; readonly side: readonly NodeId[]; readonly over: NodeId }
  | { readonly kind: 'isolate'; readonly targets: readonly Target[] }
  /** Messages pass in one direction only. */
  | { readonly kind: 'deafen' | 'mute'; readonly targets: readonly Target[] }
  | { readonly kind: 'slowLinks'; readonly targets: readonly Target[]; readonly extraMs: number }
  | Shape
  /** The process is killed, and comes back on an empty disk. */
  | { readonly kind: 'wipe'; readonly targets: readonly Target[] }
  /** The process is killed, and comes back on the disk as it was so long before that. */
  | { readonly kind: 'rollback'; readonly targets: readonly Target[]; readonly agoMs: number }
);

export type FaultKind = Fault['kind'];

/** One client: what it does and how it behaves. Times in milliseconds, the rest probabilities. */
export interface ClientPlan {
  readonly operations: number;
  readonly thinkMinMs: number;
  readonly thinkMaxMs: number;
  /** It hangs up after so long; null: never. */
  readonly patienceMs: number | null;
  readonly reads: number;
  readonly wrongVersions: number;
  /** Its connection breaks, on the way there or back. */
  readonly breaks: number;
  /** Operations on keys; the others are on files. */
  readonly keyed: number;
  /** Of the writes on keys those that replace the value; the others append to it. */
  readonly puts: number;
  /** Of the writes on keys those that remove a key; no name of a key is removed twice. */
  readonly deletes: number;
  /** Calls on any server, which asks the leader for it; the others go to the leader. */
  readonly routed: number;
  /** What it lets a server take that asks the leader. */
  readonly routedMs: number;
  /** Whether it numbers its writes, so that it may repeat them. */
  readonly isNumbered: boolean;
  /** When it numbers them: it hangs up on one attempt after so long, and tries again; null: never. */
  readonly attemptMs: number | null;
}

/** When servers take snapshots, in entries; the rest as in a node's policy. */
export interface SnapshotPlan {
  /** {@link NEVER}: none is taken. */
  readonly entriesMax: number;
  readonly chunkChars: number;
  readonly tailEntriesMax: number;
}

/** Everything that is decided before a run; with the seed of the draws during it, it determines the run. */
export interface Plan {
  readonly seed: number;
  readonly servers: number;
  /** Length of the first phase, in which faults happen. */
  readonly chaosMs: number;
  readonly network: NetworkBehaviour;
  readonly disk: DiskBehaviour;
  /** By server: what each write on its disk takes beyond that, from the beginning to the end. @default nothing */
  readonly syncMs?: readonly number[];
  /** Whether a majority that is connected must have a leader and commit while faults last. @default false */
  readonly isLivenessJudged?: boolean;
  /** Clocks run at 1 plus or minus this. */
  readonly clockSkew: number;
  readonly files: number;
  /** Keys that the clients share at a time. */
  readonly keys: number;
  /** What they write under keys has at least this length. */
  readonly itemChars: number;
  /** Clients whose sessions a server remembers. */
  readonly sessionsMax: number;
  /** Calls that a server lets wait. */
  readonly waitingCallsMax: number;
  /** Ticks after its start in which a server does not vote, for servers that may lose their disks; 0 by default. */
  readonly voteDelayTicks?: number;
  readonly snapshots: SnapshotPlan;
  readonly clients: readonly ClientPlan[];
  readonly faults: readonly Fault[];
}
