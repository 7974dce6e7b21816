import type { AppendToKey, ChangeResult, DeleteKey, JsonValue, PutKey } from './command.js';
import { bytesOfItems, bytesOfRecord, bytesOfValue, SizedMap } from './stateBytes.js';
import { recordsFrom, type PartLoader, type StatePart } from './statePart.js';
import { SnapshotError } from './stateMachine.js';

/** Limit for appends to a list, as the approximate length of its JSON: a longer list would delay its readers. */
export const LIST_CHARS_MAX = 4 * 1024 * 1024;

/**
 * About the length of the JSON of a record of a long list, which takes several; an item longer than this has its own.
 */
const PART_CHARS = 8_192;

/**
 * The first `length` items of an array that is shared by all states of the list and only ever grows: an append copies
 * nothing, and every earlier state stays what it was.
 */
interface List {
  readonly items: JsonValue[];
  readonly length: number;
  readonly chars: number;
  readonly bytes: number;
  /** The items as readers get them, when the list is long: one array for all of them. */
  view?: readonly JsonValue[];
}

/** A list whose JSON is longer than this is copied for its first reader only. */
const SHARED_CHARS = 64 * 1024;

type Stored = { readonly list: List } | { readonly value: JsonValue; readonly bytes: number };

/** The size of an empty list. */
const EMPTY_LIST_BYTES = bytesOfValue([]);

/** A record of a snapshot: a key with its value, or more items of the list in the record before. */
export type KeyRecord =
  { readonly k: string; readonly v: JsonValue } | { readonly more: readonly JsonValue[] };

/** The key/value map: key -> any JSON value (assignments 000 and 001, which store lists of strings and any value). */
export class KeyValue implements StatePart<KeyRecord> {
  private keys = new SizedMap<Stored>(bytesOfStored);

  get size(): number {
    return this.keys.size;
  }

  /** The size of all keys together, as {@link bytesOfRecord} counts it. */
  get bytes(): number {
    return this.keys.bytes;
  }

  /** The value under a key, undefined when there is none. */
  get(key: string): JsonValue | undefined {
    const stored = this.keys.get(key);
    return stored === undefined ? undefined : valueOf(stored);
  }

  /** All keys, in order of the first write; what changes while they are read may or may not show. */
  names(): IterableIterator<string> {
    return this.keys.keys();
  }

  /** All keys with their values as they are at this moment. */
  list(): (readonly [string, JsonValue])[] {
    return [...this.keys.entries()].map(([key, stored]) => [key, valueOf(stored)]);
  }

  put({ key, value }: Pick<PutKey, 'key' | 'value'>): ChangeResult {
    this.keys.set(key, storedOf(value));
    return 'applied';
  }

  /** A missing key counts as an empty list. */
  append({ key, items }: Pick<AppendToKey, 'key' | 'items'>): ChangeResult {
    const stored = this.keys.get(key) ?? storedOf([]);
    if (!('list' in stored)) return 'notAList';
    if (stored.list.chars + charsOf(items) > LIST_CHARS_MAX) return 'tooLarge';
    this.keys.set(key, { list: extended(stored.list, items) });
    return 'applied';
  }

  delete({ key }: Pick<DeleteKey, 'key'>): ChangeResult {
    return this.keys.delete(key) ? 'applied' : 'missing';
  }

  /** By how much the command would change {@link bytes}, were it applied now. */
  growthBy(command: PutKey | AppendToKey | DeleteKey): number {
    const before = this.keys.bytesAt(command.key);
    switch (command.type) {
      case 'kvPut':
        return bytesOfRecord(command.key, bytesOfValue(command.value)) - before;
      case 'kvAppend': {
        const list = before > 0 ? 0 : bytesOfRecord(command.key, EMPTY_LIST_BYTES);
        return list + bytesOfItems(command.items);
      }
      case 'kvDelete':
        return -before;
    }
  }

  records(): Iterator<unknown> {
    return recordsFrom(this.keys.freeze(), recordsOfKey);
  }

  load(): PartLoader<KeyRecord> {
    const keys = new SizedMap<Stored>(bytesOfStored);
    let lastKey: string | undefined;
    return {
      add: (record) => {
        lastKey = addRecord(keys, record, lastKey);
      },
      install: () => {
        this.keys = keys;
      },
    };
  }
}

function valueOf(stored: Stored): JsonValue {
  if (!('list' in stored)) return stored.value;
  const { list } = stored;
  if (list.chars < SHARED_CHARS) return list.items.slice(0, list.length);
  list.view ??= list.items.slice(0, list.length);
  return list.view;
}

function storedOf(value: JsonValue): Stored {
  const bytes = bytesOfValue(value);
  return isArray(value)
    ? { list: { items: [...value], length: value.length, chars: charsOf(value), bytes } }
    : { value, bytes };
}

function bytesOfStored(key: string, stored: Stored): number {
  return bytesOfRecord(key, 'list' in stored ? stored.list.bytes : stored.bytes);
}

/** Only the newest state of a list is ever extended. */
function extended({ items, chars, bytes }: List, more: readonly JsonValue[]): List {
  for (const item of more) items.push(item);
  return { items, length: items.length, chars: chars + charsOf(more), bytes: bytes + bytesOfItems(more) };
}

/** About the length of the JSON of these items. */
function charsOf(items: readonly JsonValue[]): number {
  return items.reduce<number>((sum, item) => sum + charsOfItem(item), 0);
}

function charsOfItem(item: JsonValue): number {
  return typeof item === 'string' ? item.length + 3 : JSON.stringify(item).length + 1;
}

function recordsOfKey(key: string, stored: Stored): readonly KeyRecord[] {
  if (!('list' in stored)) return [{ k: key, v: stored.value }];
  const [first = [], ...others] = partsOf(stored.list);
  return [{ k: key, v: first }, ...others.map((more) => ({ more }))];
}

function partsOf({ items, length }: List): JsonValue[][] {
  const parts: JsonValue[][] = [];
  let part: JsonValue[] = [];
  let chars = 0;
  for (const item of items.slice(0, length)) {
    const itemChars = charsOfItem(item);
    if (part.length > 0 && chars + itemChars > PART_CHARS) {
      parts.push(part);
      part = [];
      chars = 0;
    }
    part.push(item);
    chars += itemChars;
  }
  parts.push(part);
  return parts;
}

/** Gives the key whose list more items may follow. */
function addRecord(
  keys: SizedMap<Stored>,
  record: KeyRecord,
  lastKey: string | undefined,
): string | undefined {
  if ('more' in record) {
    const stored = lastKey === undefined ? undefined : keys.get(lastKey);
    if (lastKey === undefined || stored === undefined || !('list' in stored) || !Array.isArray(record.more))
      throw new SnapshotError('a record of the snapshot goes on with a list that is not there');
    keys.set(lastKey, { list: extended(stored.list, record.more) });
    return lastKey;
  }
  const { k: key, v: value } = record as { readonly k: unknown; readonly v?: JsonValue };
  if (typeof key !== 'string' || value === undefined || keys.get(key) !== undefined)
    throw new SnapshotError('a record of the snapshot is no key, or a key that is there already');
  keys.set(key, storedOf(value));
  return key;
}

function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
