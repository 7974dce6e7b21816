import type {
  FileState,
  RecordedValue,
  KvAppend,
  KvGet,
  KvPut,
  ReadFile,
  ReadMap,
  ReadVersion,
  Update,
} from '../../../../src/verify/index.js';

/** When an operation was called and when it returned. */
export type Span = readonly [invokedAt: number, returnedAt: number | null];
type Fate = 'failed' | 'unknown';

let lastId = 0;

function timed([invokedAt, returnedAt]: Span): {
  id: number;
  client: string;
  invokedAt: number;
  returnedAt: number | null;
} {
  lastId += 1;
  return { id: lastId, client: 'c', invokedAt, returnedAt };
}

/** What was written by default as this version of a file: different for each. */
export function contentOf(file: string, version: number): string {
  return `${file}@${version}`;
}

export function update(
  span: Span,
  file: string,
  version: number,
  applied: boolean | Fate,
  content = contentOf(file, version),
): Update {
  const outcome = typeof applied === 'boolean' ? ({ status: 'ok', applied } as const) : { status: applied };
  return { ...timed(span), kind: 'update', file, version, content, outcome };
}

export function read(span: Span, file: string, version: number, content?: string): ReadFile {
  const seen = version === 0 ? null : (content ?? contentOf(file, version));
  return { ...timed(span), kind: 'readFile', file, outcome: { status: 'ok', version, content: seen } };
}

export function readVersion(span: Span, file: string, version: number): ReadVersion {
  return { ...timed(span), kind: 'readVersion', file, outcome: { status: 'ok', version } };
}

/** A map read that saw these versions; 0 for a file it did not list. */
export function readMap(span: Span, versions: Readonly<Record<string, number>>): ReadMap {
  const files: [string, FileState][] = Object.entries(versions)
    .filter(([, version]) => version > 0)
    .map(([file, version]) => [file, { version, content: contentOf(file, version) }]);
  return { ...timed(span), kind: 'readMap', outcome: { status: 'ok', files: Object.fromEntries(files) } };
}

export function put(span: Span, key: string, value: RecordedValue, fate: 'ok' | Fate = 'ok'): KvPut {
  return { ...timed(span), kind: 'kvPut', key, value, outcome: { status: fate } };
}

export function append(span: Span, key: string, value: RecordedValue, fate: 'ok' | Fate = 'ok'): KvAppend {
  return { ...timed(span), kind: 'kvAppend', key, value, outcome: { status: fate } };
}

/** A get that saw this value; undefined: no such key. */
export function get(span: Span, key: string, value: RecordedValue | undefined): KvGet {
  const outcome = value === undefined ? ({ status: 'ok' } as const) : ({ status: 'ok', value } as const);
  return { ...timed(span), kind: 'kvGet', key, outcome };
}
