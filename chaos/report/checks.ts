import type { CheckResult, RunRecord } from '../runRecord.js';
import { markup, type Markup } from './markup.js';
import { counted } from './numbers.js';
import { verdictSigns } from './verdict.js';

const verdictOrder: Readonly<Record<CheckResult['verdict'], number>> = { fail: 0, unknown: 1, pass: 2 };

/** A row for each check, what went wrong first. Details of a failure are open. */
export function checkList({ checks }: RunRecord): Markup {
  if (checks.length === 0) return markup`<p class="empty">Nothing was checked.</p>`;
  const rows = [...checks].sort((one, other) => verdictOrder[one.verdict] - verdictOrder[other.verdict]);
  return markup`<ul class="checks">${rows.map(checkRow)}</ul>`;
}

function checkRow(check: CheckResult): Markup {
  const { name, verdict, summary, details, operations = [] } = check;
  const history =
    verdict !== 'pass' && operations.length > 0
      ? markup` <a href="#bad-history">See the ${counted(operations.length, 'operation')} that show it</a>`
      : undefined;
  const list =
    details.length === 0
      ? undefined
      : markup`<details${verdict === 'fail' ? markup` open` : undefined}><summary>${counted(details.length, 'detail')}</summary><ul>${details.map((line) => markup`<li>${line}</li>`)}</ul></details>`;
  return markup`<li class="${verdict}"><span class="badge ${verdict}"><span aria-hidden="true">${verdictSigns[verdict]}</span> ${verdict.toUpperCase()}</span><div><h3>${name}</h3><p>${summary}${history}</p>${list}</div></li>
`;
}
