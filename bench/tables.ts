import type { Subject } from './results.js';
import type { Result, Results } from './results.js';
import type { RoundSettings } from './rounds.js';

/** A column of a table with one row for each subject and number of clients. */
export interface Column {
  readonly head: string;
  readonly isText?: boolean;
  readonly cell: (subject: Subject, clients: number, results: Results) => string;
}

/** The median over the rounds, with so many digits. */
function medianColumn(head: string, digits: number, pick: (result: Result) => number): Column {
  return {
    head,
    cell: (subject, clients, results) => figure(results.median(subject, clients, pick), digits),
  };
}

export const operationColumn: Column = { head: 'operation', isText: true, cell: ({ name }) => name };

export const systemColumn: Column = { head: 'system', isText: true, cell: ({ systemName }) => systemName };

/** How fast, and how long a call takes. */
export function latencyColumns({ openLoop }: RoundSettings): readonly Column[] {
  const clients: Column = { head: 'clients', cell: (_subject, count) => String(count) };
  const perSecond = medianColumn(
    openLoop === undefined ? 'per second' : 'replies per second',
    0,
    (result) => result.perSecond,
  );
  const p50 = medianColumn('p50 ms', 2, ({ p50Ms }) => p50Ms);
  const p99 = medianColumn('p99 ms', 2, ({ p99Ms }) => p99Ms);
  if (openLoop === undefined) return [clients, perSecond, p50, p99];
  // A median would hide an event that happened once in all rounds.
  const total =
    (pick: (result: Result) => number, merge: (values: readonly number[]) => number) =>
    (subject: Subject, count: number, results: Results): number =>
      merge(results.of(subject, count).map(pick));
  const max = total(
    ({ maxMs }) => maxMs,
    (values) => Math.max(...values),
  );
  const unanswered = total(
    (result) => result.unanswered,
    (values) => values.reduce((sum, value) => sum + value, 0),
  );
  return [
    clients,
    perSecond,
    p50,
    p99,
    medianColumn('p99.9 ms', 2, ({ p999Ms }) => p999Ms),
    { head: 'max ms', cell: (...row) => figure(max(...row), 1) },
    { head: 'unanswered', cell: (...row) => figure(unanswered(...row), 0) },
  ];
}

/** CPU time of the servers per operation, and how long the leader is held up. */
export const costColumns: readonly Column[] = [
  medianColumn('leader CPU µs', 0, ({ leaderCpuMicros }) => leaderCpuMicros),
  medianColumn('followers CPU µs', 0, ({ followersCpuMicros }) => followersCpuMicros),
  medianColumn('GC ms/s', 1, ({ gcMsPerSecond }) => gcMsPerSecond),
  medianColumn('loop delay ms', 1, ({ loopDelayMaxMs }) => loopDelayMaxMs),
];

/** Explains {@link costColumns}, and how latencies are counted. */
export function legend({ rounds, seconds, openLoop }: RoundSettings): string {
  const loop =
    openLoop === undefined
      ? ''
      : `; an open loop: ${openLoop} calls a second are due, whatever became of the earlier ones, latencies count from the moment a call is due, and the maximum is that of all rounds`;
  return (
    `medians of ${rounds} rounds of ${seconds} s${loop}; CPU time per operation, of the leader and of all followers together; ` +
    'garbage collection of the leader, and the longest time its event loop was held up'
  );
}

export function subjectTable(
  columns: readonly Column[],
  subjects: readonly Subject[],
  clients: readonly number[],
  results: Results,
): string {
  return markdownTable(
    columns,
    subjects.flatMap((subject) =>
      clients.map((count) => columns.map(({ cell }) => cell(subject, count, results))),
    ),
  );
}

export function markdownTable(
  columns: readonly Pick<Column, 'head' | 'isText'>[],
  rows: readonly (readonly string[])[],
): string {
  return [
    `| ${columns.map(({ head }) => head).join(' | ')} |`,
    `|${columns.map(({ isText = false }) => (isText ? '---|' : '---:|')).join('')}`,
    ...rows.map((cells) => `| ${cells.join(' | ')} |`),
  ].join('\n');
}

/** A dash for what cannot be told. */
export function figure(value: number, digits: number): string {
  return Number.isFinite(value) ? value.toFixed(digits) : '-';
}
