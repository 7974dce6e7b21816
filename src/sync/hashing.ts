import { createHash } from 'node:crypto';
import type { OpenFile } from './fileSystem.js';

/** A file is read in pieces of about this size, whatever its blocks are. */
const PIECE_BYTES = 1024 * 1024;

/** The name of a block: SHA-256 in lower case hex. */
export function hashOf(block: Uint8Array): string {
  return createHash('sha256').update(block).digest('hex');
}

/** The hashes of a file's blocks. */
export async function hashesOf(file: OpenFile, blockSize: number): Promise<string[]> {
  const hashes: string[] = [];
  const pieceSize = Math.max(1, Math.floor(PIECE_BYTES / blockSize)) * blockSize;
  for (let offset = 0; ; offset += pieceSize) {
    const piece = await file.read(offset, pieceSize);
    for (let at = 0; at < piece.length; at += blockSize)
      hashes.push(hashOf(piece.subarray(at, at + blockSize)));
    if (piece.length < pieceSize) return hashes;
  }
}

/** Runs the action for each item, so many at a time. The first rejection ends it, once those under way have ended. */
export async function forEachOf<T>(
  items: Iterable<T>,
  atOnce: number,
  action: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]();
  const failures: unknown[] = [];
  const work = async (): Promise<void> => {
    for (let next = iterator.next(); next.done !== true; next = iterator.next()) {
      if (failures.length > 0) return;
      try {
        await action(next.value);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  if (failures.length > 0) throw failures[0];
}
