import { createHash } from 'node:crypto';

/** The largest block that any store takes. */
export const BLOCK_BYTES_MAX = 8 * 1024 * 1024;

/**
 * Where a server keeps blocks of file contents, by the SHA-256 of their bytes. Blocks never change. Methods return
 * promises, so that a store may be on a disk or behind a network; `test/unit/blocks/suite.ts` is the contract in
 * executable form and runs against every implementation.
 */
export interface BlockStore {
  /** Whether all servers keep their blocks in this one store, rather than each in its own. */
  readonly isShared: boolean;

  /**
   * Stores a copy of a block. Storing it again renews its age and succeeds, even when the store is full.
   *
   * @param hash the block's key, if the caller has computed it already
   * @throws {BlockTooLargeError} when the block is larger than one block may be
   * @throws {BlockStoreFullError} when there is no room for it; what is stored stays
   */
  put(block: Uint8Array, hash?: string): Promise<StoredNow>;

  /**
   * @param hash any text; one that is no key of a stored block is just not found
   * @returns a copy of the block, whose SHA-256 is the hash, or undefined when it is not stored
   */
  get(hash: string): Promise<Uint8Array | undefined>;

  /**
   * Whoever asks is about to rely on the answer, so the age of the blocks that are stored is renewed.
   *
   * @param hashes any texts
   * @returns those whose block is stored, in the order of the argument, repeated ones included
   */
  has(hashes: readonly string[]): Promise<string[]>;

  /** All stored blocks, in no particular order; those that come or go meanwhile may be there or not. */
  list(): AsyncIterable<StoredBlock>;

  /**
   * Removes blocks.
   *
   * @param isKept asked for each hash at the last moment: nothing else runs between a false and the removal, unless the
   *   store is shared
   * @returns the hashes whose block was stored and is not any more
   */
  remove(hashes: readonly string[], isKept: (hash: string) => boolean): Promise<string[]>;

  usage(): Promise<BlockUsage>;
}

/**
 * The result of storing a block: its key, 64 digits in lower case hex, and whether it was not stored before, as far as
 * this server knows where the store is shared.
 */
export interface StoredNow {
  readonly hash: string;
  readonly isNew: boolean;
}

/** A block that a store holds. */
export interface StoredBlock {
  readonly hash: string;
  readonly bytes: number;
  /** When it was stored or asked for last, in milliseconds since 1970; exact to a minute. */
  readonly usedAt: number;
}

/** Everything in a store together. */
export interface BlockUsage {
  readonly blocks: number;
  readonly bytes: number;
  /** Blocks that were found damaged and set aside since the store was opened. */
  readonly damaged: number;
}

/** Bounds of a store. */
export interface BlockStoreLimits {
  /** The sizes of all blocks together. */
  readonly bytesMax: number;
  readonly blocksMax: number;
  readonly blockBytesMax: number;
}

/** Thrown by {@link BlockStore.put} when a new block would exceed the store's bytes or its number of blocks. */
export class BlockStoreFullError extends Error {
  override readonly name = 'BlockStoreFullError';
  readonly code = 'blockStoreFull';

  constructor(
    readonly blockBytes: number,
    why: string,
  ) {
    super(`the block store is full: no room for a block of ${blockBytes} bytes; ${why}`);
  }
}

/** Thrown by {@link BlockStore.put} when a single block is larger than the store takes, however empty it is. */
export class BlockTooLargeError extends Error {
  override readonly name = 'BlockTooLargeError';
  readonly code = 'blockTooLarge';

  constructor(
    readonly blockBytes: number,
    readonly blockBytesMax: number,
  ) {
    super(`the block is too large: ${blockBytes} bytes, at most ${blockBytesMax} are allowed`);
  }
}

/** The key of a block: the SHA-256 of its bytes. */
export function keyOf(block: Uint8Array): string {
  return createHash('sha256').update(block).digest('hex');
}

/** Whether the text has the form of a key: 64 digits in lower case hex. */
export function isKey(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

/** @throws {BlockTooLargeError} */
export function checkSize(block: Uint8Array, { blockBytesMax }: BlockStoreLimits): void {
  if (block.byteLength > blockBytesMax) throw new BlockTooLargeError(block.byteLength, blockBytesMax);
}

/**
 * Whether there is room for another block.
 *
 * @throws {BlockStoreFullError}
 */
export function checkRoom(
  block: Uint8Array,
  { bytes, blocks }: { readonly bytes: number; readonly blocks: number },
  { bytesMax, blocksMax }: BlockStoreLimits,
): void {
  if (bytes + block.byteLength <= bytesMax && blocks < blocksMax) return;
  throw new BlockStoreFullError(
    block.byteLength,
    `it holds ${bytes} of ${bytesMax} bytes in ${blocks} of ${blocksMax} blocks`,
  );
}
