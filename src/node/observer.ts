import type { RoleChange } from '../raft/output.js';
import type { NodeId } from '../raft/types.js';
import type { LifecycleState } from './lifecycle.js';

/** Told of what happens to a node, for logs and metrics; must not throw. */
export interface NodeObserver {
  roleChanged(change: RoleChange): void;
  lifecycleChanged(state: LifecycleState): void;
  /** Once per outage, not per attempt. */
  peerUnreachable(peer: NodeId, reason: string): void;
  /** At the first answer of a peer, and at the first one after an outage. */
  peerReachable(peer: NodeId): void;
  /** The node serves nobody any more and never will. */
  failed(error: Error): void;
}
