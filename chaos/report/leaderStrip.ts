import type { FaultSpan, RunMs, RunRecord, ServerId } from '../runRecord.js';
import type { Stretch } from './majority.js';
import { markup, type Markup } from './markup.js';
import { clock, duration } from './numbers.js';
import { electionMs } from './summary.js';
import type { TermClass } from './termColours.js';
import { fitsFrom, fraction, percent, percentBetween, type TimeAxis } from './timeAxis.js';

export const stripPx = 22;
/** A wait is thinner than a reign: it must not look like one in a colour of its own. */
const waitInsetPx = 7;

/** Who led, as seen from outside: a block from each election to the next need of one, and the wait before it. */
export function leaderStrip(
  { elections, faults }: RunRecord,
  axis: TimeAxis,
  y: number,
  noMajority: readonly Stretch[],
  classOf: TermClass,
): Markup {
  if (elections.length === 0) {
    return markup`<text class="tick" x="0" y="${y + 15}">no election was seen</text>`;
  }
  const blocks = elections.map(({ electedAt, to, term }, index) => {
    const until = endOfReign(electedAt, to, elections[index + 1]?.neededAt ?? axis.endMs, faults);
    const part = fraction(axis, until) - fraction(axis, electedAt);
    const named = term === 0 ? [`server ${to}`] : [`server ${to}, term ${term}`, `${to}, t${term}`];
    const labels = [...named, String(to)].map((label) => ({
      label,
      need: fitsFrom(part, label, 6),
    }));
    const texts = labels.map(({ label, need }, place) => {
      const longer = labels.slice(0, place).findLast((other) => other.need !== undefined)?.need;
      if (need === undefined || need === longer) return undefined;
      return markup`<text class="leader-label need-${need}${longer === undefined ? '' : ` upto-${longer}`}" x="50%" y="15" text-anchor="middle">${label}</text>`;
    });
    const tip = `server ${to} leads${term === 0 ? '' : ` in term ${term}`}\n${clock(electedAt, axis.endMs)} to ${clock(until, axis.endMs)}`;
    return markup`<svg class="${classOf(term)}" x="${percent(axis, electedAt)}" y="${y}" width="${percentBetween(axis, electedAt, until)}" height="${stripPx}" data-tip="${tip}"><rect class="leader" width="100%" height="100%" rx="3"/>${texts}</svg>`;
  });
  const waits = elections.map((election) => {
    const tip = `no leader for ${duration(electionMs(election))}`;
    return markup`<rect class="wait" x="${percent(axis, election.neededAt)}" y="${y + waitInsetPx}" width="${percentBetween(axis, election.neededAt, election.electedAt)}" height="${stripPx - 2 * waitInsetPx}" data-tip="${tip}"/>`;
  });
  const lost = noMajority.map(({ from, to }) => {
    const label = 'no majority';
    const need = fitsFrom(fraction(axis, to) - fraction(axis, from), label, 4);
    return markup`<svg x="${percent(axis, from)}" y="${y}" width="${percentBetween(axis, from, to)}" height="${stripPx}" data-tip="no majority could be reached for ${duration(to - from)}"><rect class="strip-none" width="100%" height="100%"/>${need === undefined ? undefined : markup`<text class="band-label need-${need}" x="50%" y="15" text-anchor="middle">${label}</text>`}</svg>`;
  });
  return markup`<g>${lost}${blocks}${waits}</g>`;
}

/** A leader reigns until another is needed, or until it is itself no more: without a majority no other can be needed. */
function endOfReign(
  electedAt: RunMs,
  leader: ServerId,
  nextNeededAt: RunMs,
  faults: readonly FaultSpan[],
): RunMs {
  const gone = faults
    .filter(
      ({ server, kind, startedAt }) => server === leader && kind !== 'unreachable' && startedAt >= electedAt,
    )
    .map(({ startedAt }) => startedAt);
  return Math.min(nextNeededAt, ...gone);
}
