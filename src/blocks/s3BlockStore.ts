import { S3mini, S3ServiceError } from 's3mini';
import {
  BLOCK_BYTES_MAX,
  BlockStoreFullError,
  BlockTooLargeError,
  isKey,
  keyOf,
  type BlockStore,
  type BlockUsage,
  type StoredBlock,
  type StoredNow,
} from './blockStore.js';
import { BlocksUnavailableError } from './clusterBlocks.js';

/** Questions under way at a time, of one call. */
const ASKING_MAX = 16;
/** Blocks that a server remembers to have written. */
const WRITTEN_MAX = 100_000;
/** Objects in one page of a list. */
const PAGE = 1_000;
/** An object store that has not answered after this long is not waited for. */
const TIMEOUT_MS = 30_000;
/** Counting means listing everything: it is done at most this often. */
const COUNTED_FOR_MS = 60_000;
/** Codes by which object stores say that a bucket or its owner has no more room. */
const FULL: readonly string[] = ['QuotaExceeded', 'XMinioStorageFull', 'InsufficientStorage'];

/** The place of the blocks in an object store. */
export interface S3Location {
  /** Such as `http://localhost:7480`. */
  readonly endpoint: string;
  readonly bucket: string;
  /** At the beginning of every name; empty, or it ends in a slash. */
  readonly prefix: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

interface S3BlockStoreOptions {
  /** An object does not have its hash. */
  readonly onDamaged?: (hash: string, name: string) => void;
  /** How long a count holds. */
  readonly countedForMs?: number;
}

/**
 * Blocks in an object store that speaks the protocol of S3, one for all servers: `PREFIXab/abcd...`. Only its simplest
 * calls are used, which all such stores have alike. Every read is verified.
 */
export class S3BlockStore implements BlockStore {
  readonly isShared = true;
  private readonly s3: S3mini;
  private damaged = 0;
  /** Some of the blocks that were stored through this server. */
  private readonly written = new Set<string>();
  private counted: { readonly at: number; readonly usage: Promise<BlockUsage> } | undefined;

  constructor(
    private readonly location: S3Location,
    private readonly options: S3BlockStoreOptions = {},
  ) {
    const { endpoint, bucket, region, accessKeyId, secretAccessKey } = location;
    this.s3 = new S3mini({
      endpoint: `${endpoint.replace(/\/$/, '')}/${bucket}`,
      ...{ region, accessKeyId, secretAccessKey, requestAbortTimeout: TIMEOUT_MS },
    });
  }

  async put(block: Uint8Array, hash?: string): Promise<StoredNow> {
    if (block.byteLength > BLOCK_BYTES_MAX) throw new BlockTooLargeError(block.byteLength, BLOCK_BYTES_MAX);
    const key = hash ?? keyOf(block);
    // Written in any case: that repairs a damaged object, and makes an old one young. To ask first would only take time.
    await this.ask(block.byteLength, () => this.s3.putObject(this.nameOf(key), new Uint8Array(block)));
    const isNew = !this.written.has(key);
    if (this.written.size >= WRITTEN_MAX) this.written.clear();
    this.written.add(key);
    return { hash: key, isNew };
  }

  async get(hash: string): Promise<Uint8Array | undefined> {
    if (!isKey(hash)) return undefined;
    const found = await this.ask(0, () => this.s3.getObjectArrayBuffer(this.nameOf(hash)));
    if (found === null) return undefined;
    const block = new Uint8Array(found);
    if (keyOf(block) === hash) return block;
    this.damaged += 1;
    this.options.onDamaged?.(hash, this.nameOf(hash));
    return undefined;
  }

  async has(hashes: readonly string[]): Promise<string[]> {
    const keys = [...new Set(hashes.filter(isKey))];
    const stored = new Set<string>();
    for (let from = 0; from < keys.length; from += ASKING_MAX)
      await Promise.all(
        keys.slice(from, from + ASKING_MAX).map(async (key) => {
          if (await this.exists(key)) stored.add(key);
        }),
      );
    return hashes.filter((hash) => stored.has(hash));
  }

  async *list(): AsyncIterable<StoredBlock> {
    let token: string | undefined;
    do {
      const page = await this.ask(0, () =>
        this.s3.listObjectsPaged('/', this.location.prefix, PAGE, token === '' ? undefined : token),
      );
      for (const { Key, Size, LastModified } of page?.objects ?? []) {
        const hash = Key.slice(Key.lastIndexOf('/') + 1);
        if (isKey(hash) && Key === this.nameOf(hash))
          yield { hash, bytes: Size, usedAt: new Date(LastModified).getTime() };
      }
      token = page?.nextContinuationToken;
    } while (token !== undefined && token !== '');
  }

  async remove(hashes: readonly string[], isKept: (hash: string) => boolean): Promise<string[]> {
    const removed: string[] = [];
    for (const hash of hashes) {
      if (!isKey(hash) || !(await this.exists(hash)) || isKept(hash)) continue;
      await this.ask(0, () => this.s3.deleteObject(this.nameOf(hash)));
      this.written.delete(hash);
      removed.push(hash);
    }
    return removed;
  }

  async usage(): Promise<BlockUsage> {
    const { countedForMs = COUNTED_FOR_MS } = this.options;
    if (this.counted === undefined || performance.now() - this.counted.at >= countedForMs)
      this.counted = { at: performance.now(), usage: this.count() };
    return { ...(await this.counted.usage), damaged: this.damaged };
  }

  private async count(): Promise<BlockUsage> {
    let blocks = 0;
    let bytes = 0;
    for await (const block of this.list()) {
      blocks += 1;
      bytes += block.bytes;
    }
    return { blocks, bytes, damaged: 0 };
  }

  private async exists(hash: string): Promise<boolean> {
    return (await this.ask(0, () => this.s3.objectExists(this.nameOf(hash)))) === true;
  }

  private nameOf(hash: string): string {
    return `${this.location.prefix}${hash.slice(0, 2)}/${hash}`;
  }

  /** @throws BlockStoreFullError, BlocksUnavailableError */
  private async ask<T>(bytes: number, request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (error) {
      if (error instanceof S3ServiceError && FULL.includes(String(error.code)))
        throw new BlockStoreFullError(bytes, `the object store says ${String(error.code)}`);
      const why = error instanceof Error ? error.message : String(error);
      throw new BlocksUnavailableError(
        `the object store at ${this.location.endpoint} does not do it: ${why}`,
      );
    }
  }
}
