import { constants, crc32, deflateRaw } from 'node:zlib';

/** A smaller piece costs more to compress than it saves. */
const COMPRESSED_BYTES_MIN = 1024;
/** The longest block that deflate stores as it is (RFC 1951, section 3.2.4). */
const STORED_BYTES_MAX = 0xffff;
/** RFC 1952: magic number, deflate, no flags, no time, fastest, unknown system. */
const GZIP_HEAD = Buffer.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255);
/** A last block with nothing in it. */
const LAST_BLOCK = Buffer.of(0x03, 0x00);

/** The compressed form of each piece that has been asked for, as long as the piece itself lives. */
const compressed = new WeakMap<Uint8Array, Promise<Buffer>>();

/**
 * The pieces as one gzip stream. Each is compressed by itself, once for all streams that it is a part of: of a body
 * that has changed in one place, one piece is compressed anew.
 *
 * @param pieces must not change, ever
 */
export async function gzipped(pieces: readonly Uint8Array[]): Promise<Buffer[]> {
  const stream: Buffer[] = [GZIP_HEAD];
  let checksum = 0;
  let length = 0;
  for (const piece of pieces) {
    stream.push(piece.length < COMPRESSED_BYTES_MIN ? stored(piece) : await compressedOf(piece));
    checksum = crc32(piece, checksum);
    length += piece.length;
  }
  const tail = Buffer.alloc(8);
  tail.writeUInt32LE(checksum, 0);
  tail.writeUInt32LE(length % 2 ** 32, 4);
  stream.push(LAST_BLOCK, tail);
  return stream;
}

/** Blocks that end at a byte and are not the last: others can follow. */
function compressedOf(piece: Uint8Array): Promise<Buffer> {
  const known = compressed.get(piece);
  if (known !== undefined) return known;
  const options = { level: constants.Z_BEST_SPEED, finishFlush: constants.Z_SYNC_FLUSH };
  const made = new Promise<Buffer>((resolve, reject) => {
    deflateRaw(piece, options, (error, result) => (error === null ? resolve(result) : reject(error)));
  });
  compressed.set(piece, made);
  return made;
}

function stored(piece: Uint8Array): Buffer {
  if (piece.length > STORED_BYTES_MAX) throw new Error('too long for one stored block');
  const block = Buffer.alloc(5 + piece.length);
  block.writeUInt16LE(piece.length, 1);
  block.writeUInt16LE(STORED_BYTES_MAX - piece.length, 3);
  block.set(piece, 5);
  return block;
}
