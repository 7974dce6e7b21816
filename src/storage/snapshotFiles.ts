import { closeSync, constants, openSync, readSync } from 'node:fs';
import { open, readdir, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { EntryId, Snapshot, SnapshotChunks } from '../raft/types.js';
import { syncDirectory } from './directory.js';
import { codeOf, Damage } from './storage.js';

/**
 * Snapshots, each in a file of its own. A file is a sequence of chunks: length in bytes u32, encoding u32 (0: UTF-8, 1: UTF-16),
 * CRC-32 u32, bytes; little-endian. The CRC covers the number of the snapshot and that of the chunk as well. How many chunks
 * belong to it, and the CRC of all of them, is said by the record of the log that names it: without that it counts for nothing.
 */
const HEADER_BYTES = 12;
const PREFIX = 'snapshot-';

/** So much is written at once, unless one chunk alone is longer: a sync of more would hold up those of the log. */
const SLICE_BYTES = 128 * 1024;

/** A snapshot, as the log names it. `chars` is the length of all its chunks in UTF-16 units. */
export interface SnapshotRecord {
  readonly last: EntryId;
  readonly id: number;
  readonly chunkCount: number;
  readonly chars: number;
  readonly bytes: number;
  readonly digest: number;
}

/** The chunks of a snapshot, read from its file whenever they are asked for. */
class StoredChunks implements SnapshotChunks {
  constructor(
    private readonly file: SnapshotFile,
    readonly length: number,
    readonly chars: number,
  ) {}

  /** @throws Damage, or an error of the file system */
  at(index: number): string | undefined {
    return index < 0 || index >= this.length ? undefined : this.file.read(index);
  }

  *[Symbol.iterator](): IterableIterator<string> {
    for (let index = 0; index < this.length; index += 1) yield this.file.read(index);
  }
}

/** A snapshot that is durable, open for reading. */
export class SnapshotFile {
  readonly snapshot: Snapshot;
  private fd: number | null;

  constructor(
    private readonly path: string,
    readonly record: SnapshotRecord,
    /** Where each chunk begins. */
    private readonly offsets: readonly number[],
  ) {
    this.fd = openSync(path, 'r');
    const { last, chunkCount, chars } = record;
    this.snapshot = { last, chunks: new StoredChunks(this, chunkCount, chars) };
  }

  read(index: number): string {
    const { fd, record, offsets } = this;
    if (fd === null) throw new Error(`the snapshot up to entry ${record.last.index} is no longer kept`);
    const from = offsets[index] ?? record.bytes;
    const bytes = Buffer.allocUnsafe((offsets[index + 1] ?? record.bytes) - from);
    const length = readSync(fd, bytes, 0, bytes.length, from);
    const chunk = length < bytes.length ? null : chunkAt(bytes, 0, record.id, index);
    if (chunk === null) throw damageOf(this.path, from, index);
    return chunk.text();
  }

  /** Nothing can be read from it any more. */
  close(): void {
    if (this.fd !== null) closeSync(this.fd);
    this.fd = null;
  }

  async delete(): Promise<void> {
    this.close();
    await unlink(this.path);
  }
}

/** Writes a snapshot to a file of its own, in slices, each of them synced. */
export async function writeSnapshot(
  directory: string,
  id: number,
  snapshot: Snapshot,
): Promise<SnapshotFile> {
  const path = pathOf(directory, id);
  const { O_CREAT, O_WRONLY, O_TRUNC, O_DSYNC } = constants;
  const handle = await open(path, O_CREAT | O_WRONLY | O_TRUNC | O_DSYNC, 0o644);
  try {
    const { offsets, chars, bytes, digest } = await writeChunks(handle, id, snapshot.chunks);
    await syncDirectory(directory);
    const { last } = snapshot;
    const record = {
      last: { term: last.term, index: last.index },
      id,
      chunkCount: offsets.length,
      chars,
      bytes,
      digest,
    };
    return new SnapshotFile(path, record, offsets);
  } finally {
    await handle.close();
  }
}

interface Written {
  readonly offsets: number[];
  chars: number;
  bytes: number;
  digest: number;
}

async function writeChunks(handle: FileHandle, id: number, chunks: SnapshotChunks): Promise<Written> {
  const written: Written = { offsets: [], chars: 0, bytes: 0, digest: 0 };
  let slice: Buffer[] = [];
  let sliceBytes = 0;
  const flush = async (): Promise<void> => {
    const buffer = Buffer.concat(slice);
    for (let done = 0; done < buffer.length;)
      done += (await handle.write(buffer, done, buffer.length - done)).bytesWritten;
    slice = [];
    sliceBytes = 0;
  };
  for (const chunk of chunks) {
    const encoded = encodeChunk(chunk, id, written.offsets.length);
    written.offsets.push(written.bytes);
    written.chars += chunk.length;
    written.bytes += encoded.length;
    written.digest = crc32(encoded, written.digest);
    slice.push(encoded);
    sliceBytes += encoded.length;
    if (sliceBytes >= SLICE_BYTES) await flush();
  }
  await flush();
  return written;
}

function encodeChunk(text: string, id: number, index: number): Buffer {
  const isUtf8 = text.isWellFormed();
  const length = isUtf8 ? Buffer.byteLength(text) : text.length * 2;
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + length);
  bytes.write(text, HEADER_BYTES, isUtf8 ? 'utf8' : 'utf16le');
  bytes.writeUInt32LE(length, 0);
  bytes.writeUInt32LE(isUtf8 ? 0 : 1, 4);
  bytes.writeUInt32LE(checksumOf(bytes, 0, length, id, index), 8);
  return bytes;
}

/**
 * Opens the snapshot that the log names, and verifies all of it.
 * @throws Damage, or an error of the file system
 */
export async function openSnapshot(directory: string, record: SnapshotRecord): Promise<SnapshotFile> {
  const path = pathOf(directory, record.id);
  const handle = await openExisting(path, record);
  try {
    return new SnapshotFile(path, record, await verify(handle, path, record));
  } finally {
    await handle.close();
  }
}

async function openExisting(path: string, { id }: SnapshotRecord): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') throw new Damage(`the file ${PREFIX}${id} is missing`);
    throw error;
  }
}

/** Where each chunk begins. */
async function verify(handle: FileHandle, path: string, record: SnapshotRecord): Promise<number[]> {
  const offsets: number[] = [];
  let digest = 0;
  let from = 0;
  let bytes: Buffer = Buffer.alloc(0);
  /** Reads on until `bytes` holds so many from `from` on, or the file ends. */
  const fill = async (count: number): Promise<void> => {
    if (bytes.length >= count) return;
    const more = Buffer.allocUnsafe(Math.max(count - bytes.length, SLICE_BYTES));
    const { bytesRead } = await handle.read(more, 0, more.length, from + bytes.length);
    bytes = Buffer.concat([bytes, more.subarray(0, bytesRead)]);
  };
  while (offsets.length < record.chunkCount) {
    await fill(HEADER_BYTES);
    if (bytes.length >= HEADER_BYTES)
      await fill(Math.min(record.bytes, HEADER_BYTES + bytes.readUInt32LE(0)));
    const chunk = chunkAt(bytes, 0, record.id, offsets.length);
    if (chunk === null) throw damageOf(path, from, offsets.length);
    offsets.push(from);
    digest = crc32(bytes.subarray(0, chunk.end), digest);
    from += chunk.end;
    bytes = bytes.subarray(chunk.end);
  }
  if (from !== record.bytes || digest !== record.digest)
    throw new Damage(`the file ${PREFIX}${record.id} is not the snapshot that was written`);
  return offsets;
}

function chunkAt(
  bytes: Buffer,
  at: number,
  id: number,
  index: number,
): { end: number; text: () => string } | null {
  if (at + HEADER_BYTES > bytes.length) return null;
  const length = bytes.readUInt32LE(at);
  const from = at + HEADER_BYTES;
  if (from + length > bytes.length) return null;
  if (bytes.readUInt32LE(at + 8) !== checksumOf(bytes, at, length, id, index)) return null;
  const encoding = bytes.readUInt32LE(at + 4) === 0 ? 'utf8' : 'utf16le';
  return { end: from + length, text: () => bytes.toString(encoding, from, from + length) };
}

function checksumOf(bytes: Buffer, at: number, length: number, id: number, index: number): number {
  const head = crc32(bytes.subarray(at, at + 8), crc32(`${id}/${index}`));
  return crc32(bytes.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length), head);
}

function damageOf(path: string, offset: number, index: number): Damage {
  return new Damage(`chunk ${index} of the snapshot is missing or damaged (${path}, byte ${offset})`);
}

/** Deletes all snapshots of a directory but one; the id of the newest that was there, 0 without any. */
export async function deleteOtherSnapshots(directory: string, kept: number | null): Promise<number> {
  const names = await readdir(directory);
  const ids = names
    .filter((name) => name.startsWith(PREFIX))
    .map((name) => Number(name.slice(PREFIX.length)));
  for (const id of ids) if (id !== kept) await unlink(pathOf(directory, id));
  return Math.max(0, ...ids);
}

function pathOf(directory: string, id: number): string {
  return join(directory, `${PREFIX}${id}`);
}
