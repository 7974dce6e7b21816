import type { NodeId } from '../raft/types.js';
import type { NodeObserver } from './observer.js';

/** Turns the outcomes of single requests into one report per outage and one when the peer is reached (again). */
export class PeerHealth {
  private readonly reachable = new Map<NodeId, boolean>();

  constructor(private readonly observer: Pick<NodeObserver, 'peerUnreachable' | 'peerReachable'>) {}

  isReachable(peer: NodeId): boolean {
    return this.reachable.get(peer) === true;
  }

  failed(peer: NodeId, reason: string): void {
    if (this.reachable.get(peer) === false) return;
    this.reachable.set(peer, false);
    this.observer.peerUnreachable(peer, reason);
  }

  /** The peer has called us: it is there, though that says nothing about our way to it during an outage. */
  called(peer: NodeId): void {
    if (!this.reachable.has(peer)) this.answered(peer);
  }

  answered(peer: NodeId): void {
    if (this.reachable.get(peer) === true) return;
    this.reachable.set(peer, true);
    this.observer.peerReachable(peer);
  }
}
