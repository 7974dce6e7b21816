/**
 * `npm run bench`: starts two clusters of its own on free ports of this machine, one with its state in memory and one with
 * data directories, and measures them. The cases are run in turn, round after round, so that whatever else the machine does
 * hits all of them alike; the medians over the rounds are printed, and each case as a share of `ping` with as many clients,
 * which is what HTTP and XML cost alone. Beside them the cost of a sync on this disk.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { KeyValueClient, SurfStoreClient } from '../src/client/index.js';
import { BENCH_KEY } from './benchKey.js';
import { BenchCluster } from './cluster.js';
import type { Job, Measurement } from './load.js';

interface Settings {
  readonly servers: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly clients: readonly number[];
  readonly cases?: readonly string[];
  readonly against?: string;
  readonly cpuProfile?: string;
}

/** What is measured: an operation on one of the clusters. */
interface Case {
  readonly name: string;
  readonly operation: Job['operation'];
  readonly durable: boolean;
  /** Whether a server is asked that does not lead. @default false */
  readonly throughFollower?: boolean;
}

const PING: Case = { name: 'ping', operation: 'ping', durable: false };
const CASES: readonly Case[] = [
  PING,
  { name: 'updatefile', operation: 'updatefile', durable: false },
  { name: 'updatefile, durable', operation: 'updatefile', durable: true },
  { name: 'getfileinfomap', operation: 'getfileinfomap', durable: false },
  { name: 'PUT of a key', operation: 'putKey', durable: false },
  { name: 'PUT of a key, through a follower', operation: 'putKey', durable: false, throughFollower: true },
  { name: 'GET of a key', operation: 'getKey', durable: false },
  { name: 'GET of a key, from a follower', operation: 'getKey', durable: false, throughFollower: true },
];
const FILES = 100;
const WARM_UP_MS = 500;

/** A cluster that is measured. */
interface Measured {
  readonly cluster: BenchCluster;
  readonly leader: Target;
  readonly follower: Target;
}

interface Target {
  readonly id: number;
  readonly host: string;
  readonly port: number;
}

/** One build: a cluster in memory and one with data directories. */
interface Build {
  readonly inMemory: Measured;
  readonly durable: Measured;
}

/** One measurement; CPU time in microseconds per operation, of all servers together. */
interface Result extends Measurement {
  readonly cpuMicros: number;
}

async function run(settings: Settings): Promise<void> {
  const load = fork(fileURLToPath(new URL('load.ts', import.meta.url)), { execArgv: ['--import', 'tsx'] });
  const clusters: BenchCluster[] = [];
  const startBuild = async (main?: string): Promise<Build> => {
    const start = async (durable: boolean): Promise<Measured> => {
      const { servers, cpuProfile } = settings;
      const nodeFlags = cpuProfile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${cpuProfile}`];
      const cluster = await BenchCluster.start({ servers, durable, nodeFlags, main });
      clusters.push(cluster);
      return prepare(cluster);
    };
    return { inMemory: await start(false), durable: await start(true) };
  };
  try {
    const build = await startBuild();
    const other = settings.against === undefined ? null : await startBuild(settings.against);
    await measureAll(settings, load, build, other);
  } finally {
    load.kill();
    await Promise.all(clusters.map((cluster) => cluster.stop()));
  }
}

/** Gives the cluster some files and a key. */
async function prepare(cluster: BenchCluster): Promise<Measured> {
  const client = new SurfStoreClient({ servers: cluster.addresses });
  const store = new KeyValueClient({ servers: cluster.addresses });
  try {
    const leader = await client.findLeader();
    for (let file = 0; file < FILES; file += 1) await client.updateFile(`file-${file}`, 1, ['d'.repeat(64)]);
    await store.put(BENCH_KEY, ['d'.repeat(64)]);
    // Of a cluster of one the leader is all there is.
    return { cluster, leader, follower: cluster.addresses.find(({ id }) => id !== leader.id) ?? leader };
  } finally {
    store.close();
    client.close();
  }
}

async function measureAll(
  settings: Settings,
  load: ChildProcess,
  build: Build,
  other: Build | null,
): Promise<void> {
  const results = new Map<string, Result[]>();
  const syncs: number[] = [];
  const measureOne = async (of: Build, measured: Case, clients: number, round: number): Promise<void> => {
    const result = await measureCase(settings, load, of, measured, clients, round);
    const key = keyOf(measured, clients, of === other);
    results.set(key, [...(results.get(key) ?? []), result]);
  };
  for (let round = 0; round < settings.rounds; round += 1) {
    for (const clients of settings.clients) {
      for (const measured of casesOf(settings)) {
        await measureOne(build, measured, clients, round);
        if (other !== null) await measureOne(other, measured, clients, round);
      }
    }
    syncs.push(...measureSyncs());
    process.stderr.write(`round ${round + 1} of ${settings.rounds}\n`);
  }
  print(settings, results, syncs);
}

async function measureCase(
  { seconds }: Settings,
  load: ChildProcess,
  build: Build,
  { name, operation, durable, throughFollower = false }: Case,
  clients: number,
  round: number,
): Promise<Result> {
  const { cluster, leader, follower } = durable ? build.durable : build.inMemory;
  const { host, port } = throughFollower ? follower : leader;
  const durationMs = seconds * 1000;
  const cpu = (): number => cluster.ids.reduce((sum, id) => sum + cluster.cpuMicros(id), 0);
  const before = cpu();
  const result = await measure(load, {
    host,
    port,
    operation,
    clients,
    label: `bench-${round}-${clients}`,
    warmUpMs: WARM_UP_MS,
    durationMs,
  });
  if (result.failed > 0) throw new Error(`${result.failed} calls of ${name} failed`);
  // The warm-up has taken CPU time, too.
  const operations = (result.perSecond * (durationMs + WARM_UP_MS)) / 1000;
  return { ...result, cpuMicros: (cpu() - before) / operations };
}

/** Those that were asked for; `ping` always, since the others are compared with it. */
function casesOf({ cases }: Settings): readonly Case[] {
  return cases === undefined ? CASES : CASES.filter(({ name }) => name === PING.name || cases.includes(name));
}

/** Milliseconds that it takes to append 300 bytes to a file and to sync it, once for each of many times. */
function measureSyncs(): number[] {
  const directory = mkdtempSync(join(tmpdir(), 'surfstore-sync-'));
  const file = openSync(join(directory, 'file'), 'w');
  const record = Buffer.alloc(300, 'x');
  const times = Array.from({ length: 200 }, () => {
    const startedAt = performance.now();
    writeSync(file, record);
    fdatasyncSync(file);
    return performance.now() - startedAt;
  });
  closeSync(file);
  rmSync(directory, { recursive: true });
  return times;
}

function print(
  settings: Settings,
  results: ReadonlyMap<string, readonly Result[]>,
  syncs: readonly number[],
): void {
  const { servers, rounds, seconds, clients, against } = settings;
  const heads = ['operation', 'clients', 'per second', 'p50 ms', 'p99 ms', 'CPU µs', 'of ping'];
  if (against !== undefined) heads.push('of the other', 'its CPU µs');
  const lines = [
    `${servers} servers, medians of ${rounds} rounds of ${seconds} s, ${FILES}+ files; CPU of all servers per operation`,
    '',
    `| ${heads.join(' | ')} |`,
    `|---|${'---:|'.repeat(heads.length - 1)}`,
  ];
  for (const measured of casesOf(settings))
    for (const count of clients) lines.push(`| ${cellsOf(measured, count, results).join(' | ')} |`);
  lines.push('', `appending 300 bytes to a file and syncing it: median ${median(syncs).toFixed(2)} ms`);
  process.stdout.write(`${lines.join('\n')}\n`);
}

function cellsOf(
  measured: Case,
  clients: number,
  results: ReadonlyMap<string, readonly Result[]>,
): readonly string[] {
  const rounds = results.get(keyOf(measured, clients, false)) ?? [];
  const shareOf = (others: readonly Result[]): string =>
    median(
      rounds.map(({ perSecond }, round) => perSecond / (others[round]?.perSecond ?? Number.NaN)),
    ).toFixed(2);
  const other = results.get(keyOf(measured, clients, true));
  return [
    measured.name,
    String(clients),
    median(rounds.map(({ perSecond }) => perSecond)).toFixed(0),
    median(rounds.map(({ p50Ms }) => p50Ms)).toFixed(2),
    median(rounds.map(({ p99Ms }) => p99Ms)).toFixed(2),
    median(rounds.map(({ cpuMicros }) => cpuMicros)).toFixed(0),
    shareOf(results.get(keyOf(PING, clients, false)) ?? []),
    ...(other === undefined
      ? []
      : [shareOf(other), median(other.map(({ cpuMicros }) => cpuMicros)).toFixed(0)]),
  ];
}

function measure(load: ChildProcess, job: Job): Promise<Measurement> {
  return new Promise((resolve, reject) => {
    load.once('message', (answer: Measurement | { error: string }) => {
      if ('error' in answer) reject(new Error(answer.error));
      else resolve(answer);
    });
    load.send(job);
  });
}

function keyOf({ name }: Case, clients: number, isOther: boolean): string {
  return `${name} ${clients} ${isOther}`;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

const program = new Command('bench')
  .description('measures clusters of this build on this machine')
  .option('--servers <n>', 'size of the cluster', Number, 3)
  .option('--rounds <n>', 'rounds over all cases', Number, 5)
  .option('--seconds <n>', 'length of one measurement', Number, 3)
  .option('--clients <list>', 'numbers of clients', (text) => text.split(',').map(Number), [1, 16, 64])
  .option('--cases <names>', 'only these, separated by semicolons; ping is always there', (text) =>
    text.split(';').map((name) => name.trim()),
  )
  .option('--against <main.js>', 'measure another build in turn with this one, and print the ratios')
  .option('--cpu-profile <dir>', 'write CPU profiles of the servers there');
program.parse();
await run(program.opts<Settings>());
