import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseClusterFile, type ServerAddress } from '../../src/config/clusterFile.js';
import type { ServerId } from '../runRecord.js';
import { ClusterError, type Cluster, type MessageCounts, type Processes } from './cluster.js';
import { CountingProxy } from './countingProxy.js';
import { drawPorts, type ClusterPorts } from './clusterPorts.js';
import { ServerProcess } from './serverProcess.js';

const REMOVE_TRIES = 50;
const REMOVE_RETRY_MS = 20;

interface ManagedOptions {
  readonly size: number;
  /** The program that runs a server. */
  readonly program: string;
  /** Flags for every server. */
  readonly flags: readonly string[];
  /** Where they keep their state; `temporary`: in a folder that is removed at the end. */
  readonly state: 'inMemory' | 'temporary' | { readonly dataDir: string };
  /** Where the servers' stderr goes: `serverN.log`. */
  readonly logDir: string;
}

/**
 * Servers on free ports of this machine that live as long as the run. The others reach each of them through a proxy that counts
 * what they send; clients do not.
 */
export class ManagedCluster implements Cluster, Processes {
  readonly processes: Processes = this;
  readonly dialect = 'own';
  private readonly running = new Map<ServerId, ServerProcess>();
  private readonly started: { readonly server: ServerId; readonly process: ServerProcess }[] = [];
  private readonly proxies: CountingProxy[] = [];
  private readonly folder = mkdtempSync(join(tmpdir(), 'surfstore-chaos-'));
  private readonly onExit = (): void => this.killNow();

  private constructor(
    private readonly options: ManagedOptions,
    private readonly ports: ClusterPorts,
    readonly servers: readonly ServerAddress[],
  ) {}

  /** @throws ClusterError when a server cannot be started */
  static async start(options: ManagedOptions): Promise<ManagedCluster> {
    if (!existsSync(options.program))
      throw new ClusterError(`there is no ${options.program}: build it with npm run build`);
    const { size, state } = options;
    const ports = await drawPorts(size, typeof state === 'string' ? undefined : state.dataDir);
    const { servers } = parseClusterFile(clusterFile(ports.own), 'the cluster file of the run');
    const cluster = new ManagedCluster(options, ports, servers);
    process.once('exit', cluster.onExit);
    try {
      await cluster.startAll();
    } catch (error) {
      await cluster.close();
      throw error;
    }
    return cluster;
  }

  get durable(): boolean {
    return this.options.state !== 'inMemory';
  }

  messageCounts(): MessageCounts {
    return new Map(this.proxies.map(({ requests }, server) => [server, requests]));
  }

  async kill(server: ServerId): Promise<void> {
    await this.running.get(server)?.kill();
    this.running.delete(server);
  }

  async start(server: ServerId): Promise<void> {
    const { program, flags, logDir } = this.options;
    const dataDir = this.dataDirOf(server);
    const args = [
      // The files differ, since the others reach each server through its proxy: a name tells that they belong together.
      ...['server', this.configFileOf(server), String(server), '--cluster-name', 'monkey', ...flags],
      ...(dataDir === undefined ? [] : ['--data-dir', dataDir]),
    ];
    const started = await ServerProcess.start(program, args, this.logFile(logDir, server));
    this.running.set(server, started);
    this.started.push({ server, process: started });
  }

  pause(server: ServerId): Promise<void> {
    this.running.get(server)?.signal('SIGSTOP');
    return Promise.resolve();
  }

  resume(server: ServerId): Promise<void> {
    this.running.get(server)?.signal('SIGCONT');
    return Promise.resolve();
  }

  deaths(): readonly string[] {
    return this.started.flatMap(({ server, process: { deathCause } }) =>
      deathCause === undefined
        ? []
        : [
            `server ${server} ended on its own (${deathCause}): see ${this.logFile(this.options.logDir, server)}`,
          ],
    );
  }

  async close(): Promise<void> {
    await Promise.all([...this.running.values()].map((server) => server.kill()));
    this.running.clear();
    for (const proxy of this.proxies) proxy.close();
    this.removeFolder();
    process.removeListener('exit', this.onExit);
    for (const { id } of this.servers) removeIfEmpty(this.logFile(this.options.logDir, id));
  }

  /** Ends all servers at once, also those that stand still, and leaves nothing behind. */
  killNow(): void {
    for (const server of this.running.values()) server.killNow();
    this.removeFolder();
  }

  /** Without waiting for events, as none come any more when our own process ends. A server that is being killed may still write. */
  private removeFolder(): void {
    const pause = new Int32Array(new SharedArrayBuffer(4));
    for (let tries = 1; tries <= REMOVE_TRIES; tries += 1) {
      try {
        rmSync(this.folder, { recursive: true, force: true });
        return;
      } catch {
        Atomics.wait(pause, 0, 0, REMOVE_RETRY_MS);
      }
    }
  }

  private async startAll(): Promise<void> {
    mkdirSync(this.options.logDir, { recursive: true });
    for (const [server, port] of this.ports.own.entries()) {
      const proxyPort = this.ports.proxies[server] ?? port;
      this.proxies.push(await CountingProxy.listen(proxyPort, port));
    }
    const starts = await Promise.allSettled(this.servers.map(({ id }) => this.start(id)));
    for (const start of starts) if (start.status === 'rejected') throw start.reason;
  }

  /** The cluster as this server is to see it: itself where it listens, the others behind their proxies. */
  private configFileOf(server: ServerId): string {
    const file = join(this.folder, `cluster-of-server${server}.txt`);
    const { own, proxies } = this.ports;
    const ports = proxies.map((port, id) => (id === server ? (own[id] ?? port) : port));
    writeFileSync(file, clusterFile(ports));
    return file;
  }

  private dataDirOf(server: ServerId): string | undefined {
    const { state } = this.options;
    if (state === 'inMemory') return undefined;
    return join(state === 'temporary' ? this.folder : state.dataDir, `server${server}`);
  }

  private logFile(folder: string, server: ServerId): string {
    return join(folder, `server${server}.log`);
  }
}

function clusterFile(ports: readonly number[]): string {
  const lines = ports.map((port, id) => `metadata${id}: 127.0.0.1:${port}\n`);
  return [`M: ${ports.length}\n`, ...lines].join('');
}

function removeIfEmpty(file: string): void {
  if (statSync(file, { throwIfNoEntry: false })?.size === 0) rmSync(file);
}
