import type { Roles } from './results.js';
import type { System } from './results.js';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SurfStoreClient } from '../src/client/index.js';
import type { LoopDelay } from './loopDelay.js';
import { atEnd, freePorts, memoryMib, ServerProcess } from './processes.js';
import { rolesOf } from './rounds.js';

/** The program of this build. */
export const main = fileURLToPath(new URL('../dist/src/cli/main.js', import.meta.url));
const probe = fileURLToPath(new URL('loopDelay.ts', import.meta.url));

/** How the servers of a cluster are started. */
interface ClusterOptions {
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

/** Servers of this build on free ports of this machine. They are stopped, and their directory removed, at the end. */
export class BenchCluster implements System {
  readonly addresses: readonly { readonly id: number; readonly host: string; readonly port: number }[];
  private readonly processes = new Map<number, ServerProcess>();
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
    atEnd(() => rmSync(directory, { recursive: true, force: true }));
    const cluster = new BenchCluster(directory, await freePorts(options.servers), options);
    atEnd(() => cluster.stop());
    await Promise.all(cluster.ids.map((id) => cluster.startServer(id)));
    return cluster;
  }

  get ids(): readonly number[] {
    return this.addresses.map(({ id }) => id);
  }

  async roles(): Promise<Roles> {
    const client = new SurfStoreClient({ servers: this.addresses });
    try {
      const { id: leader } = await client.findLeader();
      const servers = this.addresses.map((address) => ({ ...address, pid: this.process(address.id).pid }));
      return rolesOf(servers, ({ port }) => port === this.addresses[leader]?.port);
    } finally {
      client.close();
    }
  }

  /** Starts a server; resolves when it answers, to the milliseconds that this took. */
  async startServer(id: number): Promise<number> {
    const { durable, flags = [], nodeFlags = [], measuresDelays = false } = this.options;
    const startedAt = performance.now();
    const delays = measuresDelays ? ['--import', 'tsx', '--import', probe] : [];
    const data = durable ? ['--data-dir', this.dataDir(id)] : [];
    const program = [this.options.main ?? main, 'server', this.config, String(id), '--log-level', 'warn'];
    const server = new ServerProcess({
      name: `server ${id}`,
      program: process.execPath,
      args: [...delays, ...nodeFlags, ...program, ...data, ...flags],
      env: { ...process.env, LOOP_DELAY_FILE: this.delayFile(id) },
    });
    this.processes.set(id, server);
    await server.firstOutput();
    return performance.now() - startedAt;
  }

  /** Ends servers at once; resolves when they are gone. */
  async kill(...ids: readonly number[]): Promise<void> {
    await Promise.all(ids.map((id) => this.process(id).end('SIGKILL')));
  }

  /** Removes what a killed server had stored. */
  wipe(id: number): void {
    rmSync(this.dataDir(id), { recursive: true, force: true });
  }

  /** Resident memory of a server in MiB. */
  residentMib(id: number): number {
    return memoryMib(this.process(id).pid, 'VmRSS');
  }

  /** The part of it that is not a mapped file, which the system takes back when it needs to. */
  ownMib(id: number): number {
    return memoryMib(this.process(id).pid, 'RssAnon');
  }

  /** The delays of a server's event loop since the last call. */
  async loopDelay(id: number): Promise<LoopDelay> {
    const file = this.delayFile(id);
    rmSync(file, { force: true });
    this.process(id).signal('SIGUSR2');
    for (;;) {
      try {
        return JSON.parse(readFileSync(file, 'utf8')) as LoopDelay;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  }

  private async stop(): Promise<void> {
    await Promise.all([...this.processes.values()].map((server) => server.end('SIGTERM')));
  }

  private process(id: number): ServerProcess {
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
