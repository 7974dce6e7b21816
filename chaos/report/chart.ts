import { type RunMs, type RunRecord, faultKinds, type FaultSpan } from '../runRecord.js';
import { markup, type Markup, trusted } from './markup.js';
import { watch, duration } from './words.js';
import type { Stretch } from './summary.js';

/** A drawing on a time axis. Its height is in pixels; its width is that of the page. */
interface Chart {
  /** Unique in the page. */
  readonly id: string;
  readonly axis: TimeAxis;
  readonly heightPx: number;
  readonly title: string;
  /** The content in words, for people who cannot see the drawing. */
  readonly description: string;
  /** Drawn left of the plot, in an SVG of `gutterPx` by `heightPx`. */
  readonly gutter: Markup;
  readonly plot: Markup;
  /** Attributes for the script, on the element around the plot. */
  readonly data?: Markup;
}

const gutterPx = 132;
export const axisPx = 24;

/** All charts of the page have the same gutter, and so one x is one time in all of them. */
export function chart({ id, axis, heightPx, title, description, gutter, plot, data }: Chart): Markup {
  return markup`<div class="frame" id="${id}">
<svg class="gutter" width="${gutterPx}" height="${heightPx}" aria-hidden="true">${gutter}</svg>
<div class="view"><div class="stretch" data-from="${axis.startMs}" data-to="${axis.endMs}"${data}>
<svg class="plot" width="100%" height="${heightPx}" role="group" aria-labelledby="${id}-title ${id}-desc">
<title id="${id}-title">${title}</title><desc id="${id}-desc">${description}</desc>
${plot}</svg></div></div></div>`;
}

/** Lines at round times from `topPx` to `bottomPx`. */
export function timeGrid(axis: TimeAxis, topPx: number, bottomPx: number): Markup {
  const lines = ticks(axis).map(({ at, from }) => {
    const x = percent(axis, at);
    return markup`<line class="grid need-${from}" x1="${x}" x2="${x}" y1="${topPx}" y2="${bottomPx}"/>`;
  });
  return markup`<g>${lines}</g>`;
}

/** The names of round times, with their baseline at `yPx`. */
export function timeLabels(axis: TimeAxis, yPx: number): Markup {
  const labels = ticks(axis).map(({ at, label, from }) => {
    const part = (at - axis.startMs) / (axis.endMs - axis.startMs);
    const anchor = part < 0.02 ? 'start' : part > 0.97 ? 'end' : 'middle';
    return markup`<text class="tick need-${from}" x="${percent(axis, at)}" y="${yPx}" text-anchor="${anchor}">${label}</text>`;
  });
  return markup`<g>${labels}</g>`;
}

/** A text in the gutter that names a height of the plot. */
export function heightLabel(yPx: number, label: string): Markup {
  return markup`<text class="tick" x="${gutterPx - 10}" y="${yPx + 4}" text-anchor="end">${label}</text>`;
}

/** Paths in a box of `columns` by `heightPx` that is stretched to the plot; lines in it keep their thickness. */
export function stretched(columns: number, heightPx: number, paths: Markup): Markup {
  return markup`<svg class="stretched" viewBox="0 0 ${columns} ${heightPx}" width="100%" height="${heightPx}" preserveAspectRatio="none">${paths}</svg>`;
}

/** A sample of a mark with its name, for the legend. */
export function legendItem(sample: Markup, name: string, note?: string): Markup {
  return markup`<li><svg width="26" height="16" aria-hidden="true">${sample}</svg> ${name}${note === undefined ? '' : markup` <b>${note}</b>`}</li>`;
}

/** The stretch of the run's clock that a chart shows. Longer than nothing, so that it can be divided by. */
export interface TimeAxis {
  readonly startMs: RunMs;
  readonly endMs: RunMs;
}

/** From the beginning of the run to the last thing it saw. */
export function wholeRun(record: RunRecord): TimeAxis {
  let endMs = Math.max(1, record.durationMs);
  const see = (at: RunMs | null): void => {
    if (at !== null && at > endMs) endMs = at;
  };
  for (const { invokedAt, returnedAt } of record.operations) see(returnedAt ?? invokedAt);
  for (const { startedAt, endedAt } of record.faults) see(endedAt ?? startedAt);
  for (const { electedAt } of record.elections) see(electedAt);
  for (const { at } of record.steps) see(at);
  for (const { at } of record.samples) see(at);
  return { startMs: 0, endMs };
}

/** Where a time lies, from 0 to 1. */
export function fraction({ startMs, endMs }: TimeAxis, at: RunMs): number {
  return Math.min(1, Math.max(0, (at - startMs) / (endMs - startMs)));
}

/** Where a time lies, as an SVG length: charts stretch with the page, and so their x are shares of the width. */
export function percent(axis: TimeAxis, at: RunMs): string {
  return share(fraction(axis, at));
}

/** Width of a stretch of time, as an SVG length. */
export function percentBetween(axis: TimeAxis, from: RunMs, to: RunMs): string {
  return share(Math.max(0, fraction(axis, to) - fraction(axis, from)));
}

export function share(part: number): string {
  return `${Number((part * 100).toFixed(3))}%`;
}

/**
 * Widths of a plot, in pixels, from which on something more fits: the page is narrow, wide or printed, and charts can
 * be zoomed. Styles show a mark of class `need-N` only in a plot at least that wide, and of class `upto-N` in narrower.
 */
export const plotWidthsPx = [540, 640, 760, 900, 1100, 1300, 1800, 2600, 3600, 5200, 7200, 10_400] as const;
type PlotWidth = (typeof plotWidthsPx)[number];

const characterPx = 6.7;

/** About how wide a small text is drawn, in any font. */
export function textPx(text: string): number {
  return Array.from(text).length * characterPx;
}

/** The narrowest plot in which a text fits into this share of the width; undefined if there is none. */
export function fitsFrom(part: number, text: string, marginPx = 8): PlotWidth | undefined {
  return plotWidthsPx.find((width) => part * width >= textPx(text) + marginPx);
}

/** Of each, the one before is a multiple: the ticks of a narrow chart stay where they are in a wide one. */
const tickStepsMs = [
  86_400_000, 43_200_000, 21_600_000, 7_200_000, 3_600_000, 1_800_000, 600_000, 300_000, 60_000, 30_000,
  10_000, 5000, 1000, 500, 100, 50, 10, 5, 1,
] as const;
const tickApartPx = 62;

interface Tick {
  readonly at: RunMs;
  readonly label: string;
  /** The narrowest plot that has room for it. */
  readonly from: PlotWidth;
}

export function ticks(axis: TimeAxis): Tick[] {
  const lengthMs = axis.endMs - axis.startMs;
  const found = new Map<RunMs, Tick>();
  for (const from of plotWidthsPx) {
    const leastMs = (lengthMs * tickApartPx) / from;
    const stepMs = tickStepsMs.findLast((step) => step >= leastMs) ?? tickStepsMs[0];
    for (let at = Math.ceil(axis.startMs / stepMs) * stepMs; at <= axis.endMs; at += stepMs) {
      if (!found.has(at)) found.set(at, { at, label: tickLabel(at, axis.endMs), from });
    }
  }
  return [...found.values()].sort((one, other) => one.at - other.at);
}

function tickLabel(at: RunMs, endMs: RunMs): string {
  return endMs <= 120_000 ? `${Number((at / 1000).toFixed(3))} s` : watch(at, at % 1000 === 0 ? 0 : 1);
}

const columns = 20_000;

/** The faults of all servers, behind a plot; and over them where no majority was left. */
export function faultBands(
  axis: TimeAxis,
  heightPx: number,
  faults: readonly FaultSpan[],
  noMajority: readonly Stretch[],
): Markup {
  const kinds = faultKinds.map((kind) => {
    // One path for all: bands that overlap do not add up to a darker one that would mean something else.
    const path = faults
      .filter((fault) => fault.kind === kind)
      .map(({ startedAt, endedAt }) => {
        const from = Math.round(fraction(axis, startedAt) * columns);
        const to = Math.round(fraction(axis, endedAt ?? axis.endMs) * columns);
        return `M${from} 0H${Math.max(to, from + 4)}V${heightPx}H${from}z`;
      })
      .join('');
    return path === '' ? undefined : markup`<path class="band-${kind}" d="${trusted(path)}"/>`;
  });
  return markup`${stretched(columns, heightPx, markup`${kinds}`)}${noMajority.map((span) => noMajorityBand(axis, heightPx, span))}`;
}

function noMajorityBand(axis: TimeAxis, heightPx: number, { from, to }: Stretch): Markup {
  const label = 'no majority';
  const need = fitsFrom(fraction(axis, to) - fraction(axis, from), label);
  const x = percent(axis, from);
  return markup`<svg x="${x}" width="${percentBetween(axis, from, to)}" height="${heightPx}" data-tip="no majority could be reached for ${duration(to - from)}">
<rect class="band-none" width="100%" height="100%"/>${
    need === undefined
      ? undefined
      : markup`<text class="band-label need-${need}" x="50%" y="13" text-anchor="middle">${label}</text>`
  }</svg>`;
}
