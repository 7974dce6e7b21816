import { closeSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { Damage } from '../storageError.js';

const SLOT_BYTES = 16;
const NUMBER_BYTES = 8;

/**
 * A small file beside the database with the newest generation that was acknowledged. LevelDB silently drops the damaged
 * end of its write-ahead log; the number here tells that it did. It is not synced: when power fails the number may be
 * an older one, which is true all the same.
 *
 * Two slots are written in turn, so that one is whole whatever happens to the other.
 */
export class Highwater {
  private constructor(
    private readonly fd: number,
    /** The newest generation when the file was opened. */
    readonly generation: number,
  ) {}

  /** Makes the file, durably. */
  static create(path: string): Highwater {
    const highwater = new Highwater(openSync(path, 'w+'), 0);
    for (const slot of [0, 1]) highwater.writeSlot(slot, 0);
    fsyncSync(highwater.fd);
    return highwater;
  }

  /** @throws Damage when no slot is readable */
  static open(path: string): Highwater {
    const fd = openSync(path, 'r+');
    const generations = [0, 1].map((slot) => readSlot(fd, slot)).filter((read) => read !== null);
    if (generations.length > 0) return new Highwater(fd, Math.max(...generations));
    closeSync(fd);
    throw new Damage('the file highwater is not readable');
  }

  write(generation: number): void {
    this.writeSlot(generation % 2, generation);
  }

  close(): void {
    closeSync(this.fd);
  }

  private writeSlot(slot: number, generation: number): void {
    const bytes = Buffer.alloc(SLOT_BYTES);
    bytes.writeBigUInt64BE(BigInt(generation));
    bytes.writeUInt32BE(checksumOf(bytes), NUMBER_BYTES);
    writeSync(this.fd, bytes, 0, SLOT_BYTES, slot * SLOT_BYTES);
  }
}

function readSlot(fd: number, slot: number): number | null {
  const bytes = Buffer.alloc(SLOT_BYTES);
  const length = readSync(fd, bytes, 0, SLOT_BYTES, slot * SLOT_BYTES);
  const isWhole = length === SLOT_BYTES && bytes.readUInt32BE(NUMBER_BYTES) === checksumOf(bytes);
  return isWhole ? Number(bytes.readBigUInt64BE()) : null;
}

/** Differs from 0 for a slot of zeros, which is what a lost block reads as. */
function checksumOf(slot: Buffer): number {
  return crc32(slot.subarray(0, NUMBER_BYTES), 1);
}
