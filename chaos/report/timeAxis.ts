import type { RunMs, RunRecord } from '../runRecord.js';
import { watch } from './numbers.js';

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

export interface Tick {
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
