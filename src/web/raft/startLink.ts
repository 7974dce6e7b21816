import type { Entry } from '../../raft/types.js';
import type { Start, StartServer } from './start.js';

const conditions = ['running', 'crashed', 'stopped'] as const satisfies readonly StartServer['condition'][];
const kinds = ['command', 'noop', 'cluster', 'admit'] as const satisfies readonly Entry['kind'][];
const LEADS = 4;
const LEARNS = 8;
/** More than any server shows of its log; a link that asks for more was not made here. */
const ENTRIES_MAX = 100;
const LABEL_CHARS_MAX = 40;

/** Each entry once: `[term, kind, label]`. */
type Row = readonly [number, number, string];

/**
 * A start as a link holds it: `[atMs, offset, entries, servers]`. A server is `[flags, term, vote, commit index, deaf to, shared,
 * ...others]`: its log is the first `shared` entries of the list, and then these others of it.
 */
export function packStart({ atMs, offset, servers }: Start): unknown[] {
  const [longest] = [...servers].sort((a, b) => b.commitIndex - a.commitIndex || b.log.length - a.log.length);
  const rows = (longest?.log ?? []).map(rowOf);
  const places = new Map(rows.map((row, place) => [JSON.stringify([place, row]), place]));
  const placeOf = (entry: Entry): number => {
    const name = JSON.stringify([entry.index - 1, rowOf(entry)]);
    const place = places.get(name) ?? rows.push(rowOf(entry)) - 1;
    places.set(name, place);
    return place;
  };
  const packed = servers.map(({ condition, leads, isLearner, term, votedFor, commitIndex, deafTo, log }) => {
    const flags = conditions.indexOf(condition) + (leads ? LEADS : 0) + (isLearner ? LEARNS : 0);
    const own = log.map(placeOf);
    const other = own.findIndex((place, index) => place !== index);
    const shared = other < 0 ? own.length : other;
    return [flags, term, votedFor ?? -1, commitIndex, deafTo, shared, ...own.slice(shared)];
  });
  return [atMs, offset, rows, packed];
}

/** Undefined for something that is no start of so many servers. */
export function unpackStart(value: unknown, size: number): Start | undefined {
  if (!Array.isArray(value)) return undefined;
  const [atMs, offset, rows, packed] = value as unknown[];
  if (!isWhole(atMs) || !isWhole(offset) || !Array.isArray(rows) || !Array.isArray(packed)) return undefined;
  if (!rows.every(isRow) || packed.length !== size) return undefined;
  const servers = packed.map((server: unknown) => serverIn(server, rows, size));
  if (!servers.every((server) => server !== undefined)) return undefined;
  return { atMs, offset, servers };
}

function serverIn(value: unknown, rows: readonly Row[], size: number): StartServer | undefined {
  if (!Array.isArray(value)) return undefined;
  const [flags, term, vote, commitIndex, deafTo, shared, ...others] = value as unknown[];
  const condition = isWhole(flags) ? conditions[flags % LEADS] : undefined;
  if (condition === undefined || !isWhole(flags) || !isWhole(term) || !isWhole(commitIndex)) return undefined;
  if (!Array.isArray(deafTo) || !deafTo.every((id) => isId(id, size))) return undefined;
  if (!isWhole(shared) || shared > rows.length || !others.every(isWhole)) return undefined;
  const own = [...rows.keys()].slice(0, shared).concat(others);
  const log = own.flatMap((place, before): Entry[] => {
    const row = rows[place];
    return row === undefined ? [] : [entryOf(row, before + 1)];
  });
  const terms = [...log.map((entry) => entry.term), term];
  const isInOrder = terms.every((each, place) => each >= (terms[place - 1] ?? 0));
  if (log.length !== own.length || log.length > ENTRIES_MAX || commitIndex > log.length || !isInOrder)
    return undefined;
  if (vote !== -1 && !isId(vote, size)) return undefined;
  return {
    condition,
    leads: (flags & LEADS) > 0,
    isLearner: (flags & LEARNS) > 0,
    term,
    votedFor: vote === -1 ? null : vote,
    commitIndex,
    deafTo,
    log,
  };
}

function rowOf({ term, kind, command }: Entry): Row {
  return [term, kinds.indexOf(kind), command];
}

function entryOf([term, kind, command]: Row, index: number): Entry {
  return { term, index, kind: kinds[kind] ?? 'command', command };
}

function isRow(value: unknown): value is Row {
  if (!Array.isArray(value)) return false;
  const [term, kind, label] = value as unknown[];
  if (!isWhole(term) || !isWhole(kind) || kind >= kinds.length) return false;
  return typeof label === 'string' && label.length <= LABEL_CHARS_MAX;
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isId(value: unknown, size: number): value is number {
  return isWhole(value) && value < size;
}
