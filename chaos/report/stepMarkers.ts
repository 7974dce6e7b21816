import type { Step } from '../runRecord.js';
import { markup, type Markup } from './markup.js';
import { clock } from './numbers.js';
import { fraction, percent, plotWidthsPx, textPx, type TimeAxis } from './timeAxis.js';

const rowPx = 20;
const rowsMax = 2;
const markersApartPx = 3;
/** In the details of a marker for several. */
const stepsTold = 6;

/** A number, or several, over the time axis: of the steps `first` to `last`, at the time of the first. */
interface Marker {
  readonly first: number;
  readonly last: number;
  readonly row: number;
  /** In the layout's width. */
  readonly leftPx: number;
  readonly widthPx: number;
}

/** In which plots a layout is shown: made for the narrowest of them. */
const layouts = [
  { widthPx: 540, shown: 'upto-900' },
  { widthPx: 900, shown: 'need-900 upto-1800' },
  { widthPx: 1800, shown: 'need-1800 upto-5200' },
  { widthPx: 5200, shown: 'need-5200' },
] as const;

export const stepsPx = rowPx * rowsMax + 4;

/** Lines closer than this would be a screen. */
const linesApartPx = 12;

/** The numbers of the story over the time axis, each a link to its line, and a thin line down through the lanes. */
export function stepMarkers(axis: TimeAxis, steps: readonly Step[], bottomPx: number): Markup {
  const linesFrom = plotWidthsPx.find((width) => width / linesApartPx >= steps.length);
  const lines = steps.map(({ at }) => {
    const x = percent(axis, at);
    return markup`<line class="step-line" x1="${x}" x2="${x}" y1="${stepsPx}" y2="${bottomPx}"/>`;
  });
  const shown = layouts.map(({ widthPx, shown: when }) => {
    const markers = layOut(axis, steps, widthPx).map((marker) => drawn(marker, axis, steps, widthPx));
    return markup`<g class="${when}">${markers}</g>`;
  });
  return markup`${linesFrom === undefined ? undefined : markup`<g class="need-${linesFrom}" aria-hidden="true">${lines}</g>`}${shown}`;
}

function drawn(
  { first, last, row, leftPx, widthPx }: Marker,
  axis: TimeAxis,
  steps: readonly Step[],
  layoutPx: number,
): Markup {
  const label = labelOf(first, last);
  const told = steps
    .slice(first, Math.min(last + 1, first + stepsTold))
    .map(({ at, text }, index) => `${first + index + 1}. ${clock(at, axis.endMs)}: ${text}`);
  const more = last - first + 1 - told.length;
  const tip = [...told, ...(more > 0 ? [`and ${more} more`] : [])].join('\n');
  const at = steps[first]?.at ?? 0;
  const x = Math.round(leftPx - fraction(axis, at) * layoutPx);
  return markup`<a href="#step-${first + 1}" class="step" data-tip="${tip}" aria-label="Step ${label}"><svg x="${percent(axis, at)}" y="${row * rowPx}" overflow="visible"><rect x="${x}" y="1" width="${widthPx}" height="17" rx="8.5"/><text x="${x + widthPx / 2}" y="13.5" text-anchor="middle">${label}</text></svg></a>`;
}

/** Puts each number into the first row that has room; where none has, it joins the marker before, which grows to the right. */
function layOut(axis: TimeAxis, steps: readonly Step[], layoutPx: number): Marker[] {
  const markers: Marker[] = [];
  const rowEnds = new Array<number>(rowsMax).fill(-Infinity);
  const widest = widthOf(labelOf(steps.length - 2, steps.length - 1));
  const crowded = steps.length * widthOf('9') > layoutPx;
  steps.forEach(({ at }, index) => {
    const label = labelOf(index, index);
    const centre = fraction(axis, at) * layoutPx;
    const fitted = (left: number, width: number): number => Math.max(0, Math.min(left, layoutPx - width));
    const leftPx = fitted(centre - widthOf(label) / 2, widthOf(label));
    const row = rowEnds.findIndex((end) => leftPx >= end);
    const before = markers.at(-1);
    // Near the end of a crowded axis a new marker would have no room to grow.
    const joins = row === -1 || (crowded && leftPx > layoutPx - widest);
    if (joins && before !== undefined) {
      const widthPx = widthOf(labelOf(before.first, index));
      const joined = { ...before, last: index, widthPx, leftPx: fitted(before.leftPx, widthPx) };
      markers[markers.length - 1] = joined;
      rowEnds[before.row] = joined.leftPx + widthPx + markersApartPx;
    } else {
      const marker = { first: index, last: index, row: Math.max(0, row), leftPx, widthPx: widthOf(label) };
      markers.push(marker);
      rowEnds[marker.row] = leftPx + marker.widthPx + markersApartPx;
    }
  });
  return markers;
}

function labelOf(first: number, last: number): string {
  return first === last ? String(first + 1) : `${first + 1}–${last + 1}`;
}

function widthOf(label: string): number {
  return Math.max(18, Math.round(textPx(label) + 11));
}
