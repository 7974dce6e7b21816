import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { XmlRpcClient, XmlRpcFault, type ParsedValue, type XmlRpcValue } from '../../../src/xmlrpc/index.js';
import { killPrograms, surfstore, type ExitStatus, type Program } from './program.js';
import { freePorts } from './ports.js';
import { until, within } from './waiting.js';

/** The contract's limit: a leader is elected this long after a majority is up. */
export const ELECTION_MS = 5_000;

/** Flags that halve the time of an election, where time is not the subject. */
export const quickElections: readonly string[] = [
  ...[
    '--heartbeat-ms',
    '100',
    '--election-min-ms',
    '300',
    '--election-max-ms',
    '600',
    '--rpc-timeout-ms',
    '250',
  ],
];

const cleanups: (() => void)[] = [];

interface ClusterOptions {
  /** Flags for every server. */
  readonly flags?: readonly string[];
  /** The servers to start; all of them unless said otherwise. */
  readonly up?: readonly number[];
  /** Whether each server keeps its state in a directory of its own; they are removed after the tests. @default false */
  readonly durable?: boolean;
  /** Variables that every server finds in its environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** The `main.js` of another build, in place of the one of this tree. */
  readonly main?: string | undefined;
  /** How long a server may take to become ready. @default 15000 */
  readonly startMs?: number;
  /** Makes the ports where servers find each other, when those are not where they listen. */
  readonly routes?: (ports: readonly number[]) => Promise<PeerRoute>;
}

/** The port under which the server `from` reaches the server `to`. */
export type PeerRoute = (from: number, to: number) => number;

/** Servers of one cluster file, as real processes on free ports. */
export class Cluster {
  readonly configFile: string;
  /** Every process that was started, those that have ended included. */
  readonly programs: Program[] = [];
  private readonly processes = new Map<number, Program>();

  private constructor(
    readonly ports: readonly number[],
    private readonly flags: readonly string[],
    private readonly options: Pick<ClusterOptions, 'env' | 'main' | 'startMs'>,
    private readonly route: PeerRoute | undefined,
    private readonly dataRoot: string | undefined,
  ) {
    this.configFile = writeClusterFile(ports);
  }

  /** A cluster with no server started yet. */
  static async prepare(
    size: number,
    flags: readonly string[] = [],
    options: Omit<ClusterOptions, 'flags' | 'up'> = {},
  ): Promise<Cluster> {
    const ports = await freePorts(size);
    const dataRoot = options.durable === true ? temporaryFolder() : undefined;
    return new Cluster(ports, flags, options, await options.routes?.(ports), dataRoot);
  }

  /** A cluster with no server started yet, each of which is to have a data directory of its own. */
  static prepareDurable(size: number, flags: readonly string[] = []): Promise<Cluster> {
    return Cluster.prepare(size, flags, { durable: true });
  }

  /** A cluster whose servers answer. */
  static async start(size: number, { flags, up, ...options }: ClusterOptions = {}): Promise<Cluster> {
    const cluster = await Cluster.prepare(size, flags, options);
    await Promise.all((up ?? cluster.ids).map((id) => cluster.startServer(id)));
    return cluster;
  }

  /** A cluster whose servers answer, and one of them leads. */
  static async startWithLeader(
    size: number,
    options?: ClusterOptions,
  ): Promise<{ cluster: Cluster; leader: number }> {
    const cluster = await Cluster.start(size, options);
    return { cluster, leader: await cluster.leader() };
  }

  get ids(): number[] {
    return this.ports.map((_port, id) => id);
  }

  /** `host:port` of every server. */
  get addresses(): string[] {
    return this.ports.map((port) => `localhost:${port}`);
  }

  /** The servers whose process runs. */
  get running(): number[] {
    return this.ids.filter((id) => this.processes.get(id)?.hasEnded === false);
  }

  others(id: number): number[] {
    return this.running.filter((other) => other !== id);
  }

  async startServer(id: number, flags = this.flags): Promise<Program> {
    const program = this.launch(id, flags);
    await program.firstLine(this.options.startMs);
    return program;
  }

  /** Starts a server that need not become ready. */
  launch(id: number, flags = this.flags): Program {
    const dataDir = this.dataRoot === undefined ? [] : ['--data-dir', this.dataDir(id)];
    // The files differ from server to server then: a name tells that they belong together.
    const name = this.route === undefined ? [] : ['--cluster-name', 'routed'];
    const args = ['server', this.configFileOf(id), String(id), ...flags, ...name, ...dataDir];
    const program = surfstore(args, this.options);
    this.programs.push(program);
    this.processes.set(id, program);
    return program;
  }

  /** Where a durable server keeps its state. */
  dataDir(id: number): string {
    if (this.dataRoot === undefined) throw new Error('these servers keep their state in memory');
    return join(this.dataRoot, `server${id}`);
  }

  /** SIGKILL; they are gone when it resolves. */
  async kill(...ids: readonly number[]): Promise<void> {
    await Promise.all(ids.map((id) => this.process(id).kill()));
  }

  /** Ends servers with a signal that they can see, and gives their exit codes. */
  async stop(...ids: readonly number[]): Promise<ExitStatus[]> {
    for (const id of ids) this.process(id).signal('SIGTERM');
    return within(Promise.all(ids.map((id) => this.process(id).closed)), 5_000, 'the end of the servers');
  }

  /** Starts servers anew on what they kept, all at the same time. */
  async restart(...ids: readonly number[]): Promise<void> {
    await Promise.all(ids.map((id) => this.startServer(id)));
  }

  /** Removes all that a server that is down has kept. */
  wipe(id: number): void {
    rmSync(this.dataDir(id), { recursive: true });
  }

  private configFileOf(id: number): string {
    const { route } = this;
    if (route === undefined) return this.configFile;
    return writeClusterFile(this.ports.map((port, peer) => (peer === id ? port : route(id, peer))));
  }

  process(id: number): Program {
    const program = this.processes.get(id);
    if (program === undefined) throw new Error(`server ${id} was not started`);
    return program;
  }

  port(id: number): number {
    const port = this.ports[id];
    if (port === undefined) throw new Error(`there is no server ${id}`);
    return port;
  }

  /** Calls a method of one server on a connection of its own. */
  async call(
    id: number,
    method: string,
    params: readonly XmlRpcValue[] = [],
    timeoutMs = 30_000,
    signal?: AbortSignal,
  ): Promise<ParsedValue> {
    const client = new XmlRpcClient({ host: '127.0.0.1', port: this.port(id), keepAlive: false });
    return client.call(`surfstore.${method}`, params, { timeoutMs, ...(signal && { signal }) });
  }

  /** The fault that the call ends in; throws when it ends in anything else. */
  async faultOf(id: number, method: string, params: readonly XmlRpcValue[] = []): Promise<XmlRpcFault> {
    try {
      const value = await this.call(id, method, params);
      throw new Error(`${method} on server ${id} gave ${inspect(value)} and no fault`);
    } catch (error) {
      if (error instanceof XmlRpcFault) return error;
      throw error;
    }
  }

  /** The servers that say that they lead. */
  async leaders(): Promise<number[]> {
    const answers = await Promise.all(
      this.running.map(async (id) => ((await this.call(id, 'isLeader')) === true ? [id] : [])),
    );
    return answers.flat();
  }

  /** The leader, once exactly one server of those that run says that it leads. */
  async leader(deadlineMs = ELECTION_MS): Promise<number> {
    return until(
      'exactly one server leads',
      async () => {
        const [leader, ...more] = await this.leaders();
        return more.length === 0 ? leader : undefined;
      },
      deadlineMs,
    );
  }

  async crash(...ids: readonly number[]): Promise<void> {
    await Promise.all(ids.map((id) => this.call(id, 'crash')));
  }

  async restore(...ids: readonly number[]): Promise<void> {
    await Promise.all(ids.map((id) => this.call(id, 'restore')));
  }

  /** Restores all servers; gives the leader once all the others follow it. */
  async heal(deadlineMs = 2 * ELECTION_MS): Promise<number> {
    await this.restore(...this.running);
    return until(
      'one server leads and all others follow it',
      async () => {
        const [leader, ...more] = await this.leaders();
        if (leader === undefined || more.length > 0) return undefined;
        const views = await Promise.all(this.running.map((id) => this.status(id)));
        return views.every((status) => status['leader'] === leader) ? leader : undefined;
      },
      deadlineMs,
    );
  }

  async version(id: number, name: string): Promise<number> {
    return Number(await this.call(id, 'tester_getversion', [name]));
  }

  /** The committed version that each running server has. */
  async versions(name: string): Promise<number[]> {
    return Promise.all(this.running.map((id) => this.version(id, name)));
  }

  async update(id: number, name: string, version: number, hashes: XmlRpcValue = ['h']): Promise<ParsedValue> {
    return this.call(id, 'updatefile', [name, version, hashes]);
  }

  /** `surfstore.status` of one server, its members by name. */
  async status(id: number): Promise<Record<string, ParsedValue>> {
    const status = await this.call(id, 'status');
    if (!(status instanceof Map)) throw new Error(`the status of server ${id} is no struct`);
    return Object.fromEntries(status);
  }

  async waitingCalls(id: number): Promise<number> {
    return Number((await this.status(id))['waitingCalls']);
  }

  /** The stderr of all servers together, including those that were replaced. */
  get stderr(): string {
    return this.programs.map((program) => program.stderr).join('');
  }
}

/** A folder that is removed after the tests. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'surfstore-e2e-'));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A file in a folder that is removed after the tests. */
export function temporaryFile(name: string, text: string): string {
  const file = join(temporaryFolder(), name);
  writeFileSync(file, text);
  return file;
}

export function writeClusterFile(ports: readonly number[]): string {
  const lines = ports.map((port, id) => `metadata${id}: localhost:${port}\n`);
  return temporaryFile('cluster.txt', [`M: ${ports.length}\n`, ...lines].join(''));
}

/** Has something done by {@link stopEverything}, however the tests end. */
export function atEnd(cleanup: () => void): void {
  cleanups.push(cleanup);
}

/**
 * Ends all processes, closes all connections and removes all files of the tests so far, the last first: for `after`.
 */
export async function stopEverything(): Promise<void> {
  await killPrograms();
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
}
