import type { FileState, RecordedValue, Operation } from './history.js';

/** The format's name, on the first line. */
const format = 'surfstore-history';
const formatVersion = 1;

/** A text that is no history; the message says which line is wrong, and how. */
export class HistoryFormatError extends Error {
  override readonly name = 'HistoryFormatError';

  /** @param line counted from 1 */
  constructor(
    readonly line: number,
    readonly problem: string,
  ) {
    super(`line ${line}: ${problem}`);
  }
}

/** The history as JSON Lines (`docs/histories.md`): a header, then one operation per line, each line ended. */
export function encodeHistory(operations: readonly Operation[]): string {
  const header = { format, version: formatVersion };
  return [header, ...operations].map((line) => `${JSON.stringify(line)}\n`).join('');
}

/**
 * The operations of a history in JSON Lines. Blank lines and members unknown to the format are passed over.
 *
 * @throws HistoryFormatError at the first line that is wrong
 */
export function decodeHistory(text: string): Operation[] {
  const operations: Operation[] = [];
  const ids = new Set<number>();
  let isHeaderRead = false;
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    try {
      const value = parseLine(line);
      if (!isHeaderRead) {
        checkHeader(value);
        isHeaderRead = true;
        continue;
      }
      const operation = operationIn(value);
      must(!ids.has(operation.id), `id ${operation.id} was used before`);
      ids.add(operation.id);
      operations.push(operation);
    } catch (error) {
      if (error instanceof Wrong) throw new HistoryFormatError(index + 1, error.message);
      throw error;
    }
  }
  if (!isHeaderRead) throw new HistoryFormatError(1, `the header of a ${format} is missing`);
  return operations;
}

class Wrong extends Error {}

type Members = Readonly<Record<string, RecordedValue | undefined>>;

function must(condition: boolean, problem: string): asserts condition {
  if (!condition) throw new Wrong(problem);
}

function parseLine(line: string): Members {
  let value: RecordedValue;
  try {
    value = JSON.parse(line) as RecordedValue;
  } catch {
    throw new Wrong('not JSON');
  }
  return members(value, 'the line');
}

function checkHeader(header: Members): void {
  must(header['format'] === format, `the header of a ${format} is missing`);
  must(header['version'] === formatVersion, `only version ${formatVersion} of the format is known`);
}

function operationIn(line: Members): Operation {
  const id = integer(line, 'id');
  const client = text(line, 'client');
  const invokedAt = time(line, 'invokedAt');
  const returnedAt = line['returnedAt'] === null ? null : time(line, 'returnedAt');
  must(returnedAt === null || returnedAt >= invokedAt, 'returnedAt lies before invokedAt');
  const outcome = members(line['outcome'], 'outcome');
  const status = text(outcome, 'status');
  must(status === 'ok' || status === 'failed' || status === 'unknown', `no such status: ${status}`);
  must(status === 'unknown' || returnedAt !== null, 'only an unknown outcome may lack returnedAt');
  const timed = { id, client, invokedAt, returnedAt };
  return { ...timed, ...callIn(line), outcome: outcomeIn(text(line, 'kind'), status, outcome) } as Operation;
}

function callIn(line: Members): object {
  const kind = text(line, 'kind');
  switch (kind) {
    case 'update':
      return {
        kind,
        file: text(line, 'file'),
        version: integer(line, 'version'),
        content: text(line, 'content'),
      };
    case 'readFile':
    case 'readVersion':
      return { kind, file: text(line, 'file') };
    case 'readMap':
      return { kind };
    case 'kvPut':
    case 'kvAppend':
      must(line['value'] !== undefined, 'value is missing');
      return { kind, key: text(line, 'key'), value: line['value'] };
    case 'kvDelete':
    case 'kvGet':
      return { kind, key: text(line, 'key') };
    default:
      throw new Wrong(`no such kind: ${kind}`);
  }
}

function outcomeIn(kind: string, status: 'ok' | 'failed' | 'unknown', outcome: Members): object {
  if (status === 'ok') return { status, ...resultIn(kind, outcome) };
  return outcome['reason'] === undefined ? { status } : { status, reason: text(outcome, 'reason') };
}

function resultIn(kind: string, outcome: Members): object {
  switch (kind) {
    case 'update': {
      const applied = outcome['applied'];
      must(typeof applied === 'boolean', 'applied must be true or false');
      return { applied };
    }
    case 'readFile': {
      const version = versionIn(outcome, 0);
      if (version > 0) return { version, content: text(outcome, 'content') };
      must(outcome['content'] === null, 'content must be null at version 0');
      return { version, content: null };
    }
    case 'readVersion':
      return { version: versionIn(outcome, 0) };
    case 'readMap':
      return { files: filesIn(members(outcome['files'], 'files')) };
    case 'kvDelete': {
      const existed = outcome['existed'];
      must(typeof existed === 'boolean', 'existed must be true or false');
      return { existed };
    }
    case 'kvGet':
      return outcome['value'] === undefined ? {} : { value: outcome['value'] };
    default:
      return {};
  }
}

function filesIn(files: Members): Record<string, FileState> {
  return Object.fromEntries(
    Object.entries(files).map(([name, value]) => {
      const state = members(value, `the state of file ${JSON.stringify(name)}`);
      return [name, { version: versionIn(state, 1), content: text(state, 'content') }];
    }),
  );
}

function members(value: RecordedValue | undefined, what: string): Members {
  must(typeof value === 'object' && value !== null && !Array.isArray(value), `${what} must be an object`);
  return value as Members;
}

function text(from: Members, name: string): string {
  const value = from[name];
  must(typeof value === 'string', `${name} must be a string`);
  return value;
}

function time(from: Members, name: string): number {
  const value = from[name];
  must(typeof value === 'number' && Number.isFinite(value), `${name} must be a number`);
  return value;
}

function integer(from: Members, name: string): number {
  const value = from[name];
  must(typeof value === 'number' && Number.isSafeInteger(value), `${name} must be a whole number`);
  return value;
}

function versionIn(from: Members, least: number): number {
  const version = integer(from, 'version');
  must(version >= least, `version must be at least ${least}`);
  return version;
}
