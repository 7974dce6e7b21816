import type { RunOperation, RunRecord } from '../runRecord.js';
import { kindTable } from './kindTable.js';
import { markup, type Markup } from './markup.js';
import { clock, count, duration } from './numbers.js';
import { latencyMs, outcomeClass, type OutcomeClass } from './outcomes.js';
import type { TimeAxis } from './timeAxis.js';
import { callInWords, replyInWords, serverName } from './words.js';

const longestShown = 15;
const reasonsShown = 20;

/** What the plot of the operations shows, for those who want words: kinds, reasons and the longest calls. */
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
