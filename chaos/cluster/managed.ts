import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseClusterFile, type ServerAddress } from '../../src/config/clusterFile.js';
import type { ServerId } from '../runRecord.js';
import { ClusterError, type Cluster, type MessageCounts, type Processes } from './cluster.js';
import { CountingProxy } from './countingProxy.js';
import { freePorts } from './freePorts.js';
import { ServerProcess } from './serverProcess.js';

export interface ManagedOptions {
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
  private readonly running = new Map<ServerId, ServerProcess>();
  private readonly proxies: CountingProxy[] = [];
  private readonly folder = mkdtempSync(join(tmpdir(), 'surfstore-chaos-'));
  private readonly onExit = (): void => this.killNow();

  private constructor(
    private readonly options: ManagedOptions,
    private readonly ports: readonly number[],
    private readonly proxyPorts: readonly number[],
    readonly servers: readonly ServerAddress[],
  ) {}

  /** @throws ClusterError when a server cannot be started */
  static async start(options: ManagedOptions): Promise<ManagedCluster> {
    if (!existsSync(options.program))
      throw new ClusterError(`there is no ${options.program}: build it with npm run build`);
    const ports = await freePorts(2 * options.size);
    const own = ports.slice(0, options.size);
    const { servers } = parseClusterFile(clusterFile(own), 'the cluster file of the run');
    const cluster = new ManagedCluster(options, own, ports.slice(options.size), servers);
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
      ...['server', this.configFileOf(server), String(server), ...flags],
      ...(dataDir === undefined ? [] : ['--data-dir', dataDir]),
    ];
    this.running.set(server, await ServerProcess.start(program, args, this.logFile(logDir, server)));
  }

  pause(server: ServerId): Promise<void> {
    this.running.get(server)?.signal('SIGSTOP');
    return Promise.resolve();
  }

  resume(server: ServerId): Promise<void> {
    this.running.get(server)?.signal('SIGCONT');
    return Promise.resolve();
  }

  async close(): Promise<void> {
    process.removeListener('exit', this.onExit);
    await Promise.all([...this.running.values()].map((server) => server.kill()));
    this.running.clear();
    for (const proxy of this.proxies) proxy.close();
    rmSync(this.folder, { recursive: true, force: true });
    for (const { id } of this.servers) removeIfEmpty(this.logFile(this.options.logDir, id));
  }

  /** Ends all servers at once, also those that stand still. */
  killNow(): void {
    for (const server of this.running.values()) server.killNow();
  }

  private async startAll(): Promise<void> {
    mkdirSync(this.options.logDir, { recursive: true });
    for (const [server, port] of this.ports.entries()) {
      const proxyPort = this.proxyPorts[server] ?? port;
      this.proxies.push(await CountingProxy.listen(proxyPort, port));
    }
    const starts = await Promise.allSettled(this.servers.map(({ id }) => this.start(id)));
    for (const start of starts) if (start.status === 'rejected') throw start.reason;
  }

  /** The cluster as this server is to see it: itself where it listens, the others behind their proxies. */
  private configFileOf(server: ServerId): string {
    const file = join(this.folder, `cluster-of-server${server}.txt`);
    const ports = this.proxyPorts.map((port, id) => (id === server ? (this.ports[id] ?? port) : port));
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
