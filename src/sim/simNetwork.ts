import { ServiceError } from '../node/errors.js';
import type { PendingCall } from '../node/pendingRequests.js';
import type { CommandResult } from '../stateMachine/command.js';
import type { Message, NodeId, RequestMessage, ResponseMessage } from '../raft/types.js';
import {
  LinkSpeed,
  type PeerRequestHandler,
  type SendOutcome,
  type Transport,
} from '../transport/transport.js';
import { Exchange, mayBeLate, messageBytes } from './exchange.js';
import type { Prng } from './prng.js';
import type { SimHost, VirtualTime } from './simHost.js';
import { SimLink } from './simLink.js';

/** How messages fare; times in milliseconds, the rest probabilities. */
export interface NetworkBehaviour {
  readonly latencyMinMs: number;
  readonly latencyMaxMs: number;
  /** Share of messages that take up to `tailMs` instead. */
  readonly tail: number;
  readonly tailMs: number;
  readonly loss: number;
  readonly duplication: number;
  /** Of each link in each direction. @default unlimited */
  readonly bytesPerSecond?: number;
  /** Whether the others do not notice when the connections of a process close. @default false */
  readonly hidesEnds?: boolean;
}

/** A request that is kept back on its way, or its response. */
export interface HeldMessage {
  readonly request: RequestMessage;
  /** Null: the request itself is kept back. */
  readonly response: ResponseMessage | null;
  /** Lets it continue on its way. */
  readonly send: () => void;
}

/** How processes wait for answers. */
export interface ExchangeSettings {
  /**
   * After so long without an answer a small request has failed; a large one has more time, by the speed of the link.
   */
  readonly timeoutMs: number;
}

/** One end of the network: a process, and what answers in it. */
interface Endpoint {
  readonly host: SimHost;
  readonly handler: PeerRequestHandler;
  /** The calls that other servers send it for their clients. */
  readonly calls: ServedCalls;
  readonly node: { readonly isCrashed: boolean; leaderLost(peer: NodeId): void };
}

/** Told of what happens to messages. */
interface NetworkObserver {
  sent(message: Message): void;
  /** It has left, and will arrive at that moment. */
  travels?(message: Message, arrivesMs: number): void;
  delivered(request: RequestMessage): void;
  lost(message: Message): void;
  /** A link was cut, joined, or became slower or quicker. */
  linksChanged(): void;
}

/** The fate of closed connections has draws of its own. */
const EVIDENCE_FORK = 1;

/** More ids than any cluster has. */
const IDS_MAX = 64;

/**
 * Carries messages between servers as HTTP would on a bad network: with delays that reorder them, loss, duplicates,
 * links that are cut or slow in one direction, and uploads that take time. A request that is given up may still arrive
 * later, unless its upload had not ended.
 */
export class SimNetwork {
  private readonly endpoints = new Map<NodeId, Endpoint>();
  private readonly links = new Map<number, SimLink>();
  private readonly evidence: Prng;
  private readonly holds = new Set<SimLink>();
  private kept: HeldMessage[] = [];

  constructor(
    private readonly time: VirtualTime,
    private readonly random: Prng,
    private behaviour: NetworkBehaviour,
    private readonly observer: NetworkObserver,
  ) {
    this.evidence = random.fork(EVIDENCE_FORK);
  }

  /** How messages fare at present. */
  get present(): NetworkBehaviour {
    return this.behaviour;
  }

  /** The process of a server, or undefined when it has none. */
  connect(id: NodeId, endpoint: Endpoint | undefined): void {
    if (endpoint === undefined) this.endpoints.delete(id);
    else this.endpoints.set(id, endpoint);
  }

  setBehaviour(behaviour: NetworkBehaviour): void {
    this.behaviour = behaviour;
    for (const link of this.links.values())
      link.setBandwidth(behaviour.bytesPerSecond ?? Number.POSITIVE_INFINITY);
    this.observer.linksChanged();
  }

  /**
   * Cuts one direction; it works again when as many calls of {@link joinLink} have followed, or everything is healed.
   */
  cutLink(from: NodeId, to: NodeId): void {
    this.link(from, to).cut();
    this.observer.linksChanged();
  }

  joinLink(from: NodeId, to: NodeId): void {
    this.link(from, to).join();
    this.observer.linksChanged();
  }

  /** Makes one direction slower, or with a negative figure quicker again. */
  slowLink(from: NodeId, to: NodeId, extraMs: number): void {
    this.link(from, to).slow(extraMs);
    this.observer.linksChanged();
  }

  /** Takes back the cuts and slowness of all links. */
  heal(): void {
    for (const link of this.links.values()) link.heal();
    this.observer.linksChanged();
  }

  /** Keeps back what is sent from now on in one direction, until {@link release}. */
  hold(from: NodeId, to: NodeId): void {
    this.holds.add(this.link(from, to));
  }

  /** All that is kept back, in the order in which it was sent. */
  get held(): readonly HeldMessage[] {
    return this.kept;
  }

  /** Keeps back nothing more, and loses what was, but for the messages named. */
  release(stillHeld: readonly HeldMessage[] = []): void {
    this.holds.clear();
    this.keepOnly(stillHeld);
  }

  /** Of what is kept back loses everything but the messages named. */
  keepOnly(stillHeld: readonly HeldMessage[]): void {
    this.kept = [...stillHeld];
  }

  isCut(from: NodeId, to: NodeId): boolean {
    return this.link(from, to).isCut;
  }

  /** The additional latency of one direction. */
  extraMs(from: NodeId, to: NodeId): number {
    return this.link(from, to).extraMs;
  }

  /** The process of a server, if it has one. */
  endpoint(id: NodeId): Endpoint | undefined {
    return this.endpoints.get(id);
  }

  /** Whether something is carried twice. */
  doubles(random: Prng): boolean {
    return random.chance(this.behaviour.duplication);
  }

  /**
   * Carries `bytes` from server to server as messages are carried, with draws of its own. Undefined: they are lost;
   * otherwise a function that breaks off their upload, after which they do not arrive.
   */
  pass(
    from: NodeId,
    to: NodeId,
    random: Prng,
    bytes: number,
    arrive: () => void,
    lost: () => void = () => undefined,
    travels: (arrivesMs: number) => void = () => undefined,
  ): (() => void) | undefined {
    const link = this.link(from, to);
    if (link.isCut || random.chance(this.behaviour.loss)) return undefined;
    const { latencyMinMs, latencyMaxMs, tail, tailMs } = this.behaviour;
    const mostMs = random.chance(tail) ? tailMs : latencyMaxMs;
    const latencyMs = latencyMinMs + (mostMs - latencyMinMs) * random.next() + link.extraMs;
    const sender = this.endpoints.get(from)?.host;
    let isUploaded = false;
    const breakOff = link.upload(bytes, () => {
      isUploaded = true;
      // What takes no time to upload is not affected by what happens meanwhile.
      if (link.isCut || sender?.isAlive === false) lost();
      else {
        travels(this.time.nowMs + latencyMs);
        this.time.after(latencyMs, arrive);
      }
    });
    return () => {
      if (isUploaded) return;
      breakOff();
      lost();
    };
  }

  /** The transport of one process. */
  transportFor(id: NodeId, host: SimHost, settings: ExchangeSettings): Transport {
    const speeds = new Map<NodeId, LinkSpeed>();
    return {
      send: (request, done, late) => {
        const bytes = messageBytes(request);
        const speed = speeds.get(request.to) ?? new LinkSpeed();
        speeds.set(request.to, speed);
        const timeoutMs = settings.timeoutMs + speed.allowanceMs(bytes);
        const startedAt = this.time.nowMs;
        const measured = (outcome: SendOutcome): void => {
          const ms = this.time.nowMs - startedAt;
          if ('response' in outcome) speed.answered(bytes, ms);
          else if (ms >= timeoutMs) speed.timedOut(bytes);
          done(outcome);
        };
        const limits = { timeoutMs, mayBeLate: mayBeLate(request, bytes) };
        return new Exchange(host, measured, late, limits).start((deliver) =>
          this.carry(request, bytes, deliver),
        );
      },
      disconnect: () => this.closeConnections(id),
      close: () => undefined,
    };
  }

  /**
   * The connections from a server to all others close. Whoever hears of it tries to reach the server: one that is down,
   * or refuses, is lost; one that answers is not; without an answer nothing is known.
   */
  closeConnections(id: NodeId): void {
    if (this.behaviour.hidesEnds === true) return;
    for (const other of this.endpoints.keys()) {
      if (other === id) continue;
      const ask = (): unknown => this.pass(other, id, this.evidence, 0, () => this.answerEvidence(id, other));
      this.pass(id, other, this.evidence, 0, () => this.endpoints.get(other)?.host.perform(ask));
    }
  }

  private answerEvidence(id: NodeId, asker: NodeId): void {
    const asked = this.endpoints.get(id);
    if (asked?.node.isCrashed === false) return;
    this.pass(id, asker, this.evidence, 0, () => {
      const endpoint = this.endpoints.get(asker);
      endpoint?.host.perform(() => endpoint.node.leaderLost(id));
    });
  }

  private link(from: NodeId, to: NodeId): SimLink {
    const key = from * IDS_MAX + to;
    const known = this.links.get(key);
    if (known !== undefined) return known;
    const link = new SimLink(this.time);
    link.setBandwidth(this.behaviour.bytesPerSecond ?? Number.POSITIVE_INFINITY);
    this.links.set(key, link);
    return link;
  }

  /** Returns what breaks off the upload. */
  private carry(request: RequestMessage, bytes: number, answer: (outcome: SendOutcome) => void): () => void {
    freezeMessage(request);
    this.observer.sent(request);
    const breakOff = this.transfer(request, null, bytes, () => this.arrive(request, answer));
    if (this.doubles(this.random)) {
      this.transfer(request, null, bytes, () => this.arrive(request, () => undefined));
    }
    return breakOff;
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
        this.fail(request, error.message, answer);
      }
    });
  }

  private reply(
    request: RequestMessage,
    response: ResponseMessage | null,
    answer: (outcome: SendOutcome) => void,
  ): void {
    if (response === null) {
      this.fail(request, 'no answer', answer);
      return;
    }
    freezeMessage(response);
    this.observer.sent(response);
    this.transfer(request, response, messageBytes(response), () => answer({ response }));
  }

  private fail({ from, to }: RequestMessage, failure: string, answer: (outcome: SendOutcome) => void): void {
    this.pass(to, from, this.random, 0, () => answer({ failure }));
  }

  /**
   * Carries one message; returns what breaks off its upload. The page that runs Raft has ways of its own to do it.
   * @param response null: the request itself is carried
   */
  protected transfer(
    request: RequestMessage,
    response: ResponseMessage | null,
    bytes: number,
    arrive: () => void,
  ): () => void {
    const message = response ?? request;
    const { from, to } = message;
    const lost = (): void => this.observer.lost(message);
    const travels = (arrivesMs: number): void => this.observer.travels?.(message, arrivesMs);
    const send = (): (() => void) => {
      const breakOff = this.pass(from, to, this.random, bytes, arrive, lost, travels);
      if (breakOff === undefined) lost();
      return breakOff ?? (() => undefined);
    };
    if (!this.holds.has(this.link(from, to))) return send();
    this.kept.push({ request, response, send });
    return () => undefined;
  }
}

/** A message belongs to nobody once it is sent: whoever changes it afterwards is caught. */
function freezeMessage(message: Message): void {
  if (message.type === 'appendEntries' && !Object.isFrozen(message.entries)) {
    for (const entry of message.entries) Object.freeze(entry);
    Object.freeze(message.entries);
  }
  Object.freeze(message);
}

/** The calls that a server offers to the others. */
export interface ServedCalls {
  propose(command: string): PendingCall<CommandResult>;
  readIndex(): PendingCall<number>;
}
