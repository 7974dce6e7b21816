import type { Message, NodeId, RequestMessage, ResponseMessage } from '../../raft/types.js';
import type { Prng } from '../../sim/prng.js';
import { SimNetwork } from '../../sim/simNetwork.js';
import type { VirtualTime } from '../../sim/simHost.js';
import type { OnLink, OnMessage } from './actions.js';
import type { Flight } from './view.js';

/** Slow enough to be seen, and well below the shortest election timeout. */
const LATENCY_MIN_MS = 30;
const LATENCY_MAX_MS = 70;
/** A slow link takes so much longer: a round trip over two of them is longer than servers wait for an answer. */
const SLOW_MS = 280;
/** The share of messages that a lossy link loses. */
const LOSS = 0.5;
/** The second copy of a message comes so much later. */
const COPY_MS = 25;

const untouched = { latencyMinMs: LATENCY_MIN_MS, latencyMaxMs: LATENCY_MAX_MS, tail: 0, tailMs: 0 };

/** A message under way, with what happens at its end. */
interface Carried extends Flight {
  readonly arrive: () => void;
  cancel: () => void;
}

/** Told of the fate of messages. */
interface WireEvents {
  sent(message: Message): void;
  lost(message: Message): void;
}

/** The simulator's network, whose messages can be seen under way, and each of them dropped, held, doubled or hurried. */
export class Wire extends SimNetwork {
  private readonly carried = new Map<number, Carried>();
  private readonly lossy = new Set<string>();
  private readonly latencies: Prng;
  private readonly losses: Prng;
  private count = 0;
  /** How many messages have arrived. */
  delivered = 0;

  constructor(
    private readonly clock: VirtualTime,
    random: Prng,
    private readonly events: WireEvents,
  ) {
    super(
      clock,
      random,
      { ...untouched, loss: 0, duplication: 0 },
      {
        ...events,
        delivered: () => undefined,
        linksChanged: () => undefined,
      },
    );
    this.latencies = random.fork(2);
    this.losses = random.fork(3);
  }

  /** The messages under way, in the order in which they were sent. */
  get flights(): readonly Flight[] {
    return [...this.carried.values()].map(({ number, message, leftMs, arrivesMs, heldMs, isCopy }) => ({
      number,
      message,
      leftMs,
      arrivesMs,
      heldMs,
      isCopy,
    }));
  }

  isSlow(from: NodeId, to: NodeId): boolean {
    return this.extraMs(from, to) > 0;
  }

  isLossy(from: NodeId, to: NodeId): boolean {
    return this.lossy.has(`${from} ${to}`);
  }

  /** @returns what was changed, in words; undefined when nothing was */
  change({ kind, from, to }: OnLink): string | undefined {
    if (from === to) return undefined;
    const link = `${from} ${to}`;
    switch (kind) {
      case 'cut':
        if (this.isCut(from, to)) return undefined;
        this.cutLink(from, to);
        return 'is cut';
      case 'slow':
        if (this.isSlow(from, to)) return undefined;
        this.slowLink(from, to, SLOW_MS);
        return 'is slow';
      case 'lossy':
        if (this.lossy.has(link)) return undefined;
        this.lossy.add(link);
        return 'loses half of its messages';
      case 'heal': {
        const isBroken = this.isCut(from, to) || this.isSlow(from, to) || this.lossy.has(link);
        if (this.isCut(from, to)) this.joinLink(from, to);
        this.slowLink(from, to, -SLOW_MS);
        this.lossy.delete(link);
        return isBroken ? 'is whole again' : undefined;
      }
    }
  }

  /** @returns the message and what was done to it, in words; undefined when it is under way no more */
  touch({ kind, message: number }: OnMessage): { message: Message; words: string } | undefined {
    const flight = this.carried.get(number);
    if (flight === undefined) return undefined;
    const { message } = flight;
    switch (kind) {
      case 'drop':
        flight.cancel();
        this.carried.delete(number);
        return { message, words: 'is dropped' };
      case 'hold':
        if (flight.heldMs !== null) return undefined;
        flight.cancel();
        this.carried.set(number, { ...flight, heldMs: this.clock.nowMs, cancel: () => undefined });
        return { message, words: 'is held' };
      case 'release': {
        if (flight.heldMs === null) return undefined;
        const pauseMs = this.clock.nowMs - flight.heldMs;
        this.take({
          ...flight,
          leftMs: flight.leftMs + pauseMs,
          arrivesMs: flight.arrivesMs + pauseMs,
          heldMs: null,
        });
        return { message, words: 'goes on' };
      }
      case 'duplicate': {
        const arrivesMs = Math.max(this.clock.nowMs, flight.arrivesMs) + COPY_MS;
        this.take({ ...flight, number: this.next(), arrivesMs, heldMs: null, isCopy: true });
        return { message, words: 'has a copy' };
      }
      case 'forward':
        flight.cancel();
        this.take({ ...flight, arrivesMs: this.clock.nowMs, heldMs: null });
        return { message, words: 'arrives next' };
    }
  }

  /** Instead of bandwidth it has ways to see and to touch what is under way. */
  protected override transfer(
    request: RequestMessage,
    response: ResponseMessage | null,
    _bytes: number,
    arrive: () => void,
  ): () => void {
    const message = response ?? request;
    const { from, to } = message;
    const latencyMs =
      LATENCY_MIN_MS + (LATENCY_MAX_MS - LATENCY_MIN_MS) * this.latencies.next() + this.extraMs(from, to);
    // It is drawn in any case, so that a link that is mended changes no other link.
    const isUnlucky = this.losses.chance(LOSS);
    const leftMs = this.clock.nowMs;
    if (this.isCut(from, to) || (this.isLossy(from, to) && isUnlucky)) this.events.lost(message);
    else
      this.take({
        number: this.next(),
        message,
        leftMs,
        arrivesMs: leftMs + latencyMs,
        heldMs: null,
        isCopy: false,
        arrive,
        cancel: () => undefined,
      });
    return () => undefined;
  }

  private next(): number {
    this.count += 1;
    return this.count;
  }

  private take(flight: Carried): void {
    const cancel = this.clock.after(flight.arrivesMs - this.clock.nowMs, () => {
      this.carried.delete(flight.number);
      this.delivered += 1;
      flight.arrive();
    });
    this.carried.set(flight.number, { ...flight, cancel });
  }
}
