import type { Prng } from '../../../src/sim/prng.js';
import { Cluster, ELECTION_MS } from '../support/cluster.js';
import { slowSyncs } from '../support/slowSyncs.js';
import { timed, until } from '../support/waiting.js';
import { Times } from './figures.js';

/**
 * A server that starts, and a cluster that comes together again, syncs a few times one after
 * another.
 */
const SYNCS_TO_RECOVER = 15;

interface SlowDiskOptions {
  readonly servers: number;
  /** How often the leader is lost. */
  readonly losses: number;
  /** How much longer each sync takes. */
  readonly delayMs: number;
  readonly prng: Prng;
  readonly main?: string | undefined;
}

interface SlowDiskResult {
  /** Losses after which another server led within the time of an election. */
  readonly replaced: number;
  /** From the loss of a leader until another server leads. */
  readonly leaderTimes: Times;
  /** From then until that one has acknowledged a write. */
  readonly writeTimes: Times;
  readonly violation: string | null;
}

/**
 * Loses one leader after another, by a crash or by a kill, while every sync on every server takes
 * long.
 */
export async function runSlowDisk(options: SlowDiskOptions): Promise<SlowDiskResult> {
  const { servers, losses, delayMs, prng, main } = options;
  const recoverMs = 10_000 + SYNCS_TO_RECOVER * delayMs;
  const leaderTimes = new Times();
  const writeTimes = new Times();
  const cluster = await Cluster.start(servers, { durable: true, env: slowSyncs(delayMs), main });
  let lost = 0;
  let violation: string | null = null;
  try {
    let leader = await follow(cluster, recoverMs);
    for (; lost < losses; lost += 1) {
      const isKilled = prng.chance(0.5);
      await (isKilled ? cluster.kill(leader) : cluster.crash(leader));
      const { value: next, tookMs } = await timed(() => otherLeader(cluster, leader).catch(() => undefined));
      if (next !== undefined) {
        leaderTimes.add(tookMs);
        const write = await timed(() => cluster.update(next, `loss ${lost}`, 1).catch(() => false));
        if (write.value === true) writeTimes.add(write.tookMs);
      }
      await (isKilled ? cluster.restart(leader) : cluster.restore(leader));
      leader = await follow(cluster, recoverMs);
    }
  } catch (error) {
    violation = `after ${lost} losses: ${error instanceof Error ? error.message : String(error)}`;
  }
  const replaced = leaderTimes.count;
  if (violation === null && replaced < losses)
    violation = `no leader within ${ELECTION_MS} ms after ${losses - replaced} of ${losses} losses`;
  return { replaced, leaderTimes, writeTimes, violation };
}

function otherLeader(cluster: Cluster, lost: number): Promise<number> {
  return until(
    'another server leads',
    async () => (await cluster.leaders()).find((id) => id !== lost),
    ELECTION_MS,
  );
}

/** The leader, once all servers follow it. */
function follow(cluster: Cluster, deadlineMs: number): Promise<number> {
  return until(
    'all servers follow one leader',
    async () => {
      const known = await Promise.all(cluster.ids.map(async (id) => (await cluster.status(id))['leader']));
      const [leader] = known;
      return typeof leader === 'number' && leader >= 0 && known.every((one) => one === leader)
        ? leader
        : undefined;
    },
    deadlineMs,
  );
}
