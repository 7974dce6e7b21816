import type {
  CheckResult,
  Election,
  RunMs,
  RunRecord,
  FaultSpan,
  RunOperation,
  ServerId,
} from '../runRecord.js';

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

/**
 * The outcome of an operation as the report draws it. `refused` was answered with no (a version that does not follow), `fault`
 * certainly had no effect, and of `unknown` nobody can tell.
 */
export const outcomeClasses = ['ok', 'refused', 'fault', 'unknown'] as const;
export type OutcomeClass = (typeof outcomeClasses)[number];

export function outcomeClass({ outcome }: RunOperation): OutcomeClass {
  switch (outcome.status) {
    case 'ok':
      return 'applied' in outcome && !outcome.applied ? 'refused' : 'ok';
    case 'failed':
      return 'fault';
    case 'unknown':
      return 'unknown';
  }
}

/** Undefined if the call never returned. */
export function latencyMs({ invokedAt, returnedAt }: RunOperation): number | undefined {
  return returnedAt === null ? undefined : returnedAt - invokedAt;
}

/** Whether the call asks for a change, rather than only reads. */
export function isWrite({ kind }: RunOperation): boolean {
  switch (kind) {
    case 'update':
    case 'kvPut':
    case 'kvAppend':
    case 'kvDelete':
      return true;
    case 'readFile':
    case 'readVersion':
    case 'readMap':
    case 'kvGet':
      return false;
  }
}

const blockedFromMs = 1000;
/** A call during which a fault began may still be a quick one that was not held up by it. */
const heldUpFromMs = 100;

/** Tells blocked calls: longer than a second, or held up while a fault began. */
export function blockedTest(faults: readonly FaultSpan[]): (operation: RunOperation) => boolean {
  const beginnings = Float64Array.from(faults, ({ startedAt }) => startedAt).sort();
  const beginsWithin = (from: RunMs, to: RunMs): boolean => {
    let low = 0;
    let high = beginnings.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((beginnings[middle] ?? Infinity) < from) low = middle + 1;
      else high = middle;
    }
    return (beginnings[low] ?? Infinity) <= to;
  };
  return (operation) => {
    const latency = latencyMs(operation);
    if (latency === undefined || latency < heldUpFromMs) return false;
    return latency > blockedFromMs || beginsWithin(operation.invokedAt, operation.invokedAt + latency);
  };
}

/** A stretch of time. */
export interface Stretch {
  readonly from: RunMs;
  readonly to: RunMs;
}

/** When no server could reach a majority by the faults alone: nothing can be acknowledged then, and nothing should be. */
export function withoutMajority(record: RunRecord, endMs: RunMs): Stretch[] {
  const ids = record.servers.map(({ id }) => id);
  const moments = [
    ...new Set(record.faults.flatMap(({ startedAt, endedAt }) => [startedAt, endedAt ?? endMs])),
  ].sort((one, other) => one - other);
  const found: { from: RunMs; to: RunMs }[] = [];
  const active = new Set<FaultSpan>();
  const coming = [...record.faults].sort((one, other) => one.startedAt - other.startedAt);
  let next = 0;
  moments.forEach((from, index) => {
    const to = Math.min(endMs, moments[index + 1] ?? endMs);
    for (const fault of active) if ((fault.endedAt ?? endMs) <= from) active.delete(fault);
    for (let fault = coming[next]; fault !== undefined && fault.startedAt <= from; fault = coming[next]) {
      if ((fault.endedAt ?? endMs) > from) active.add(fault);
      next += 1;
    }
    if (to <= from || hasMajority(ids, active)) return;
    const last = found.at(-1);
    if (last?.to === from) last.to = to;
    else found.push({ from, to });
  });
  return found;
}

function hasMajority(ids: readonly ServerId[], faults: ReadonlySet<FaultSpan>): boolean {
  const down = new Set<ServerId>();
  const cut = new Set<string>();
  for (const { server, kind, from = [] } of faults) {
    if (kind !== 'unreachable') down.add(server);
    else for (const other of from) cut.add(`${server}-${other}`).add(`${other}-${server}`);
  }
  const up = ids.filter((id) => !down.has(id));
  return up.some((one) => {
    const reached = up.filter((other) => other === one || !cut.has(`${one}-${other}`));
    return reached.length > ids.length / 2;
  });
}

export interface Quantiles {
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

/** The smallest values that half, 95 of 100, and all do not exceed; undefined for no values. */
export function quantiles(values: readonly number[]): Quantiles | undefined {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
  return sorted.length === 0 ? undefined : { p50: at(0.5), p95: at(0.95), max: at(1) };
}
