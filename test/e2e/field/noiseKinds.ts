import { setTimeout as sleep } from 'node:timers/promises';
import type { Prng } from '../../../src/sim/prng.js';
import type { Cluster } from '../support/cluster.js';
import type { Relays } from '../support/relays.js';
import { until } from '../support/waiting.js';

/**
 * Below the shortest election timeout (600 ms): a follower that was cut off for so long may time
 * out, since the last heartbeat is older, but all others still protect the leader.
 */
const CUT_MS_MAX = 590;
/** With the interval of heartbeats (250 ms) before it, a cut of all followers stays below that timeout. */
const CUT_ALL_MS_MAX = 250;
const STOP_MS_MAX = 1_000;
const DOWN_MS_MAX = 900;
/** A server that starts takes part by then, even where others take all cores. */
const START_MS = 60_000;
/** A leader speaks more often than that: its next message is there to be torn. */
const MESSAGE_MS = 2_000;
/** A follower whose connection was closed has asked, and has been refused, by then. */
const REFUSE_MS = 300;

/** Kinds of noise while the leader lives. */
export const noiseKinds = [
  'restart',
  'flap',
  'cut of all links',
  'stop',
  'reset in a message',
  'reset between messages',
  'idle close',
  'refusal',
  'refusal at all',
] as const;
export type NoiseKind = (typeof noiseKinds)[number];

/** Those that take a server, or its link to the leader, away: as many at a time as may be missing. */
export const heavyKinds = ['restart', 'flap', 'cut of all links', 'stop', 'refusal'] as const;
/** Those that hurt connections only. */
export const lightKinds = ['reset in a message', 'reset between messages', 'idle close'] as const;

/** A disturbance that was made, for the report. */
interface NoiseRecord {
  /** In milliseconds of the wall clock. */
  readonly at: number;
  readonly kind: NoiseKind;
  readonly text: string;
}

/** Makes noise of each kind, for one leader. */
export class NoiseMaker {
  readonly records: NoiseRecord[] = [];
  /** Noise that had nothing to hurt, such as a link without a connection. */
  misses = 0;
  /** Followers that noise has taken away, or has told that their leader is down. */
  private readonly away = new Set<number>();

  constructor(
    private readonly cluster: Cluster,
    private readonly relays: Relays,
    /** Who leads now. */
    private readonly leader: () => number,
  ) {}

  get counts(): Record<string, number> {
    return Object.fromEntries(
      noiseKinds.map((kind) => [kind, this.records.filter((record) => record.kind === kind).length]),
    );
  }

  /** Whether all kinds of noise have ended in time: nobody is away. */
  get isQuiet(): boolean {
    return this.away.size === 0;
  }

  async make(kind: NoiseKind, prng: Prng): Promise<void> {
    switch (kind) {
      case 'restart':
        return this.withFollower(prng, (id) => this.restart(id, prng));
      case 'stop':
        return this.withFollower(prng, (id) => this.stop(id, prng));
      case 'flap':
        return this.withFollower(prng, (id) => this.flap(id, prng));
      case 'refusal':
        return this.withFollower(prng, (id) => this.refuse([id], prng));
      case 'cut of all links':
        return this.withAll((ids) => this.cutAll(ids, prng));
      case 'refusal at all':
        return this.withAll((ids) => this.refuse(ids, prng));
      case 'reset in a message':
        return this.tear(prng);
      case 'reset between messages':
        return this.endBetweenMessages('reset', prng);
      case 'idle close':
        return this.endBetweenMessages('finish', prng);
    }
  }

  /** The process ends and is there again within about a second: its memory is gone, its directory is not. */
  private async restart(id: number, prng: Prng): Promise<void> {
    const isKilled = prng.chance(0.5);
    const downMs = prng.between(0, DOWN_MS_MAX);
    this.note(
      'restart',
      `server ${id} ${isKilled ? 'killed' : 'ended'}, down for ${downMs} ms and its start`,
    );
    await (isKilled ? this.cluster.kill(id) : this.cluster.stop(id));
    await sleep(downMs);
    await this.cluster.restart(id);
    await this.untilFollows(id);
  }

  private async stop(id: number, prng: Prng): Promise<void> {
    const stopMs = prng.between(STOP_MS_MAX / 2, STOP_MS_MAX);
    this.note('stop', `server ${id} stands still for ${stopMs} ms`);
    const server = this.cluster.process(id);
    server.signal('SIGSTOP');
    try {
      await sleep(stopMs);
    } finally {
      server.signal('SIGCONT');
    }
    await this.untilFollows(id);
  }

  /** Up to three cuts with as little as a message in between. */
  private async flap(id: number, prng: Prng): Promise<void> {
    const link = this.relays.link(this.leader(), id);
    for (let cuts = prng.between(1, 3); cuts > 0; cuts -= 1) {
      const cutMs = prng.between(CUT_MS_MAX / 5, CUT_MS_MAX);
      this.note('flap', `the link of server ${id} is silent for ${cutMs} ms`);
      for (const relay of link) relay.hold();
      await sleep(cutMs);
      for (const relay of link) relay.release();
      await sleep(prng.between(100, 400));
    }
  }

  private async cutAll(ids: readonly number[], prng: Prng): Promise<void> {
    const cutMs = prng.between(CUT_ALL_MS_MAX / 5, CUT_ALL_MS_MAX);
    this.note('cut of all links', `all links of the leader are silent for ${cutMs} ms`);
    const links = ids.flatMap((id) => this.relays.link(this.leader(), id));
    for (const relay of links) relay.hold();
    await sleep(cutMs);
    for (const relay of links) relay.release();
  }

  /** A message of the leader, or an answer to it, arrives by half, then both ends get a reset. */
  private async tear(prng: Prng): Promise<void> {
    const followers = this.chooseLinks(prng);
    const direction = prng.chance(0.5) ? 'request' : 'answer';
    const ways = followers.map((id) => this.relays.way(this.leader(), id));
    for (const way of ways) way.tearNext(direction);
    this.note('reset in a message', `a ${direction} of the leader's link to ${followers.join(', ')}`);
    try {
      await until('a message to be torn', () => ways.every((way) => !way.isTearing), MESSAGE_MS);
    } catch {
      // Who is away has no messages.
      this.misses += 1;
    }
    for (const way of ways) way.tearNext(null);
  }

  private async endBetweenMessages(way: 'reset' | 'finish', prng: Prng): Promise<void> {
    const followers = this.chooseLinks(prng);
    const links = followers.flatMap((id) => this.relays.link(this.leader(), id));
    const found = await until(
      'a connection between two messages',
      () => links.some(({ quiet }) => quiet > 0),
      MESSAGE_MS,
    ).catch(() => false);
    const ended = links.reduce((sum, relay) => sum + relay.endBetweenMessages(way), 0);
    if (!found || ended === 0) this.misses += 1;
    const kind = way === 'reset' ? 'reset between messages' : 'idle close';
    this.note(kind, `${ended} connections of the leader and ${followers.join(', ')}`);
  }

  /**
   * False evidence: the connection over which the leader speaks is reset, and the one that is to
   * find out whether it is there is refused, or reset.
   */
  private async refuse(ids: readonly number[], prng: Prng): Promise<void> {
    const isReset = prng.chance(0.5);
    const kind = ids.length > 1 ? 'refusal at all' : 'refusal';
    const back = ids.map((id) => this.relays.way(id, this.leader()));
    const asked = back.map(({ questions }) => questions);
    for (const way of back) {
      if (isReset) way.resetNextQuestion(true);
      else way.refuse();
    }
    this.note(
      kind,
      `server ${ids.join(', ')} is refused at the leader by ${isReset ? 'a reset' : 'the system'}`,
    );
    for (const id of ids) this.relays.way(this.leader(), id).endBetweenMessages('reset');
    await sleep(REFUSE_MS);
    for (const [place, way] of back.entries()) {
      if (isReset && way.questions === asked[place]) this.misses += 1;
      way.resetNextQuestion(false);
      await way.admit();
    }
  }

  /** One follower's link most of the time, else all: whatever stands before the leader starts anew. */
  private chooseLinks(prng: Prng): number[] {
    const followers = this.cluster.others(this.leader());
    return prng.chance(0.7) ? [prng.pick(followers)] : followers;
  }

  private async withFollower(prng: Prng, action: (id: number) => Promise<void>): Promise<void> {
    const free = this.cluster.others(this.leader()).filter((id) => !this.away.has(id));
    if (free.length === 0) return;
    await this.hold([prng.pick(free)], action);
  }

  /** Only while nobody is away: a majority must hear the leader in any case. */
  private async withAll(action: (ids: readonly number[]) => Promise<void>): Promise<void> {
    if (!this.isQuiet) return;
    const followers = this.cluster.others(this.leader());
    await this.hold(followers, () => action(followers));
  }

  private async hold(ids: readonly number[], action: (id: number) => Promise<void>): Promise<void> {
    for (const id of ids) this.away.add(id);
    try {
      await action(ids[0] ?? 0);
    } finally {
      for (const id of ids) this.away.delete(id);
    }
  }

  private untilFollows(id: number): Promise<true> {
    return until(
      `server ${id} follows a leader again`,
      async () => Number((await this.cluster.status(id))['leader']) >= 0,
      START_MS,
    );
  }

  private note(kind: NoiseKind, text: string): void {
    this.records.push({ at: Date.now(), kind, text });
  }
}
