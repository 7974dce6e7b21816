import { closeSync, existsSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { Damage } from './storage.js';

const SLOT_BYTES = 16;
const NUMBER_BYTES = 8;

/**
 * A small file beside the log with the number of the newest group that was acknowledged: it tells the end of the log that was
 * lost from a write that was never completed. It is not synced with each group, which would double the syncs: when power fails
 * the number may be an older one, which is true all the same.
 *
 * Two slots are written in turn, so that one is whole whatever happens to the other.
 */
export class AcknowledgedFile {
  private readonly slot = Buffer.alloc(SLOT_BYTES);

  private constructor(
    private readonly fd: number,
    private readonly seed: number,
    /** The newest group when the file was opened. */
    readonly group: number,
  ) {}

  /** Makes the file, durably. `logId` is the log that it belongs to. */
  static create(path: string, logId: string): AcknowledgedFile {
    const file = new AcknowledgedFile(openSync(path, 'w+'), crc32(logId), 0);
    for (const slot of [0, 1]) file.writeSlot(slot, 0);
    fsyncSync(file.fd);
    return file;
  }

  /** @throws Damage when the file is missing, or no slot is readable */
  static open(path: string, logId: string): AcknowledgedFile {
    if (!existsSync(path)) throw new Damage('the file acknowledged is missing');
    const fd = openSync(path, 'r+');
    const seed = crc32(logId);
    const groups = [0, 1].map((slot) => readSlot(fd, slot, seed)).filter((read) => read !== null);
    if (groups.length > 0) return new AcknowledgedFile(fd, seed, Math.max(...groups));
    closeSync(fd);
    throw new Damage('the file acknowledged is not readable');
  }

  write(group: number): void {
    this.writeSlot(group % 2, group);
  }

  /** Makes the newest number durable. */
  sync(): void {
    fsyncSync(this.fd);
  }

  close(): void {
    closeSync(this.fd);
  }

  private writeSlot(slot: number, group: number): void {
    this.slot.writeDoubleLE(group);
    this.slot.writeUInt32LE(checksumOf(this.slot, this.seed), NUMBER_BYTES);
    writeSync(this.fd, this.slot, 0, SLOT_BYTES, slot * SLOT_BYTES);
  }
}

function readSlot(fd: number, slot: number, seed: number): number | null {
  const bytes = Buffer.alloc(SLOT_BYTES);
  const length = readSync(fd, bytes, 0, SLOT_BYTES, slot * SLOT_BYTES);
  const isWhole = length === SLOT_BYTES && bytes.readUInt32LE(NUMBER_BYTES) === checksumOf(bytes, seed);
  return isWhole ? bytes.readDoubleLE() : null;
}

function checksumOf(slot: Buffer, seed: number): number {
  return crc32(slot.subarray(0, NUMBER_BYTES), seed);
}
