import type { RunOperation, RunRecord, Election } from '../runRecord.js';
import { type TimeAxis, share } from './chart.js';
import { markup, type Markup } from './markup.js';
import {
  clock,
  count,
  duration,
  counted,
  callInWords,
  replyInWords,
  serverName,
  faultInWords,
} from './words.js';
import {
  latencyMs,
  outcomeClass,
  type OutcomeClass,
  outcomeClasses,
  electionMs,
  quantiles,
  type Quantiles,
} from './summary.js';

const longestShown = 15;
const reasonsShown = 20;

/** The plot of the operations in words: kinds, reasons and the longest calls. */
export function callTables({ operations }: RunRecord, axis: TimeAxis): Markup {
  if (operations.length === 0) return markup`<p class="empty">The clients made no calls.</p>`;
  return markup`${kindTable(operations)}${reasonTable(operations)}${longestTable(operations, axis)}`;
}

function reasonTable(operations: readonly RunOperation[]): Markup {
  const reasons = new Map<string, { what: OutcomeClass; reply: string; times: number }>();
  for (const operation of operations) {
    const what = outcomeClass(operation);
    if (what === 'ok') continue;
    const reply = replyInWords(operation);
    const known = reasons.get(reply) ?? { what, reply, times: 0 };
    known.times += 1;
    reasons.set(reply, known);
  }
  if (reasons.size === 0) return markup`<p class="empty">Every operation was ok.</p>`;
  const sorted = [...reasons.values()].sort((one, other) => other.times - one.times);
  const rows = sorted.slice(0, reasonsShown).map(
    ({ what, reply, times }) =>
      markup`<tr><td class="number">${count(times)}</td><td><i class="key ${what}"></i>${what}</td><td>${reply}</td></tr>
`,
  );
  const more = sorted.length - rows.length;
  return markup`<details><summary>Replies other than ok</summary><div class="scroll"><table><caption>How often each was seen${more > 0 ? `; ${count(more)} rarer ones are left out` : ''}</caption><thead><tr><th scope="col" class="number">times</th><th scope="col">outcome</th><th scope="col">reply</th></tr></thead><tbody>${rows}</tbody></table></div></details>`;
}

function longestTable(operations: readonly RunOperation[], axis: TimeAxis): Markup {
  const longest = operations
    .filter(({ returnedAt }) => returnedAt !== null)
    .sort((one, other) => (latencyMs(other) ?? 0) - (latencyMs(one) ?? 0))
    .slice(0, longestShown);
  const rows = longest.map((operation) => {
    const what = outcomeClass(operation);
    return markup`<tr><td class="number">${duration(latencyMs(operation) ?? 0)}</td><td class="number">${clock(operation.invokedAt, axis.endMs)}</td><td class="who">${operation.client}</td><td class="long">${callInWords(operation)}</td><td class="long"><i class="key ${what}"></i>${replyInWords(operation)}</td><td class="who">${serverName(operation.server)}</td></tr>
`;
  });
  return markup`<details><summary>The longest calls</summary><div class="scroll"><table><caption>The ${count(rows.length)} longest calls that returned</caption><thead><tr><th scope="col" class="number">took</th><th scope="col" class="number">called</th><th scope="col">who</th><th scope="col">asked</th><th scope="col">reply</th><th scope="col">by</th></tr></thead><tbody>${rows}</tbody></table></div></details>`;
}

const kinds: readonly (readonly [RunOperation['kind'], string])[] = [
  ['update', 'update a file'],
  ['readMap', 'read the map of files'],
  ['readFile', 'read a file'],
  ['readVersion', 'read a version'],
  ['kvAppend', 'append to a key'],
  ['kvPut', 'put a key'],
  ['kvGet', 'get a key'],
];

/** The clients' operations by kind: files above, keys below. */
function kindTable(operations: readonly RunOperation[]): Markup {
  const rows = kinds.flatMap(([kind, words]) => {
    const ofKind = operations.filter((operation) => operation.kind === kind);
    return ofKind.length === 0 ? [] : [kindRow(words, ofKind)];
  });
  return markup`<div class="scroll"><table><caption>Operations by kind</caption><thead><tr><th scope="col">what</th><th scope="col" class="number">times</th>${outcomeClasses.map((what) => markup`<th scope="col" class="number"><i class="key ${what}"></i>${what}</th>`)}<th scope="col" class="number">sent more than once</th><th scope="col" class="number">p50</th><th scope="col" class="number">p95</th><th scope="col" class="number">max</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

function kindRow(words: string, operations: readonly RunOperation[]): Markup {
  const classes = operations.map(outcomeClass);
  const answered = operations.filter(({ outcome }) => outcome.status === 'ok');
  const latencies = quantiles(answered.flatMap((operation) => latencyMs(operation) ?? []));
  const numbers = [
    operations.length,
    ...outcomeClasses.map((what) => classes.filter((other) => other === what).length),
    operations.filter(({ attempts }) => attempts > 1).length,
  ].map((number) => count(number));
  const times =
    latencies === undefined ? ['–', '–', '–'] : [latencies.p50, latencies.p95, latencies.max].map(duration);
  return markup`<tr><td>${words}</td>${[...numbers, ...times].map((text) => markup`<td class="number">${text}</td>`)}</tr>
`;
}

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

const faultsShown = 200;

/** The faults of the lanes in words. */
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
