import type { CheckResult, FaultSpan, RunMs, RunOperation, RunRecord } from '../runRecord.js';
import {
  faultBands,
  axisPx,
  chart,
  timeGrid,
  timeLabels,
  fraction,
  percent,
  percentBetween,
  type TimeAxis,
} from './chart.js';
import { markup, type Markup } from './markup.js';
import {
  counted,
  duration,
  watch,
  callInWords,
  faultInWords,
  inShort,
  replyInWords,
  serverName,
  shortened,
} from './words.js';
import { latencyMs, outcomeClass } from './summary.js';

const rowPx = 38;
const topPx = 6;
/** In the table a list is shown as a whole, if at all possible: what is wrong may be anywhere in it. */
const valueCharactersMax = 1_000;

/** The operations that show what went wrong, in words and drawn; nothing if no check names any. */
export function badHistories(record: RunRecord, axis: TimeAxis): Markup | undefined {
  const found = record.checks.filter(
    ({ verdict, operations = [] }) => verdict !== 'pass' && operations.length > 0,
  );
  if (found.length === 0) return undefined;
  const byId = new Map(record.operations.map((operation) => [operation.id, operation]));
  const parts = found.map((check, index) => badHistory(record, check, byId, axis, index));
  return markup`<section id="bad-history" class="${found.some(({ verdict }) => verdict === 'fail') ? 'fail' : 'unknown'}" aria-labelledby="bad-history-title"><h2 id="bad-history-title">The shortest bad history</h2>${parts}</section>`;
}

function badHistory(
  record: RunRecord,
  { name, summary, operations: ids = [] }: CheckResult,
  byId: ReadonlyMap<number, RunOperation>,
  axis: TimeAxis,
  index: number,
): Markup {
  const operations = ids
    .flatMap((id) => byId.get(id) ?? [])
    .sort((one, other) => one.invokedAt - other.invokedAt);
  const missing = ids.filter((id) => !byId.has(id));
  return markup`<div class="history"><h3>${name}</h3><p class="explained">${summary}</p>
${operations.length === 0 ? undefined : markup`${drawnHistory(operations, record.faults, axis, index)}${historyTable(operations)}`}
${missing.length === 0 ? undefined : markup`<p class="empty">Not in the record: ${missing.map((id) => `#${id}`).join(', ')}.</p>`}</div>`;
}

/** As in Jepsen's timelines: a bar from call to reply for each operation, those of a client together. */
function drawnHistory(
  operations: readonly RunOperation[],
  faults: readonly FaultSpan[],
  run: TimeAxis,
  index: number,
): Markup {
  const clients = [...new Set(operations.map(({ client }) => client))];
  const rows = clients.flatMap((client) => operations.filter((operation) => operation.client === client));
  const axis = around(operations, run);
  const bottom = topPx + rows.length * rowPx;
  const meanwhile = faults.filter(
    ({ startedAt, endedAt }) => startedAt < axis.endMs && (endedAt ?? Infinity) > axis.startMs,
  );
  const drawn = rows.map((operation, row) => interval(operation, row, axis, bottom));
  const names = rows.map(({ client, id }, row) => {
    const first = rows[row - 1]?.client !== client;
    const y = topPx + row * rowPx;
    const line =
      first && row > 0 ? markup`<line class="grid" x1="0" x2="132" y1="${y - 1}" y2="${y - 1}"/>` : undefined;
    return markup`${line}${first ? markup`<text class="lane-name" x="0" y="${y + 16}">${shortened(client, 13)}</text>` : undefined}<text class="tick" x="122" y="${y + 27}" text-anchor="end">#${id}</text>`;
  });
  const borders = rows.flatMap(({ client }, row) =>
    row === 0 || rows[row - 1]?.client === client
      ? []
      : [
          markup`<line class="grid" x1="0" x2="100%" y1="${topPx + row * rowPx - 1}" y2="${topPx + row * rowPx - 1}"/>`,
        ],
  );
  const drawing = chart({
    id: `history-${index}`,
    axis,
    heightPx: bottom + axisPx,
    title: 'The bad history, drawn',
    description: `${counted(rows.length, 'operation')} of ${counted(clients.length, 'client')}, each a bar from call to reply. The table below says the same in words.`,
    gutter: markup`${names}`,
    plot: markup`${faultBands(axis, bottom, meanwhile, [])}${timeGrid(axis, topPx, bottom)}${borders}${drawn}${timeLabels(axis, bottom + 17)}`,
  });
  const told = meanwhile.map((fault) => `${serverName(fault.server)} ${faultInWords(fault)}`);
  return markup`${drawing}<p class="caption">${told.length === 0 ? 'No server was faulty meanwhile.' : `Meanwhile: ${told.join('; ')}.`}</p>`;
}

/** The stretch of the run in which the operations were called and answered, with some room. */
function around(operations: readonly RunOperation[], run: TimeAxis): TimeAxis {
  const from = operations.reduce((least, { invokedAt }) => Math.min(least, invokedAt), Infinity);
  const to = operations.reduce(
    (most, { invokedAt, returnedAt }) => Math.max(most, returnedAt ?? invokedAt),
    from,
  );
  const room = Math.max(2, (to - from) * 0.06);
  return { startMs: Math.max(run.startMs, Math.floor(from - room)), endMs: Math.ceil(to + room) };
}

function interval(operation: RunOperation, row: number, axis: TimeAxis, bottomPx: number): Markup {
  const y = topPx + row * rowPx;
  const { invokedAt, returnedAt } = operation;
  const what = outcomeClass(operation);
  const open = returnedAt === null;
  const to = returnedAt ?? axis.endMs;
  const middle = (fraction(axis, invokedAt) + fraction(axis, to)) / 2;
  // The text begins or ends with its bar, on the side where there is more room.
  const [x, anchor] = middle <= 0.5 ? [percent(axis, invokedAt), 'start'] : [percent(axis, to), 'end'];
  const end = percent(axis, to);
  const tip = `#${operation.id} ${callInWords(operation)}\n${replyInWords(operation)}`;
  const guide = open
    ? undefined
    : markup`<line class="guide" x1="${end}" x2="${end}" y1="${y + 20}" y2="${bottomPx}"/>`;
  return markup`<g data-tip="${tip}">${guide}<text class="call" x="${x}" y="${y + 14}" text-anchor="${anchor}">${shortened(inShort(operation), 44)}</text><svg x="${percent(axis, invokedAt)}" y="${y + 18}" width="${percentBetween(axis, invokedAt, to)}" height="13" overflow="visible"><rect class="interval ${what}${open ? ' open' : ''}" width="100%" height="13" rx="3"/><rect class="interval-end ${what}" width="2" height="13"/>${open ? undefined : markup`<svg x="100%" overflow="visible"><rect class="interval-end ${what}" x="-2" width="2" height="13"/></svg>`}</svg></g>`;
}

/** To the millisecond: which of two calls came first is the point. */
function finely(at: RunMs): string {
  return at < 120_000 ? `${(at / 1000).toFixed(3)} s` : watch(at, 3);
}

function historyTable(operations: readonly RunOperation[]): Markup {
  const rows = operations.map((operation) => {
    const what = outcomeClass(operation);
    const { id, client, invokedAt, returnedAt, server, attempts } = operation;
    const latency = latencyMs(operation);
    return markup`<tr><td class="number">#${id}</td><td class="who">${client}</td><td class="number">${finely(invokedAt)}</td><td class="number">${returnedAt === null ? 'never' : finely(returnedAt)}</td><td class="number">${latency === undefined ? '–' : duration(latency)}</td><td class="long">${callInWords(operation)}</td><td class="long"><i class="key ${what}"></i>${replyInWords(operation, valueCharactersMax)}</td><td class="who">${serverName(server)}${attempts > 1 ? `, sent ${attempts} times` : ''}</td></tr>
`;
  });
  return markup`<div class="scroll"><table><caption>The same in words, in the order of the calls</caption><thead><tr><th scope="col" class="number">#</th><th scope="col">who</th><th scope="col" class="number">called</th><th scope="col" class="number">answered</th><th scope="col" class="number">took</th><th scope="col">asked</th><th scope="col">reply</th><th scope="col">by</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}
