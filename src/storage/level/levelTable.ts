import { crc32c } from './crc32c.js';

/** Where a block of a table begins, and its length without its trailer. */
interface BlockHandle {
  readonly offset: number;
  readonly size: number;
}

/** Two handles padded to 40 bytes, and the magic number. */
const FOOTER_BYTES = 48;
const MAGIC = Buffer.from('57fb808b247547db', 'hex');
/** The kind of compression, and a checksum. */
const TRAILER_BYTES = 5;
const NOT_COMPRESSED = 0;

/**
 * Whether one of LevelDB's table files, written without compression, is as it was written: whether all its checksums are
 * right. LevelDB itself looks at them only on request, which classic-level cannot make, and ends the process at an
 * assertion or an allocation when a damaged table makes no sense to it.
 *
 * The format is described in LevelDB's doc/table_format.md.
 */
export function isWholeTable(table: Buffer): boolean {
  try {
    verifyTable(table);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** @throws RangeError, as reading beyond the end does */
function verifyTable(table: Buffer): void {
  const footer = table.subarray(Math.max(0, table.length - FOOTER_BYTES));
  if (!footer.subarray(-MAGIC.length).equals(MAGIC)) throw new RangeError('no table');
  const reader = new VarintReader(footer);
  const metaIndex = verifiedBlock(table, reader.nextHandle());
  const index = verifiedBlock(table, reader.nextHandle());
  for (const handle of [...handlesIn(metaIndex), ...handlesIn(index)]) verifiedBlock(table, handle);
}

function verifiedBlock(table: Buffer, { offset, size }: BlockHandle): Buffer {
  const checked = size + 1;
  if (offset + size + TRAILER_BYTES > table.length) throw new RangeError('a block beyond the end');
  const isRight =
    table.readUInt8(offset + size) === NOT_COMPRESSED &&
    table.readUInt32LE(offset + checked) === masked(crc32c(table.subarray(offset, offset + checked)));
  if (!isRight) throw new RangeError('a checksum is wrong');
  return table.subarray(offset, offset + size);
}

/** As LevelDB stores checksums, so that a checksum of data with checksums in it is still a good one. */
function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** The values of an index block: its entries are followed by their restart points and the number of these. */
function handlesIn(block: Buffer): BlockHandle[] {
  const end = block.length - 4 - 4 * block.readUInt32LE(block.length - 4);
  const reader = new VarintReader(block);
  const handles: BlockHandle[] = [];
  while (reader.position < end) {
    reader.next();
    const ownKeyBytes = reader.next();
    const valueBytes = reader.next();
    const valueStart = reader.position + ownKeyBytes;
    reader.position = valueStart;
    handles.push(reader.nextHandle());
    reader.position = valueStart + valueBytes;
  }
  return handles;
}

/** Reads numbers of seven bits a byte, the lowest first. */
class VarintReader {
  position = 0;

  constructor(private readonly bytes: Buffer) {}

  next(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.bytes.readUInt8(this.position);
      this.position += 1;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  }

  nextHandle(): BlockHandle {
    return { offset: this.next(), size: this.next() };
  }
}
