import { createHash } from 'node:crypto';
import { BlockStoreFullError, BlockTooLargeError } from './blockStore.js';
import type { BlockStore, BlockStoreLimits } from './blockStore.js';

/**
 * Room for 256 MiB. The number of blocks is bounded too because the smallest ones cost more in the index than in bytes;
 * blocks of 1 KiB and more fill the bytes first. One block may be as large as a request body.
 */
const defaultBlockStoreLimits: BlockStoreLimits = {
  bytesMax: 256 * 1024 * 1024,
  blocksMax: 256 * 1024,
  blockBytesMax: 8 * 1024 * 1024,
};

/**
 * Blocks in memory: gone when the process ends, kept across `crash()` and `restore()`.
 *
 * A key is always computed here and bytes are copied on their way in and out, so that what `get` returns has the hash it
 * was asked for without being hashed again.
 */
export class MemoryBlockStore implements BlockStore {
  readonly #blocks = new Map<string, Uint8Array>();
  readonly #limits: BlockStoreLimits;
  #bytes = 0;

  constructor(limits: Partial<BlockStoreLimits> = {}) {
    this.#limits = { ...defaultBlockStoreLimits, ...limits };
  }

  /** Async for the errors: they are rejections, never thrown at the call. */
  async put(block: Uint8Array): Promise<string> {
    if (block.byteLength > this.#limits.blockBytesMax) {
      throw new BlockTooLargeError(block.byteLength, this.#limits.blockBytesMax);
    }
    const hash = createHash('sha256').update(block).digest('hex');
    if (!this.#blocks.has(hash)) this.#store(hash, block);
    return Promise.resolve(hash);
  }

  get(hash: string): Promise<Uint8Array | undefined> {
    const block = this.#blocks.get(hash);
    return Promise.resolve(block === undefined ? undefined : new Uint8Array(block));
  }

  has(hashes: readonly string[]): Promise<string[]> {
    return Promise.resolve(hashes.filter((hash) => this.#blocks.has(hash)));
  }

  #store(hash: string, block: Uint8Array): void {
    const stored = { bytes: this.#bytes, blocks: this.#blocks.size };
    if (stored.bytes + block.byteLength > this.#limits.bytesMax || stored.blocks >= this.#limits.blocksMax) {
      throw new BlockStoreFullError(block.byteLength, stored, this.#limits);
    }
    // A copy of its own, not a slice of a pool or of a request body that it would keep alive.
    this.#blocks.set(hash, new Uint8Array(block));
    this.#bytes += block.byteLength;
  }
}
