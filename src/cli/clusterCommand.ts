import type { Command } from 'commander';
import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SurfStoreClient } from '../client/index.js';
import { readClusterFile, type ClusterConfig } from '../config/clusterFile.js';
import type { ServerOptions } from '../config/options.js';
import { addressOf } from '../net/address.js';
import { clusterTable } from './clusterView.js';
import { CommandError, EXIT, type ExitCode, onStopSignal } from './command.js';
import { liveWithoutOutput } from './output.js';
import { READY_MESSAGE } from './serverCommand.js';
import { addServerFlags, serverOptionsFrom } from './serverFlags.js';
import { waitForLeader } from './statusCommand.js';

const LEADER_MS = 15_000;
const STOP_MS = 5_000;

/** A server that ends without having been asked to. */
interface UnexpectedExit {
  readonly id: number;
  readonly how: string;
  readonly exitCode: ExitCode;
}

export function clusterCommand(program: Command): void {
  const command = program
    .command('cluster')
    .description('run all servers of a cluster on this machine, one process each, until Ctrl-C')
    .argument('<config>', 'cluster file');
  addServerFlags(command).action((config: string, flags: Partial<ServerOptions>, self: Command) => {
    serverOptionsFrom(flags);
    return run(config, (id) => flagsOf(self, id));
  });
}

async function run(config: string, serverFlags: (id: number) => readonly string[]): Promise<void> {
  liveWithoutOutput();
  const cluster = readClusterFile(config);
  const children = new Children(config, serverFlags);
  const interrupted = new Promise<'interrupted'>((resolve) => {
    const onSignal = (): void => {
      if (children.isStopping) children.killAll();
      resolve('interrupted');
    };
    onStopSignal(onSignal);
  });
  const ending = new AbortController();
  try {
    const ready = children.startAll(cluster);
    const started = await Promise.race([ready, children.anyExit, interrupted]);
    if (started === 'interrupted') return;
    if (started !== undefined)
      throw new CommandError(`server ${started.id} could not start (${started.how})`, started.exitCode);
    children.reportsExits = true;
    void introduce(cluster, ending.signal);
    const ended = await Promise.race([children.allExited(), interrupted]);
    if (ended !== 'interrupted') throw new CommandError('all servers have ended');
  } finally {
    ending.abort();
    await children.stopAll();
  }
}

/** Shows the servers' addresses and the leader, unless the servers are stopped before there is one. */
async function introduce(cluster: ClusterConfig, signal: AbortSignal): Promise<void> {
  const client = new SurfStoreClient({ servers: cluster.servers });
  signal.addEventListener('abort', () => client.close());
  try {
    const views = await waitForLeader(cluster, client, LEADER_MS, signal);
    const [first] = cluster.servers;
    const dashboard = first === undefined ? '' : `Dashboard: http://${addressOf(first)}/ui/\n`;
    process.stdout.write(`${clusterTable(views)}\n${dashboard}Ctrl-C stops all servers.\n`);
  } catch (error) {
    if (!signal.aborted)
      process.stderr.write(`surfstore: ${error instanceof Error ? error.message : String(error)}\n`);
  } finally {
    client.close();
  }
}

/** The server processes. They end by themselves when this process is gone. */
class Children {
  readonly anyExit: Promise<UnexpectedExit>;
  /** Whether a process that ends is reported at once. */
  reportsExits = false;
  private readonly children = new Map<number, ChildProcess>();
  private readonly exits: Promise<void>[] = [];
  private reportExit: (exit: UnexpectedExit) => void = () => undefined;
  private stopping = false;

  constructor(
    private readonly config: string,
    private readonly flagsOf: (id: number) => readonly string[],
  ) {
    this.anyExit = new Promise((resolve) => (this.reportExit = resolve));
  }

  /** Resolves when all servers answer. */
  async startAll(cluster: ClusterConfig): Promise<undefined> {
    await Promise.all(cluster.servers.map(({ id }) => this.start(id)));
    return undefined;
  }

  async allExited(): Promise<void> {
    await Promise.all(this.exits);
  }

  get isStopping(): boolean {
    return this.stopping;
  }

  /** Tells all servers to stop, and ends those that have not done so in time. */
  async stopAll(): Promise<void> {
    this.stopping = true;
    for (const child of this.children.values()) child.kill('SIGTERM');
    const deadline = setTimeout(() => this.killAll(), STOP_MS);
    await this.allExited();
    clearTimeout(deadline);
  }

  killAll(): void {
    for (const child of this.children.values()) child.kill('SIGKILL');
  }

  private start(id: number): Promise<void> {
    const main = fileURLToPath(new URL('main.js', import.meta.url));
    const child = fork(main, ['server', this.config, String(id), ...this.flagsOf(id)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.children.set(id, child);
    this.exits.push(
      new Promise((resolve) => {
        const end = (how: string, exitCode: ExitCode): void => {
          if (!this.children.delete(id)) return;
          this.noteExit({ id, how, exitCode });
          resolve();
        };
        child.once('exit', (code, signal) =>
          end(signal ?? `exit code ${code ?? EXIT.failure}`, code === EXIT.usage ? EXIT.usage : EXIT.failure),
        );
        // Without a process there is no exit either: too many processes, or too little memory.
        child.on('error', (error) => {
          if (child.pid === undefined) end(error.message, EXIT.failure);
        });
      }),
    );
    return new Promise((resolve) => {
      child.on('message', (message) => {
        if (message === READY_MESSAGE) resolve();
      });
    });
  }

  private noteExit(exit: UnexpectedExit): void {
    if (this.stopping) return;
    if (this.reportsExits) process.stderr.write(`surfstore: server ${exit.id} has ended (${exit.how})\n`);
    this.reportExit(exit);
  }
}

/**
 * The flags that were given, as they have to be given to a server: each has a directory of its own in the one given.
 */
function flagsOf(command: Command, id: number): string[] {
  return command.options.flatMap((option) => {
    const name = option.attributeName();
    if (command.getOptionValueSource(name) !== 'cli') return [];
    const value: unknown = command.getOptionValue(name);
    if (name === 'dataDir') return [option.long ?? '', join(String(value), `server${id}`)];
    return typeof value === 'boolean' ? [option.long ?? ''] : [option.long ?? '', String(value)];
  });
}
