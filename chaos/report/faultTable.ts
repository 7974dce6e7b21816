import type { RunRecord } from '../runRecord.js';
import { markup, type Markup } from './markup.js';
import { clock, count, counted, duration } from './numbers.js';
import type { TimeAxis } from './timeAxis.js';
import { faultInWords, serverName } from './words.js';

const faultsShown = 200;

/** What the lanes show, for those who want words. */
export function faultTable({ faults }: RunRecord, axis: TimeAxis): Markup {
  if (faults.length === 0) return markup`<p class="empty">No server was made faulty.</p>`;
  const rows = [...faults]
    .sort((one, other) => one.startedAt - other.startedAt)
    .slice(0, faultsShown)
    .map((fault) => {
      const { server, startedAt, endedAt } = fault;
      return markup`<tr><td class="number">${clock(startedAt, axis.endMs)}</td><td class="number">${endedAt === null ? 'the end' : clock(endedAt, axis.endMs)}</td><td class="number">${duration((endedAt ?? axis.endMs) - startedAt)}</td><td class="who">${serverName(server)}</td><td>${faultInWords(fault)}</td></tr>
`;
    });
  const more = faults.length - rows.length;
  return markup`<details><summary>The faults</summary><div class="scroll"><table><caption>${counted(faults.length, 'fault')} in time order${more > 0 ? `; the last ${count(more)} are left out` : ''}</caption><thead><tr><th scope="col" class="number">from</th><th scope="col" class="number">to</th><th scope="col" class="number">how long</th><th scope="col">who</th><th scope="col">what</th></tr></thead><tbody>${rows}</tbody></table></div></details>`;
}
