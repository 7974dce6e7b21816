import type { JsonValue } from './command.js';
import { CopyOnWriteMap } from './copyOnWriteMap.js';

/** A record's place in its map, and the objects that hold its value. */
const RECORD_BYTES = 128;
const TEXT_BYTES = 16;
const LIST_BYTES = 48;
const OBJECT_BYTES = 56;
const SLOT_BYTES = 8;

/** No value takes more than this times the length of its JSON: a list of empty lists is the worst. */
export const BYTES_PER_CHAR_MAX = 20;

/**
 * Approximate memory of a value in V8, in bytes. It depends on the value alone, so that all servers count alike,
 * however they received it.
 */
export function bytesOfValue(value: JsonValue): number {
  if (typeof value === 'string') return bytesOfText(value);
  if (typeof value !== 'object' || value === null) return SLOT_BYTES;
  if (isList(value)) return LIST_BYTES + bytesOfItems(value);
  return Object.entries(value).reduce(
    (sum, [name, member]) => sum + SLOT_BYTES + bytesOfText(name) + bytesOfValue(member),
    OBJECT_BYTES,
  );
}

/** The growth of a list by these items, in bytes. */
export function bytesOfItems(items: readonly JsonValue[]): number {
  return items.reduce<number>((sum, item) => sum + SLOT_BYTES + bytesOfValue(item), 0);
}

/** The size of a record: its name, its value of `valueBytes`, and the overhead. */
export function bytesOfRecord(name: string, valueBytes: number): number {
  return RECORD_BYTES + bytesOfText(name) + valueBytes;
}

/** One character beyond Latin-1 makes all of a text twice as large. */
function bytesOfText(text: string): number {
  return TEXT_BYTES + text.length * (/[^\0-\xff]/.test(text) ? 2 : 1);
}

function isList(value: object): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** A map that knows the size of all its records together, kept up to date record by record. */
export class SizedMap<Value> extends CopyOnWriteMap<Value> {
  private total = 0;

  /** @param bytesOf size of a record; the same for the same record at all times */
  constructor(private readonly bytesOf: (key: string, value: Value) => number) {
    super();
  }

  get bytes(): number {
    return this.total;
  }

  /** Size of the record under a key, 0 when there is none. */
  bytesAt(key: string): number {
    const value = this.get(key);
    return value === undefined ? 0 : this.bytesOf(key, value);
  }

  override set(key: string, value: Value): void {
    this.total += this.bytesOf(key, value) - this.bytesAt(key);
    super.set(key, value);
  }

  override delete(key: string): boolean {
    this.total -= this.bytesAt(key);
    return super.delete(key);
  }
}
