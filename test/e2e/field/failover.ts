import { setTimeout as sleep } from 'node:timers/promises';
import type { Prng } from '../../../src/sim/prng.js';
import { atEnd, Cluster, ELECTION_MS, stopEverything, type PeerRoute } from '../support/cluster.js';
import { PeerProxy, portOf } from '../support/peerProxy.js';
import { pause, timed, until } from '../support/waiting.js';
import { Times } from './figures.js';

const IDLE_MS = 10_000;
/**
 * Builds are measured in turn, so many losses at a time, so that what else the machine does hits
 * all of them alike.
 */
const BLOCK = 10;

export interface FailoverOptions {
  /** Crashes, and kills, for each size. */
  readonly losses: number;
  readonly servers: readonly number[];
  readonly idle: readonly number[];
  readonly prng: Prng;
  /** The `main.js` of each build; undefined is the one of this tree. */
  readonly builds: readonly (string | undefined)[];
}

const losses = ['crash', 'kill'] as const;
type Loss = (typeof losses)[number];

/**
 * Measures how long it takes to replace a leader, and what idle servers receive; a line for each
 * figure.
 */
export async function measureFailover(
  options: FailoverOptions,
  say: (line: string) => void,
): Promise<Record<string, unknown>> {
  const figures: Record<string, unknown> = {};
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
      const times = options.builds.map(() => new Times());
      for (let done = 0; done < options.losses; done += BLOCK) {
        for (const [build, main] of options.builds.entries()) {
          const count = Math.min(BLOCK, options.losses - done);
          await loseLeaders(servers, loss, { count, main, times: times[build], prng: options.prng });
          await stopEverything();
        }
      }
      for (const [build, main] of options.builds.entries()) {
        const text = JSON.stringify(times[build]);
        figures[`${loss}, ${servers} servers, ${nameOf(main)}`] = times[build];
        say(`${nameOf(main)}: a leader of ${servers} lost by ${loss} is replaced: ${text}`);
      }
    }
  }
  return figures;
}

/** Losses of leaders of one build. */
interface Block {
  readonly count: number;
  readonly main: string | undefined;
  readonly times: Times | undefined;
  readonly prng: Prng;
}

async function loseLeaders(servers: number, loss: Loss, { count, main, times, prng }: Block): Promise<void> {
  const cluster = await Cluster.start(servers, { main, durable: loss === 'kill' });
  for (let done = 0; done < count; done += 1) {
    const leader = await cluster.heal();
    // Heartbeats and timers are at any point of their way.
    await sleep(prng.between(0, 300));
    const startedAt = performance.now();
    await (loss === 'crash' ? cluster.crash(leader) : cluster.kill(leader));
    await until(
      'another server leads',
      async () => (await cluster.leaders()).find((id) => id !== leader),
      ELECTION_MS,
    );
    times?.add(performance.now() - startedAt);
    if (loss === 'kill') await cluster.restart(leader);
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
  const cluster = await Cluster.start(servers, { main, routes });
  await cluster.heal();
  await pause();
  const counted = before.map(({ requests }) => requests);
  const { tookMs } = await timed(() => sleep(IDLE_MS));
  return before.map(({ requests }, id) => ((requests - (counted[id] ?? 0)) * 1_000) / tookMs);
}

function nameOf(main: string | undefined): string {
  return main ?? 'this build';
}
