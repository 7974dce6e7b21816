import type { CheckResult, Election, RunMs, RunRecord } from '../runRecord.js';
import type { Stretch } from './majority.js';
import { quantiles, type Quantiles } from './numbers.js';
import { isWrite, latencyMs, outcomeClass, type OutcomeClass } from './outcomes.js';

export type OverallVerdict = 'pass' | 'fail' | 'unknown';

/** One failure fails the run; without one, anything undecided leaves it undecided. */
export function overallVerdict(checks: readonly CheckResult[]): OverallVerdict {
  if (checks.some(({ verdict }) => verdict === 'fail')) return 'fail';
  return checks.length > 0 && checks.every(({ verdict }) => verdict === 'pass') ? 'pass' : 'unknown';
}

/** The figures at the top of the report. */
export interface Summary {
  readonly counts: Readonly<Record<OutcomeClass, number>>;
  readonly updatesPerSecond: number;
  /** The longest stretch in which no update was acknowledged although some were asked for. */
  readonly withoutService: Stretch | undefined;
  /** Of operations that were answered with a result. */
  readonly latencies: Quantiles | undefined;
  readonly elections: Quantiles | undefined;
}

export function summarize(record: RunRecord, endMs: RunMs): Summary {
  const counts = { ok: 0, refused: 0, fault: 0, unknown: 0 };
  const latencies: number[] = [];
  let updates = 0;
  for (const operation of record.operations) {
    const what = outcomeClass(operation);
    counts[what] += 1;
    if (what === 'ok' && isWrite(operation)) updates += 1;
    const latency = latencyMs(operation);
    if (operation.outcome.status === 'ok' && latency !== undefined) latencies.push(latency);
  }
  return {
    counts,
    updatesPerSecond: (updates * 1000) / endMs,
    withoutService: longestWithoutService(record),
    latencies: quantiles(latencies),
    elections: quantiles(record.elections.map(electionMs)),
  };
}

export function electionMs({ neededAt, electedAt }: Election): RunMs {
  return Math.max(0, electedAt - neededAt);
}

/** Counted between acknowledged updates, from the first call to the last one's end. */
function longestWithoutService({ operations }: RunRecord): Stretch | undefined {
  const acknowledged: RunMs[] = [];
  let first = Infinity;
  let last = -Infinity;
  for (const operation of operations) {
    if (!isWrite(operation)) continue;
    const { invokedAt, returnedAt } = operation;
    first = Math.min(first, invokedAt);
    last = Math.max(last, returnedAt ?? invokedAt);
    if (outcomeClass(operation) === 'ok' && returnedAt !== null) acknowledged.push(returnedAt);
  }
  if (first === Infinity) return undefined;
  const moments = [first, ...acknowledged, last].sort((one, other) => one - other);
  let longest: Stretch = { from: first, to: first };
  moments.forEach((to, index) => {
    const from = moments[index - 1] ?? to;
    if (to - from > longest.to - longest.from) longest = { from, to };
  });
  return longest;
}
