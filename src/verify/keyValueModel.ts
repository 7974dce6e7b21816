import { canonicalJson } from './canonicalJson.js';
import { isFileOperation, type JsonValue, type KeyOperation, type Operation } from './history.js';
import type { Verdict } from './verdict.js';
import { searchLinearization, type Model, type SearchOptions } from './wgl.js';

type Stored = JsonValue | undefined;

/**
 * The value under one key as a sequential object, undefined when there is none. A put replaces it; an append
 * adds one item to a list, and acts as a put of a list of that one item when there is no value or an empty list.
 * A delete leaves no value, and tells whether there was one.
 * An append to what is no list is refused: it cannot be answered with success, and changes nothing.
 */
export const keyValueModel: Model<Stored, KeyOperation> = {
  init: undefined,
  step(stored, operation) {
    const { outcome } = operation;
    switch (operation.kind) {
      case 'kvPut':
        return [true, operation.value];
      case 'kvAppend': {
        const list = stored ?? [];
        return Array.isArray(list)
          ? [true, [...(list as readonly JsonValue[]), operation.value]]
          : [outcome.status !== 'ok', stored];
      }
      case 'kvDelete': {
        const existed = stored !== undefined;
        return [operation.outcome.status !== 'ok' || operation.outcome.existed === existed, undefined];
      }
      case 'kvGet': {
        if (operation.outcome.status !== 'ok') return [true, stored];
        return [textOf(operation.outcome.value) === textOf(stored), stored];
      }
    }
  },
  key: textOf,
  isPassive: ({ kind }) => kind === 'kvGet',
};

/**
 * Whether the operations on keys are linearizable. Each key is searched by itself, which is exact:
 * linearizability is local (Herlihy & Wing 1990, theorem 1). Operations on files are passed over.
 *
 * @param options the budget holds for each key
 * @returns the first violation; else ok `unknown` if the budget ran out on some key
 */
export function checkKeyValues(
  history: readonly Operation[],
  options?: SearchOptions,
): Verdict<KeyOperation> {
  let givenUp: Verdict<KeyOperation> | undefined;
  for (const [key, operations] of byKey(history)) {
    const verdict = searchLinearization(keyValueModel, operations, options);
    if (verdict.ok === true) continue;
    const told = { ...verdict, reason: `key ${JSON.stringify(key)}: ${verdict.reason}` };
    if (told.ok === false) return told;
    givenUp ??= told;
  }
  return givenUp ?? { ok: true };
}

function byKey(history: readonly Operation[]): Map<string, KeyOperation[]> {
  const keys = new Map<string, KeyOperation[]>();
  for (const operation of history) {
    if (isFileOperation(operation)) continue;
    const operations = keys.get(operation.key);
    if (operations === undefined) keys.set(operation.key, [operation]);
    else operations.push(operation);
  }
  return keys;
}

/** Texts of lists and objects, which one search asks for again and again. */
const texts = new WeakMap<object, string>();

function textOf(stored: Stored): string {
  if (stored === undefined) return '';
  if (typeof stored !== 'object' || stored === null) return canonicalJson(stored);
  let text = texts.get(stored);
  if (text === undefined) {
    text = canonicalJson(stored);
    texts.set(stored, text);
  }
  return text;
}
