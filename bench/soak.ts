/**
 * `npm run soak`: what a long life does to a cluster. Writes a given number of updates to a given number of files, prints
 * the memory of each server as it goes, then restarts all servers at once, and at last takes the disk of a follower away
 * and watches it being caught up while the load goes on.
 */
import { Command } from 'commander';
import { SurfStoreClient } from '../src/client/index.js';
import { runAndCleanUp } from './processes.js';
import { BenchCluster } from './cluster.js';
import { soakValues } from './soakValues.js';

interface Settings {
  readonly servers: number;
  readonly updates: number;
  readonly files: number;
  readonly clients: number;
  readonly points: number;
  readonly memory?: boolean;
  readonly delays?: boolean;
  readonly snapshotEntries?: string;
  readonly valuesMib?: number;
}

const write = (line: string): boolean => process.stdout.write(`${line}\n`);

/** Clients that update their files round and round; each file belongs to one client, so that versions are known. */
class Load {
  updates = 0;
  private readonly versions: number[];
  private isStopped = false;

  constructor(
    private readonly client: SurfStoreClient,
    private readonly settings: Settings,
  ) {
    this.versions = Array<number>(settings.files).fill(0);
  }

  /** Until that many updates are done in all, or `stop`. */
  async run(upTo: number): Promise<void> {
    this.isStopped = false;
    const { clients, files } = this.settings;
    const work = async (worker: number): Promise<void> => {
      for (
        let file = this.next(worker);
        this.updates < upTo && !this.isStopped;
        file = this.next(file + clients)
      ) {
        this.updates += 1;
        const version = (this.versions[file] ?? 0) + 1;
        const hash = `${file.toString(16).padStart(8, '0')}${version.toString(16).padStart(56, '0')}`;
        const applied = await this.client.updateFile(nameOf(file), version, [hash]);
        if (!applied) throw new Error(`${nameOf(file)} refused version ${version}`);
        this.versions[file] = version;
      }
    };
    await Promise.all(Array.from({ length: Math.min(clients, files) }, (_, worker) => work(worker)));
  }

  stop(): void {
    this.isStopped = true;
  }

  /** @throws Error when a file has another version than the one that was acknowledged last */
  async check(): Promise<void> {
    const map = await this.client.getFileInfoMap();
    for (const [file, version] of this.versions.entries()) {
      const found = map.get(nameOf(file))?.version ?? 0;
      if (found !== version) throw new Error(`${nameOf(file)} has version ${found}, not ${version}`);
    }
  }

  private next(file: number): number {
    return file < this.settings.files ? file : file % this.settings.clients;
  }
}

function nameOf(file: number): string {
  return `file-${file}`;
}

async function run(settings: Settings): Promise<void> {
  const durable = settings.memory !== true;
  const cluster = await BenchCluster.start({
    servers: settings.servers,
    durable,
    measuresDelays: settings.delays === true,
    flags: settings.snapshotEntries === undefined ? [] : ['--snapshot-entries', settings.snapshotEntries],
  });
  if (settings.valuesMib === undefined) await soakUpdates(cluster, settings, durable);
  else await soakValues(cluster, settings.valuesMib);
}

async function soakUpdates(cluster: BenchCluster, settings: Settings, durable: boolean): Promise<void> {
  const client = new SurfStoreClient({ servers: cluster.addresses });
  try {
    const load = new Load(client, settings);
    await grow(cluster, client, load, settings);
    await load.check();
    if (durable) await restartAll(cluster, client);
    if (durable) await load.check();
    await replaceDisk(cluster, client, load, settings);
    await load.check();
    write('every acknowledged update is there');
  } finally {
    client.close();
  }
}

async function grow(
  cluster: BenchCluster,
  client: SurfStoreClient,
  load: Load,
  settings: Settings,
): Promise<void> {
  const { updates, points } = settings;
  const servers = cluster.ids.map((id) => ` MiB of ${id} |`).join('');
  write(`| updates | per second |${servers} term |\n|---:|---:|${'---:|'.repeat(settings.servers)}---:|`);
  for (let point = 1; point <= points; point += 1) {
    const before = load.updates;
    const startedAt = performance.now();
    await load.run(Math.round((updates * point) / points));
    const perSecond = ((load.updates - before) * 1000) / (performance.now() - startedAt);
    const memory = cluster.ids.map((id) => ` ${cluster.residentMib(id).toFixed(0)} |`).join('');
    write(`| ${load.updates} | ${perSecond.toFixed(0)} |${memory} ${await termOf(client)} |`);
  }
  await reportDelays(cluster, settings, 'while the files were written');
}

async function restartAll(cluster: BenchCluster, client: SurfStoreClient): Promise<void> {
  await cluster.kill(...cluster.ids);
  const startedAt = performance.now();
  const readyMs = await Promise.all(cluster.ids.map((id) => cluster.startServer(id)));
  await client.findLeader();
  const leaderMs = performance.now() - startedAt;
  await client.getFileInfoMap();
  const servedMs = performance.now() - startedAt;
  write(
    `all killed and started again: ready after ${readyMs.map((ms) => ms.toFixed(0)).join(', ')} ms, ` +
      `a leader after ${leaderMs.toFixed(0)} ms, the first listing after ${servedMs.toFixed(0)} ms`,
  );
}

async function replaceDisk(
  cluster: BenchCluster,
  client: SurfStoreClient,
  load: Load,
  settings: Settings,
): Promise<void> {
  const leader = await client.findLeader();
  const follower = cluster.ids.find((id) => id !== leader.id) ?? 0;
  const term = await termOf(client);
  await reportDelays(cluster, settings, 'before the disk of a follower is replaced', false);
  const working = load.run(Number.POSITIVE_INFINITY);
  const before = load.updates;
  await cluster.kill(follower);
  cluster.wipe(follower);
  const startedAt = performance.now();
  await cluster.startServer(follower);
  const { commitIndex } = await client.status(leader.id);
  let lastApplied = 0;
  while (lastApplied < commitIndex) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    ({ lastApplied } = await client.status(follower));
  }
  const tookMs = performance.now() - startedAt;
  load.stop();
  await working;
  write(
    `the empty follower had all ${commitIndex} entries after ${tookMs.toFixed(0)} ms, start included; ` +
      `${load.updates - before} updates meanwhile; term ${term} before, ${await termOf(client)} after`,
  );
  await reportDelays(cluster, settings, 'while the follower was caught up');
}

async function reportDelays(
  cluster: BenchCluster,
  { delays }: Settings,
  when: string,
  isPrinted = true,
): Promise<void> {
  if (delays !== true) return;
  for (const id of cluster.ids) {
    const { maxMs, p99Ms, gcMaxMs } = await cluster.loopDelay(id);
    if (!isPrinted) continue;
    write(
      `event loop of ${id} ${when}: held up for ${maxMs.toFixed(1)} ms at most, 99 % below ${p99Ms.toFixed(1)} ms; longest garbage collection ${gcMaxMs.toFixed(1)} ms`,
    );
  }
}

async function termOf(client: SurfStoreClient): Promise<number> {
  const { id } = await client.findLeader();
  return (await client.status(id)).term;
}

const program = new Command('soak')
  .description('writes to a cluster of this build for long, restarts it, and replaces a disk')
  .option('--servers <n>', 'size of the cluster', Number, 3)
  .option('--updates <n>', 'how many updates', Number, 1_000_000)
  .option('--files <n>', 'to how many files', Number, 1_000)
  .option('--clients <n>', 'calls at the same time', Number, 64)
  .option('--points <n>', 'points of the curve', Number, 20)
  .option('--snapshot-entries <n>', 'as the flag of the servers')
  .option(
    '--values-mib <n>',
    'instead: large values under keys, so many MiB together, and the memory they take',
    Number,
  )
  .option('--memory', 'state in memory, no data directories')
  .option('--delays', 'measure how long the event loops of the servers are held up');
program.parse();
await runAndCleanUp(() => run(program.opts<Settings>()));
