import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { readClusterFile } from '../config/clusterFile.js';
import { ClientError, type ServerInfo } from '../client/index.js';
import { brakeKinds, type BrakeKind } from '../sync/brakes.js';
import { StoreRefusal } from '../sync/blockTransport.js';
import { ClusterStore } from '../sync/clusterStore.js';
import { codeOf } from '../sync/fileSystem.js';
import { FolderError, folderRegistry, ignoreRules, lockFolder, openFolder } from '../sync/folder.js';
import { Limiter } from '../sync/limiter.js';
import { NodeFileSystem } from '../sync/nodeFileSystem.js';
import { addressesOf, findServers, parseAddress } from '../sync/servers.js';
import { SyncState } from '../sync/state.js';
import { syncFolder, type SyncResult } from '../sync/syncFolder.js';
import { SyncSchedule, WATCH_TIMES, watchFolder, watchStore } from '../sync/watch.js';
import { EXIT, CommandError, parseDuration } from './command.js';
import { jsonReport, textReport, type SyncReport } from './syncOutput.js';

/** Exit codes of a sync, besides those of all commands. */
const SYNC_EXIT = { brake: 4, conflicts: 5, incomplete: 6, interrupted: 130 } as const;

/** A block travels in one request of at most 8 MiB. */
const BLOCK_SIZE_MAX = 8 * 1024 * 1024;

interface SyncFlags {
  readonly allow: readonly BrakeKind[];
  readonly deadline?: number;
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly limit?: number;
  readonly trashDays: number;
  readonly tree?: boolean;
  readonly verbose?: boolean;
  readonly watch?: boolean;
}

/** The arguments of the command. */
interface SyncArguments {
  readonly server: string;
  readonly blockSize: number;
  readonly flags: SyncFlags;
}

export function syncCommand(program: Command): void {
  program
    .command('sync')
    .description('make a folder and the store equal; see docs/sync.md')
    .argument('<server>', 'host:port of any server, or a cluster file')
    .argument('<folder>', 'the folder; its subfolders are left alone without --tree')
    .argument('[blocksize]', 'bytes of a block', parseBlockSize, 65_536)
    .option('-n, --dry-run', 'say what would be done, and change nothing')
    .addOption(new Option('--allow <what...>', 'let a brake through').choices(brakeKinds).default([], 'none'))
    .option('--deadline <duration>', 'give up after so long (500ms, 5s, 2m); default: wait', parseDuration)
    .option('--limit <rate>', 'send and receive no faster, such as 2MB/s', parseRate)
    .option('--trash-days <days>', 'keep replaced and deleted files so long', parseDays, 30)
    .option('--tree', 'with all subfolders; their files are entries with / in their names')
    .option('--json', 'report as lines of JSON')
    .option('-v, --verbose', 'a line for every file')
    .addOption(
      new Option(
        '-w, --watch',
        'go on: sync again after each change, on either side, until Ctrl-C',
      ).conflicts(['dryRun', 'deadline']),
    )
    .action((server: string, path: string, blockSize: number, flags: SyncFlags) =>
      run(path, { server, blockSize, flags }),
    );
}

async function run(path: string, args: SyncArguments): Promise<void> {
  const { flags } = args;
  const stopper = new Stopper(flags.deadline, reportFor(flags));
  try {
    const folder = await openFolder(path);
    const release = flags.dryRun === true ? undefined : await lockFolder(folder, () => stopper.lose());
    try {
      process.exitCode = await syncAndTell(folder, args, stopper);
      if (flags.watch === true) process.exitCode = await keepInSync(folder, args, stopper, process.exitCode);
    } finally {
      await release?.();
    }
  } catch (error) {
    if (error instanceof FolderError) throw new CommandError(error.message, EXIT.usage);
    throw stopper.explain(error);
  } finally {
    stopper.end();
  }
}

function reportFor({ json, verbose, dryRun }: SyncFlags): SyncReport {
  return json === true ? jsonReport() : textReport(verbose === true, dryRun === true);
}

/** One sync and its report; returns the exit code. */
async function syncAndTell(folder: string, args: SyncArguments, stopper: Stopper): Promise<number> {
  const { report } = stopper;
  const result = await syncOnce(folder, args, stopper);
  for (const brake of result.brakes) report.brake(brake);
  const exitCode = exitCodeOf(result, args.flags);
  if (result.brakes.length === 0) report.result(result, exitCode);
  return exitCode;
}

const watchClock = {
  nowMs: () => performance.now(),
  after: (delayMs: number, run: () => void) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

/** Syncs again after each change on either side, until it is stopped or a brake holds it; returns the exit code. */
async function keepInSync(
  folder: string,
  args: SyncArguments,
  stopper: Stopper,
  firstCode: number,
): Promise<number> {
  const { server, flags } = args;
  const schedule = new SyncSchedule(WATCH_TIMES, watchClock);
  const servers = await serversFor(server, new NodeFileSystem(folder), stopper.signal, (reason) =>
    stopper.waiting(reason),
  );
  const ended = new AbortController();
  const questions = watchStore(servers, () => schedule.changedThere(), ended.signal);
  const close = watchFolder(
    folder,
    flags.tree === true,
    () => schedule.changedHere(),
    ({ message }) => stopper.report.note(`changes may go unnoticed for up to an hour: ${message}`),
  );
  try {
    let exitCode = firstCode;
    while (exitCode !== SYNC_EXIT.brake && !stopper.isStopping) {
      const isTime = await stopper.whileIdle(
        () => schedule.stop(),
        () => schedule.next(),
      );
      if (!isTime) break;
      stopper.report = quietWhenEqual(reportFor(flags));
      exitCode = await syncAndTell(folder, args, stopper);
    }
    return exitCode === SYNC_EXIT.brake ? exitCode : SYNC_EXIT.interrupted;
  } finally {
    ended.abort();
    await Promise.all([questions, close()]);
  }
}

/** Most syncs of a watched folder find nothing to do, and need no line. */
function quietWhenEqual(report: SyncReport): SyncReport {
  return {
    ...report,
    result: (result, exitCode) => {
      if (result.operations.length + result.left.length > 0) report.result(result, exitCode);
    },
  };
}

async function syncOnce(
  folder: string,
  { server, blockSize, flags }: SyncArguments,
  stopper: Stopper,
): Promise<SyncResult> {
  const files = new NodeFileSystem(folder);
  const onWaiting = (reason: string | undefined): void => stopper.waiting(reason);
  const servers = await serversFor(server, files, stopper.signal, onWaiting);
  const limiter = new Limiter(flags.limit, () => performance.now(), sleep);
  const newId = (): string => randomUUID();
  const store = new ClusterStore({ servers, signal: stopper.signal, limiter, onWaiting, newId });
  try {
    return await syncFolder({
      files,
      store,
      profile: flags.tree === true ? 'tree' : 'classic',
      blockSize,
      host: hostname(),
      allowed: new Set(flags.allow),
      isDryRun: flags.dryRun === true,
      isIgnored: await ignoreRules(folder),
      trashDays: flags.trashDays,
      servers: addressesOf(servers),
      registry: folderRegistry(folder),
      nowMs: () => Date.now(),
      newId,
      emit: (event) => stopper.report.event(event),
      isStopping: () => stopper.isStopping,
    });
  } finally {
    store.close();
  }
}

async function serversFor(
  text: string,
  files: NodeFileSystem,
  signal: AbortSignal,
  onWaiting: (reason: string | undefined) => void,
): Promise<readonly ServerInfo[]> {
  if (parseAddress(text) === undefined || existsSync(text)) return readClusterFile(text).servers;
  const fresh = { id: '', profile: 'classic', cluster: undefined, servers: [] } as const;
  const { state } = await SyncState.load(files, fresh);
  return findServers(text, state.header.servers, signal, onWaiting);
}

function exitCodeOf({ brakes, isStopped, left, operations }: SyncResult, { dryRun }: SyncFlags): number {
  if (brakes.length > 0) return SYNC_EXIT.brake;
  if (isStopped) return SYNC_EXIT.interrupted;
  if (left.length > 0) return SYNC_EXIT.incomplete;
  const hasConflict = dryRun !== true && operations.some(({ kind }) => kind === 'conflict');
  return hasConflict ? SYNC_EXIT.conflicts : EXIT.ok;
}

/** Why a sync ends early: Ctrl-C, the deadline, a lost lock. */
class Stopper {
  isStopping = false;
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout | undefined;
  private reason: string | undefined;
  private cause: 'deadline' | 'lost lock' | undefined;
  private stopIdling: (() => void) | undefined;

  constructor(
    deadlineMs: number | undefined,
    /** Of the sync under way. */
    public report: SyncReport,
  ) {
    // Every request under way listens, and there may be many.
    setMaxListeners(0, this.signal);
    if (deadlineMs !== undefined) this.timer = setTimeout(() => this.abort('deadline'), deadlineMs);
    process.on('SIGINT', this.onSignal);
    process.on('SIGTERM', this.onSignal);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  waiting(reason: string | undefined): void {
    this.reason = reason;
    this.report.waiting(reason);
  }

  lose(): void {
    this.abort('lost lock');
  }

  /** Waits for something; a signal meanwhile calls `stop`, for no file is in hand. */
  async whileIdle<T>(stop: () => void, wait: () => Promise<T>): Promise<T> {
    this.report.end();
    this.stopIdling = stop;
    try {
      return await wait();
    } finally {
      this.stopIdling = undefined;
    }
  }

  end(): void {
    this.report.end();
    clearTimeout(this.timer);
    process.off('SIGINT', this.onSignal);
    process.off('SIGTERM', this.onSignal);
  }

  /** The error for the user: what ended the sync. */
  explain(error: unknown): Error {
    if (!this.signal.aborted) {
      const isExpected =
        error instanceof ClientError || error instanceof StoreRefusal || codeOf(error) !== '';
      if (isExpected && error instanceof Error) return new CommandError(error.message);
      return error instanceof Error ? error : new Error(String(error));
    }
    const waited = this.reason === undefined ? '' : `: ${this.reason}`;
    if (this.cause === 'deadline')
      return new CommandError(`the deadline is over${waited}; run it again to go on`, EXIT.noLeader);
    return new CommandError('another process has taken the folder over; nothing was lost');
  }

  private readonly onSignal = (): void => {
    // There is no file in hand that could be finished while the client waits.
    if (this.isStopping || this.reason !== undefined) process.exit(SYNC_EXIT.interrupted);
    this.isStopping = true;
    if (this.stopIdling !== undefined) this.stopIdling();
    else this.report.note('the files in hand are finished; press Ctrl-C again to stop at once');
  };

  private abort(cause: 'deadline' | 'lost lock'): void {
    this.cause = cause;
    this.controller.abort();
  }
}

function parseBlockSize(text: string): number {
  const size = Number(text);
  if (!/^\d{1,9}$/.test(text) || size < 1 || size > BLOCK_SIZE_MAX)
    throw new InvalidArgumentError(`write a whole number of bytes from 1 to ${BLOCK_SIZE_MAX}.`);
  return size;
}

function parseDays(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('write a whole number of days.');
  return Number(text);
}

const unitBytes: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, g: 1e9 };

/** Bytes in a second. */
function parseRate(text: string): number {
  const found = /^(\d+(?:\.\d+)?)\s*([kmg]?)b?(?:\/s)?$/i.exec(text);
  const rate = Number(found?.[1]) * (unitBytes[found?.[2]?.toLowerCase() ?? ''] ?? 1);
  if (!(rate > 0)) throw new InvalidArgumentError('write a rate such as 500kB/s or 2MB/s.');
  return rate;
}
