import { constants } from 'node:fs';
import { open, readdir, readFile, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { syncDirectory } from './directory.js';

/**
 * The files of the log. Each is filled with zeros before it is used: a sync then has no metadata to write, which halves
 * its time. The next one is prepared while the one before it fills up.
 */
const PREFIX = 'log-';
const NUMBER_DIGITS = 10;

/** Zeros that are written at once. */
const ZEROS = Buffer.alloc(256 * 1024);

/** The length of segments in bytes: that of the first one, doubled for each one after it up to the greatest. */
export interface SegmentSizes {
  readonly first: number;
  readonly max: number;
}

/** The sizes that a server uses. */
export const SEGMENT_SIZES: SegmentSizes = { first: 256 * 1024, max: 16 * 1024 * 1024 };

/** The numbers of a directory's segments, in order. */
export async function segmentsOf(directory: string): Promise<number[]> {
  const names = (await readdir(directory)).filter((name) => name.startsWith(PREFIX));
  return names.map((name) => Number(name.slice(PREFIX.length))).sort((a, b) => a - b);
}

export function segmentPathOf(directory: string, number: number): string {
  return join(directory, segmentNameOf(number));
}

export function segmentNameOf(number: number): string {
  return `${PREFIX}${String(number).padStart(NUMBER_DIGITS, '0')}`;
}

export function deleteSegment(directory: string, number: number): Promise<void> {
  return unlink(segmentPathOf(directory, number));
}

/** A segment that is open for writing, each write of which is durable when it ends. */
export class Segment {
  private constructor(
    readonly number: number,
    readonly size: number,
    private readonly handle: FileHandle,
  ) {}

  /** Makes a segment of zeros, durably. */
  static async create(directory: string, number: number, size: number): Promise<Segment> {
    const path = segmentPathOf(directory, number);
    const handle = await open(path, 'w', 0o644);
    try {
      await writeZeros(handle, 0, size);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await syncDirectory(directory);
    return Segment.open(directory, number);
  }

  /** Whether nothing was ever written to it. */
  static async isEmpty(directory: string, number: number): Promise<boolean> {
    return isZero(await readFile(segmentPathOf(directory, number)));
  }

  static async open(directory: string, number: number): Promise<Segment> {
    const handle = await open(segmentPathOf(directory, number), constants.O_RDWR | constants.O_DSYNC);
    return new Segment(number, (await handle.stat()).size, handle);
  }

  async write(bytes: Buffer, position: number): Promise<void> {
    await writeAll(this.handle, bytes, bytes.length, position);
  }

  /** Removes what a write that was never completed has left behind. */
  async zero(from: number): Promise<void> {
    await writeZeros(this.handle, from, this.size);
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}

/** The segment that is written to, and the one after it. */
export class SegmentWriter {
  private next: Promise<Segment> | null = null;

  constructor(
    private readonly directory: string,
    private readonly sizes: SegmentSizes,
    private current: Segment,
    private position: number,
  ) {}

  /** The number of the segment that is written to. */
  get number(): number {
    return this.current.number;
  }

  /** The segment has nothing in it yet. */
  get isAtStart(): boolean {
    return this.position === 0;
  }

  /** Where the log ends. */
  get end(): { readonly segment: number; readonly position: number } {
    return { segment: this.current.number, position: this.position };
  }

  /** A group longer than a whole segment makes its file longer. */
  hasRoomFor(bytes: number): boolean {
    return this.isAtStart || this.position + bytes <= this.current.size;
  }

  /** Continues in the next segment. */
  async advance(): Promise<void> {
    const next = await (this.next ?? this.prepare());
    this.next = null;
    await this.current.close();
    this.current = next;
    this.position = 0;
  }

  /** The group is durable when this ends. */
  async write(group: Buffer): Promise<void> {
    await this.current.write(group, this.position);
    this.position += group.length;
    if (this.next === null && this.position > this.current.size / 2) {
      this.next = this.prepare();
      // The next user of the segment receives the error.
      this.next.catch(() => undefined);
    }
  }

  async close(): Promise<void> {
    await this.current.close();
    await this.next?.then(
      (next) => next.close(),
      () => undefined,
    );
  }

  private prepare(): Promise<Segment> {
    const { number, size } = this.current;
    return Segment.create(this.directory, number + 1, Math.min(this.sizes.max, 2 * size));
  }
}

export function isZero(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; at += ZEROS.length) {
    const slice = bytes.subarray(at, at + ZEROS.length);
    if (!slice.equals(ZEROS.subarray(0, slice.length))) return false;
  }
  return true;
}

async function writeZeros(handle: FileHandle, from: number, to: number): Promise<void> {
  for (let at = from; at < to; at += ZEROS.length)
    await writeAll(handle, ZEROS, Math.min(ZEROS.length, to - at), at);
}

async function writeAll(handle: FileHandle, bytes: Buffer, length: number, position: number): Promise<void> {
  for (let done = 0; done < length;)
    done += (await handle.write(bytes, done, length - done, position + done)).bytesWritten;
}
