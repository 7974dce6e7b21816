import { setTimeout as sleep } from 'node:timers/promises';
import { SurfStoreClient } from '../src/client/index.js';
import { Prng } from '../src/sim/prng.js';
import { measureFailover } from '../test/e2e/field/failover.js';
import { Times } from '../test/e2e/field/figures.js';
import { Cluster, ELECTION_MS, stopEverything } from '../test/e2e/support/cluster.js';
import { until } from '../test/e2e/support/waiting.js';
import { atEnd } from './processes.js';
import { markdownTable } from './tables.js';

const SIZES = [3, 5];
const LOSSES = ['crash', 'kill'] as const;
type Loss = (typeof LOSSES)[number];

/** Enough that some write is always under way, or about to be tried again. */
const WRITERS = 4;

/** Clients try again this soon: what is measured is the cluster, not the patience of its clients. */
const BACKOFF = { minMs: 5, maxMs: 20 };

/** So many acknowledged writes show that they flow again. */
const WRITES_OF_RECOVERY = 20;

/** The moment of a loss is drawn, so that heartbeats and timers are at any point of their way. */
const DRAWN_MS_MAX = 300;

/**
 * Loses leaders by the crash hook and by kill -9, in clusters of three and of five: how long until another server leads,
 * and how long no write is acknowledged.
 */
export async function measureFailovers(losses: number): Promise<string> {
  atEnd(stopEverything);
  const prng = new Prng(1);
  const elections = await measureFailover(
    { losses, servers: SIZES, idle: [], prng, builds: [undefined] },
    (line) => process.stderr.write(`${line}\n`),
  );
  const rows: string[][] = [];
  for (const servers of SIZES) {
    for (const loss of LOSSES) {
      const election = elections[`${loss}, ${servers} servers, this build`];
      const gaps = await writeGaps(servers, loss, losses, prng);
      rows.push([
        String(servers),
        loss === 'kill' ? 'kill -9, durable' : 'crash hook, in memory',
        ...(election instanceof Times ? cellsOf(election) : ['-', '-', '-']),
        ...cellsOf(gaps),
      ]);
      await stopEverything();
    }
  }
  const columns = [
    { head: 'servers' },
    { head: 'loss', isText: true },
    ...['another leads: median ms', 'p95 ms', 'max ms'].map((head) => ({ head })),
    ...['no write done: median ms', 'p95 ms', 'max ms'].map((head) => ({ head })),
  ];
  return `${losses} losses each\n\n${markdownTable(columns, rows)}\n`;
}

function cellsOf(times: Times): string[] {
  return [times.medianMs, times.quantileMs(0.95), times.maxMs].map(String);
}

/** For each loss, the longest time between two acknowledged writes around it. */
async function writeGaps(servers: number, loss: Loss, losses: number, prng: Prng): Promise<Times> {
  const gaps = new Times();
  const cluster = await Cluster.start(servers, { durable: loss === 'kill' });
  const writers = new Writers(cluster);
  try {
    for (let done = 0; done < losses; done += 1) {
      const leader = await cluster.heal();
      await writers.progress(WRITES_OF_RECOVERY);
      writers.forgetGaps();
      await sleep(prng.between(0, DRAWN_MS_MAX));
      await (loss === 'crash' ? cluster.crash(leader) : cluster.kill(leader));
      await until(
        'another server leads',
        async () => (await cluster.leaders()).find((id) => id !== leader),
        ELECTION_MS,
      );
      await writers.progress(WRITES_OF_RECOVERY);
      gaps.add(writers.longestGapMs);
      if (loss === 'kill') await cluster.restart(leader);
    }
  } finally {
    await writers.stop();
  }
  return gaps;
}

/** Clients that write without a pause, each to a file of its own. */
class Writers {
  longestGapMs = 0;
  private acknowledged = 0;
  private acknowledgedAt = performance.now();
  private isStopped = false;
  private readonly client: SurfStoreClient;
  private readonly work: Promise<void>;

  constructor(cluster: Cluster) {
    const servers = cluster.ids.map((id) => ({ id, host: '127.0.0.1', port: cluster.port(id) }));
    this.client = new SurfStoreClient({ servers, backoff: BACKOFF });
    const writers = Array.from({ length: WRITERS }, (_, writer) => this.write(`writer-${writer}`));
    this.work = Promise.all(writers).then(() => undefined);
    // Whoever waits for progress learns of it.
    this.work.catch(() => undefined);
  }

  /** Waits until so many more writes are acknowledged. @throws what a client failed with */
  async progress(writes: number): Promise<void> {
    const goal = this.acknowledged + writes;
    const reached = until('writes are acknowledged', () => this.acknowledged >= goal, 2 * ELECTION_MS);
    await Promise.race([reached, this.work]);
  }

  forgetGaps(): void {
    this.longestGapMs = 0;
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await this.work;
    this.client.close();
  }

  private async write(file: string): Promise<void> {
    for (let version = 1; !this.isStopped; version += 1) {
      if (!(await this.client.updateFile(file, version, ['h'.repeat(64)])))
        throw new Error(`${file} refused version ${version}`);
      const now = performance.now();
      this.longestGapMs = Math.max(this.longestGapMs, now - this.acknowledgedAt);
      this.acknowledgedAt = now;
      this.acknowledged += 1;
    }
  }
}
