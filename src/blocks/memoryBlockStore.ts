import { BLOCK_BYTES_MAX, checkRoom, checkSize, keyOf } from './blockStore.js';
import type { BlockStore, BlockStoreLimits, BlockUsage, StoredBlock, StoredNow } from './blockStore.js';

/**
 * Room for 256 MiB. The number of blocks is bounded too because the smallest ones cost more in the index than in bytes;
 * blocks of 1 KiB and more fill the bytes first.
 */
const defaultBlockStoreLimits: BlockStoreLimits = {
  bytesMax: 256 * 1024 * 1024,
  blocksMax: 256 * 1024,
  blockBytesMax: BLOCK_BYTES_MAX,
};

interface Kept {
  readonly block: Uint8Array;
  usedAt: number;
}

/**
 * Blocks in memory: gone when the process ends, kept across `crash()` and `restore()`.
 *
 * Bytes are copied on their way in and out, so that what `get` returns has the hash it was asked for without being
 * hashed again.
 */
export class MemoryBlockStore implements BlockStore {
  readonly isShared = false;
  readonly #blocks = new Map<string, Kept>();
  readonly #limits: BlockStoreLimits;
  #bytes = 0;

  /** @param now the time, for tests */
  constructor(
    limits: Partial<BlockStoreLimits> = {},
    private readonly now: () => number = Date.now,
  ) {
    this.#limits = { ...defaultBlockStoreLimits, ...limits };
  }

  /** Async for the errors: they are rejections, never thrown at the call. */
  async put(block: Uint8Array, hash?: string): Promise<StoredNow> {
    checkSize(block, this.#limits);
    const key = hash ?? keyOf(block);
    const known = this.#blocks.get(key);
    if (known !== undefined) known.usedAt = this.now();
    else this.#store(key, block);
    return Promise.resolve({ hash: key, isNew: known === undefined });
  }

  get(hash: string): Promise<Uint8Array | undefined> {
    const kept = this.#blocks.get(hash);
    return Promise.resolve(kept === undefined ? undefined : new Uint8Array(kept.block));
  }

  has(hashes: readonly string[]): Promise<string[]> {
    const stored = hashes.filter((hash) => {
      const kept = this.#blocks.get(hash);
      if (kept !== undefined) kept.usedAt = this.now();
      return kept !== undefined;
    });
    return Promise.resolve(stored);
  }

  async *list(): AsyncIterable<StoredBlock> {
    for (const [hash, { block, usedAt }] of this.#blocks)
      yield await Promise.resolve({ hash, bytes: block.byteLength, usedAt });
  }

  remove(hashes: readonly string[], isKept: (hash: string) => boolean): Promise<string[]> {
    const removed = hashes.filter((hash) => {
      const kept = this.#blocks.get(hash);
      if (kept === undefined || isKept(hash)) return false;
      this.#bytes -= kept.block.byteLength;
      return this.#blocks.delete(hash);
    });
    return Promise.resolve(removed);
  }

  usage(): Promise<BlockUsage> {
    return Promise.resolve({ blocks: this.#blocks.size, bytes: this.#bytes, damaged: 0 });
  }

  #store(hash: string, block: Uint8Array): void {
    checkRoom(block, { bytes: this.#bytes, blocks: this.#blocks.size }, this.#limits);
    // A copy of its own, not a slice of a pool or of a request body that it would keep alive.
    this.#blocks.set(hash, { block: new Uint8Array(block), usedAt: this.now() });
    this.#bytes += block.byteLength;
  }
}
