import { addressOf } from '../net/address.js';
import type { LeaderAddress } from '../node/errors.js';
import { CommitHistory } from './commitHistory.js';
import { mergedElections } from './electionLog.js';
import { KnownServer } from './knownServer.js';
import type { LogTails } from './logTails.js';
import { NoAnswerError } from './peerCaller.js';
import type { ChaosSample, ClusterSample, Hello, Point, ServerSample } from './sample.js';
import { isLed, verdictOf } from './verdict.js';

/** This server looks at itself, and asks one other at most, this often: two questions a second, whatever the size of the cluster. */
export const STEP_MS = 500;
/** After a change that this server notices by itself, viewers see it without waiting for the next step. */
const POKE_MS = 100;
/** A leader tells of all its followers: it is asked when its last word is so old. */
const LEADER_AGE_MS = 900;
/** Those that the leader has lost are asked this often, so that there is time for all others. */
const SUSPECT_MS = 2_000;
/** The charts get a point this often, and show so many. */
const POINT_MS = 1_000;
const POINTS_MAX = 300;
/** The rate of questions is taken over so long. */
const ASKS_MS = 10_000;
/** Samples are forgotten when nobody has looked for this long. */
const STALE_MS = 10_000;

interface CollectorOptions {
  readonly self: number;
  readonly servers: readonly LeaderAddress[];
  /** Looks at this server. */
  readonly own: () => Promise<ServerSample>;
  /** Asks another one; rejects with the reason in a few words. */
  readonly ask: (server: number) => Promise<ServerSample>;
  /** May have a turn in place of a question of the collector. */
  readonly logs: Pick<LogTails, 'next' | 'askNext'>;
  readonly publish: (sample: ClusterSample) => void;
  readonly viewers: () => number;
  /** The run of the chaos monkey that was started here. */
  readonly chaos: () => ChaosSample | null;
  /** Receives the error when this server cannot look at itself. */
  readonly failed: (error: unknown) => void;
  /** @default that of the process; only goes forward */
  readonly clockMs?: () => number;
}

/**
 * Learns how the cluster is, while somebody looks: one for all viewers of a server. The other servers are asked one after another,
 * never more than one in each step.
 */
export class Collector {
  private readonly known: ReadonlyMap<number, KnownServer>;
  private readonly commits = new CommitHistory();
  private readonly asked: number[] = [];
  private readonly asking = new Set<number>();
  /** To be asked before all others. */
  private readonly urgent = new Set<number>();
  private readonly clockMs: () => number;
  private points: Point[] = [];
  /** Who leads, by the word of this server. */
  private leaderSeen: number | null = null;
  private suspectedAt = -Infinity;
  private leaderlessSince: number | null = null;
  private timer: NodeJS.Timeout | undefined;
  private poking: NodeJS.Timeout | undefined;
  private stoppedAt = -Infinity;

  constructor(private readonly options: CollectorOptions) {
    this.clockMs = options.clockMs ?? performance.now.bind(performance);
    this.known = new Map(options.servers.map(({ id }) => [id, new KnownServer(id, this.commits)]));
  }

  get isRunning(): boolean {
    return this.timer !== undefined;
  }

  /** Somebody looks. */
  start(): void {
    if (this.timer !== undefined) return;
    if (this.clockMs() - this.stoppedAt > STALE_MS) this.forget();
    this.timer = setInterval(this.step, STEP_MS).unref();
    this.step();
  }

  /** Nobody looks any more. */
  stop(): void {
    if (this.timer === undefined) return;
    clearInterval(this.timer);
    clearTimeout(this.poking);
    this.timer = undefined;
    this.poking = undefined;
    this.stoppedAt = this.clockMs();
  }

  /** The history that the charts of a new viewer begin with. */
  hello(): Hello {
    return { points: this.points };
  }

  /** Something has happened at this server. */
  poke(): void {
    if (this.timer === undefined || this.poking !== undefined) return;
    this.poking = setTimeout(() => {
      this.poking = undefined;
      this.lookAtSelf().then(() => this.publish(null), this.options.failed);
    }, POKE_MS).unref();
  }

  /** Something was done to a server: it is asked before all others. */
  hurry(servers: readonly number[]): void {
    for (const server of servers) if (server !== this.options.self) this.urgent.add(server);
    this.poke();
  }

  /** One look at this server and one question to another one. */
  private readonly step = (): void => {
    const { logs } = this.options;
    const next = logs.next === undefined ? this.nextToAsk() : undefined;
    if (next !== undefined) void this.ask(next);
    else if (logs.next !== undefined) {
      this.asked.push(this.clockMs());
      void logs.askNext();
    }
    this.lookAtSelf().then(() => {
      if (this.timer !== undefined) this.publish(this.newPoint());
    }, this.options.failed);
  };

  private async lookAtSelf(): Promise<void> {
    const { self, own } = this.options;
    const sample = await own();
    this.known.get(self)?.answered(sample, this.clockMs());
    // The server that leads now tells most.
    if (sample.leader !== null && sample.leader !== this.leaderSeen && sample.leader !== self)
      this.urgent.add(sample.leader);
    this.leaderSeen = sample.leader;
  }

  private async ask(server: number): Promise<void> {
    const known = this.known.get(server);
    this.urgent.delete(server);
    this.asking.add(server);
    this.asked.push(this.clockMs());
    try {
      const sample = await this.options.ask(server);
      known?.answered(sample, this.clockMs());
    } catch (error) {
      const isSilent = error instanceof NoAnswerError && error.isSilent;
      known?.failed(error instanceof Error ? error.message : String(error), isSilent, this.clockMs());
    }
    this.asking.delete(server);
  }

  /**
   * Those that something was done to come first, then a leader whose word is old, then a server that the leader has lost, then
   * whoever was asked longest ago.
   */
  private nextToAsk(): number | undefined {
    const now = this.clockMs();
    const others = [...this.known.values()].filter(
      ({ id }) => id !== this.options.self && !this.asking.has(id),
    );
    const unknown = others.filter(({ triedAt }) => triedAt === null);
    const urgent = others.find(({ id }) => this.urgent.has(id));
    const leader = others.find(
      ({ isLeading, triedAt }) => isLeading && triedAt !== null && now - triedAt >= LEADER_AGE_MS,
    );
    const known = [...this.known.values()];
    const suspect = others.find(
      ({ id, isGone, triedAt }) =>
        now - this.suspectedAt >= SUSPECT_MS &&
        !isGone &&
        now - (triedAt ?? 0) >= LEADER_AGE_MS &&
        known.some((other) => other.hasLost(id)),
    );
    const [oldest] = others.sort((a, b) => (a.triedAt ?? -Infinity) - (b.triedAt ?? -Infinity));
    const next = urgent ?? unknown[0] ?? leader ?? suspect ?? oldest;
    if (next !== undefined && next === suspect) this.suspectedAt = now;
    return next?.id;
  }

  private publish(point: Point | null): void {
    const { self, servers, publish, viewers, chaos } = this.options;
    const now = this.clockMs();
    const known = [...this.known.values()];
    const leader = known.find(({ isLeading }) => isLeading);
    const views = servers.flatMap(
      ({ id, host, port }) => this.known.get(id)?.view(addressOf({ host, port }), leader, now) ?? [],
    );
    if (isLed(views)) this.leaderlessSince = null;
    else this.leaderlessSince ??= now;
    const leaderlessMs = this.leaderlessSince === null ? null : now - this.leaderlessSince;
    publish({
      atMs: Date.now(),
      self,
      servers: views,
      verdict: verdictOf({ servers: views, leaderlessMs }),
      elections: mergedElections(known),
      latency: leader?.latency ?? null,
      asksPerSecond: this.asksPerSecond(now),
      viewers: viewers(),
      chaos: chaos(),
      point,
    });
  }

  private newPoint(): Point | null {
    const atMs = Date.now();
    // A step is never quite on time.
    if (atMs - (this.points.at(-1)?.atMs ?? 0) < POINT_MS - STEP_MS / 4) return null;
    const known = [...this.known.values()];
    const sum = (values: readonly (number | null)[]): number | null => {
      const present = values.filter((value) => value !== null);
      return present.length === 0 ? null : present.reduce((total, value) => total + value, 0);
    };
    const latency = known.find(({ isLeading }) => isLeading)?.latency ?? null;
    const point: Point = {
      atMs,
      writes: sum(known.map(({ rates }) => rates?.writes ?? null)),
      reads: sum(known.map(({ rates }) => rates?.reads ?? null)),
      p50Ms: latency?.p50Ms ?? null,
      p99Ms: latency?.p99Ms ?? null,
      waiting: sum(known.map(({ waitingCalls }) => waitingCalls)) ?? 0,
      eventLoopMs: known.map(({ eventLoopMs }) => eventLoopMs),
    };
    this.points = [...this.points.slice(1 - POINTS_MAX), point];
    return point;
  }

  private asksPerSecond(now: number): number {
    while ((this.asked[0] ?? now) < now - ASKS_MS) this.asked.shift();
    const [first = now] = this.asked;
    return (1000 * this.asked.length) / (now - first + STEP_MS);
  }

  private forget(): void {
    for (const known of this.known.values()) known.forget();
    this.commits.clear();
    this.points = [];
    this.asked.length = 0;
    this.leaderlessSince = null;
  }
}
