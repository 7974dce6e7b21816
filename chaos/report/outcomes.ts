import type { FaultSpan, RunMs, RunOperation } from '../runRecord.js';

/**
 * What an operation looks like in the report. `refused` was answered with no (a version that does not follow), `fault`
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

export const blockedFromMs = 1000;
/** A call during which a fault began may still be a quick one that was not held up by it. */
export const heldUpFromMs = 100;

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
