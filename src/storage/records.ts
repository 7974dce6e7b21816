import { crc32 } from 'node:zlib';
import type { Entry, EntryId, HardState, Identity } from '../raft/types.js';
import type { LogMeta } from './logMeta.js';
import { Damage } from './storage.js';
import type { SnapshotRecord } from './snapshotFiles.js';

/**
 * The bytes of the log. A segment is a sequence of groups, each written at once and synced before the next one:
 *
 *     group   magic u32, length of the records u32, number f64, CRC-32 u32, records, zeros up to a multiple of 8 bytes
 *     record  kind u8, then what the kind says
 *
 * All little-endian. The CRC covers the header, the records, the id of the log, and the number of the segment: bytes of
 * another directory or another segment are no group here, and nor is a command that imitates one. Groups are numbered
 * from 1 without a gap. The first record of a segment repeats the metadata, so that a log can be read without the
 * segments that were deleted.
 */
const MAGIC = 0x50524753;
const HEADER_BYTES = 20;
const CRC_AT = 16;

/** Groups begin at multiples of this. */
export const ALIGNMENT = 8;

const KINDS = {
  start: 1,
  hardState: 2,
  identity: 3,
  snapshot: 4,
  truncate: 5,
  compact: 6,
  entry: 7,
} as const;
const ENTRY_KINDS = ['noop', 'cluster', 'admit', 'command'] as const;
const UTF8 = 0;
const UTF16 = 1;

const BUFFER_BYTES = 64 * 1024;
/** A buffer that a large group has left behind is not kept. */
const BUFFER_BYTES_MAX = 1024 * 1024;

/** A record of a group. */
export type LogRecord =
  /** The metadata before this group; the first record of each segment. */
  | { readonly kind: 'start'; readonly meta: LogMeta }
  | { readonly kind: 'hardState'; readonly hardState: HardState }
  | { readonly kind: 'identity'; readonly identity: Identity }
  | { readonly kind: 'snapshot'; readonly snapshot: SnapshotRecord }
  /** The log ends with this entry; all after it are dropped. */
  | { readonly kind: 'truncate'; readonly last: EntryId }
  /** The log begins after this entry, which it may not have held. */
  | { readonly kind: 'compact'; readonly base: EntryId }
  | { readonly kind: 'entry'; readonly entry: Entry };

/**
 * {@link LogMeta} as JSON in a `start` record. The names of members in records and files belong to the directory's
 * format: a new name in the code must not change them.
 */
type StoredMeta = Omit<LogMeta, 'base'> & { readonly before: EntryId };

/** A group that is whole. */
export interface Group {
  readonly number: number;
  /** Where the records are. */
  readonly from: number;
  readonly to: number;
  /** Where the next group begins. */
  readonly end: number;
}

/** The seed of all CRCs of a segment. */
export function seedOf(logId: string, segment: number): number {
  return crc32(`${logId}/${segment}`);
}

/** Puts the records of one group after another into one buffer, which is used again for the next group. */
export class GroupEncoder {
  private bytes = Buffer.allocUnsafe(BUFFER_BYTES);
  private end = HEADER_BYTES;

  /** Begins a group. */
  begin(): void {
    if (this.bytes.length > BUFFER_BYTES_MAX) this.bytes = Buffer.allocUnsafe(BUFFER_BYTES);
    this.end = HEADER_BYTES;
  }

  start({ base, ...meta }: LogMeta): void {
    this.json(KINDS.start, { ...meta, before: base } satisfies StoredMeta);
  }

  hardState({ term, votedFor }: HardState): void {
    this.head(KINDS.hardState, 16);
    this.number(term);
    this.number(votedFor ?? -1);
  }

  identity(identity: Identity): void {
    this.json(KINDS.identity, identity);
  }

  snapshot(snapshot: SnapshotRecord): void {
    this.json(KINDS.snapshot, snapshot);
  }

  truncate(last: EntryId): void {
    this.id(KINDS.truncate, last);
  }

  compact(base: EntryId): void {
    this.id(KINDS.compact, base);
  }

  entry({ term, index, kind, command }: Entry): void {
    this.id(KINDS.entry, { term, index });
    this.room(1);
    this.end = this.bytes.writeUInt8(ENTRY_KINDS.indexOf(kind), this.end);
    this.text(command);
  }

  /** The bytes of the group; good until the next one begins. */
  finish(number: number, seed: number): Buffer {
    const length = this.end - HEADER_BYTES;
    const padding = (ALIGNMENT - (this.end % ALIGNMENT)) % ALIGNMENT;
    this.room(padding);
    this.bytes.fill(0, this.end, this.end + padding);
    this.bytes.writeUInt32LE(MAGIC, 0);
    this.bytes.writeUInt32LE(length, 4);
    this.bytes.writeDoubleLE(number, 8);
    this.bytes.writeUInt32LE(checksumOf(this.bytes, 0, length, seed), CRC_AT);
    return this.bytes.subarray(0, this.end + padding);
  }

  private id(kind: number, { term, index }: EntryId): void {
    this.head(kind, 16);
    this.number(term);
    this.number(index);
  }

  private json(kind: number, content: unknown): void {
    this.head(kind, 0);
    this.text(JSON.stringify(content));
  }

  private head(kind: number, bytes: number): void {
    this.room(1 + bytes);
    this.end = this.bytes.writeUInt8(kind, this.end);
  }

  private number(value: number): void {
    this.end = this.bytes.writeDoubleLE(value, this.end);
  }

  private text(text: string): void {
    this.room(5 + text.length * 3);
    const at = this.end;
    // UTF-8 holds any text but one with half of a pair of surrogates.
    const isUtf8 = text.isWellFormed();
    const length = this.bytes.write(text, at + 5, isUtf8 ? 'utf8' : 'utf16le');
    this.bytes.writeUInt8(isUtf8 ? UTF8 : UTF16, at);
    this.bytes.writeUInt32LE(length, at + 1);
    this.end = at + 5 + length;
  }

  private room(bytes: number): void {
    const needed = this.end + bytes;
    if (needed <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.bytes.length));
    this.bytes.copy(larger, 0, 0, this.end);
    this.bytes = larger;
  }
}

/** The group that begins at `at`, or null when the bytes there are no valid group. */
export function groupAt(bytes: Buffer, at: number, seed: number): Group | null {
  if (at + HEADER_BYTES > bytes.length || bytes.readUInt32LE(at) !== MAGIC) return null;
  const length = bytes.readUInt32LE(at + 4);
  const from = at + HEADER_BYTES;
  const to = from + length;
  if (to > bytes.length) return null;
  if (bytes.readUInt32LE(at + CRC_AT) !== checksumOf(bytes, at, length, seed)) return null;
  return { number: bytes.readDoubleLE(at + 8), from, to, end: Math.ceil(to / ALIGNMENT) * ALIGNMENT };
}

/**
 * The records of a group, in order.
 * @throws Damage
 */
export function* recordsOf(bytes: Buffer, { from, to }: Group): Generator<LogRecord, void, undefined> {
  const reader = new RecordReader(bytes.subarray(from, to));
  while (!reader.isDone) yield reader.next();
}

function metaOf({ before, ...meta }: StoredMeta): LogMeta {
  return { ...meta, base: before };
}

class RecordReader {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  get isDone(): boolean {
    return this.at >= this.bytes.length;
  }

  next(): LogRecord {
    const kind = this.byte();
    switch (kind) {
      case KINDS.start:
        return { kind: 'start', meta: metaOf(JSON.parse(this.text()) as StoredMeta) };
      case KINDS.hardState: {
        const [term, votedFor] = [this.number(), this.number()];
        return { kind: 'hardState', hardState: { term, votedFor: votedFor < 0 ? null : votedFor } };
      }
      case KINDS.identity:
        return { kind: 'identity', identity: JSON.parse(this.text()) as Identity };
      case KINDS.snapshot:
        return { kind: 'snapshot', snapshot: JSON.parse(this.text()) as SnapshotRecord };
      case KINDS.truncate:
        return { kind: 'truncate', last: this.id() };
      case KINDS.compact:
        return { kind: 'compact', base: this.id() };
      case KINDS.entry:
        return { kind: 'entry', entry: this.entry() };
      default:
        throw new Damage(`a record is of kind ${kind}, which this version does not know`);
    }
  }

  private entry(): Entry {
    const { term, index } = this.id();
    const kind = ENTRY_KINDS[this.byte()];
    if (kind === undefined) throw new Damage(`entry ${index} is of a kind that this version does not know`);
    return { term, index, kind, command: this.text() };
  }

  private id(): EntryId {
    const [term, index] = [this.number(), this.number()];
    return { term, index };
  }

  private byte(): number {
    const value = this.bytes.readUInt8(this.at);
    this.at += 1;
    return value;
  }

  private number(): number {
    const value = this.bytes.readDoubleLE(this.at);
    this.at += 8;
    return value;
  }

  private text(): string {
    const encoding = this.byte();
    const from = this.at + 4;
    this.at = from + this.bytes.readUInt32LE(this.at);
    return this.bytes.toString(encoding === UTF8 ? 'utf8' : 'utf16le', from, this.at);
  }
}

function checksumOf(bytes: Buffer, at: number, length: number, seed: number): number {
  const header = crc32(bytes.subarray(at, at + CRC_AT), seed);
  return crc32(bytes.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length), header);
}
