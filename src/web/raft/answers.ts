import { checkKeyValues, type KeyOperation } from '../../verify/index.js';
import { KEY, type ObservedCall } from './calls.js';

/** A history that is longer than this is judged no more: the search would take longer than a frame. */
const CALLS_MAX = 120;
const BUDGET_STEPS = 20_000;

/** Why no order of the calls explains the answers that clients got; undefined when there is one, or none was looked for. */
export function contradictionIn(calls: readonly ObservedCall[]): string | undefined {
  if (calls.length > CALLS_MAX) return undefined;
  const verdict = checkKeyValues(operationsOf(calls), { budgetSteps: BUDGET_STEPS });
  return verdict.ok === false ? `the answers contradict each other: ${verdict.reason}` : undefined;
}

/** The attempts of a session's write are one operation, which lasts until the first of them is answered. */
function operationsOf(calls: readonly ObservedCall[]): KeyOperation[] {
  const attempts = new Map<number, ObservedCall[]>();
  for (const call of calls) {
    if (call.kind === 'session') continue;
    const known = attempts.get(call.operation);
    if (known === undefined) attempts.set(call.operation, [call]);
    else known.push(call);
  }
  return [...attempts.values()].flatMap((all) => {
    const [first] = all;
    return first === undefined ? [] : [operationOf(first, all)];
  });
}

function operationOf(first: ObservedCall, all: readonly ObservedCall[]): KeyOperation {
  const done = all.find(({ outcome }) => outcome === 'done');
  const client = String(first.client);
  const timed = { id: first.operation, client, key: KEY, invokedAt: first.atMs };
  const isRefused = all.every(({ outcome }) => outcome === 'refused');
  const status = isRefused ? ('failed' as const) : ('unknown' as const);
  const returnedAt = done?.endMs ?? (isRefused ? first.endMs : null);
  if (first.kind === 'read') {
    const seen = done?.value === undefined ? {} : { value: done.value };
    return { ...timed, kind: 'kvGet', returnedAt, outcome: done ? { status: 'ok', ...seen } : { status } };
  }
  const value = first.value ?? null;
  return { ...timed, kind: 'kvPut', value, returnedAt, outcome: { status: done ? 'ok' : status } };
}
