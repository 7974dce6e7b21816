import type { NodeId, RequestMessage, ResponseMessage } from '../../src/raft/types.js';
import type { PeerRequestHandler, SendOutcome, Transport } from '../../src/transport/transport.js';
import { requestOverTheWire, responseOverTheWire } from './overTheWire.js';

/** One request and the one answer it may get. */
interface Exchange {
  readonly request: RequestMessage;
  readonly deadlineMs: number;
  readonly done: (outcome: SendOutcome) => void;
  readonly late: (response: ResponseMessage) => void;
  /** `late`: it was reported as failed, and an answer is still handed over. */
  state: 'open' | 'late' | 'ended';
}

/** A request or an answer on its way. */
export interface Packet {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly dueMs: number;
  readonly exchange: Exchange;
  /** Null in a request. */
  readonly answer: SendOutcome | null;
}

/** The fate of held packets: sent now in this order, or kept for a later release; all others are lost. */
export interface ReleasePlan {
  readonly sent: readonly Packet[];
  readonly kept?: readonly Packet[];
}

/**
 * Carries requests and answers in memory, in the order in which they were sent unless told otherwise. What
 * crosses a cut link is lost, and the sender learns so when its request times out, as over a real network; a
 * server that is crashed or gone refuses at once.
 */
export class VirtualNetwork {
  /** Requests delivered to each server, by type; for counts. */
  readonly received = new Map<NodeId, Record<RequestMessage['type'], number>>();
  /** Called after everything that reached a server. */
  onDelivered: () => void = () => undefined;
  /** Sees every request as it leaves. */
  onSent: (request: RequestMessage) => void = () => undefined;
  latencyMs: () => number = () => 0;

  private readonly handlers = new Map<NodeId, PeerRequestHandler>();
  private readonly cuts = new Set<string>();
  private readonly holds = new Set<string>();
  private packets: Packet[] = [];
  private held: Packet[] = [];
  private exchanges: Exchange[] = [];

  constructor(
    private readonly nowMs: () => number,
    private readonly rpcTimeoutMs: number,
  ) {}

  attach(id: NodeId, handler: PeerRequestHandler | null): void {
    if (handler === null) this.handlers.delete(id);
    else this.handlers.set(id, handler);
  }

  transport(): Transport {
    return {
      send: (request, done, late) => this.send(request, done, late),
      disconnect: () => undefined,
      close: () => undefined,
    };
  }

  /** Loses everything from `from` to `to`; the other direction still works. */
  cutOneWay(from: NodeId, to: NodeId): void {
    this.cuts.add(linkName(from, to));
  }

  cut(a: NodeId, b: NodeId): void {
    this.cutOneWay(a, b);
    this.cutOneWay(b, a);
  }

  isCut(from: NodeId, to: NodeId): boolean {
    return this.cuts.has(linkName(from, to));
  }

  heal(): void {
    this.cuts.clear();
  }

  /** Keeps back what is sent from `from` to `to` until `release`. */
  hold(from: NodeId, to: NodeId): void {
    this.holds.add(linkName(from, to));
  }

  get heldPackets(): readonly Packet[] {
    return this.held;
  }

  /** Loses those of the held packets that `isLost` names. */
  drop(isLost: (packet: Packet) => boolean): void {
    this.held = this.held.filter((packet) => !isLost(packet));
  }

  /** Ends all holds; what was held goes on its way as planned, by default all of it in the order of sending. */
  release(plan: (held: readonly Packet[]) => ReleasePlan = (held) => ({ sent: held })): void {
    this.holds.clear();
    const { sent, kept = [] } = plan(this.held);
    this.held = [...kept];
    for (const packet of sent) this.packets.push({ ...packet, dueMs: this.nowMs() });
  }

  /** Delivers everything that is due, and what comes of it, until the network is quiet at this moment. */
  deliverDue(): void {
    for (let delivered = 0; this.deliverNext(); delivered += 1) {
      if (delivered > 20_000) throw new Error('the servers never stop talking');
    }
  }

  /** Ends requests whose time is over. */
  expire(): void {
    const now = this.nowMs();
    const isOpen = ({ state }: Exchange): boolean => state === 'open';
    const over = this.exchanges.filter((exchange) => isOpen(exchange) && exchange.deadlineMs <= now);
    this.exchanges = this.exchanges.filter((exchange) => isOpen(exchange) && exchange.deadlineMs > now);
    for (const exchange of over) {
      exchange.state = 'late';
      exchange.done({ failure: 'no answer in time' });
      this.onDelivered();
    }
  }

  /** Delivers one packet that is due; false when there is none. */
  deliverNext(): boolean {
    const packet = this.takeDue();
    if (packet === undefined) return false;
    if (!this.isCut(packet.from, packet.to)) this.deliver(packet);
    this.onDelivered();
    return true;
  }

  private send(
    request: RequestMessage,
    done: (outcome: SendOutcome) => void,
    late: (response: ResponseMessage) => void,
  ): () => void {
    const deadlineMs = this.nowMs() + this.rpcTimeoutMs;
    const exchange: Exchange = {
      request: requestOverTheWire(request),
      deadlineMs,
      done,
      late,
      state: 'open',
    };
    this.exchanges.push(exchange);
    this.onSent(request);
    this.dispatch(request.from, request.to, exchange, null);
    return () => {
      exchange.state = 'ended';
    };
  }

  private dispatch(from: NodeId, to: NodeId, exchange: Exchange, answer: SendOutcome | null): void {
    const packet: Packet = { from, to, dueMs: this.nowMs() + this.latencyMs(), exchange, answer };
    if (this.holds.has(linkName(from, to))) this.held.push(packet);
    else this.packets.push(packet);
  }

  private takeDue(): Packet | undefined {
    const now = this.nowMs();
    let first: number | undefined;
    for (const [position, packet] of this.packets.entries()) {
      if (packet.dueMs > now) continue;
      if (first === undefined || packet.dueMs < (this.packets[first]?.dueMs ?? 0)) first = position;
    }
    return first === undefined ? undefined : this.packets.splice(first, 1)[0];
  }

  private deliver({ from, to, exchange, answer }: Packet): void {
    if (answer !== null) {
      this.finish(exchange, answer);
      return;
    }
    this.count(to, exchange.request.type);
    this.serve(to, exchange.request, (outcome) => this.dispatch(to, from, exchange, outcome));
  }

  private serve(id: NodeId, request: RequestMessage, reply: (outcome: SendOutcome) => void): void {
    const handler = this.handlers.get(id);
    if (handler === undefined) {
      reply({ failure: 'connection refused' });
      return;
    }
    try {
      handler.receive(request, (response) =>
        reply(response === null ? { failure: 'no answer' } : answerTo(request, response)),
      );
    } catch (error) {
      reply({ failure: String(error) });
    }
  }

  private finish(exchange: Exchange, outcome: SendOutcome): void {
    const { state } = exchange;
    exchange.state = 'ended';
    if (state === 'open') exchange.done(outcome);
    else if (state === 'late' && 'response' in outcome) exchange.late(outcome.response);
  }

  private count(id: NodeId, type: RequestMessage['type']): void {
    const counts = this.received.get(id) ?? {
      preVote: 0,
      requestVote: 0,
      appendEntries: 0,
      heartbeat: 0,
      installSnapshot: 0,
    };
    counts[type] += 1;
    this.received.set(id, counts);
  }
}

/** Checks what production code checks of an answer, and takes it over the wire. */
function answerTo(request: RequestMessage, response: ResponseMessage): SendOutcome {
  if (
    (response.type !== 'refusal' && response.type !== `${request.type}Response`) ||
    response.from !== request.to ||
    response.to !== request.from
  )
    throw new Error(`${JSON.stringify(response)} is no answer to ${JSON.stringify(request)}`);
  return { response: responseOverTheWire(response) };
}

function linkName(from: NodeId, to: NodeId): string {
  return `${from}>${to}`;
}
