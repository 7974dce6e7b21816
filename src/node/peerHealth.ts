import type { NodeId } from '../raft/types.js';
import type { NodeObserver } from './observer.js';

/** Turns the outcomes of single requests into one report per outage and one per recovery. */
export class PeerHealth {
  private readonly down = new Set<NodeId>();

  constructor(private readonly observer: Pick<NodeObserver, 'peerUnreachable' | 'peerReachable'>) {}

  failed(peer: NodeId, reason: string): void {
    if (this.down.has(peer)) return;
    this.down.add(peer);
    this.observer.peerUnreachable(peer, reason);
  }

  answered(peer: NodeId): void {
    if (this.down.delete(peer)) this.observer.peerReachable(peer);
  }
}
