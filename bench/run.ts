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

interface Address {
  readonly host: string;
  readonly port: number;
}

/** A cluster as its clients see it. */
interface Measured {
  readonly leader: Address;
  readonly follower: Address;
}

async function run(settings: Settings): Promise<void> {
  const load = fork(fileURLToPath(new URL('load.ts', import.meta.url)), { execArgv: ['--import', 'tsx'] });
  const clusters: BenchCluster[] = [];
  try {
    const start = async (durable: boolean): Promise<Measured> => {
      const { servers, cpuProfile } = settings;
      const nodeFlags = cpuProfile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${cpuProfile}`];
      const cluster = await BenchCluster.start({ servers, durable, nodeFlags });
      clusters.push(cluster);
      return prepare(cluster);
    };
    const inMemory = await start(false);
    const durable = await start(true);
    await measureAll(settings, load, (measured) => {
      const { leader, follower } = measured.durable ? durable : inMemory;
      return measured.throughFollower === true ? follower : leader;
    });
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
    return { leader, follower: cluster.addresses.find(({ id }) => id !== leader.id) ?? leader };
  } finally {
    store.close();
    client.close();
  }
}

async function measureAll(
  settings: Settings,
  load: ChildProcess,
  serverFor: (measured: Case) => Address,
): Promise<void> {
  const results = new Map<string, Measurement[]>();
  const syncs: number[] = [];
  for (let round = 0; round < settings.rounds; round += 1) {
    for (const clients of settings.clients) {
      for (const measured of CASES) {
        const { host, port } = serverFor(measured);
        const job: Job = {
          host,
          port,
          operation: measured.operation,
          clients,
          label: `bench-${round}-${clients}`,
          warmUpMs: 500,
          durationMs: settings.seconds * 1000,
        };
        const result = await measure(load, job);
        if (result.failed > 0) throw new Error(`${result.failed} calls of ${measured.name} failed`);
        const key = keyOf(measured, clients);
        results.set(key, [...(results.get(key) ?? []), result]);
      }
    }
    syncs.push(...measureSyncs());
    process.stderr.write(`round ${round + 1} of ${settings.rounds}\n`);
  }
  print(settings, results, syncs);
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
  results: ReadonlyMap<string, readonly Measurement[]>,
  syncs: readonly number[],
): void {
  process.stdout.write(
    `${settings.servers} servers, medians of ${settings.rounds} rounds of ${settings.seconds} s, ${FILES}+ files\n\n`,
  );
  process.stdout.write(
    '| operation | clients | per second | p50 ms | p99 ms | of ping |\n|---|---:|---:|---:|---:|---:|\n',
  );
  for (const measured of CASES) {
    for (const clients of settings.clients) {
      const rounds = results.get(keyOf(measured, clients)) ?? [];
      const pings = results.get(keyOf(PING, clients)) ?? [];
      const shares = rounds.map(
        ({ perSecond }, round) => perSecond / (pings[round]?.perSecond ?? Number.NaN),
      );
      const cells = [
        measured.name,
        String(clients),
        median(rounds.map(({ perSecond }) => perSecond)).toFixed(0),
        median(rounds.map(({ p50Ms }) => p50Ms)).toFixed(2),
        median(rounds.map(({ p99Ms }) => p99Ms)).toFixed(2),
        median(shares).toFixed(2),
      ];
      process.stdout.write(`| ${cells.join(' | ')} |\n`);
    }
  }
  process.stdout.write(
    `\nappending 300 bytes to a file and syncing it: median ${median(syncs).toFixed(2)} ms\n`,
  );
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

function keyOf({ name }: Case, clients: number): string {
  return `${name} ${clients}`;
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
  .option('--cpu-profile <dir>', 'write CPU profiles of the servers there');
program.parse();
await run(program.opts<Settings>());
