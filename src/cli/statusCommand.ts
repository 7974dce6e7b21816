import { Option, type Command } from 'commander';
import { setTimeout as sleep } from 'node:timers/promises';
import { SurfStoreClient, type TracedStep } from '../client/index.js';
import { readClusterFile, serverOf, type ClusterConfig } from '../config/clusterFile.js';
import { addressOf } from '../net/address.js';
import { clusterTable, leaderOf, viewCluster, type ServerAnswer } from './clusterView.js';
import { parseDuration, CommandError, EXIT } from './command.js';
import { terminalText } from './output.js';

const WATCH_MS = 1_000;
const WAIT_STEP_MS = 100;
const TRACE_MS = 2_000;

interface StatusFlags {
  readonly watch?: boolean;
  readonly output: 'table' | 'json';
  readonly waitLeader?: number;
  readonly trace?: string;
}

export function statusCommand(program: Command): void {
  program
    .command('status')
    .description('show all servers of a cluster; exit code 3 when none leads')
    .argument('<config>', 'cluster file')
    .option('-w, --watch', 'show again every second, until Ctrl-C')
    .addOption(
      new Option('-o, --output <format>', 'how to show it').choices(['table', 'json']).default('table'),
    )
    .option(
      '--wait-leader <duration>',
      'first wait for a leader, for at most so long (5s, 500ms)',
      parseDuration,
    )
    .option(
      '--trace <id>',
      'instead: what this server did of late, and why (elections, refused votes, repaired logs)',
    )
    .action((config: string, flags: StatusFlags) => run(config, flags));
}

async function run(config: string, flags: StatusFlags): Promise<void> {
  const cluster = readClusterFile(config);
  const client = new SurfStoreClient({ servers: cluster.servers });
  try {
    if (flags.trace !== undefined) {
      showTrace(await client.trace(serverOf(cluster, flags.trace).id, { deadlineMs: TRACE_MS }), flags);
      return;
    }
    if (flags.waitLeader !== undefined) await waitForLeader(cluster, client, flags.waitLeader);
    if (flags.watch === true) await watch(cluster, client, flags);
    const views = await viewCluster(cluster, client);
    show(views, flags);
    if (leaderOf(views) === undefined) process.exitCode = EXIT.noLeader;
  } finally {
    client.close();
  }
}

async function watch(cluster: ClusterConfig, client: SurfStoreClient, flags: StatusFlags): Promise<never> {
  for (;;) {
    const views = await viewCluster(cluster, client);
    if (process.stdout.isTTY) process.stdout.write('\u001b[H\u001b[2J');
    show(views, flags);
    await sleep(WATCH_MS);
  }
}

/** @throws CommandError with exit code 3 when there is no leader in time */
export async function waitForLeader(
  cluster: ClusterConfig,
  client: SurfStoreClient,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<readonly ServerAnswer[]> {
  const endsAt = performance.now() + timeoutMs;
  for (;;) {
    const views = await viewCluster(cluster, client);
    if (leaderOf(views) !== undefined) return views;
    signal?.throwIfAborted();
    if (performance.now() >= endsAt) {
      throw new CommandError(`no leader was elected within ${timeoutMs / 1000} s`, EXIT.noLeader);
    }
    await sleep(WAIT_STEP_MS);
  }
}

function show(views: readonly ServerAnswer[], { output }: StatusFlags): void {
  const text = output === 'json' ? JSON.stringify(views.map(jsonView)) : clusterTable(views);
  process.stdout.write(`${text}\n`);
}

/** One line for each step, oldest first. */
function showTrace(steps: readonly TracedStep[], { output }: StatusFlags): void {
  if (output === 'json') process.stdout.write(`${JSON.stringify(steps)}\n`);
  else for (const { time, text } of steps) process.stdout.write(`${time}  ${terminalText(text)}\n`);
}

function jsonView({ server, status, answers }: ServerAnswer): object {
  return status === undefined
    ? { id: server.id, address: addressOf(server), reachable: answers }
    : { reachable: true, ...status };
}
