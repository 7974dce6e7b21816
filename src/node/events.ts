import type { RequestMessage } from '../raft/types.js';

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
