import { ServiceError } from '../node/errors.js';
import type { Message, NodeId, RequestMessage, ResponseMessage } from '../raft/types.js';
import type { PeerRequestHandler, SendOutcome, Transport } from '../transport/transport.js';
import type { Prng } from './prng.js';
import type { SimHost } from './simHost.js';
import type { ServedCalls } from './simLeaderCalls.js';
import type { VirtualTime } from './virtualTime.js';

/** How messages fare; times in milliseconds, the rest probabilities. */
export interface NetworkBehaviour {
  readonly latencyMinMs: number;
  readonly latencyMaxMs: number;
  /** Share of messages that take up to `tailMs` instead. */
  readonly tail: number;
  readonly tailMs: number;
  readonly loss: number;
  readonly duplication: number;
}

/** One end of the network: a process, and what answers in it. */
export interface Endpoint {
  readonly host: SimHost;
  readonly handler: PeerRequestHandler;
  /** What the other servers ask of it for their clients. */
  readonly calls: ServedCalls;
}

/** Told of what happens to messages. */
export interface NetworkObserver {
  sent(message: Message): void;
  delivered(message: Message): void;
  lost(message: Message): void;
}

/**
 * Carries messages between servers as HTTP would on a bad network: with delays that reorder them, loss,
 * duplicates, links that are cut or slow in one direction. A request that is given up may still arrive later.
 */
export class SimNetwork {
  private readonly endpoints = new Map<NodeId, Endpoint>();
  private readonly cut = new Set<string>();
  private readonly slowMs = new Map<string, number>();

  constructor(
    private readonly time: VirtualTime,
    private readonly random: Prng,
    private behaviour: NetworkBehaviour,
    private readonly observer: NetworkObserver,
  ) {}

  /** The process of a server, or undefined when it has none. */
  connect(id: NodeId, endpoint: Endpoint | undefined): void {
    if (endpoint === undefined) this.endpoints.delete(id);
    else this.endpoints.set(id, endpoint);
  }

  setBehaviour(behaviour: NetworkBehaviour): void {
    this.behaviour = behaviour;
  }

  cutLink(from: NodeId, to: NodeId): void {
    this.cut.add(linkOf(from, to));
  }

  slowLink(from: NodeId, to: NodeId, extraMs: number): void {
    this.slowMs.set(linkOf(from, to), extraMs);
  }

  /** Takes back the cuts and slowness of one link; of all links without arguments. */
  heal(from?: NodeId, to?: NodeId): void {
    if (from === undefined || to === undefined) {
      this.cut.clear();
      this.slowMs.clear();
      return;
    }
    this.cut.delete(linkOf(from, to));
    this.slowMs.delete(linkOf(from, to));
  }

  isCut(from: NodeId, to: NodeId): boolean {
    return this.cut.has(linkOf(from, to));
  }

  /** The process of a server, if it has one. */
  endpoint(id: NodeId): Endpoint | undefined {
    return this.endpoints.get(id);
  }

  /** Whether something is carried twice. */
  doubles(random: Prng): boolean {
    return random.chance(this.behaviour.duplication);
  }

  /** Carries something from server to server as messages are carried, with draws of its own; false: it is lost. */
  pass(from: NodeId, to: NodeId, random: Prng, arrive: () => void): boolean {
    const link = linkOf(from, to);
    if (this.cut.has(link) || random.chance(this.behaviour.loss)) return false;
    const { latencyMinMs, latencyMaxMs, tail, tailMs } = this.behaviour;
    const mostMs = random.chance(tail) ? tailMs : latencyMaxMs;
    const latencyMs = latencyMinMs + (mostMs - latencyMinMs) * random.next() + (this.slowMs.get(link) ?? 0);
    this.time.after(latencyMs, arrive);
    return true;
  }

  /** The transport of one process. `timeoutMs`: after so long without an answer a request has failed. */
  transportFor(host: SimHost, timeoutMs: number): Transport {
    return {
      send: (request, done) =>
        new Exchange(host, done, timeoutMs).start((deliver) => this.carry(request, deliver)),
      close: () => undefined,
    };
  }

  private carry(request: RequestMessage, answer: (outcome: SendOutcome) => void): void {
    freezeMessage(request);
    this.observer.sent(request);
    this.transfer(request, () => this.arrive(request, answer));
    if (this.doubles(this.random)) {
      this.transfer(request, () => this.arrive(request, () => undefined));
    }
  }

  private arrive(request: RequestMessage, answer: (outcome: SendOutcome) => void): void {
    const endpoint = this.endpoints.get(request.to);
    if (endpoint === undefined) {
      answer({ failure: 'connection refused' });
      return;
    }
    endpoint.host.perform(() => {
      this.observer.delivered(request);
      try {
        endpoint.handler.receive(request, (response) => this.reply(request, response, answer));
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error;
        this.reply(request, null, () => answer({ failure: error.message }));
      }
    });
  }

  private reply(
    request: RequestMessage,
    response: ResponseMessage | null,
    answer: (outcome: SendOutcome) => void,
  ): void {
    if (response === null) {
      this.pass(request.to, request.from, this.random, () => answer({ failure: 'no answer' }));
      return;
    }
    freezeMessage(response);
    this.observer.sent(response);
    this.transfer(response, () => answer({ response }));
  }

  private transfer(message: Message, arrive: () => void): void {
    const arrives = this.pass(message.from, message.to, this.random, arrive);
    if (!arrives) this.observer.lost(message);
  }
}

/** One request from its sender's side: ends exactly once, in an answer, a failure, or by being given up. */
class Exchange {
  private ended = false;
  private cancelTimeout: () => void = () => undefined;

  constructor(
    private readonly host: SimHost,
    private readonly done: (outcome: SendOutcome) => void,
    private readonly timeoutMs: number,
  ) {}

  start(carry: (answer: (outcome: SendOutcome) => void) => void): () => void {
    this.cancelTimeout = this.host.after(this.timeoutMs, () => this.end({ failure: 'no answer in time' }));
    carry((outcome) => this.host.perform(() => this.end(outcome)));
    return () => {
      this.ended = true;
      this.cancelTimeout();
    };
  }

  private end(outcome: SendOutcome): void {
    if (this.ended) return;
    this.ended = true;
    this.cancelTimeout();
    this.done(outcome);
  }
}

function linkOf(from: NodeId, to: NodeId): string {
  return `${from}>${to}`;
}

/** A message belongs to nobody once it is sent: whoever changes it afterwards is caught. */
function freezeMessage(message: Message): void {
  if (message.type === 'appendEntries' && !Object.isFrozen(message.entries)) {
    for (const entry of message.entries) Object.freeze(entry);
    Object.freeze(message.entries);
  }
  Object.freeze(message);
}
