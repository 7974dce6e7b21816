import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LoopDelay } from './loopDelay.js';

const main = fileURLToPath(new URL('../dist/src/cli/main.js', import.meta.url));
const probe = fileURLToPath(new URL('loopDelay.ts', import.meta.url));

/** The unit of CPU times under Linux. */
const MICROS_PER_TICK = 10_000;

/** How the servers of a cluster are started. */
export interface ClusterOptions {
  readonly servers: number;
  /** Whether each keeps its state in a directory of its own. */
  readonly durable: boolean;
  readonly flags?: readonly string[];
  /** The `main.js` of another build, in place of the one of this tree. */
  readonly main?: string | undefined;
  /** Flags for Node.js itself. */
  readonly nodeFlags?: readonly string[];
  /** Whether the servers measure the delays of their event loops. */
  readonly measuresDelays?: boolean;
}

/** Servers of this build on free ports of this machine, with a directory that is removed at the end. */
export class BenchCluster {
  readonly addresses: readonly { readonly id: number; readonly host: string; readonly port: number }[];
  private readonly processes = new Map<number, ChildProcess>();
  private readonly config: string;

  private constructor(
    private readonly directory: string,
    ports: readonly number[],
    private readonly options: ClusterOptions,
  ) {
    this.addresses = ports.map((port, id) => ({ id, host: '127.0.0.1', port }));
    this.config = join(directory, 'config.txt');
    const lines = ports.map((port, id) => `metadata${id}: 127.0.0.1:${port}`);
    writeFileSync(this.config, [`M: ${ports.length}`, ...lines].join('\n'));
  }

  static async start(options: ClusterOptions): Promise<BenchCluster> {
    const directory = mkdtempSync(join(tmpdir(), 'surfstore-bench-'));
    const cluster = new BenchCluster(directory, await freePorts(options.servers), options);
    await Promise.all(cluster.ids.map((id) => cluster.startServer(id)));
    return cluster;
  }

  get ids(): readonly number[] {
    return this.addresses.map(({ id }) => id);
  }

  /** Starts a server; resolves when it answers, to the milliseconds that this took. */
  startServer(id: number): Promise<number> {
    const { durable, flags = [], nodeFlags = [], measuresDelays = false } = this.options;
    const program = this.options.main ?? main;
    const startedAt = performance.now();
    const delays = measuresDelays ? ['--import', 'tsx', '--import', probe] : [];
    const data = durable ? ['--data-dir', this.dataDir(id)] : [];
    const server = spawn(
      process.execPath,
      [
        ...delays,
        ...nodeFlags,
        program,
        'server',
        this.config,
        String(id),
        '--log-level',
        'warn',
        ...data,
        ...flags,
      ],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, LOOP_DELAY_FILE: this.delayFile(id) },
      },
    );
    this.processes.set(id, server);
    return new Promise((resolve, reject) => {
      server.stdout.once('data', () => resolve(performance.now() - startedAt));
      server.once('exit', (code) => reject(new Error(`server ${id} ended with exit code ${code}`)));
    });
  }

  /** Ends servers at once; resolves when they are gone. */
  async kill(...ids: readonly number[]): Promise<void> {
    await Promise.all(ids.map((id) => end(this.process(id), 'SIGKILL')));
  }

  /** Removes what a killed server had stored. */
  wipe(id: number): void {
    rmSync(this.dataDir(id), { recursive: true, force: true });
  }

  /** The CPU time that a server has taken so far, in microseconds; in steps of 10,000. */
  cpuMicros(id: number): number {
    const stat = readFileSync(`/proc/${String(this.process(id).pid)}/stat`, 'utf8');
    // The name, which may hold anything, is in parentheses; user and system time are the fields 14 and 15.
    const [user = 0, system = 0] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13)
      .map(Number);
    return (user + system) * MICROS_PER_TICK;
  }

  /** Resident memory of a server in MiB. */
  residentMib(id: number): number {
    return this.memoryMib(id, 'VmRSS');
  }

  /** The part of it that is not a mapped file, which the system takes back when it needs to. */
  ownMib(id: number): number {
    return this.memoryMib(id, 'RssAnon');
  }

  /** The delays of a server's event loop since the last call. */
  async loopDelay(id: number): Promise<LoopDelay> {
    const file = this.delayFile(id);
    rmSync(file, { force: true });
    this.process(id).kill('SIGUSR2');
    for (;;) {
      try {
        return JSON.parse(readFileSync(file, 'utf8')) as LoopDelay;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  }

  async stop(): Promise<void> {
    await Promise.all([...this.processes.values()].map((server) => end(server, 'SIGTERM')));
    rmSync(this.directory, { recursive: true, force: true });
  }

  private memoryMib(id: number, field: 'VmRSS' | 'RssAnon'): number {
    const status = readFileSync(`/proc/${this.process(id).pid}/status`, 'utf8');
    return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1] ?? Number.NaN) / 1024;
  }

  private process(id: number): ChildProcess {
    const server = this.processes.get(id);
    if (server === undefined) throw new Error(`server ${id} was not started`);
    return server;
  }

  private dataDir(id: number): string {
    return join(this.directory, `server${id}`);
  }

  private delayFile(id: number): string {
    return join(this.directory, `delay${id}.json`);
  }
}

function end(server: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    server.once('exit', () => resolve());
    server.kill(signal);
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
