import {
  type FileOperation,
  type FileState,
  isFileOperation,
  type RecordedValue,
  type KeyOperation,
  type Operation,
  type Verdict,
} from './history.js';
import { type Model, searchLinearization, type SearchOptions } from './wgl.js';

type Files = ReadonlyMap<string, FileState>;

/**
 * The file map as a sequential object: an update is applied exactly when its version is one above the stored
 * one, 0 for a file never written. For the general search, on small histories: `checkFiles` is exact too
 * and needs no search.
 */
export const fileMapModel: Model<Files, FileOperation> = {
  init: new Map(),
  step(files, operation) {
    switch (operation.kind) {
      case 'update': {
        const { file, version, content, outcome } = operation;
        const isApplied = version === versionOf(files, file) + 1;
        const isLegal = outcome.status !== 'ok' || outcome.applied === isApplied;
        return [isLegal, isApplied ? new Map(files).set(file, { version, content }) : files];
      }
      case 'readFile': {
        const { file, outcome } = operation;
        if (outcome.status !== 'ok') return [true, files];
        const isContent = (files.get(file)?.content ?? null) === outcome.content;
        return [outcome.version === versionOf(files, file) && isContent, files];
      }
      case 'readVersion': {
        const { file, outcome } = operation;
        return [outcome.status !== 'ok' || outcome.version === versionOf(files, file), files];
      }
      case 'readMap': {
        const { outcome } = operation;
        return [
          outcome.status !== 'ok' || textOfFiles(Object.entries(outcome.files)) === textOfFiles(files),
          files,
        ];
      }
    }
  },
  key: textOfFiles,
  isPassive: ({ kind, outcome }) =>
    kind !== 'update' || (outcome.status === 'ok' && 'applied' in outcome && !outcome.applied),
};

function versionOf(files: Files, file: string): number {
  return files.get(file)?.version ?? 0;
}

function textOfFiles(files: Iterable<readonly [string, FileState]>): string {
  const rows = Array.from(files, ([name, { version, content }]) => JSON.stringify([name, version, content]));
  return rows.sort().join();
}

type Stored = RecordedValue | undefined;

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
          ? [true, [...(list as readonly RecordedValue[]), operation.value]]
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

/** The value as JSON with the members of every object in order of name: equal values give equal texts. */
export function canonicalJson(value: RecordedValue): string {
  return JSON.stringify(value, (_name, part: RecordedValue) => (isObject(part) ? sorted(part) : part));
}

function isObject(value: RecordedValue): value is Readonly<Record<string, RecordedValue>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sorted(value: Readonly<Record<string, RecordedValue>>): RecordedValue {
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
