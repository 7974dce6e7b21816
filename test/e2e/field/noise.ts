import { setTimeout as sleep } from 'node:timers/promises';
import type { Prng } from '../../../src/sim/prng.js';
import { atEnd, Cluster } from '../support/cluster.js';
import { Relays } from '../support/relays.js';
import { RoleLog, roleLogFlags } from '../support/roleLog.js';
import { Starvation } from '../support/starvation.js';
import { SteadyWrites } from '../support/steadyWrites.js';
import { heavyKinds, lightKinds, NoiseMaker, noiseKinds, type NoiseKind } from './noiseKinds.js';

/** Noise so long before an election may have led to it: the longest election timeout, and two elections. */
const BEFORE_MS = 2_500;
const LOOK_MS = 250;
/** The patience for anything that must come: only elections are judged, and a machine may be short of cores. */
const PATIENCE_MS = 60_000;

interface NoiseOptions {
  readonly servers: number;
  readonly prng: Prng;
  /** For so long noise is drawn; undefined: each kind once. */
  readonly forMs?: number;
  /** Whether refusals may hit all followers at once, which is evidence enough for an election. */
  readonly refusalAtAll?: boolean;
  readonly flags?: readonly string[];
  readonly main?: string | undefined;
  readonly say?: (line: string) => void;
}

/** An election while the leader was alive. */
interface FalseElection {
  readonly at: number;
  readonly term: number;
  readonly candidate: number;
  /** All followers had been told that their leader is down: the architecture allows this one. */
  readonly isAllowed: boolean;
  /** The noise before it, the last first. */
  readonly noise: readonly string[];
  readonly roles: readonly string[];
  /** The leader's messages to its followers, as the relays saw them. */
  readonly heard: readonly string[];
  readonly starvation: string;
}

interface NoiseResult {
  readonly noise: Readonly<Record<string, number>>;
  readonly misses: number;
  /** How often a follower asked over a new connection if its leader is there. */
  readonly questions: number;
  /** How often a follower asked for pre-votes. */
  readonly preCampaigns: number;
  readonly elections: readonly FalseElection[];
  readonly terms: readonly [number, number];
  readonly leaders: readonly [number, number];
  readonly acknowledged: number;
  readonly unknown: number;
  readonly whyUnknown: readonly string[];
  readonly longestGapMs: number;
  /** The longest time for which the relays stood still, for want of a core. */
  readonly longestStallMs: number;
  /** Violations beside false elections. */
  readonly violation: string | null;
}

/** Noise around a leader that lives all the time, and what it led to. */
export class NoiseRun {
  private readonly roles: RoleLog;
  private readonly starvation: Starvation;
  private readonly noise: NoiseMaker;
  private readonly elections: FalseElection[] = [];
  private readonly beganAt = Date.now();
  private readonly firstTerm: number;
  private term: number;
  private leader: number;
  private isEnding = false;

  private constructor(
    private readonly cluster: Cluster,
    private readonly relays: Relays,
    private readonly writes: SteadyWrites,
    private readonly firstLeader: number,
    private readonly options: NoiseOptions,
  ) {
    this.roles = new RoleLog(cluster);
    this.starvation = new Starvation(cluster);
    this.leader = firstLeader;
    this.term = this.roles.highestTerm;
    this.firstTerm = this.term;
    this.noise = new NoiseMaker(cluster, relays, () => this.leader);
  }

  static async run(options: NoiseOptions): Promise<NoiseResult> {
    const { servers, main, flags = [], prng } = options;
    let relays: Relays | undefined;
    const cluster = await Cluster.prepare(servers, [...roleLogFlags, ...flags], {
      main,
      durable: true,
      startMs: PATIENCE_MS,
      routes: async (ports) => {
        const started = await Relays.start(ports);
        relays = started;
        atEnd(() => started.close());
        return (from, to) => started.way(from, to).port;
      },
    });
    if (relays === undefined) throw new Error('the cluster has no relays');
    await Promise.all(cluster.ids.map((id) => cluster.startServer(id)));
    await cluster.heal(PATIENCE_MS);
    const writes = await SteadyWrites.start(cluster, prng.fork(0), { clients: 3, pauseMsMax: 60 });
    // Each server writes what the others know of its directory first: only then it is left alone.
    const leader = await cluster.heal(PATIENCE_MS);
    const run = new NoiseRun(cluster, relays, writes, leader, options);
    return run.toItsEnd();
  }

  private async toItsEnd(): Promise<NoiseResult> {
    const watching = this.watch();
    let violation: string | null = null;
    try {
      await (this.options.forMs === undefined ? this.eachKindOnce() : this.forSoLong(this.options.forMs));
      await this.writes.progress(10);
      await this.cluster.heal(PATIENCE_MS);
      this.look();
      await this.writes.judge();
    } catch (error) {
      violation = error instanceof Error ? error.message : String(error);
    }
    this.isEnding = true;
    await watching;
    this.look();
    this.writes.close();
    const changes = this.roles.since(this.beganAt);
    return {
      noise: this.noise.counts,
      misses: this.noise.misses,
      questions: this.relays.questions,
      preCampaigns: changes.filter(({ role }) => role === 'preCandidate').length,
      elections: this.elections,
      terms: [this.firstTerm, this.roles.highestTerm],
      leaders: [this.firstLeader, this.leader],
      acknowledged: this.writes.acknowledged,
      unknown: this.writes.unknown,
      whyUnknown: [...this.writes.whyUnknown],
      longestGapMs: Math.round(this.writes.takeLongestGapMs()),
      longestStallMs: Math.round(this.starvation.longestMs),
      violation,
    };
  }

  private async eachKindOnce(): Promise<void> {
    const prng = this.options.prng.fork(1);
    const kinds = noiseKinds.filter((kind) => kind !== 'refusal at all');
    for (const kind of prng.shuffle(kinds)) {
      await this.noise.make(kind, prng);
      await this.writes.progress(1);
    }
  }

  private async forSoLong(ms: number): Promise<void> {
    const { prng, servers, refusalAtAll = false } = this.options;
    const endsAt = performance.now() + ms;
    const heavy: readonly NoiseKind[] = refusalAtAll ? [...heavyKinds, 'refusal at all'] : heavyKinds;
    const mayBeAway = Math.floor((servers - 1) / 2);
    // All lanes end when one fails: what still makes noise would start servers that nobody stops.
    let failure: Error | undefined;
    const isOver = (): boolean => failure !== undefined || performance.now() >= endsAt;
    const lanes = Array.from({ length: mayBeAway }, (_, lane) =>
      this.lane(heavy, [300, 2_000], prng.fork(10 + lane), isOver),
    );
    lanes.push(this.lane(lightKinds, [50, 800], prng.fork(20), isOver), this.lulls(prng.fork(30), isOver));
    await Promise.all(
      lanes.map((lane) =>
        lane.catch(
          (error: unknown) => (failure ??= error instanceof Error ? error : new Error(String(error))),
        ),
      ),
    );
    if (failure !== undefined) throw failure;
  }

  private async lane(
    kinds: readonly NoiseKind[],
    [leastMs, mostMs]: readonly [number, number],
    prng: Prng,
    isOver: () => boolean,
  ): Promise<void> {
    while (!isOver()) {
      await sleep(prng.between(leastMs, mostMs));
      await this.noise.make(prng.pick(kinds), prng);
      this.writes.check();
    }
  }

  /** Writes renew what followers know of their leader every few milliseconds: without them it hangs on heartbeats. */
  private async lulls(prng: Prng, isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await sleep(prng.between(3_000, 15_000));
      this.writes.rest();
      await sleep(prng.between(1_000, 6_000));
      this.writes.resume();
    }
  }

  private async watch(): Promise<void> {
    while (!this.isEnding) {
      await sleep(LOOK_MS);
      this.look();
    }
  }

  /** Writes down each new term at once, while it is known what the servers did before it. */
  private look(): void {
    for (const { at, role, term, server } of this.roles.since(this.beganAt).toSorted((a, b) => a.at - b.at)) {
      if (role === 'leader' && term >= this.term) this.leader = server;
      if (role !== 'candidate' || term <= this.term) continue;
      this.term = term;
      const before = this.noise.records.filter((record) => record.at <= at && record.at > at - BEFORE_MS);
      const election = {
        at,
        term,
        candidate: server,
        isAllowed: before.some(({ kind }) => kind === 'refusal at all'),
        noise: before
          .toReversed()
          .map(({ at: madeAt, kind, text }) => `${at - madeAt} ms before: ${kind}, ${text}`),
        roles: this.rolesBefore(at),
        heard: this.heardBefore(at),
        starvation: this.starvation.before(at, BEFORE_MS),
      };
      this.elections.push(election);
      const { say = () => undefined } = this.options;
      say(
        `${new Date(at).toISOString()} server ${server} began term ${term}${election.isAllowed ? ', as it may' : ''}`,
      );
      for (const line of [...election.noise, ...election.roles, ...election.heard, election.starvation])
        say(`    ${line}`);
    }
  }

  /** A leader that sent nothing, and followers that had no time to read it, are told apart by this. */
  private heardBefore(at: number): string[] {
    const { leader, relays } = this;
    return this.cluster.others(leader).map((id) => {
      const sent = relays
        .way(leader, id)
        .passed.filter((passage) => passage.at <= at && passage.at > at - BEFORE_MS);
      const times = sent
        .toReversed()
        .map((passage) => `${at - passage.at}${passage.isTorn ? ' (torn)' : ''}`);
      return `messages of ${leader} came to ${id} ${times.join(', ')} ms before`;
    });
  }

  /** Who asked for pre-votes shows who missed the leader. */
  private rolesBefore(at: number): string[] {
    return this.roles
      .since(at - BEFORE_MS)
      .filter((change) => change.at <= at)
      .toSorted((a, b) => b.at - a.at)
      .map(
        (change) =>
          `${at - change.at} ms before: server ${change.server} ${change.role} in term ${change.term}`,
      );
  }
}

/** The report of a run, one fact a line. */
export function noiseTable(servers: number, result: NoiseResult): string[] {
  const { terms, leaders, noise } = result;
  const rows: [string, string | number][] = [
    ['servers', servers],
    ...Object.entries(noise),
    ['noise without a target', result.misses],
    ['leaders asked for', result.questions],
    ['campaigns for pre-votes', result.preCampaigns],
    ['elections', `${result.elections.length}, ${falseElections(result).length} of them false`],
    ['term', `${terms[0]} at first, ${terms[1]} at last`],
    ['leader', `${leaders[0]} at first, ${leaders[1]} at last`],
    ['updates', `${result.acknowledged} acknowledged, ${result.unknown} unknown`],
    ['longest gap in writes', `${result.longestGapMs} ms`],
    ['relays stood still', `${result.longestStallMs} ms at most`],
    ['verdict', result.violation ?? 'nothing acknowledged is lost'],
  ];
  return rows.map(([name, value]) => `${name.padEnd(26)}${value}`);
}

/** Elections that the noise must not have led to. */
export function falseElections({ elections }: NoiseResult): FalseElection[] {
  return elections.filter(({ isAllowed }) => !isAllowed);
}
