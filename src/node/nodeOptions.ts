import type { RaftConfig } from '../raft/config.js';
import type { CoreStatus } from '../raft/status.js';
import type { NodeId } from '../raft/types.js';
import type { StateMachine } from '../stateMachine/stateMachine.js';
import type { Storage } from '../storage/storage.js';
import type { Transport } from '../transport/transport.js';
import type { Defer, Ticker } from './clock.js';
import type { NodeEvents, NodeObserver } from './events.js';
import type { LifecycleState } from './lifecycle.js';
import type { ReplyAfter } from './pendingRequests.js';
import type { SnapshotPolicy } from './snapshots.js';
import type { StateLimit } from './stateLimit.js';

/** What a node is made of. */
export interface RaftNodeOptions<Result> {
  readonly raft: RaftConfig;
  readonly storage: Storage;
  readonly transport: Transport;
  readonly stateMachine: StateMachine<Result>;
  readonly ticker: Ticker;
  /** How the pieces of long work are put between everything else. */
  readonly defer: Defer;
  readonly snapshots: SnapshotPolicy;
  /** A new election timeout in ticks each time. */
  readonly drawElectionTicks: () => number;
  /** A new id each time, for a cluster or a directory; needed with directories only. */
  readonly drawId?: () => string;
  readonly replyAfter: ReplyAfter;
  /** Calls that may wait at the same time; more are refused as `overloaded`. */
  readonly waitingCallsMax: number;
  /** Refuses what the state has no room for, while this server leads. Without it there is no limit. */
  readonly stateLimit?: StateLimit;
  readonly observer: NodeObserver;
  /** @default nobody listens */
  readonly events?: NodeEvents;
}

/** A node for people and monitors. While it is down, `core` is what it was when it went down, as a follower. */
export interface NodeStatus {
  readonly lifecycle: LifecycleState;
  readonly core: CoreStatus;
  readonly lastApplied: number;
  readonly waitingCalls: number;
  /** The peers that are not heard, as `makeUnreachableFrom` wants it; in rising order. */
  readonly unreachableFrom: readonly NodeId[];
  /** The peers that answered the last request, or called before any was sent; in rising order. */
  readonly reachablePeers: readonly NodeId[];
}
