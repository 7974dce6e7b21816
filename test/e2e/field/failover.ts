import { setTimeout as sleep } from 'node:timers/promises';
import type { Prng } from '../../../src/sim/prng.js';
import { atEnd, Cluster, ELECTION_MS, stopEverything, type PeerRoute } from '../support/cluster.js';
import { PeerProxy, portOf } from '../support/peerProxy.js';
import { RoleLog, roleLogFlags } from '../support/roleLog.js';
import { SteadyWrites } from '../support/steadyWrites.js';
import { pause, timed, until } from '../support/waiting.js';
import { Times } from './figures.js';

const IDLE_MS = 10_000;
/**
 * Builds are measured in turn, so many losses at a time, so that what else the machine does hits
 * all of them alike.
 */
const BLOCK = 10;
/**
 * A client that waits longer for a leader that stands still loses more time over it than the
 * followers do. One that waits less gives up leaders that are only short of cores, again and again.
 */
const ATTEMPT_MS = 500;
/** Acknowledged by then, writes flow again: all clients have found the new leader. */
const FLOWING_WRITES = 20;
/** Losses are measured, however long they take: a machine may be short of cores. */
const PATIENCE_MS = 60_000;
/** The longest gap that a silent leader may cause: the election timeout, and a moment for the election and the clients. */
const SILENT_GAP_MS = 1_500;

interface FailoverOptions {
  /** Losses of each kind, for each size. */
  readonly losses: number;
  readonly servers: readonly number[];
  readonly idle: readonly number[];
  readonly prng: Prng;
  /** The `main.js` of each build; undefined is the one of this tree. */
  readonly builds: readonly (string | undefined)[];
}

/** `stop` is SIGSTOP: its connections stay open, and silent. */
const losses = ['crash', 'kill', 'stop'] as const;
type Loss = (typeof losses)[number];

/** The costs of losses of one kind. */
class LossFigures {
  /** From the loss until another server led. */
  readonly replaced = new Times();
  /** The longest time without an acknowledged write around each loss. */
  readonly gap = new Times();
  /** How many losses led to how many new terms. */
  readonly terms: Record<number, number> = {};
  /** Losses after which no other server led within the contract's time. */
  late = 0;
  /** Gaps that are too long even for a leader that fell silent. */
  long = 0;

  add({ replacedMs, gapMs, terms }: { replacedMs: number; gapMs: number; terms: number }): void {
    this.replaced.add(replacedMs);
    this.gap.add(gapMs);
    if (replacedMs > ELECTION_MS) this.late += 1;
    if (gapMs > SILENT_GAP_MS) this.long += 1;
    this.terms[terms] = (this.terms[terms] ?? 0) + 1;
  }

  get text(): string {
    const { replaced, gap, terms, long } = this;
    const counts = Object.entries(terms).map(([count, deaths]) => `${count} after ${deaths}`);
    return `replaced ${spread(replaced)}; gap in writes ${spread(gap)}, ${long} above ${SILENT_GAP_MS} ms; new terms: ${counts.join(', ')}`;
  }
}

/**
 * Measures how long it takes to replace a leader, and what idle servers receive; a line for each
 * figure.
 */
export async function measureFailover(
  options: FailoverOptions,
  say: (line: string) => void,
): Promise<{ figures: Record<string, unknown>; problems: string[] }> {
  const figures: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const servers of options.idle) {
    for (const main of options.builds) {
      const rates = (await idleRates(servers, main)).map((rate) => rate.toFixed(1));
      figures[`idle, ${servers} servers, ${nameOf(main)}`] = rates;
      say(`${nameOf(main)}: ${servers} idle servers receive ${rates.join(' ')} requests a second`);
      await stopEverything();
    }
  }
  for (const servers of options.servers) {
    for (const loss of losses) {
      const results = options.builds.map((main) => ({ main, result: new LossFigures() }));
      for (let done = 0; done < options.losses; done += BLOCK) {
        const count = Math.min(BLOCK, options.losses - done);
        for (const { main, result } of results) {
          try {
            await loseLeaders(servers, loss, { count, main, result, prng: options.prng });
          } catch (error) {
            const what = error instanceof Error ? error.message : String(error);
            problems.push(`${nameOf(main)}: ${servers} servers, ${loss}: ${what}`);
          }
          await stopEverything();
        }
      }
      for (const { main, result } of results) {
        if (result.late > 0)
          problems.push(
            `${nameOf(main)}: ${servers} servers, ${loss}: ${result.late} times no leader within ${ELECTION_MS} ms`,
          );
        figures[`${loss}, ${servers} servers, ${nameOf(main)}`] = result;
        say(`${nameOf(main)}: a leader of ${servers} lost by ${loss}: ${result.text}`);
      }
    }
  }
  return { figures, problems };
}

/** Losses of leaders of one build. */
interface Block {
  readonly count: number;
  readonly main: string | undefined;
  readonly result: LossFigures;
  readonly prng: Prng;
}

async function loseLeaders(servers: number, loss: Loss, { count, main, result, prng }: Block): Promise<void> {
  const options = { main, durable: loss === 'kill', flags: roleLogFlags, startMs: PATIENCE_MS };
  const cluster = await Cluster.start(servers, options);
  await cluster.heal(PATIENCE_MS);
  const roles = new RoleLog(cluster);
  const writes = await SteadyWrites.start(cluster, prng.fork(servers), { attemptMs: ATTEMPT_MS });
  for (let done = 0; done < count; done += 1) {
    const leader = await cluster.heal(PATIENCE_MS);
    await writes.progress(FLOWING_WRITES, PATIENCE_MS);
    const termBefore = roles.highestTerm;
    // Heartbeats and timers are at any point of their way.
    await sleep(prng.between(0, 300));
    writes.takeLongestGapMs();
    const lostAt = Date.now();
    await lose(cluster, leader, loss);
    const { at } = await until(
      'another server leads',
      () => roles.since(lostAt).find(({ role, server }) => role === 'leader' && server !== leader),
      PATIENCE_MS,
    );
    await writes.progress(FLOWING_WRITES, PATIENCE_MS);
    const gapMs = writes.takeLongestGapMs();
    if (loss === 'kill') await cluster.restart(leader);
    if (loss === 'stop') cluster.process(leader).signal('SIGCONT');
    await cluster.heal(PATIENCE_MS);
    result.add({ replacedMs: at - lostAt, gapMs, terms: roles.highestTerm - termBefore });
  }
  await writes.judge();
  writes.close();
}

async function lose(cluster: Cluster, leader: number, loss: Loss): Promise<void> {
  switch (loss) {
    case 'crash':
      return cluster.crash(leader);
    case 'kill':
      return cluster.kill(leader);
    case 'stop':
      cluster.process(leader).signal('SIGSTOP');
  }
}

/** Requests that each idle server receives from its peers in a second, counted at the socket. */
async function idleRates(servers: number, main: string | undefined): Promise<number[]> {
  let before: readonly PeerProxy[] = [];
  const routes = async (ports: readonly number[]): Promise<PeerRoute> => {
    before = await PeerProxy.startAll(ports);
    atEnd(() => before.forEach((proxy) => proxy.close()));
    return (_from, to) => portOf(before[to]);
  };
  const cluster = await Cluster.start(servers, { main, routes, startMs: PATIENCE_MS });
  await cluster.heal(PATIENCE_MS);
  await pause();
  const counted = before.map(({ requests }) => requests);
  const { tookMs } = await timed(() => sleep(IDLE_MS));
  return before.map(({ requests }, id) => ((requests - (counted[id] ?? 0)) * 1_000) / tookMs);
}

function spread(times: Times): string {
  const quantiles = [0.5, 0.95, 0.99, 1].map((quantile) => times.quantileMs(quantile));
  return `median ${quantiles[0] ?? 0}, p95 ${quantiles[1] ?? 0}, p99 ${quantiles[2] ?? 0}, max ${quantiles[3] ?? 0} ms`;
}

function nameOf(main: string | undefined): string {
  return main ?? 'this build';
}
