import {
  checkFiles,
  checkKeyValues,
  isFileOperation,
  type RecordedValue,
  type Operation as HistoryOperation,
  type Verdict,
} from '../verify/index.js';
import { isExplainedBy, type Placed } from './keyOrder.js';
import { isWrite, markOf, type RequestOutcome, type SimOperation } from './requests.js';
import { SafetyViolation } from './safetyViolation.js';
import { withoutPadding } from './simClient.js';

/** `searched`: on some key the order of the log did not explain what was seen, but another order does. */
export type Judgement = 'linearizable' | 'searched';

/** Steps of the search on a key that the order of the log does not explain. */
const BUDGET_STEPS = 100_000;

/**
 * The judgement over what the clients saw: their history must be linearizable. That covers the version rule, what is under
 * each key, and that outcomes were told honestly: what was reported as failed is never seen, what was acknowledged is
 * never missing. A key that neither the order of the log nor any other that was found explains counts as violated.
 *
 * @param effects the marks of the writes that took effect, in the order of the log
 * @throws SafetyViolation with the operations that show it
 */
export function judgeHistory(operations: readonly SimOperation[], effects: readonly string[]): Judgement {
  checkOnce(operations);
  require(checkFiles(operations.map(toHistory)));
  const places = new Map(effects.map((mark, place) => [mark, place]));
  let judgement: Judgement = 'linearizable';
  for (const placed of byKey(operations, places).values()) {
    if (isExplainedBy(placed)) continue;
    const history = placed.map(({ operation }) => operation);
    require(checkKeyValues(history, { budgetSteps: BUDGET_STEPS }));
    judgement = 'searched';
  }
  return judgement;
}

function require(verdict: Verdict): void {
  if (verdict.ok === true) return;
  const shown =
    verdict.ok === 'unknown' ? [] : verdict.operations.map((operation) => JSON.stringify(operation));
  throw new SafetyViolation('linearizability', [verdict.reason, ...shown].join('\n  '));
}

function byKey(
  operations: readonly SimOperation[],
  places: ReadonlyMap<string, number>,
): Map<string, Placed[]> {
  const keys = new Map<string, Placed[]>();
  for (const each of operations) {
    const operation = toHistory(each);
    if (isFileOperation(operation)) continue;
    const { request } = each;
    const placed = { operation, place: isWrite(request) ? places.get(markOf(request)) : undefined };
    const known = keys.get(operation.key);
    if (known === undefined) keys.set(operation.key, [placed]);
    else known.push(placed);
  }
  return keys;
}

/** No client ever saw an item twice in one list; needs no search. */
function checkOnce(operations: readonly SimOperation[]): void {
  for (const { id, outcome } of operations) {
    if (outcome?.kind !== 'got' || !Array.isArray(outcome.value)) continue;
    const items = outcome.value as readonly RecordedValue[];
    if (new Set(items).size < items.length)
      throw new SafetyViolation('no item is in a list twice', `op ${id}: ${JSON.stringify(items)}`);
  }
}

/** An operation of a run in the form that histories have everywhere. */
function toHistory({ id, client, request, invokedAt, returnedAt, outcome }: SimOperation): HistoryOperation {
  const timed = { id, client: String(client), invokedAt, returnedAt };
  switch (request.kind) {
    case 'update':
      return outcome?.kind === 'updated'
        ? { ...timed, ...request, outcome: { status: 'ok', applied: outcome.applied } }
        : { ...timed, ...request, outcome: withoutResult(outcome) };
    case 'readMap':
      return outcome?.kind === 'read'
        ? { ...timed, ...request, outcome: { status: 'ok', files: Object.fromEntries(outcome.files) } }
        : { ...timed, ...request, outcome: withoutResult(outcome) };
    case 'kvPut':
    case 'kvAppend': {
      const value = shortened(request.value);
      return outcome?.kind === 'written'
        ? { ...timed, ...request, value, outcome: { status: 'ok' } }
        : { ...timed, ...request, value, outcome: withoutResult(outcome) };
    }
    case 'kvDelete':
      return outcome?.kind === 'removed'
        ? { ...timed, ...request, outcome: { status: 'ok', existed: outcome.existed } }
        : { ...timed, ...request, outcome: withoutResult(outcome) };
    case 'kvGet': {
      if (outcome?.kind !== 'got') return { ...timed, ...request, outcome: withoutResult(outcome) };
      const seen = outcome.value === undefined ? {} : { value: shortened(outcome.value) };
      return { ...timed, ...request, outcome: { status: 'ok', ...seen } };
    }
  }
}

/** Long items would make the search slow, and tell it nothing. */
function shortened(value: RecordedValue): RecordedValue {
  if (typeof value === 'string') return withoutPadding(value);
  return Array.isArray(value) ? (value as readonly RecordedValue[]).map(shortened) : value;
}

function withoutResult(outcome: RequestOutcome | null): { status: 'failed' | 'unknown'; reason: string } {
  if (outcome?.kind === 'failed') return { status: 'failed', reason: outcome.reason };
  return { status: 'unknown', reason: outcome?.kind === 'unknown' ? outcome.reason : 'never answered' };
}
