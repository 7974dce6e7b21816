import type { RunRecord } from '../runRecord.js';
import {
  faultBands,
  axisPx,
  chart,
  heightLabel,
  legendItem,
  stretched,
  timeGrid,
  timeLabels,
  fraction,
  type TimeAxis,
} from './chart.js';
import { type Stretch, isWrite, outcomeClass } from './summary.js';
import { markup, trusted, type Markup } from './markup.js';
import { count, duration, rounded } from './words.js';

const plotPx = 130;
const topPx = 18;
/** Coarser, and a short outage does not show. */
const binsMax = 240;
const binsMin = 20;
/** Fewer operations in a step, and chance makes a comb of it. */
const operationsPerBin = 10;
const binSizesMs = [100, 250, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000, 300_000, 3_600_000] as const;

/** Acknowledged updates and answered reads per second, by the time of the answer. */
export function throughput(record: RunRecord, axis: TimeAxis, noMajority: readonly Stretch[]): Markup {
  if (record.operations.length === 0) return markup`<p class="empty">Nothing was asked for.</p>`;
  const most = Math.min(binsMax, Math.max(binsMin, record.operations.length / operationsPerBin));
  const binMs = binSizesMs.find((size) => axis.endMs / size <= most) ?? axis.endMs / most;
  // What does not fill a step of its own belongs to the last one.
  const bins = Math.max(1, Math.floor(axis.endMs / binMs));
  const endOf = (bin: number): number => (bin === bins - 1 ? axis.endMs : (bin + 1) * binMs);
  const updates = new Array<number>(bins).fill(0);
  const reads = new Array<number>(bins).fill(0);
  for (const operation of record.operations) {
    if (operation.returnedAt === null || outcomeClass(operation) !== 'ok') continue;
    const bin = Math.min(bins - 1, Math.floor(operation.returnedAt / binMs));
    const rates = isWrite(operation) ? updates : reads;
    rates[bin] = (rates[bin] ?? 0) + 1000 / (endOf(bin) - bin * binMs);
  }
  const highest = [...updates, ...reads].reduce((one, other) => Math.max(one, other), 0);
  const step = roundStep(highest);
  const scaleMax = Math.max(step, Math.ceil(highest / step) * step);
  const heightPx = topPx + plotPx + axisPx;
  const y = (rate: number): number => Math.round((topPx + plotPx * (1 - rate / scaleMax)) * 10) / 10;
  const edge = (at: number): number => Math.round(fraction(axis, at) * 10_000);
  const steps = (rates: readonly number[]): string =>
    rates.map((rate, bin) => `L${edge(bin * binMs)} ${y(rate)}H${edge(endOf(bin))}`).join('');
  const areaOf = (rates: readonly number[]): Markup => trusted(`M0 ${y(0)}${steps(rates)}V${y(0)}z`);
  const lineOf = (rates: readonly number[]): Markup => trusted(steps(rates).replace(/^L/, 'M'));
  const levels: number[] = [];
  for (let level = 0; level <= scaleMax; level += step) levels.push(level);
  const grid = levels.map(
    (level) => markup`<line class="grid" x1="0" x2="100%" y1="${y(level)}" y2="${y(level)}"/>`,
  );
  return markup`${chart({
    id: 'throughput',
    axis,
    heightPx,
    title: 'Throughput over time',
    description: `Acknowledged updates and answered reads per second, at most ${rounded(highest)} per second.`,
    gutter: markup`<text class="lane-name" x="0" y="${topPx + 16}">per second</text>${levels.map((level) => heightLabel(y(level), level < 10 ? rounded(level) : count(level)))}`,
    plot: markup`${faultBands(axis, topPx + plotPx, record.faults, noMajority)}${timeGrid(axis, topPx, topPx + plotPx)}${grid}${stretched(
      10_000,
      heightPx,
      markup`<path class="updates-area" d="${areaOf(updates)}"/><path class="reads-line" d="${lineOf(reads)}"/><path class="updates-line" d="${lineOf(updates)}"/>`,
    )}${timeLabels(axis, topPx + plotPx + 17)}`,
  })}
<ul class="legend">${legendItem(markup`<path class="updates-area" d="M0 5H26V16H0z"/><path class="updates-line" d="M0 5H26"/>`, 'acknowledged updates')}${legendItem(markup`<path class="reads-line" d="M0 8H26"/>`, 'answered reads')}<li>in steps of ${duration(binMs)}, by the time of the answer</li></ul>`;
}

/** A round distance between lines, for about four of them. */
function roundStep(highest: number): number {
  const rough = Math.max(highest, 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
}
