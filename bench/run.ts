/**
 * `npm run bench`: starts a cluster of its own on free ports of this machine and measures it. The cases are run in
 * turn, round after round, so that whatever else the machine does hits all of them alike; the medians over the
 * rounds are printed, and each case as a share of `ping` with as many clients, which is what HTTP and XML cost alone.
 */
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { SurfStoreClient } from '../src/client/index.js';
import type { Job, Measurement } from './load.js';

interface Settings {
  readonly servers: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly clients: readonly number[];
  readonly cpuProfile?: string;
}

const OPERATIONS = ['ping', 'updatefile', 'getfileinfomap'] as const;
const FILES = 100;
const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

async function run(settings: Settings): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'surfstore-bench-'));
  const ports = await freePorts(settings.servers);
  const config = join(directory, 'config.txt');
  writeFileSync(
    config,
    [`M: ${ports.length}`, ...ports.map((port, id) => `metadata${id}: 127.0.0.1:${port}`)].join('\n'),
  );
  const servers = await Promise.all(ports.map((_, id) => startServer(config, id, settings)));
  const load = fork(fileURLToPath(new URL('load.ts', import.meta.url)), { execArgv: ['--import', 'tsx'] });
  const client = new SurfStoreClient({ servers: ports.map((port, id) => ({ id, host: '127.0.0.1', port })) });
  try {
    const leader = await client.findLeader();
    for (let file = 0; file < FILES; file += 1) await client.updateFile(`file-${file}`, 1, ['d'.repeat(64)]);
    await measureAll(settings, leader, load);
  } finally {
    client.close();
    load.kill();
    await Promise.all(servers.map(stop));
    rmSync(directory, { recursive: true, force: true });
  }
}

async function measureAll(
  settings: Settings,
  leader: { host: string; port: number },
  load: ChildProcess,
): Promise<void> {
  const results = new Map<string, Measurement[]>();
  for (let round = 0; round < settings.rounds; round += 1) {
    for (const clients of settings.clients) {
      for (const operation of OPERATIONS) {
        const label = `bench-${round}-${clients}`;
        const job: Job = {
          ...leader,
          operation,
          clients,
          label,
          warmUpMs: 500,
          durationMs: settings.seconds * 1000,
        };
        const measured = await measure(load, job);
        if (measured.failed > 0) throw new Error(`${measured.failed} calls of ${operation} failed`);
        const key = keyOf(operation, clients);
        results.set(key, [...(results.get(key) ?? []), measured]);
      }
    }
    process.stderr.write(`round ${round + 1} of ${settings.rounds}\n`);
  }
  print(settings, results);
}

function print(settings: Settings, results: ReadonlyMap<string, readonly Measurement[]>): void {
  process.stdout.write(
    `${settings.servers} servers, medians of ${settings.rounds} rounds of ${settings.seconds} s, ${FILES}+ files\n\n`,
  );
  process.stdout.write(
    '| operation | clients | per second | p50 ms | p99 ms | of ping |\n|---|---:|---:|---:|---:|---:|\n',
  );
  for (const operation of OPERATIONS) {
    for (const clients of settings.clients) {
      const measured = results.get(keyOf(operation, clients)) ?? [];
      const pings = results.get(keyOf('ping', clients)) ?? [];
      const shares = measured.map(
        ({ perSecond }, round) => perSecond / (pings[round]?.perSecond ?? Number.NaN),
      );
      const cells = [
        operation,
        String(clients),
        median(measured.map(({ perSecond }) => perSecond)).toFixed(0),
        median(measured.map(({ p50Ms }) => p50Ms)).toFixed(2),
        median(measured.map(({ p99Ms }) => p99Ms)).toFixed(2),
        median(shares).toFixed(2),
      ];
      process.stdout.write(`| ${cells.join(' | ')} |\n`);
    }
  }
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

function startServer(config: string, id: number, { cpuProfile }: Settings): Promise<ChildProcess> {
  const profile = cpuProfile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${cpuProfile}`];
  const server = spawn(process.execPath, [...profile, main, 'server', config, String(id)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    server.stdout.once('data', () => resolve(server));
    server.once('exit', (code) => reject(new Error(`server ${id} ended with exit code ${code}`)));
  });
}

function stop(server: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    server.once('exit', () => resolve());
    server.kill('SIGTERM');
  });
}

async function freePorts(count: number): Promise<number[]> {
  const listeners = await Promise.all(
    Array.from({ length: count }, async () => {
      const listener = createServer();
      await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
      return listener;
    }),
  );
  const ports = listeners.map((listener) => {
    const address = listener.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(listeners.map((listener) => new Promise((resolve) => listener.close(resolve))));
  return ports;
}

function keyOf(operation: string, clients: number): string {
  return `${operation} ${clients}`;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

const program = new Command('bench')
  .description('measures a cluster of this build on this machine')
  .option('--servers <n>', 'size of the cluster', Number, 3)
  .option('--rounds <n>', 'rounds over all cases', Number, 5)
  .option('--seconds <n>', 'length of one measurement', Number, 3)
  .option('--clients <list>', 'numbers of clients', (text) => text.split(',').map(Number), [1, 16, 64])
  .option('--cpu-profile <dir>', 'write CPU profiles of the servers there');
program.parse();
await run(program.opts<Settings>());
