import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseClusterFile, type ServerAddress } from '../../../src/config/clusterFile.js';
import { CountingProxy } from '../../cluster/countingProxy.js';
import { freePorts } from '../../cluster/freePorts.js';
import { ClusterError, type Cluster, type MessageCounts, type Processes } from '../../cluster/cluster.js';
import type { ServerId } from '../../runRecord.js';
import { UsageError } from '../../usageError.js';
import { lastLines, SubjectProcess } from './subjectProcess.js';
import { handOver, letRead } from './confinement.js';
import { MemoryWatch } from './memoryWatch.js';
import { shellLine, type Submission } from './template.js';

export interface SubjectClusterOptions {
  readonly submission: Submission;
  readonly size: number;
  /** Where `serverN.log` of each server goes. */
  readonly logDir: string;
  /** How long a process may take until it listens on its port. */
  readonly startMs: number;
  /** Whether servers reach each other through proxies that count what they send. Without, a second port is theirs. */
  readonly counts?: boolean;
}

/**
 * The processes of a submission on free ports. Each is started on its own, and gets a config file of its own, in which the others
 * are reached through proxies that count what they send.
 */
export class SubjectCluster implements Cluster, Processes {
  readonly processes: Processes = this;
  readonly dialect = 'assignment';
  readonly durable = false;
  private readonly running = new Map<ServerId, SubjectProcess>();
  private readonly fallen: string[] = [];
  private readonly proxies: CountingProxy[] = [];
  private readonly folder = mkdtempSync(join(tmpdir(), 'surfstore-grade-'));
  private readonly onExit = (): void => this.killNow();
  private readonly memoryWatch: MemoryWatch | undefined;
  private isClosed = false;

  private constructor(
    private readonly options: SubjectClusterOptions,
    private readonly ports: readonly number[],
    /** Of the proxies, or for what servers say to each other. */
    readonly peerPorts: readonly number[],
    readonly servers: readonly ServerAddress[],
  ) {
    const { memoryMb } = options.submission.confinement;
    if (memoryMb !== undefined) this.memoryWatch = new MemoryWatch(() => this.running.values(), memoryMb);
  }

  /** Makes everything ready; no server runs yet. */
  static async prepare(options: SubjectClusterOptions): Promise<SubjectCluster> {
    const { size, logDir, submission, counts = true } = options;
    mkdirSync(logDir, { recursive: true });
    const ports = await freePorts(2 * size);
    const own = submission.ports?.slice(0, size) ?? ports.slice(0, size);
    if (own.length < size)
      throw new UsageError(`--ports names ${own.length} ports, and ${size} servers are started`);
    const { servers } = parseClusterFile(configText(own), 'the config file of the run');
    const cluster = new SubjectCluster(options, own, ports.slice(size), servers);
    process.once('exit', cluster.onExit);
    letRead(cluster.folder, submission.confinement);
    for (const [id, port] of counts ? cluster.peerPorts.entries() : [])
      cluster.proxies.push(await CountingProxy.listen(port, own[id] ?? port));
    return cluster;
  }

  messageCounts(): MessageCounts {
    return new Map(this.proxies.map(({ requests }, server) => [server, requests]));
  }

  process(server: ServerId): SubjectProcess | undefined {
    return this.running.get(server);
  }

  /** @throws ClusterError when it does not come to listen on its port; the last lines that it wrote are in the message */
  async start(server: ServerId): Promise<void> {
    if (this.isClosed) throw new ClusterError('the run is over');
    const { start, cwd, confinement } = this.options.submission;
    const home = this.folderOf(server);
    const line = shellLine(start, {
      id: server,
      configFile: this.configFileOf(server),
      ports: this.ports,
      peerPorts: this.peerPorts,
      dir: home,
    });
    const started = SubjectProcess.start(line, { cwd, home, confinement, logFile: this.logFile(server) });
    this.running.set(server, started);
    const problem = await started.listens(this.ports[server] ?? 0, this.options.startMs);
    if (problem === undefined) return;
    await started.kill();
    this.running.delete(server);
    throw new ClusterError([`server ${server} ${problem}`, ...started.tail(12)].join('\n'));
  }

  async kill(server: ServerId): Promise<void> {
    this.noteDeaths();
    await this.running.get(server)?.kill();
    this.running.delete(server);
  }

  async killAll(): Promise<void> {
    await Promise.all(this.servers.map(({ id }) => this.kill(id)));
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
    this.noteDeaths();
    return this.fallen;
  }

  tail(server: ServerId, lines: number): string[] {
    return lastLines(this.logFile(server), lines);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await this.killAll();
    this.cleanUp();
    process.removeListener('exit', this.onExit);
  }

  /** Ends everything at once, when our own process ends. */
  killNow(): void {
    this.isClosed = true;
    for (const server of this.running.values()) server.signal('SIGKILL');
    this.cleanUp();
  }

  private cleanUp(): void {
    this.memoryWatch?.end();
    for (const proxy of this.proxies) proxy.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private noteDeaths(): void {
    for (const [server, { deathCause }] of this.running) {
      if (deathCause === undefined) continue;
      const told = this.tail(server, 3);
      this.fallen.push(
        `server ${server} ended on its own (${deathCause})${told.length > 0 ? `: ${told.join(' | ')}` : ''}`,
      );
      this.running.delete(server);
    }
  }

  private configFileOf(server: ServerId): string {
    const file = join(this.folder, `config-of-server${server}.txt`);
    const { counts = true } = this.options;
    const ports = this.ports.map((port, id) =>
      id === server || !counts ? port : (this.peerPorts[id] ?? port),
    );
    writeFileSync(file, configText(ports));
    return file;
  }

  private folderOf(server: ServerId): string {
    const folder = join(this.folder, `server${server}`);
    mkdirSync(folder, { recursive: true });
    handOver(folder, this.options.submission.confinement);
    return folder;
  }

  private logFile(server: ServerId): string {
    return join(this.options.logDir, `server${server}.log`);
  }
}

/** As the assignment shows it. */
function configText(ports: readonly number[]): string {
  const lines = ports.map((port, id) => `metadata${id}: localhost:${port}\n`);
  return [`M: ${ports.length}\n`, ...lines].join('');
}
