import type { RequestMessage, ResponseMessage, NodeId } from '../raft/types.js';
import type { Transport } from '../transport/transport.js';
import { noNodeEvents, type NodeEvents, type RequestInFlight, type NodeObserver } from './events.js';

/** Where a channel reports to. */
interface ChannelReports {
  answered(request: RequestMessage, response: ResponseMessage): void;
  failed(request: RequestMessage, reason: string): void;
  /** An answer came after its request had been reported as failed. */
  late(response: ResponseMessage): void;
}

/** How many requests of a kind may be in flight; kinds do not wait for each other. */
const lanes = {
  appendEntries: 'replication',
  installSnapshot: 'replication',
  heartbeat: 'heartbeats',
  preVote: 'preVotes',
  requestVote: 'votes',
} as const satisfies Record<RequestMessage['type'], string>;

/** Enough for an answer that takes as long as a request may take, at the usual pace of heartbeats. */
const HEARTBEATS_IN_FLIGHT = 3;

/**
 * The way to one peer. Replication, heartbeats, pre-votes and votes travel beside each other, so that a large append, or an
 * answer that waits for a slow disk, holds back nothing else.
 */
export class PeerChannel {
  private readonly lanes: Readonly<Record<(typeof lanes)[RequestMessage['type']], Lane>>;

  constructor(transport: Transport, reports: ChannelReports, events: NodeEvents = noNodeEvents) {
    const lane = (inFlightMax: number): Lane => new Lane(transport, reports, events, inFlightMax);
    this.lanes = {
      replication: lane(1),
      heartbeats: lane(HEARTBEATS_IN_FLIGHT),
      preVotes: lane(1),
      votes: lane(1),
    };
  }

  send(request: RequestMessage): void {
    this.lanes[lanes[request.type]].send(request);
  }

  /** Forgets everything: an answer that still comes is not delivered. */
  reset(): void {
    for (const lane of Object.values(this.lanes)) lane.reset();
  }
}

interface InFlight extends RequestInFlight {
  readonly giveUp: () => void;
}

/**
 * So many requests in flight, and of those that would have to wait only the newest is kept, since it carries everything that
 * the older ones did. A request of a newer term does not wait: those of older terms are given up for it.
 */
class Lane {
  private readonly inFlight: InFlight[] = [];
  private waiting: RequestMessage | undefined;
  private epoch = 0;

  constructor(
    private readonly transport: Transport,
    private readonly reports: ChannelReports,
    private readonly events: NodeEvents,
    private readonly inFlightMax: number,
  ) {}

  send(request: RequestMessage): void {
    const oldest = this.inFlight[0];
    if (this.hasRoom()) this.start(request);
    else if (oldest !== undefined && oldest.request.term < request.term) {
      this.inFlight.shift();
      this.waiting = undefined;
      this.giveUp(oldest);
      this.start(request);
    } else this.waiting = request;
  }

  reset(): void {
    this.epoch += 1;
    for (const sent of this.inFlight.splice(0)) this.giveUp(sent);
    this.waiting = undefined;
  }

  private start(request: RequestMessage): void {
    const { epoch } = this;
    const giveUp = this.transport.send(
      request,
      (outcome) => {
        this.remove(entry);
        const { waiting } = this;
        this.waiting = undefined;
        const isAnswered = 'response' in outcome;
        this.events.requestEnded(entry, isAnswered ? 'answered' : 'failed');
        if (isAnswered) this.reports.answered(request, outcome.response);
        else this.reports.failed(request, outcome.failure);
        // The answer may have led to a newer request, which then is the one to go.
        if (waiting !== undefined && this.hasRoom()) this.start(waiting);
      },
      (response) => {
        if (epoch === this.epoch) this.reports.late(response);
      },
    );
    const entry: InFlight = { request, giveUp, startedAt: 0 };
    this.inFlight.push(entry);
    this.events.requestSent(entry);
  }

  private giveUp(sent: InFlight): void {
    this.events.requestEnded(sent, 'abandoned');
    sent.giveUp();
  }

  private remove(entry: InFlight): void {
    const position = this.inFlight.indexOf(entry);
    if (position >= 0) this.inFlight.splice(position, 1);
  }

  private hasRoom(): boolean {
    return this.inFlight.length < this.inFlightMax;
  }
}

/** Whether the core must hear that this request failed: a heartbeat and a pre-vote are repeated in any case. */
export function isFailureNews({ type }: RequestMessage): boolean {
  return type === 'appendEntries' || type === 'installSnapshot' || type === 'requestVote';
}

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
