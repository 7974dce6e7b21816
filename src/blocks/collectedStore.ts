import type { BlockStore, BlockUsage, StoredNow } from './blockStore.js';

/** Removal takes so many blocks at a time. */
const BATCH = 500;

/**
 * How long a collection spares blocks unless it is told otherwise. Clients that send the epoch need none of it; this is
 * for those that do not: they store blocks, and name them in an update later.
 */
export const GRACE_MS = 24 * 60 * 60 * 1000;

/** A collection that this server does not know, or not any more. */
export class UnknownCollectionError extends Error {
  override readonly name = 'UnknownCollectionError';

  constructor() {
    super(
      'this collection is not the one that was begun here last, or the server was restarted since: begin anew',
    );
  }
}

/** One round through a store. */
export interface Sweep {
  /** The collection that was begun here; without one nothing is removed. */
  readonly collection: string | undefined;
  readonly isReferenced: (hash: string) => boolean;
  /** Blocks that were stored or asked for in this last time before the collection are spared. */
  readonly graceMs: number;
  /** Whether nobody waits for the end any more. */
  readonly isAbandoned: () => boolean;
}

/** What a sweep has found. */
export interface SweepResult {
  readonly blocks: number;
  readonly bytes: number;
  /** Blocks that a file needs. */
  readonly referenced: number;
  /** Blocks that no file needs, too young to be removed. */
  readonly spared: number;
  /** Blocks that were removed, or would have been. */
  readonly removed: number;
  readonly removedBytes: number;
}

interface Collection {
  readonly id: string;
  readonly begunAt: number;
  /** Blocks that clients have stored or asked for since. */
  readonly used: Set<string>;
}

/**
 * The store of one server with its garbage collection.
 *
 * A client may be told that a block is stored, and name the block in an update, while a collection is under way. So
 * from its beginning on every block that is stored or asked for is noted **before** the store looks for it, and a noted
 * block is not removed: either the question comes first and the block stays, or the removal comes first and the block
 * is not found. Notes are in memory; a server that was restarted refuses to continue a collection. Blocks that were
 * asked for earlier are protected by the epoch, which is raised after the beginning (see docs/blocks.md).
 */
export class CollectedStore {
  private collection: Collection | undefined;

  constructor(
    private readonly store: BlockStore,
    private readonly now: () => number = Date.now,
  ) {}

  get isShared(): boolean {
    return this.store.isShared;
  }

  put(block: Uint8Array, hash: string): Promise<StoredNow> {
    this.collection?.used.add(hash);
    return this.store.put(block, hash);
  }

  get(hash: string): Promise<Uint8Array | undefined> {
    return this.store.get(hash);
  }

  has(hashes: readonly string[]): Promise<string[]> {
    for (const hash of hashes) this.collection?.used.add(hash);
    return this.store.has(hashes);
  }

  usage(): Promise<BlockUsage> {
    return this.store.usage();
  }

  /** Begins a collection, in place of any other. */
  begin(id: string): void {
    this.collection = { id, begunAt: this.now(), used: new Set() };
  }

  /** @throws UnknownCollectionError */
  end(id: string): void {
    this.known(id);
    this.collection = undefined;
  }

  /**
   * Goes through the store and removes what no file needs and no client may rely on.
   *
   * @throws UnknownCollectionError
   */
  async sweep({ collection, isReferenced, graceMs, isAbandoned }: Sweep): Promise<SweepResult> {
    const oldest = (collection === undefined ? this.now() : this.known(collection).begunAt) - graceMs;
    const result = { blocks: 0, bytes: 0, referenced: 0, spared: 0, removed: 0, removedBytes: 0 };
    const sizes = new Map<string, number>();
    const removeBatch = async (): Promise<void> => {
      const hashes = [...sizes.keys()];
      const removed = collection === undefined ? hashes : await this.remove(collection, hashes);
      for (const hash of removed) result.removedBytes += sizes.get(hash) ?? 0;
      result.removed += removed.length;
      result.spared += hashes.length - removed.length;
      sizes.clear();
    };
    for await (const { hash, bytes, usedAt } of this.store.list()) {
      if (isAbandoned()) break;
      result.blocks += 1;
      result.bytes += bytes;
      if (isReferenced(hash)) result.referenced += 1;
      else if (usedAt >= oldest) result.spared += 1;
      else sizes.set(hash, bytes);
      if (sizes.size === BATCH) await removeBatch();
    }
    if (!isAbandoned()) await removeBatch();
    return result;
  }

  private async remove(id: string, hashes: readonly string[]): Promise<string[]> {
    this.known(id);
    // Another collection that begins meanwhile knows of none of the questions before it.
    return this.store.remove(hashes, (hash) => this.collection?.id !== id || this.collection.used.has(hash));
  }

  private known(id: string): Collection {
    if (this.collection?.id !== id) throw new UnknownCollectionError();
    return this.collection;
  }
}
