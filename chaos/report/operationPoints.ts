import type { RunOperation, RunMs } from '../runRecord.js';
import { markup, type Markup } from './markup.js';
import { counted } from './words.js';
import { latencyMs, outcomeClass, type OutcomeClass } from './summary.js';
import { fraction, type TimeAxis, fitsFrom, percent } from './chart.js';

/** The latencies that a plot shows, a power of ten to a power of ten. */
export interface LatencyScale {
  readonly lowest: number;
  readonly highest: number;
  readonly topPx: number;
  readonly bottomPx: number;
}

export function latencyScale(
  operations: readonly RunOperation[],
  topPx: number,
  bottomPx: number,
): LatencyScale {
  let least = 1;
  let most = 100;
  for (const operation of operations) {
    const latency = latencyMs(operation);
    if (latency === undefined) continue;
    least = Math.min(least, Math.max(latency, 0.1));
    most = Math.max(most, latency);
  }
  return { lowest: Math.floor(Math.log10(least)), highest: Math.ceil(Math.log10(most)), topPx, bottomPx };
}

export function latencyY({ lowest, highest, topPx, bottomPx }: LatencyScale, ms: number): number {
  const part = (Math.log10(Math.max(ms, 10 ** lowest)) - lowest) / (highest - lowest);
  return Math.round(bottomPx - part * (bottomPx - topPx));
}

/** How many answered operations share a point: the more, the darker. */
export const crowds = ['one', 'few', 'many'] as const;
type Crowd = (typeof crowds)[number];

/** SVG paths of all operations, in a box `columns` wide. */
export interface OperationPaths {
  readonly columns: number;
  /** Points of answered operations, by how many share them. */
  readonly crowds: Readonly<Record<Crowd, string>>;
  /** A point for every other operation. */
  readonly points: Readonly<Record<Exclude<OutcomeClass, 'ok'>, string>>;
  /** Blocked calls, from call to return. */
  readonly bars: Readonly<Record<OutcomeClass, string>>;
  readonly blocked: number;
  /** Answered operations that are drawn on the point of another one. */
  readonly merged: number;
}

const fineColumns = 9600;
const coarseColumns = 2400;
/** From so many operations on a finer grid would make a heavy page that looks no different. */
const coarseFrom = 20_000;

/** The grid for a plot of so many operations. */
export function columnsFor(operations: number): number {
  return operations >= coarseFrom ? coarseColumns : fineColumns;
}

/**
 * One path for each look, rather than an element for each operation: a browser draws a hundred thousand points of a
 * path in a blink. Answered operations on one point of the grid become one; the others are all kept.
 */
export function operationPaths(
  operations: readonly RunOperation[],
  axis: TimeAxis,
  scale: LatencyScale,
  unansweredY: (operation: RunOperation) => number,
  isBlocked: (operation: RunOperation) => boolean,
  columns = columnsFor(operations.length),
): OperationPaths {
  const x = (at: number): number => Math.round(fraction(axis, at) * columns);
  const crowd = new Map<number, number>();
  const points = { refused: '', fault: '', unknown: '' };
  const bars = { ok: '', refused: '', fault: '', unknown: '' };
  let blocked = 0;
  let merged = 0;
  for (const operation of operations) {
    const what = outcomeClass(operation);
    const latency = latencyMs(operation);
    const y = latency === undefined ? unansweredY(operation) : latencyY(scale, latency);
    const column = x(operation.invokedAt);
    if (latency !== undefined && isBlocked(operation)) {
      bars[what] += `M${column} ${y}H${x(operation.invokedAt + latency)}`;
      blocked += 1;
    } else if (what === 'ok') {
      const place = column * 4096 + y;
      const before = crowd.get(place) ?? 0;
      crowd.set(place, before + 1);
      if (before > 0) merged += 1;
    } else points[what] += `M${column} ${y}h0`;
  }
  return { columns, crowds: crowdPaths(crowd), points, bars, blocked, merged };
}

function crowdPaths(crowd: ReadonlyMap<number, number>): Record<Crowd, string> {
  const paths = { one: '', few: '', many: '' };
  for (const [place, size] of crowd) {
    const look = size === 1 ? 'one' : size <= 3 ? 'few' : 'many';
    paths[look] += `M${Math.floor(place / 4096)} ${place % 4096}h0`;
  }
  return paths;
}

/** Blocked calls whose bars cover each other. */
interface BlockedGroup {
  readonly from: RunMs;
  readonly to: RunMs;
  readonly y: number;
  readonly calls: number;
}

const nearPx = 6;
const labelsMax = 60;

/** Calls that wait for the same thing end together: on a logarithmic scale their bars are one, so their number is written. */
export function blockedGroups(blocked: readonly RunOperation[], scale: LatencyScale): BlockedGroup[] {
  const groups: { from: RunMs; to: RunMs; y: number; calls: number }[] = [];
  let active: (typeof groups)[number][] = [];
  for (const operation of [...blocked].sort((one, other) => one.invokedAt - other.invokedAt)) {
    const { invokedAt } = operation;
    const latency = latencyMs(operation) ?? 0;
    const y = latencyY(scale, latency);
    active = active.filter(({ to }) => to >= invokedAt);
    const group = active.find((other) => Math.abs(other.y - y) <= nearPx);
    if (group === undefined) {
      const started = { from: invokedAt, to: invokedAt + latency, y, calls: 1 };
      groups.push(started);
      active.push(started);
    } else {
      group.to = Math.max(group.to, invokedAt + latency);
      group.y = Math.min(group.y, y);
      group.calls += 1;
    }
  }
  return groups;
}

export function groupLabels(groups: readonly BlockedGroup[], axis: TimeAxis): Markup {
  const labels = groups
    .filter(({ calls }) => calls > 1)
    .sort((one, other) => other.calls - one.calls)
    .slice(0, labelsMax)
    .map(({ from, to, y, calls }) => {
      const part = fraction(axis, to) - fraction(axis, from);
      const label = counted(calls, 'blocked call');
      const brief = `${calls} ×`;
      const long = fitsFrom(part, label, 4);
      const short = fitsFrom(part, brief, 2);
      const text = (words: string, when: string): Markup =>
        markup`<text class="band-label ${when}" x="${percent(axis, from)}" y="${y - 5}" dx="2">${words}</text>`;
      return markup`${long === undefined ? undefined : text(label, `need-${long}`)}${
        short === undefined || short === long
          ? undefined
          : text(brief, `need-${short}${long === undefined ? '' : ` upto-${long}`}`)
      }`;
    });
  return markup`<g>${labels}</g>`;
}
