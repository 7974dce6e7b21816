/**
 * Where a server keeps blocks of file contents, by the SHA-256 of their bytes. Blocks are not replicated and never
 * change. Methods return promises, so that a store may be on a disk or behind a network; `test/unit/blocks/suite.ts` is
 * the contract in executable form and runs against every implementation.
 */
export interface BlockStore {
  /**
   * Stores a copy of a block. Storing it again changes nothing and succeeds, even when the store is full.
   *
   * @returns the block's key: its SHA-256 in lower case hexadecimal, 64 characters
   * @throws {BlockTooLargeError} when the block is larger than one block may be
   * @throws {BlockStoreFullError} when there is no room for it; what is stored stays
   */
  put(block: Uint8Array): Promise<string>;

  /**
   * @param hash any text; one that is no key of a stored block is just not found
   * @returns a copy of the block, whose SHA-256 is the hash, or undefined when it is not stored
   */
  get(hash: string): Promise<Uint8Array | undefined>;

  /**
   * @param hashes any texts
   * @returns those whose block is stored, in the order of the argument, repeated ones included
   */
  has(hashes: readonly string[]): Promise<string[]>;
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
  readonly code = 'blockStoreFull';

  constructor(
    readonly blockBytes: number,
    readonly stored: { readonly bytes: number; readonly blocks: number },
    readonly limits: BlockStoreLimits,
  ) {
    super(
      `the block store is full: no room for a block of ${blockBytes} bytes; ` +
        `it holds ${stored.bytes} of ${limits.bytesMax} bytes in ${stored.blocks} of ${limits.blocksMax} blocks`,
    );
    this.name = 'BlockStoreFullError';
  }
}

/** Thrown by {@link BlockStore.put} when a single block is larger than the store takes, however empty it is. */
export class BlockTooLargeError extends Error {
  readonly code = 'blockTooLarge';

  constructor(
    readonly blockBytes: number,
    readonly blockBytesMax: number,
  ) {
    super(`the block is too large: ${blockBytes} bytes, at most ${blockBytesMax} are allowed`);
    this.name = 'BlockTooLargeError';
  }
}
