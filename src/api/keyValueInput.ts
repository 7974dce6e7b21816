import type { JsonValue } from '../stateMachine/command.js';

/** Longest key, in bytes of UTF-8. */
const KEY_BYTES_MAX = 4096;

/** Lists and objects inside each other: more than anybody means, and far less than what breaks those who write JSON. */
const DEPTH_MAX = 100;

/** Longest name of a client or of a single request, in UTF-16 units. */
const CLIENT_ID_CHARS_MAX = 256;

/** How long a call may take: unless it says so, and at most. */
export const TIMEOUT_MS = 10_000;
const TIMEOUT_MS_MAX = 600_000;

/** What a client sent makes no sense; nothing was done. The message says what is wrong and what is allowed. */
export class InputError extends Error {
  override readonly name: string = 'InputError';
}

/** What a client sent is more than this server takes; nothing was done. */
export class TooLargeError extends InputError {
  override readonly name = 'TooLargeError';
}

/** What is wrong with a text that JSON.parse refuses with this error, and what often is. */
export function notJson(what: string, text: string, error: unknown): string {
  if (text.trim() === '') return `${what} is empty`;
  const hint = /['\u2018-\u201f]/.test(text) ? '; JSON wants straight double quotes' : '';
  return `${what} is not JSON: ${(error as Error).message}${hint}`;
}

/** @throws InputError */
export function checkKey(key: unknown): string {
  if (typeof key !== 'string') throw new InputError('the key must be a string');
  if (key === '') throw new InputError('the key must not be empty');
  if (key === '.' || key === '..')
    throw new InputError(
      `the key must not be "${key}": HTTP clients take it for a step in the path and leave it out; choose another name`,
    );
  const bytes = Buffer.byteLength(key);
  if (bytes > KEY_BYTES_MAX)
    throw new InputError(`the key is ${bytes} bytes long; at most ${KEY_BYTES_MAX} are allowed`);
  return key;
}

/** A value as JSON.parse gives it, unless it is missing or too deep. @throws InputError */
export function checkValue(value: unknown): JsonValue {
  if (value === undefined) throw new InputError('the value is missing');
  if (isDeeperThan(value, DEPTH_MAX))
    throw new InputError(`the value is nested more than ${DEPTH_MAX} lists or objects deep`);
  if (holdsInfinity(value)) throw new InputError('a number in the value is larger than any that can be kept');
  return value as JsonValue;
}

/** @throws InputError */
export function checkClientId(clientId: unknown): string {
  const isName =
    typeof clientId === 'string' &&
    clientId !== '' &&
    clientId.length <= CLIENT_ID_CHARS_MAX &&
    !/[\p{Cc}\p{Cs}]/u.test(clientId);
  if (!isName)
    throw new InputError(
      `the name of a client or request must be 1 to ${CLIENT_ID_CHARS_MAX} characters without control characters`,
    );
  return clientId;
}

/** @throws InputError */
export function checkSequence(sequence: unknown): number {
  if (!Number.isSafeInteger(sequence) || (sequence as number) < 1)
    throw new InputError('sequence must be a whole number from 1 to 2^53 - 1');
  return sequence as number;
}

/** @throws InputError */
export function checkTimeout(timeoutMs: unknown): number {
  const isTimeout = Number.isSafeInteger(timeoutMs) && (timeoutMs as number) >= 1;
  if (!isTimeout || (timeoutMs as number) > TIMEOUT_MS_MAX)
    throw new InputError(`timeout_ms must be a whole number from 1 to ${TIMEOUT_MS_MAX}`);
  return timeoutMs as number;
}

function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((member) => isDeeperThan(member, levels - 1));
}

/** JSON can write numbers that become infinite when they are read. */
function holdsInfinity(value: unknown): boolean {
  if (typeof value === 'number') return !Number.isFinite(value);
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsInfinity);
}
