import { keyValueModel, type KeyOperation } from '../verify/index.js';

/** An operation on a key, and the place of its command among those that took effect; undefined: it is not there. */
export interface Placed {
  readonly operation: KeyOperation;
  readonly place: number | undefined;
}

/**
 * Whether one order of the writes on a key, that of the log, explains all that clients saw of it. Then the history of the
 * key is linearizable, and this order shows it; the search for any order takes exponential time when many outcomes
 * are unknown. No value may be written twice: then each read has one place between the writes, and it is left to find
 * a moment for each write, none before the moment of the one before it.
 */
export function isExplainedBy(placed: readonly Placed[]): boolean {
  const inOrder = placed.filter(isThere).sort((a, b) => a.place - b.place);
  const isMissing = ({ operation: { kind, outcome }, place }: Placed): boolean =>
    kind !== 'kvGet' && outcome.status === 'ok' && place === undefined;
  if (placed.some(isMissing) || inOrder.some(({ operation: { outcome } }) => outcome.status === 'failed'))
    return false;
  const reads = readsByState(placed);
  let state = keyValueModel.init;
  let momentAt = Number.NEGATIVE_INFINITY;
  /** The reads of the present state; whether there is a moment for each of them. */
  const take = (): boolean => {
    const seen = reads.get(keyValueModel.key(state)) ?? [];
    reads.delete(keyValueModel.key(state));
    const isInTime = seen.every(({ returnedAt }) => momentAt <= (returnedAt ?? Infinity));
    for (const { invokedAt } of seen) momentAt = Math.max(momentAt, invokedAt);
    return isInTime;
  };
  if (!take()) return false;
  for (const { operation } of inOrder) {
    momentAt = Math.max(momentAt, operation.invokedAt);
    if (operation.outcome.status === 'ok' && momentAt > (operation.returnedAt ?? Infinity)) return false;
    const [isLegal, next] = keyValueModel.step(state, operation);
    if (!isLegal) return false;
    state = next;
    if (!take()) return false;
  }
  return reads.size === 0;
}

function isThere(placed: Placed): placed is Placed & { readonly place: number } {
  return placed.place !== undefined;
}

/** The answered reads, by the text of what they saw. */
function readsByState(placed: readonly Placed[]): Map<string, KeyOperation[]> {
  const reads = new Map<string, KeyOperation[]>();
  for (const { operation } of placed) {
    if (operation.kind !== 'kvGet' || operation.outcome.status !== 'ok') continue;
    const text = keyValueModel.key(operation.outcome.value);
    reads.set(text, [...(reads.get(text) ?? []), operation]);
  }
  return reads;
}
