import type { Election, RunRecord } from '../runRecord.js';
import { markup, type Markup } from './markup.js';
import { clock, counted, duration, type Quantiles } from './numbers.js';
import { electionMs } from './summary.js';
import { share, type TimeAxis } from './timeAxis.js';
import { serverName } from './words.js';

export const electionLimitMs = 5000;
/** More rows than this are folded away below the first ones. */
const rowsShown = 40;

/** Every change of leader, how long it took, and the five seconds that it may take. */
export function electionTable(
  { elections }: RunRecord,
  axis: TimeAxis,
  figures: Quantiles | undefined,
): Markup {
  if (figures === undefined)
    return markup`<p class="empty">No leader was elected while the monkey looked.</p>`;
  const scaleMs = Math.max(electionLimitMs * 1.25, figures.max * 1.05);
  const late = elections.filter((election) => electionMs(election) > electionLimitMs).length;
  const first = elections.slice(0, rowsShown);
  const rest = elections.slice(rowsShown);
  return markup`<ul class="figures"><li><b>${counted(elections.length, 'election')}</b></li><li>p50 <b>${duration(figures.p50)}</b></li><li>p95 <b>${duration(figures.p95)}</b></li><li>max <b>${duration(figures.max)}</b></li><li>${late === 0 ? markup`<b>none</b> over the limit of 5 s` : markup`<b class="bad">${late}</b> over the limit of 5 s`}</li></ul>
${table(first, 0, axis, scaleMs)}${
    rest.length === 0
      ? undefined
      : markup`<details><summary>${counted(rest.length, 'more election')}</summary>${table(rest, rowsShown, axis, scaleMs)}</details>`
  }`;
}

function table(elections: readonly Election[], before: number, axis: TimeAxis, scaleMs: number): Markup {
  const rows = elections.map((election, index) => row(election, before + index + 1, axis, scaleMs));
  return markup`<div class="scroll"><table class="elections"><caption>Elections: needed from when a majority was up and had no leader. The dashed line marks 5 s.</caption>
<thead><tr><th scope="col" class="number">#</th><th scope="col" class="number">needed</th><th scope="col" class="number">elected</th><th scope="col">from</th><th scope="col">to</th><th scope="col" class="number">term</th><th scope="col" class="number">how long</th><th scope="col" class="wide"><span class="unseen">against 5 s</span><svg width="100%" height="14" aria-hidden="true"><text class="tick" x="0" y="11">0</text><text class="tick" x="${share(electionLimitMs / scaleMs)}" y="11" text-anchor="middle">5 s</text></svg></th></tr></thead>
<tbody>${rows}</tbody></table></div>`;
}

function row(election: Election, number: number, axis: TimeAxis, scaleMs: number): Markup {
  const took = electionMs(election);
  const late = took > electionLimitMs;
  const limit = share(electionLimitMs / scaleMs);
  const bar = markup`<svg width="100%" height="14" aria-hidden="true"><rect class="${late ? 'took late' : 'took'}" y="3" width="${share(Math.max(0.004, took / scaleMs))}" height="8" rx="2"/><line class="limit" x1="${limit}" x2="${limit}" y1="0" y2="14"/></svg>`;
  return markup`<tr><td class="number">${number}</td><td class="number">${clock(election.neededAt, axis.endMs)}</td><td class="number">${clock(election.electedAt, axis.endMs)}</td><td>${election.from === null ? '–' : serverName(election.from)}</td><td>${serverName(election.to)}</td><td class="number">${election.term === 0 ? '–' : election.term}</td><td class="number${late ? ' bad' : ''}">${duration(took)}${late ? ' ✗' : ''}</td><td class="wide">${bar}</td></tr>
`;
}
