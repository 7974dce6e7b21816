import { crc32 } from 'node:zlib';
import type { Entry, EntryId, HardState, Identity } from '../../raft/types.js';
import { Damage } from '../storageError.js';

/** One write to the database. */
export interface Put {
  readonly type: 'put';
  readonly key: string;
  readonly value: string;
}

/** Whose directory it is: the server's number, and "host:port" of every server of the cluster in order. */
export interface StorageIdentity {
  readonly server: number;
  readonly servers: readonly string[];
  /** Whether two lists name the same servers; by default they are compared as texts. */
  readonly areSame?: (stored: readonly string[], own: readonly string[]) => boolean;
}

/** A snapshot in the database. `digest` is the checksum of all its chunks' text. */
export interface SnapshotRecord {
  readonly last: EntryId;
  readonly id: number;
  readonly chunkCount: number;
  readonly digest: number;
}

/** The record that says what counts of all that is in the database; rewritten as a whole in every group of batches. */
export interface Meta {
  /** How many groups were written before. */
  readonly generation: number;
  readonly hardState: HardState;
  /** Whose directory it is; null until the core has said so. */
  readonly identity: Identity | null;
  readonly before: EntryId;
  /** The log's last entry; equals `before` when the log is empty. */
  readonly last: EntryId;
  readonly snapshot: SnapshotRecord | null;
}

export const IDENTITY_KEY = 'identity';
export const META_KEY = 'meta';

/** Above every identity record of this layout; another layout gets another number. */
export const FORMAT = 2;

/** The layout before clusters and directories had ids; it is read, and becomes the current one. */
export const FORMAT_WITHOUT_IDENTITY = 1;

export function entryKey(index: number): string {
  return `e${padded(index)}`;
}

export function chunkKey(id: number, chunk: number): string {
  return `s${padded(id)}/${padded(chunk)}`;
}

/** The id of the snapshot that a chunk's key belongs to. */
export function snapshotIdOf(key: string): number {
  return Number(key.slice(1, key.indexOf('/')));
}

/** Numbers as keys: their order as text is their order. */
function padded(number: number): string {
  return String(number).padStart(16, '0');
}

/** `content` under its key, with the checksum of both: a record under another's key is damage too. */
export function putOf(key: string, content: unknown): Put {
  const json = JSON.stringify(content);
  return { type: 'put', key, value: `${checksumOf(key, json)} ${json}` };
}

export function putEntry(entry: Entry, previousTerm: number): Put {
  return putOf(entryKey(entry.index), [entry.term, previousTerm, entry.kind, entry.command]);
}

/**
 * What a record holds.
 * @throws Damage when the record is missing or is not what was written
 */
export function contentOf(key: string, value: string | undefined, name: string): unknown {
  if (value === undefined) throw new Damage(`${name} is missing`);
  const json = value.slice(9);
  if (value.slice(0, 9) !== `${checksumOf(key, json)} `) throw new Damage(`the checksum of ${name} is wrong`);
  try {
    return JSON.parse(json);
  } catch {
    throw new Damage(`${name} is not JSON`);
  }
}

function checksumOf(key: string, json: string): string {
  return crc32(json, crc32(key)).toString(16).padStart(8, '0');
}

/** @throws Damage */
export function identityOf(value: string | undefined): StorageIdentity & { readonly format: number } {
  const content = contentOf(IDENTITY_KEY, value, 'the record of identity');
  if (isRecord(content)) {
    const { format, server, servers } = content;
    if (isNumber(format) && isNumber(server) && isTexts(servers)) return { format, server, servers };
  }
  throw new Damage('the record of identity makes no sense');
}

/** @throws Damage */
export function metaOf(value: string | undefined): Meta {
  const content = contentOf(META_KEY, value, 'the record of term, vote and log');
  if (isRecord(content)) {
    const { generation, hardState, identity = null, before, last, snapshot } = content;
    if (isNumber(generation) && isHardState(hardState) && isEntryId(before) && isEntryId(last))
      if ((snapshot === null || isSnapshot(snapshot)) && (identity === null || isIdentity(identity)))
        return { generation, hardState, identity, before, last, snapshot };
  }
  throw new Damage('the record of term, vote and log makes no sense');
}

/** @throws Damage */
export function entryOf(index: number, value: string): { entry: Entry; previousTerm: number } {
  const content = contentOf(entryKey(index), value, `entry ${index}`);
  if (Array.isArray(content) && content.length === 4) {
    const [term, previousTerm, kind, command] = content as unknown[];
    if (isNumber(term) && isNumber(previousTerm) && isEntryKind(kind) && typeof command === 'string')
      return { entry: { term, index, kind, command }, previousTerm };
  }
  throw new Damage(`entry ${index} makes no sense`);
}

/** @throws Damage */
export function chunkOf(id: number, chunk: number, value: string): string {
  const content = contentOf(chunkKey(id, chunk), value, `chunk ${chunk} of the snapshot`);
  if (Array.isArray(content) && content.length === 2) {
    const [number, text] = content as unknown[];
    if (number === chunk && typeof text === 'string') return text;
  }
  throw new Damage(`chunk ${chunk} of the snapshot makes no sense`);
}

function isRecord(value: unknown): value is Partial<Record<Field, unknown>> {
  return typeof value === 'object' && value !== null;
}

type Field = keyof (Meta & SnapshotRecord & HardState & Identity & EntryId & StorageIdentity) | 'format';

function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isEntryId(value: unknown): value is EntryId {
  return isRecord(value) && isNumber(value.term) && isNumber(value.index);
}

function isHardState(value: unknown): value is HardState {
  return isRecord(value) && isNumber(value.term) && (value.votedFor === null || isNumber(value.votedFor));
}

function isEntryKind(value: unknown): value is Entry['kind'] {
  return value === 'noop' || value === 'cluster' || value === 'admit' || value === 'command';
}

function isIdentity(value: unknown): value is Identity {
  if (!isRecord(value)) return false;
  const { cluster, directory, standing, starts, run, met, founders } = value;
  const isLife = isNumber(starts) && typeof run === 'string' && isRecord(met) && isRecord(founders);
  const isStanding = standing === 'founder' || standing === 'learner' || standing === 'voter';
  return (
    (cluster === null || typeof cluster === 'string') && typeof directory === 'string' && isStanding && isLife
  );
}

function isSnapshot(value: unknown): value is SnapshotRecord {
  if (!isRecord(value)) return false;
  const { last, id, chunkCount, digest } = value;
  return isEntryId(last) && isNumber(id) && isNumber(chunkCount) && isNumber(digest);
}
