import type { ServerStatus } from '../../src/client/index.js';
import { canonicalJson, type FileState, type RecordedValue } from '../../src/verify/index.js';
import { NoAnswerError } from './rpcError.js';

/** The part of a status that the watch needs; the names are the server's. */
export type SeenStatus = Pick<
  ServerStatus,
  | 'role'
  | 'crashed'
  | 'term'
  | 'leader'
  | 'votedFor'
  | 'commitIndex'
  | 'lastApplied'
  | 'lastIndex'
  | 'waitingCalls'
  | 'unreachableFrom'
>;

/** @throws NoAnswerError when it is none: an answer that cannot be understood tells nothing */
export function asBoolean(value: unknown): boolean {
  if (typeof value !== 'boolean') throw unexpected('a boolean', value);
  return value;
}

/** @throws NoAnswerError */
export function asInt(value: unknown): number {
  // The package gives an i8 as a text.
  const number = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
  if (typeof number !== 'number') throw unexpected('an int', value);
  return number;
}

/** @throws NoAnswerError */
export function asStatus(value: unknown): SeenStatus {
  const status = asStruct(value);
  const int = (name: string): number => asInt(status.get(name));
  const from = status.get('unreachableFrom');
  return {
    role: String(status.get('role')),
    crashed: status.get('crashed') === true,
    term: int('term'),
    leader: int('leader'),
    votedFor: int('votedFor'),
    commitIndex: int('commitIndex'),
    lastApplied: int('lastApplied'),
    lastIndex: int('lastIndex'),
    waitingCalls: int('waitingCalls'),
    unreachableFrom: Array.isArray(from) ? from.map(asInt) : [],
  };
}

/** @throws NoAnswerError */
export function asFileMap(value: unknown): Map<string, FileState> {
  const files = new Map<string, FileState>();
  for (const [name, info] of asStruct(value)) {
    if (!Array.isArray(info)) throw unexpected('[version, hashlist]', info);
    const [version, hashList] = info as readonly unknown[];
    files.set(name, { version: asInt(version), content: canonicalJson(hashList as RecordedValue) });
  }
  return files;
}

function asStruct(value: unknown): Map<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw unexpected('a struct', value);
  return new Map<string, unknown>(Object.entries(value));
}

function unexpected(what: string, value: unknown): NoAnswerError {
  return new NoAnswerError(`the answer is not ${what}: ${JSON.stringify(value)}`);
}
