import type { RunRecord, CheckResult } from '../runRecord.js';
import { electionLimitMs } from './tables.js';
import {
  type Stretch,
  overallVerdict,
  type OverallVerdict,
  type Summary,
  type Quantiles,
} from './summary.js';
import { markup, type Markup } from './markup.js';
import { clock, count, counted, duration, rounded } from './words.js';
import type { TimeAxis } from './chart.js';

const verdictSigns: Readonly<Record<OverallVerdict, string>> = { pass: '✓', fail: '✗', unknown: '?' };

/** The head of the page: what came of the run, of which run, and how to run it again. */
export function verdictHead(record: RunRecord): Markup {
  const verdict = overallVerdict(record.checks);
  const [word = '', ...others] = verdictWord(record).split(' ');
  const rest = others.join(' ');
  const { servers, clients, kvClients, managed, durable } = record;
  const cluster = `${counted(servers.length, 'server')}${managed ? ' started by the run' : ''}, ${durable ? 'state on disk' : 'state in memory'}, ${clientsText(clients, kvClients)}`;
  return markup`<header class="verdict ${verdict}">
<p class="word"><span class="sign" aria-hidden="true">${verdictSigns[verdict]}</span> <strong>${word}</strong>${rest === '' ? undefined : markup` <small>${rest}</small>`}</p>
<div class="what"><h1>${record.scenario}</h1>
<p class="shows">${record.shows}</p>
<p class="tally">${tally(record)}</p></div>
</header>
<dl class="run"><div><dt>Seed</dt><dd><code>${record.seed}</code></dd></div><div><dt>Began</dt><dd>${began(record.startedAt)}</dd></div><div><dt>Lasted</dt><dd>${duration(record.durationMs)}</dd></div><div><dt>Cluster</dt><dd>${cluster}</dd></div><div class="command"><dt>Run it again</dt><dd><code id="command" tabindex="0">${commandWords(record.command)}</code><button type="button" class="scripted" id="copy">Copy</button></dd></div></dl>`;
}

function clientsText(clients: number, kvClients: number): string {
  if (kvClients === 0) return counted(clients, 'client');
  return `${counted(clients, 'client')} of files and ${kvClients} of keys`;
}

/** Lines break between the words of a command only, not at the hyphens of an option. */
function commandWords(command: string): Markup {
  const parts = command
    .split(/(?<= )/)
    .map((part) =>
      part.length > 40
        ? markup`${part}`
        : markup`<span class="word">${part.trimEnd()}</span>${part.endsWith(' ') ? ' ' : ''}`,
    );
  return markup`${parts}`;
}

/** In one word or two, as in the title of the page. */
export function verdictWord({ checks }: RunRecord): string {
  const verdict = overallVerdict(checks);
  if (verdict !== 'unknown') return verdict.toUpperCase();
  const unknown = checks.filter((check) => check.verdict === 'unknown').length;
  return checks.length > unknown ? `PASS with ${counted(unknown, 'unknown')}` : 'UNKNOWN';
}

function tally({ checks }: RunRecord): string {
  if (checks.length === 0) return 'Nothing was checked.';
  const of = (verdict: OverallVerdict): number => checks.filter((check) => check.verdict === verdict).length;
  const parts = [
    `${of('pass')} of ${counted(checks.length, 'check')} passed`,
    of('fail') > 0 ? `${of('fail')} failed` : '',
    of('unknown') > 0 ? `${of('unknown')} could not be decided` : '',
  ];
  return `${parts.filter((part) => part !== '').join(', ')}.`;
}

function began(startedAt: string): string {
  return startedAt.replace('T', ' ').replace(/\.\d+Z$|Z$/, ' UTC');
}

/** Numbers at a glance. */
export function figures(
  record: RunRecord,
  axis: TimeAxis,
  summary: Summary,
  noMajority: readonly Stretch[],
): Markup {
  const { counts, updatesPerSecond, withoutService, latencies, elections } = summary;
  const late = elections !== undefined && elections.max > electionLimitMs;
  const total = counts.ok + counts.refused + counts.fault + counts.unknown;
  return markup`<section aria-labelledby="figures-title"><h2 id="figures-title" class="unseen">Numbers at a glance</h2><ul class="tiles">
${tile('operations', count(total), markup`<span><i class="key ok"></i>${count(counts.ok)} ok</span> <span><i class="key refused"></i>${count(counts.refused)} refused</span> <span><i class="key fault"></i>${count(counts.fault)} fault</span> <span><i class="key unknown"></i>${count(counts.unknown)} unknown</span>`)}
${tile('updates per second', rounded(updatesPerSecond), markup`acknowledged, over the whole run`)}
${tile('longest without service', withoutService === undefined ? '–' : duration(withoutService.to - withoutService.from), outageNote(withoutService, axis, noMajority))}
${tile('latency, median', latencies === undefined ? '–' : duration(latencies.p50), quantileNote(latencies))}
${tile('elections', count(record.elections.length), elections === undefined ? markup`none was seen` : markup`p50 ${duration(elections.p50)} · p95 ${duration(elections.p95)} · <span${late ? markup` class="bad"` : undefined}>max ${duration(elections.max)}</span> <span>of 5 s</span>`)}
</ul></section>`;
}

function tile(name: string, value: string, note: Markup): Markup {
  return markup`<li><span class="name">${name}</span><b>${value}</b><span class="note">${note}</span></li>`;
}

function quantileNote(latencies: Quantiles | undefined): Markup {
  if (latencies === undefined) return markup`nothing was answered`;
  return markup`p95 ${duration(latencies.p95)} · max ${duration(latencies.max)}`;
}

function outageNote(outage: Stretch | undefined, axis: TimeAxis, noMajority: readonly Stretch[]): Markup {
  if (outage === undefined) return markup`no update was asked for`;
  const excused = noMajority.reduce(
    (sum, { from, to }) => sum + Math.max(0, Math.min(to, outage.to) - Math.max(from, outage.from)),
    0,
  );
  const when = `no update acknowledged from ${clock(outage.from, axis.endMs)} to ${clock(outage.to, axis.endMs)}`;
  return markup`${when}${excused > 0 ? `; no majority for ${duration(excused)} of it` : ''}`;
}

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
