import {
  checkFiles,
  checkKeyValues,
  isFileOperation,
  type RecordedValue,
  type Operation as HistoryOperation,
  type Verdict,
  keyValueModel,
  type KeyOperation,
} from '../verify/index.js';
import { isWrite, markOf, type RequestOutcome, type SimOperation } from './requests.js';
import { SafetyViolation } from './safety.js';
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

/** An operation on a key, and the place of its command among those that took effect; undefined: it is not there. */
export interface Placed {
  readonly operation: KeyOperation;
  readonly place: number | undefined;
}

/**
 * Whether one order of the writes on a key, that of the log, explains all that clients saw of it. Then the history of the
 * key is linearizable, and this order shows it; the search for any order takes exponential time when many outcomes
 * are unknown. No value may be written twice: then each read has one place between the writes, and it is left to find
 * a moment for each write, none before the moment of the one before it. Only that there is no key may be seen at several
 * places: such a read belongs to the last one that begins before the read has its answer, because it holds up fewer writes
 * there.
 */
export function isExplainedBy(placed: readonly Placed[]): boolean {
  const inOrder = placed.filter(isThere).sort((a, b) => a.place - b.place);
  const isMissing = (each: Placed): boolean =>
    !isAnsweredRead(each) && each.operation.outcome.status === 'ok' && each.place === undefined;
  if (placed.some(isMissing) || inOrder.some(({ operation: { outcome } }) => outcome.status === 'failed'))
    return false;
  const texts = statesAfter(inOrder);
  if (texts === undefined) return false;
  const reads = readsByPlace(texts, inOrder, placed.filter(isAnsweredRead));
  if (reads === undefined) return false;
  return momentsOf(texts.length, inOrder, reads) !== undefined;
}

type Reads = ReadonlyMap<number, readonly KeyOperation[]>;
type InOrder = readonly (Placed & { readonly place: number })[];

/** The states before, between and after the writes, as texts; undefined when a write was told what it cannot have been. */
function statesAfter(inOrder: InOrder): string[] | undefined {
  let state = keyValueModel.init;
  const texts = [keyValueModel.key(state)];
  for (const { operation } of inOrder) {
    const [isLegal, next] = keyValueModel.step(state, operation);
    if (!isLegal) return undefined;
    state = next;
    texts.push(keyValueModel.key(state));
  }
  return texts;
}

/** The earliest moment of each state, after its reads are begun; undefined when a write or a read has no moment. */
function momentsOf(states: number, inOrder: InOrder, reads: Reads): number[] | undefined {
  const moments: number[] = [];
  let momentAt = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < states; index += 1) {
    const write = inOrder[index - 1]?.operation;
    if (write !== undefined) {
      momentAt = Math.max(momentAt, write.invokedAt);
      if (write.outcome.status === 'ok' && momentAt > endOf(write)) return undefined;
    }
    moments.push(momentAt);
    const seen = reads.get(index) ?? [];
    if (seen.some((read) => momentAt > endOf(read))) return undefined;
    for (const { invokedAt } of seen) momentAt = Math.max(momentAt, invokedAt);
  }
  return moments;
}

/** Each read at the place where it belongs; undefined when there is none, or when those with one place have no moment. */
function readsByPlace(
  texts: readonly string[],
  inOrder: InOrder,
  reads: readonly Placed[],
): Reads | undefined {
  const byPlace = new Map<number, KeyOperation[]>();
  const put = (read: KeyOperation, place: number): void => {
    byPlace.set(place, [...(byPlace.get(place) ?? []), read]);
  };
  const several: { read: KeyOperation; places: number[] }[] = [];
  const placesOf = new Map<string, number[]>();
  for (const [place, text] of texts.entries()) placesOf.set(text, [...(placesOf.get(text) ?? []), place]);
  for (const { operation } of reads) {
    const places = placesOf.get(textSeenBy(operation)) ?? [];
    const [first, ...others] = places;
    if (first === undefined) return undefined;
    if (others.length === 0) put(operation, first);
    else several.push({ read: operation, places });
  }
  const moments = momentsOf(texts.length, inOrder, byPlace);
  if (moments === undefined) return undefined;
  for (const { read, places } of several) {
    const place = places.findLast((candidate) => (moments[candidate] ?? Infinity) <= endOf(read));
    if (place === undefined) return undefined;
    put(read, place);
  }
  return byPlace;
}

function isThere(placed: Placed): placed is Placed & { readonly place: number } {
  return placed.place !== undefined;
}

/** A delete that found nothing to delete is one. */
function isAnsweredRead({ operation: { kind, outcome } }: Placed): boolean {
  if (outcome.status !== 'ok') return false;
  return kind === 'kvGet' || (kind === 'kvDelete' && 'existed' in outcome && !outcome.existed);
}

function textSeenBy(operation: KeyOperation): string {
  const { kind, outcome } = operation;
  return keyValueModel.key(kind === 'kvGet' && outcome.status === 'ok' ? outcome.value : undefined);
}

function endOf({ returnedAt }: KeyOperation): number {
  return returnedAt ?? Infinity;
}
