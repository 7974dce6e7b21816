import type { JsonValue } from './history.js';

/** The value as JSON with the members of every object in order of name: equal values give equal texts. */
export function canonicalJson(value: JsonValue): string {
  return JSON.stringify(value, (_name, part: JsonValue) => (isObject(part) ? sorted(part) : part));
}

function isObject(value: JsonValue): value is Readonly<Record<string, JsonValue>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sorted(value: Readonly<Record<string, JsonValue>>): JsonValue {
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
