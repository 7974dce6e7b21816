import { markup, type Markup } from './markup.js';
import { percent, ticks, type TimeAxis } from './timeAxis.js';

/** A drawing on a time axis. Its height is in pixels; its width is that of the page. */
export interface Chart {
  /** Unique in the page. */
  readonly id: string;
  readonly axis: TimeAxis;
  readonly heightPx: number;
  readonly title: string;
  /** What a person sees in it who does not see it. */
  readonly description: string;
  /** Drawn left of the plot, in an SVG of `gutterPx` by `heightPx`. */
  readonly gutter: Markup;
  readonly plot: Markup;
  /** Attributes for the script, on the element around the plot. */
  readonly data?: Markup;
}

export const gutterPx = 132;
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
