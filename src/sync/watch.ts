import { relative, sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { watch } from 'chokidar';
import type { ServerInfo } from '../client/index.js';
import { addressOf } from '../net/address.js';
import { INDEX_FILE, OWN_FOLDER } from './names.js';

/** When a watched folder is synced again; times in milliseconds. */
export interface WatchTimes {
  /** The folder must have been quiet for so long after a change: programs write a file in several steps. */
  readonly quietMs: number;
  /** A folder that is never quiet is synced all the same so long after a change. */
  readonly quietMaxMs: number;
  /** Without any news: systems lose events. */
  readonly rescanMs: number;
}

export const WATCH_TIMES: WatchTimes = { quietMs: 2_000, quietMaxMs: 30_000, rescanMs: 3_600_000 };

/** The functions of the host that a schedule needs. */
interface WatchClock {
  nowMs(): number;
  /** Calls back once; the returned function cancels it. */
  after(delayMs: number, run: () => void): () => void;
}

/**
 * Decides when a folder is synced again. Events say no more than that it is time to look; a sync finds out by itself
 * what has changed. What happens during a sync counts for the next one.
 */
export class SyncSchedule {
  /** When the folder was first changed since the last sync began. */
  private changedMs: number | undefined;
  private dueMs = Infinity;
  private rescanMs = Infinity;
  private answer: ((isTime: boolean) => void) | undefined;
  private cancel = (): void => undefined;
  private isStopped = false;

  constructor(
    private readonly times: WatchTimes,
    private readonly clock: WatchClock,
  ) {}

  changedHere(): void {
    const nowMs = this.clock.nowMs();
    this.changedMs ??= nowMs;
    this.dueMs = Math.min(nowMs + this.times.quietMs, this.changedMs + this.times.quietMaxMs);
    this.arm();
  }

  changedThere(): void {
    this.dueMs = this.clock.nowMs();
    this.arm();
  }

  /** Resolves to true when it is time for a sync, to false once it was stopped. */
  next(): Promise<boolean> {
    if (this.isStopped) return Promise.resolve(false);
    this.rescanMs = this.clock.nowMs() + this.times.rescanMs;
    return new Promise((resolve) => {
      this.answer = resolve;
      this.arm();
    });
  }

  stop(): void {
    this.isStopped = true;
    this.end(false);
  }

  private arm(): void {
    if (this.answer === undefined) return;
    this.cancel();
    const delayMs = Math.max(0, Math.min(this.dueMs, this.rescanMs) - this.clock.nowMs());
    this.cancel = this.clock.after(delayMs, () => this.end(true));
  }

  private end(isTime: boolean): void {
    const { answer } = this;
    this.cancel();
    this.answer = undefined;
    this.changedMs = undefined;
    this.dueMs = Infinity;
    answer?.(isTime);
  }
}

/**
 * Calls back after each change in a folder, but for the client's own files in it.
 *
 * @param isDeep with all subfolders
 * @param onError events may be lost from now on
 * @returns ends it
 */
export function watchFolder(
  folder: string,
  isDeep: boolean,
  onChanged: () => void,
  onError: (error: Error) => void,
): () => Promise<void> {
  const own = new Set([OWN_FOLDER, INDEX_FILE]);
  const watcher = watch(folder, {
    ignoreInitial: true,
    followSymlinks: false,
    ignored: (path) => own.has(relative(folder, path).split(sep, 1)[0] ?? ''),
    ...(isDeep ? {} : { depth: 0 }),
  });
  watcher.on('all', onChanged);
  watcher.on('error', (error) => onError(error instanceof Error ? error : new Error(String(error))));
  return () => watcher.close();
}

/** A question waits on a server for 30 s; one without an answer for longer goes to the next server. */
const QUESTION_MS = 40_000;
/** Between two questions that are answered at once. */
const PAUSE_MS = 1_000;
/** Servers that do not tell of changes are looked at so often. */
const POLL_MS = 30_000;

/** Calls back after each change in the store, until the signal is aborted. Any server tells of changes. */
export async function watchStore(
  servers: readonly ServerInfo[],
  onChanged: () => void,
  signal: AbortSignal,
): Promise<void> {
  const isOver = (): boolean => signal.aborted;
  let since = 0;
  for (let at = 0; !isOver();) {
    const server = servers[at % servers.length];
    if (server === undefined) return;
    const news = await askForChanges(server, since, signal);
    if (isOver()) return;
    if (typeof news === 'object') {
      since = news.index;
      if (!news.changed) continue;
      onChanged();
      await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
      continue;
    }
    at += 1;
    await sleep(news === 'silent' ? PAUSE_MS : POLL_MS, undefined, { signal }).catch(() => undefined);
    if (news === 'unknown') onChanged();
  }
}

/** `silent`: it does not answer, or cannot now; `unknown`: it is a server that has no such question. */
async function askForChanges(
  server: ServerInfo,
  since: number,
  signal: AbortSignal,
): Promise<{ readonly index: number; readonly changed: boolean } | 'silent' | 'unknown'> {
  try {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(QUESTION_MS)]);
    const response = await fetch(`http://${addressOf(server)}/changes?since=${since}`, { signal: limited });
    if (response.status >= 500 && response.status !== 501) return 'silent';
    const news: unknown = await response.json();
    if (typeof news !== 'object' || news === null || !('index' in news) || !('changed' in news))
      return 'unknown';
    return { index: Number(news.index), changed: news.changed === true };
  } catch (error) {
    return error instanceof SyntaxError ? 'unknown' : 'silent';
  }
}
