import { colours } from '../../report/styles.js';
import { markup, trusted, type Markup } from '../../report/markup.js';
import { capText, durationText, pointsText, runsText, statusWords, type GradeResult } from '../result.js';
import type { Row, ScoredPart, Status } from '../scorecard.js';
import { gradeStyles } from './styles.js';

const signs: Readonly<Record<Status, string>> = { pass: '✓', fail: '✗', notReached: '·', notMeasured: '–' };
/** Failures come first. */
const order: Readonly<Record<Status, number>> = { fail: 0, notReached: 1, notMeasured: 2, pass: 3 };

/** The report of a submission as one HTML page that needs no network and no other file. */
export function gradePage(result: GradeResult): string {
  const { name, points, pointsMax, rows, parts, manyClients } = result;
  const failed = rows.filter(({ status }) => status === 'fail');
  const page = markup`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${pointsText(points)} of ${pointsText(pointsMax)}: ${name}</title>
<style>${trusted(colours + gradeStyles)}</style></head>
<body><main>
${head(result)}
${
  failed.length === 0
    ? undefined
    : markup`<section aria-labelledby="wrong-title"><h2 id="wrong-title">What is wrong, and how to see it again</h2>${failed.map((row) => failureCard(row, result))}</section>`
}
${manyClients === null ? undefined : markup`<p class="more"><a href="${manyClients}">The part with many clients</a>: every operation, fault and election on a time line${failed.some(isOfMany) ? ', and the shortest history that shows what is wrong' : ''}.</p>`}
${parts.map((part) => partTable(part, rows))}
<footer>Written by surfstore grade. Run it again: <code>${result.command}</code></footer>
</main></body></html>
`;
  return page.markup;
}

function head(result: GradeResult): Markup {
  const { name, points, pointsMax, rows, parts, caps, endedEarly, start, startedAt, allowance } = result;
  const full = points >= pointsMax;
  const count = (status: Status): number => rows.filter((row) => row.status === status).length;
  const machine = allowance === 1 ? 'times as in the assignment' : `slow or busy: all times × ${allowance}`;
  return markup`<header class="score ${full ? 'pass' : 'fail'}">
<p class="points"><strong>${pointsText(points)}</strong> <span>of ${pointsText(pointsMax)}</span></p>
<div><h1>${name}</h1>
<p class="bars">${parts.map(bar)}</p>
<p class="tally">${count('pass')} assertions hold, ${count('fail')} do not, ${count('notReached')} were not reached${count('notMeasured') > 0 ? `, ${count('notMeasured')} not measured` : ''}.</p>
${caps.map((cap) => markup`<p class="note">${capText(cap, result)}</p>`)}${[runsText(result), endedEarly ?? undefined].map((note) => (note === undefined ? undefined : markup`<p class="note">${note}</p>`))}</div>
</header>
<dl class="run"><div><dt>Started with</dt><dd><code>${start}</code></dd></div><div><dt>Began</dt><dd>${startedAt.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')}</dd></div><div><dt>Lasted</dt><dd>${durationText(result)}</dd></div><div><dt>Machine</dt><dd>${machine}</dd></div></dl>`;
}

function bar({ title, points, pointsMax }: ScoredPart): Markup {
  return markup`<span class="part"><span>${title}</span> <meter min="0" max="${pointsMax}" value="${points}"></meter> <b>${pointsText(points)}</b> of ${pointsText(pointsMax)}</span>`;
}

/** All that a student needs for one mistake. */
function failureCard(row: Row, { manyClients, preamble }: GradeResult): Markup {
  const { assertion, summary, details, remarks, pointsMax } = row;
  const { id, title, source, python } = assertion;
  const calls =
    details.length === 0
      ? undefined
      : markup`<details open><summary>What was called, and answered</summary><pre class="calls">${details.join('\n')}</pre></details>`;
  return markup`<article id="${id}"><h3><span class="badge fail">✗ FAIL</span> ${title} <small>${pointsText(pointsMax)} ${pointsMax === 1 ? 'point' : 'points'}</small></h3>
<p class="seen">${summary}</p>${remarks.map((remark) => markup`<p class="remark">Remark: ${remark}</p>`)}
${calls}${
    manyClients !== null && isOfMany(row)
      ? markup`<p><a href="${manyClients}#bad-history">The shortest history that shows it, drawn</a></p>`
      : undefined
  }
<details><summary>Repeat it with Python</summary><pre>${preamble}
${python}</pre></details>
<p class="source">From the assignment: <q>${source}</q></p></article>
`;
}

/** Those that only the part with many clients decides. */
function isOfMany({ assertion }: Row): boolean {
  return ['linearizable', 'no-early-answers'].includes(assertion.id);
}

function partTable({ id: part, title, points, pointsMax }: ScoredPart, rows: readonly Row[]): Markup {
  const own = rows
    .filter(({ assertion }) => assertion.part === part)
    .sort((one, other) => order[one.status] - order[other.status]);
  return markup`<section aria-labelledby="${part}-title"><h2 id="${part}-title">${title} <small>${pointsText(points)} of ${pointsText(pointsMax)}</small></h2>
<table><thead><tr><th scope="col">verdict</th><th scope="col">assertion</th><th scope="col" class="number">points</th><th scope="col">what was seen</th></tr></thead><tbody>
${own.map(tableRow)}</tbody></table></section>`;
}

function tableRow({ assertion, status, summary, remarks, points, pointsMax }: Row): Markup {
  const title =
    status === 'fail'
      ? markup`<a href="#${assertion.id}">${assertion.title}</a>`
      : markup`${assertion.title}`;
  return markup`<tr class="${status}"><td><span class="badge ${status}">${signs[status]} ${statusWords[status]}</span></td><td class="title">${title}</td><td class="number">${pointsText(points)} of ${pointsText(pointsMax)}</td><td>${summary}${remarks.map((remark) => markup` <span class="remark">Remark: ${remark}</span>`)}</td></tr>
`;
}
