import type { RunMs, RunOperation } from '../runRecord.js';
import { markup, type Markup } from './markup.js';
import { counted } from './numbers.js';
import { latencyY, type LatencyScale } from './operationPoints.js';
import { latencyMs } from './outcomes.js';
import { fitsFrom, fraction, percent, type TimeAxis } from './timeAxis.js';

/** Blocked calls whose bars cover each other. */
export interface BlockedGroup {
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
