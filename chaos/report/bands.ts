import { faultKinds, type FaultSpan } from '../runRecord.js';
import { stretched } from './chart.js';
import type { Stretch } from './majority.js';
import { markup, trusted, type Markup } from './markup.js';
import { duration } from './numbers.js';
import { fitsFrom, fraction, percent, percentBetween, type TimeAxis } from './timeAxis.js';

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
