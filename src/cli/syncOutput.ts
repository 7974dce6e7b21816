import { Presets, SingleBar } from 'cli-progress';
import type { Brake } from '../sync/brakes.js';
import type { SyncOperation } from '../sync/plan.js';
import type { SyncEvent } from '../sync/round.js';
import type { SyncResult } from '../sync/syncFolder.js';
import { coloured, terminalText } from './output.js';

/** How a sync is reported: to people, or as JSON lines to programs. */
export interface SyncReport {
  event(event: SyncEvent): void;
  waiting(reason: string | undefined): void;
  brake(brake: Brake): void;
  result(result: SyncResult, exitCode: number): void;
  note(text: string): void;
  end(): void;
}

const done: Readonly<Record<SyncOperation['kind'], string>> = {
  adopt: 'already equal',
  upload: 'uploaded',
  download: 'downloaded',
  conflict: 'kept both',
  deleteRemote: 'deleted in the store',
  deleteLocal: 'deleted here',
};

interface Counts {
  up: number;
  down: number;
  spared: number;
}

/** Each event as one line of JSON on stdout. */
export function jsonReport(): SyncReport {
  const counts: Counts = { up: 0, down: 0, spared: 0 };
  const write = (line: Readonly<Record<string, unknown>>): void => {
    process.stdout.write(`${JSON.stringify(line)}\n`);
  };
  let lastReason: string | undefined;
  return {
    event: (event) => {
      count(counts, event);
      if (event.kind === 'planned')
        write({ event: 'planned', operations: event.operations.length, bytes: event.bytes });
      if (event.kind === 'done') write({ event: 'done', ...operationFields(event.operation) });
    },
    waiting: (reason) => {
      if (reason !== lastReason) write({ event: 'waiting', reason: reason ?? null });
      lastReason = reason;
    },
    brake: ({ kind, reason }) => write({ event: 'brake', kind, reason }),
    result: ({ operations, left }, exitCode) => {
      for (const { name, reason } of left) write({ event: 'left', name, reason });
      write({ event: 'summary', ...countsOf(operations), left: left.length, ...counts, exitCode });
    },
    note: (text) => write({ event: 'note', text }),
    end: () => undefined,
  };
}

/** Lines on stdout, and on a terminal a progress bar on stderr. @param isVerbose every file has a line */
export function textReport(isVerbose: boolean, isDryRun: boolean): SyncReport {
  const counts: Counts = { up: 0, down: 0, spared: 0 };
  const bar = process.stderr.isTTY ? progressBar() : undefined;
  let isBarShown = false;
  let isWaitingShown = false;
  let planned = 0;
  let finished = 0;
  const hideBar = (): void => {
    if (isBarShown) bar?.stop();
    isBarShown = false;
  };
  const line = (text: string): void => {
    hideBar();
    process.stdout.write(`${text}\n`);
  };
  return {
    event: (event) => {
      count(counts, event);
      if (event.kind === 'planned') {
        planned += event.operations.length;
        if (isDryRun) for (const operation of event.operations) line(plannedLine(operation));
        return;
      }
      if (event.kind === 'done') {
        finished += 1;
        const { operation } = event;
        if (operation.kind === 'conflict')
          line(
            `${coloured('yellow', done.conflict)}: ${shown(operation.name)}; yours is ${shown(operation.copy)}`,
          );
        else if (isVerbose) line(`${done[operation.kind]}: ${shown(operation.name)}`);
      }
      if (bar === undefined || planned === 0) return;
      const payload = { bytes: sizeText(counts.up + counts.down) };
      if (isBarShown) {
        bar.setTotal(planned);
        bar.update(finished, payload);
      } else bar.start(planned, finished, payload);
      isBarShown = true;
    },
    waiting: (reason) => {
      if (reason === undefined && !isWaitingShown) return;
      hideBar();
      isWaitingShown = reason !== undefined;
      if (process.stderr.isTTY)
        process.stderr.write(`\r\u001b[K${reason === undefined ? '' : `waiting: ${reason}`}`);
      else if (reason !== undefined) process.stderr.write(`surfstore: waiting: ${reason}\n`);
    },
    brake: ({ kind, reason }) => {
      hideBar();
      process.stderr.write(`surfstore: stopped: ${shown(reason)} (to go on nevertheless: --allow ${kind})\n`);
    },
    result: ({ operations, left }) => {
      for (const { name, reason } of left)
        line(`${coloured('yellow', 'left alone')}: ${shown(name)}: ${shown(reason)}`);
      if (!isDryRun) line(summary(operations, counts));
      else
        line(
          operations.length === 0 ? 'nothing to do' : `${operations.length} operations; nothing was changed`,
        );
    },
    note: (text) => {
      hideBar();
      process.stderr.write(`surfstore: ${text}\n`);
    },
    end: hideBar,
  };
}

function progressBar(): SingleBar {
  const options = {
    stream: process.stderr,
    format: '{bar} {value}/{total} files, {bytes}',
    hideCursor: true,
    clearOnComplete: true,
    fps: 8,
  };
  return new SingleBar(options, Presets.shades_classic);
}

function count(counts: Counts, event: SyncEvent): void {
  if (event.kind === 'bytes') counts[event.direction] += event.bytes;
  if (event.kind === 'spared') counts.spared += event.bytes;
}

function countsOf(operations: readonly SyncOperation[]): Record<SyncOperation['kind'], number> {
  const counts = { adopt: 0, upload: 0, download: 0, conflict: 0, deleteRemote: 0, deleteLocal: 0 };
  for (const { kind } of operations) counts[kind] += 1;
  return counts;
}

function summary(operations: readonly SyncOperation[], counts: Counts): string {
  const numbers = countsOf(operations);
  const changes = operations.length - numbers.adopt;
  if (changes === 0) return 'in sync';
  const parts = (['upload', 'download', 'conflict', 'deleteRemote', 'deleteLocal'] as const)
    .filter((kind) => numbers[kind] > 0)
    .map((kind) => `${numbers[kind]} ${done[kind]}`);
  return `${parts.join(', ')}; ${sizeText(counts.up)} sent, ${sizeText(counts.down)} received`;
}

function plannedLine(operation: SyncOperation): string {
  const copy = operation.kind === 'conflict' ? ` (yours becomes ${shown(operation.copy)})` : '';
  return `${operation.kind} ${shown(operation.name)} v${operation.version}${copy}`;
}

function operationFields(operation: SyncOperation): Readonly<Record<string, unknown>> {
  const { kind, name, version } = operation;
  return { kind, name, version, ...(operation.kind === 'conflict' ? { copy: operation.copy } : {}) };
}

function shown(text: string): string {
  return terminalText(text);
}

function sizeText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  let amount = bytes;
  while (amount >= 1_000 && unit < units.length - 1) [amount, unit] = [amount / 1_000, unit + 1];
  return `${unit === 0 ? amount : amount.toFixed(1)} ${units[unit] ?? ''}`;
}
