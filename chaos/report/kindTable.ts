import type { RunOperation } from '../runRecord.js';
import { markup, type Markup } from './markup.js';
import { count, duration, quantiles } from './numbers.js';
import { latencyMs, outcomeClass, outcomeClasses } from './outcomes.js';

const kinds: readonly (readonly [RunOperation['kind'], string])[] = [
  ['update', 'update a file'],
  ['readMap', 'read the map of files'],
  ['readFile', 'read a file'],
  ['readVersion', 'read a version'],
  ['kvAppend', 'append to a key'],
  ['kvPut', 'put a key'],
  ['kvGet', 'get a key'],
];

/** What the clients did, by kind: files above, keys below. */
export function kindTable(operations: readonly RunOperation[]): Markup {
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
