import { colours } from '../../report/styles.js';
import { markup, trusted, type Markup } from '../../report/markup.js';
import type { Assertion } from '../assertions/assertion.js';
import { gradeStyles } from '../output/styles.js';
import { pointsText, statusWords, type GradeResult } from '../result.js';
import type { Status } from '../scorecard.js';

const signs: Readonly<Record<Status, string>> = { pass: '', fail: '✗', notReached: '·', notMeasured: '–' };

/** All submissions of a course on one page: rows are folders, columns the assertions that did not hold somewhere. */
export function overviewPage(results: readonly GradeResult[]): string {
  // All are graded by the same rubric.
  const parts = results[0]?.parts ?? [];
  const columns = assertionsIn(results)
    .map((assertion) => ({
      assertion,
      failed: results.filter((result) => statusOf(result, assertion) === 'fail').length,
    }))
    .filter(({ failed }) => failed > 0)
    .sort((one, other) => other.failed - one.failed);
  const page = markup`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${results.length} submissions</title>
<style>${trusted(colours + gradeStyles + overviewStyles)}</style></head>
<body><main>
<h1>${results.length} ${results.length === 1 ? 'submission' : 'submissions'}</h1>
${figures(results)}
<section aria-labelledby="all-title"><h2 id="all-title">Submissions</h2>
<div class="scroll"><table class="overview"><thead><tr><th scope="col">submission</th><th scope="col" class="number">score</th>${parts.map(({ title }) => markup`<th scope="col" class="number">${title}</th>`)}${columns.map(({ assertion }) => markup`<th scope="col" class="turned" title="${assertion.title}"><span>${assertion.id}</span></th>`)}</tr></thead><tbody>
${results.map((result) =>
  row(
    result,
    columns.map(({ assertion }) => assertion),
  ),
)}</tbody></table></div>
<p class="legend">✗ does not hold · was not reached. A sign leads to the reason.</p></section>
${columns.length === 0 ? undefined : mistakes(columns, results.length)}
<footer>Written by surfstore grade.</footer>
</main></body></html>
`;
  return page.markup;
}

function figures(results: readonly GradeResult[]): Markup {
  const scores = results.map(({ points }) => points).sort((one, other) => one - other);
  const most = results[0]?.pointsMax ?? 0;
  const mean = scores.reduce((sum, points) => sum + points, 0) / Math.max(1, scores.length);
  const median = scores[Math.floor(scores.length / 2)] ?? 0;
  const full = results.filter(({ points, pointsMax }) => points >= pointsMax).length;
  return markup`<p class="tally">Of ${pointsText(most)} points: mean ${pointsText(mean)}, median ${pointsText(median)}, lowest ${pointsText(scores[0] ?? 0)}, highest ${pointsText(scores.at(-1) ?? 0)}; full score ${full} of ${results.length}.</p>`;
}

function row(result: GradeResult, columns: readonly Assertion[]): Markup {
  const { name, points, pointsMax, parts } = result;
  const report = `${encodeURIComponent(name)}/report.html`;
  const share = pointsMax === 0 ? 0 : points / pointsMax;
  return markup`<tr><th scope="row"><a href="${report}">${name}</a></th><td class="number"><span class="bar" style="--share: ${Math.round(100 * share)}%">${pointsText(points)}</span></td>${parts.map((part) => markup`<td class="number">${pointsText(part.points)}</td>`)}${columns.map((assertion) => cell(result, assertion, report))}</tr>
`;
}

function cell(result: GradeResult, assertion: Assertion, report: string): Markup {
  const status = statusOf(result, assertion);
  const label = `${assertion.title}: ${statusWords[status]}`;
  const sign =
    status === 'fail'
      ? markup`<a href="${report}#${assertion.id}" title="${label}" aria-label="${label}">${signs.fail}</a>`
      : markup`<span title="${label}">${signs[status]}</span>`;
  return markup`<td class="sign ${status}">${sign}</td>`;
}

function mistakes(
  columns: readonly { readonly assertion: Assertion; readonly failed: number }[],
  submissions: number,
): Markup {
  return markup`<section aria-labelledby="mistakes-title"><h2 id="mistakes-title">What does not hold most often</h2>
<table><thead><tr><th scope="col">assertion</th><th scope="col">what it says</th><th scope="col" class="number">submissions</th></tr></thead><tbody>
${columns.map(({ assertion, failed }) => markup`<tr><td><code>${assertion.id}</code></td><td>${assertion.title}</td><td class="number">${failed} of ${submissions}</td></tr>`)}</tbody></table></section>`;
}

function statusOf({ rows }: GradeResult, { id }: Assertion): Status {
  return rows.find((row) => row.assertion.id === id)?.status ?? 'notReached';
}

function assertionsIn([first]: readonly GradeResult[]): readonly Assertion[] {
  return first?.rows.map(({ assertion }) => assertion) ?? [];
}

/** As a spreadsheet reads it: one line for each submission, one column for each assertion. */
export function overviewCsv(results: readonly GradeResult[]): string {
  const assertions = assertionsIn(results);
  const parts = results[0]?.parts ?? [];
  const head = [
    ...['submission', 'points', 'max', ...parts.map(({ id }) => id), 'seconds'],
    ...assertions.map(({ id }) => id),
  ];
  const lines = results.map((result) => [
    result.name,
    pointsText(result.points),
    pointsText(result.pointsMax),
    ...result.parts.map(({ points }) => pointsText(points)),
    String(Math.round(result.durationMs / 1_000)),
    ...assertions.map((assertion) => statusWords[statusOf(result, assertion)]),
  ]);
  return [head, ...lines].map((cells) => `${cells.map(csvCell).join(',')}\n`).join('');
}

/** A name that begins like a formula stays a text. */
function csvCell(text: string): string {
  const safe = /^[=+\-@]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const overviewStyles = `
main { max-width: none; }
section > table { max-width: 1000px; }
table.overview { width: auto; min-width: 50%; }
.overview th[scope='row'] { font-size: 14px; font-weight: 600; padding-right: 24px; white-space: nowrap;
  position: sticky; left: 0; background: var(--surface); }
.overview tbody th, .overview tbody td { border-top: 1px solid var(--line); border-bottom: none; }
.overview th.turned { height: 170px; padding: 0 2px 8px; vertical-align: bottom; width: 34px; min-width: 34px; }
.turned span { writing-mode: vertical-rl; transform: rotate(180deg); font-weight: 500; white-space: nowrap; }
.overview thead th { vertical-align: bottom; }
.sign { text-align: center; padding: 6px 2px; border-left: 1px solid var(--line); }
.sign a { display: block; color: var(--fail); text-decoration: none; font-weight: 700; }
.sign.fail { background: var(--fail-soft); }
.sign.notReached { color: var(--doubt); font-weight: 700; }
.bar { display: inline-block; min-width: 84px; padding: 1px 8px; border-radius: 4px; font-weight: 700;
  background: linear-gradient(90deg, var(--pass-soft) var(--share), var(--sunken) var(--share)); border: 1px solid var(--line); }
.legend { color: var(--muted); font-size: 13px; margin-top: 8px; }
`;
