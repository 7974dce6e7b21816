import type { Estrangement, RoleChange } from '../raft/output.js';
import type { TraceRecord } from '../raft/trace.js';
import type { RequestMessage, EntryId, Identity, NodeId } from '../raft/types.js';
import type { LifecycleState } from './lifecycle.js';

/** Something that takes time. */
export interface Timed {
  /** For the listener: when it began, by the listener's clock; the driver has none. */
  startedAt: number;
}

/** A call that waits: a command, a linearizable read, or a read that another server has confirmed. */
export interface WaitingCall extends Timed {
  readonly kind: 'write' | 'read' | 'whenApplied';
}

/** A request on its way to a peer. */
export interface RequestInFlight extends Timed {
  readonly request: RequestMessage;
}

/**
 * The fixed points of the driver at which it publishes what it does, for metrics; a listener must not throw. What happens to
 * a node now and then is told to its `NodeObserver`.
 */
export interface NodeEvents {
  callStarted(call: WaitingCall): void;
  callAnswered(call: WaitingCall, result: unknown): void;
  callFailed(call: WaitingCall, error: unknown): void;
  /** Nobody waits for it any more. */
  callAbandoned(call: WaitingCall): void;
  /** It did not even start. */
  callRefused(kind: 'write' | 'read', error: unknown): void;
  persistStarted(batch: Timed): void;
  /** The batch is durable. */
  persisted(batch: Timed): void;
  requestSent(sent: RequestInFlight): void;
  requestEnded(sent: RequestInFlight, outcome: 'answered' | 'failed' | 'abandoned'): void;
  /** So many entries were applied one by one. */
  applied(entries: number): void;
}

export const noNodeEvents: NodeEvents = {
  callStarted: () => undefined,
  callAnswered: () => undefined,
  callFailed: () => undefined,
  callAbandoned: () => undefined,
  callRefused: () => undefined,
  persistStarted: () => undefined,
  persisted: () => undefined,
  requestSent: () => undefined,
  requestEnded: () => undefined,
  applied: () => undefined,
};

/** Told of what happens to a node, for logs and metrics; must not throw. */
export interface NodeObserver {
  roleChanged(change: RoleChange): void;
  /** Why the core did what it did; never empty. */
  traced(records: readonly TraceRecord[]): void;
  lifecycleChanged(state: LifecycleState): void;
  /** Once per outage, not per attempt. */
  peerUnreachable(peer: NodeId, reason: string): void;
  /** At the first answer of a peer, and at the first one after an outage. */
  peerReachable(peer: NodeId): void;
  /** This server and another one have found that they have nothing to do with each other, or that they have again. */
  peerEstranged(estrangement: Estrangement): void;
  /** This server's directory means something else to its cluster than before. */
  identityChanged(identity: Identity): void;
  /** A write has been on its way to the disk for so many ticks; once per stall. */
  diskSlow(ticks: number): void;
  /** A snapshot of the own state machine is stored, and the log behind it dropped. */
  snapshotTaken(last: EntryId): void;
  /** The state machine was replaced by a leader's snapshot. */
  snapshotInstalled(last: EntryId, chunks: number): void;
  /** A snapshot came that the state machine can make nothing of. */
  snapshotUnusable(error: Error): void;
  /** The node serves nobody any more and never will. */
  failed(error: Error): void;
}

/**
 * Tells several of everything, in this order. One that throws harms neither the others nor the node.
 *
 * @param thrown hears what an observer threw
 */
export function observers(
  all: readonly NodeObserver[],
  thrown: (error: unknown) => void = () => undefined,
): NodeObserver {
  const tell = (say: (one: NodeObserver) => void): void => {
    for (const one of all) {
      try {
        say(one);
      } catch (error) {
        thrown(error);
      }
    }
  };
  return {
    roleChanged: (change) => tell((one) => one.roleChanged(change)),
    traced: (records) => tell((one) => one.traced(records)),
    lifecycleChanged: (state) => tell((one) => one.lifecycleChanged(state)),
    peerUnreachable: (peer, reason) => tell((one) => one.peerUnreachable(peer, reason)),
    peerReachable: (peer) => tell((one) => one.peerReachable(peer)),
    peerEstranged: (estrangement) => tell((one) => one.peerEstranged(estrangement)),
    identityChanged: (identity) => tell((one) => one.identityChanged(identity)),
    diskSlow: (ticks) => tell((one) => one.diskSlow(ticks)),
    snapshotTaken: (last) => tell((one) => one.snapshotTaken(last)),
    snapshotInstalled: (last, chunks) => tell((one) => one.snapshotInstalled(last, chunks)),
    snapshotUnusable: (error) => tell((one) => one.snapshotUnusable(error)),
    failed: (error) => tell((one) => one.failed(error)),
  };
}

/** Does nothing; for those who want to hear of a few things. */
export const noopObserver: NodeObserver = {
  roleChanged: () => undefined,
  traced: () => undefined,
  lifecycleChanged: () => undefined,
  peerUnreachable: () => undefined,
  peerReachable: () => undefined,
  peerEstranged: () => undefined,
  identityChanged: () => undefined,
  diskSlow: () => undefined,
  snapshotTaken: () => undefined,
  snapshotInstalled: () => undefined,
  snapshotUnusable: () => undefined,
  failed: () => undefined,
};
