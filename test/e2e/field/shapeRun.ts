import type { Prng } from '../../../src/sim/prng.js';
import { XmlRpcFault } from '../../../src/xmlrpc/index.js';
import { Cluster, ELECTION_MS, stopEverything } from '../support/cluster.js';
import { OpenCall, pause, within } from '../support/waiting.js';
import { Times } from './figures.js';
import { connectedMajority, type Shape } from './shape.js';

/** How long a write may wait at a server that says that it leads before it is sent again. */
const WRITE_MS = 4 * ELECTION_MS;
/** The faults of a write that waited at a server which leads no more: steppedDown, superseded. */
const replacedFaults: readonly number[] = [4, 5];

/** The result of a cluster whose links were cut in one of the shapes. */
interface ShapeRun {
  readonly leader: number;
  /**
   * Until a server leads and has acknowledged a write; null when it was not within the time of an
   * election.
   */
  readonly tookMs: number | null;
  /** The violation that was found, or null. */
  readonly violation: string | null;
}

/**
 * Cuts the links of a cluster, whose servers all follow one leader, in this shape, until a server
 * of the connected majority has acknowledged a write; then heals them all. A write waits at the old
 * leader all the time.
 */
async function runShape(cluster: Cluster, shape: Shape, prng: Prng, label: string): Promise<ShapeRun> {
  const leader = await cluster.heal();
  const servers = [leader, ...prng.shuffle(cluster.others(leader))];
  const serverOf = (part: number): number => servers[part] ?? leader;
  const majority = connectedMajority(shape).map(serverOf);

  await cluster.crash(...shape.crashed.map(serverOf));
  await cut(cluster, shape, servers);
  const startedAt = performance.now();
  const waiting = new OpenCall(cluster.call(leader, 'updatefile', [`${label} waits`, 1, ['h']], 60_000));
  const served = await untilServed(cluster, leader, majority, label, waiting);
  const tookMs = served === 'served' ? performance.now() - startedAt : null;

  await Promise.all(cluster.ids.map((id) => cluster.call(id, 'makeUnreachableFrom', [[]])));
  await cluster.heal();
  const violation = served === 'served' || served === 'late' ? await endOf(waiting) : served;
  return { leader, tookMs, violation };
}

async function cut(cluster: Cluster, shape: Shape, servers: readonly number[]): Promise<void> {
  await Promise.all(
    servers.map((id, to) => {
      const dropped = servers.filter((_, from) => from !== to && !shape.arrives(from, to));
      return cluster.call(id, 'makeUnreachableFrom', [dropped]);
    }),
  );
}

/** `served`, `late`, or what must not happen. */
async function untilServed(
  cluster: Cluster,
  oldLeader: number,
  majority: readonly number[],
  label: string,
  waiting: OpenCall,
): Promise<string> {
  const endsAt = performance.now() + ELECTION_MS;
  const termBefore = await termOf(cluster, oldLeader);
  const writes = new Map<number, OpenCall>();
  let attempts = 0;
  while (performance.now() < endsAt) {
    const ended = waiting.outcome;
    const leaders = await cluster.leaders();
    if (ended !== undefined && 'error' in ended && leaders.every((id) => id === oldLeader)) {
      // A leader that hears of an election steps down just before that is won.
      if ((await termOf(cluster, oldLeader)) <= termBefore)
        return `the write at the old leader ended in ${String(ended.error)} without an election`;
    }
    for (const id of leaders.filter((one) => majority.length === 0 || majority.includes(one))) {
      const write = writes.get(id);
      if (isAcknowledged(write)) return 'served';
      if (write?.isWaiting === true) continue;
      attempts += 1;
      writes.set(
        id,
        new OpenCall(cluster.call(id, 'updatefile', [`${label} ${attempts}`, 1, ['h']], WRITE_MS)),
      );
    }
    await pause();
  }
  return 'late';
}

async function termOf(cluster: Cluster, id: number): Promise<number> {
  return Number((await cluster.status(id))['term']);
}

function isAcknowledged(write: OpenCall | undefined): boolean {
  return write?.outcome !== undefined && 'value' in write.outcome && write.outcome.value === true;
}

/** After healing, the write that waited is done, or has found out that its leader was replaced. */
async function endOf(waiting: OpenCall): Promise<string | null> {
  try {
    await within(waiting.settled, ELECTION_MS, 'the end of the write that waited');
  } catch (error) {
    return String(error);
  }
  const { outcome } = waiting;
  if (outcome === undefined || 'value' in outcome) return null;
  const { error } = outcome;
  return error instanceof XmlRpcFault && replacedFaults.includes(error.faultCode)
    ? null
    : `the write that waited ended in ${String(error)}`;
}

/** All runs of one shape. */
interface ShapeResult {
  readonly shape: Shape;
  /** Whether there is a connected majority, one of which must lead. */
  readonly isDemanded: boolean;
  readonly served: number;
  readonly times: Times;
  readonly violations: readonly string[];
}

/** Runs each shape several times, on one cluster of each size. */
export async function runShapes(
  chosen: readonly Shape[],
  runs: number,
  prng: Prng,
  main?: string,
  done: (result: ShapeResult) => void = () => undefined,
): Promise<ShapeResult[]> {
  const results: ShapeResult[] = [];
  for (const servers of new Set(chosen.map((shape) => shape.servers))) {
    const cluster = await Cluster.start(servers, { main });
    for (const shape of chosen.filter((one) => one.servers === servers)) {
      const times = new Times();
      const violations: string[] = [];
      for (let run = 0; run < runs; run += 1) {
        const { tookMs, violation } = await runShape(cluster, shape, prng, `${shape.name} ${run}`);
        if (tookMs !== null) times.add(tookMs);
        if (violation !== null) violations.push(violation);
      }
      const isDemanded = connectedMajority(shape).length > 0;
      const result = { shape, isDemanded, served: times.count, times, violations };
      results.push(result);
      done(result);
    }
    await stopEverything();
  }
  return results;
}
