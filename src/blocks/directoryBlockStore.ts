import { randomBytes } from 'node:crypto';
import { statSync, unlinkSync, type Stats } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, stat, statfs, unlink, utimes } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  BLOCK_BYTES_MAX,
  BlockStoreFullError,
  checkRoom,
  checkSize,
  isKey,
  keyOf,
  type BlockStore,
  type BlockStoreLimits,
  type BlockUsage,
  type StoredBlock,
  type StoredNow,
} from './blockStore.js';

/** The age of a block that is used again is renewed when it is more than this: most questions then write nothing. */
const RENEWED_AFTER_MS = 60_000;

/**
 * Space that blocks leave free on their disk, or a tenth of a small disk: the log of the server is there, too, and a
 * server whose log cannot be written ends.
 */
const RESERVE_BYTES = 256 * 1024 * 1024;
const RESERVE_SHARE = 10;

/** Files that are removed one after another before other work has its turn. */
const REMOVED_PER_TURN = 32;

const DAMAGED = 'damaged';
const UNFINISHED = '.new';

/** The disk under a directory, in bytes. */
export interface DiskSpace {
  readonly size: number;
  readonly free: number;
}

interface DirectoryBlockStoreOptions {
  readonly limits?: Partial<BlockStoreLimits>;
  /** A block does not have its hash, or cannot be read; its file was moved to `path`. */
  readonly onDamaged?: (hash: string, path: string) => void;
  /** The space of the disk, for tests. */
  readonly space?: (path: string) => Promise<DiskSpace>;
}

/**
 * Blocks as files: `ab/abcd...` for the hash `abcd...`. A file gets its name when it is durable, so it is complete
 * or not there. Every read is verified; a file that does not have its hash is set aside in `damaged`.
 */
export class DirectoryBlockStore implements BlockStore {
  readonly isShared = false;
  private readonly limits: BlockStoreLimits;
  private readonly made = new Set<string>();
  /** By hash: the last of the changes that wait for one another. */
  private readonly changes = new Map<string, Promise<unknown>>();
  private blocks = 0;
  private bytes = 0;
  private damaged = 0;
  /** Blocks on their way to the disk, which it does not count yet. */
  private arriving = 0;
  /** The count of what was there at the start; whatever removes a file waits for it. */
  private readonly counted: Promise<void>;
  /** Blocks that were written while it was under way. */
  private readonly early = new Set<string>();
  private isCounted = false;
  /** In the names of the files that this process has not finished. */
  private readonly life = randomBytes(6).toString('hex');
  private unfinished = 0;

  private constructor(
    private readonly root: string,
    private readonly options: DirectoryBlockStoreOptions,
  ) {
    this.limits = {
      bytesMax: Infinity,
      blocksMax: Infinity,
      blockBytesMax: BLOCK_BYTES_MAX,
      ...options.limits,
    };
    this.counted = this.count();
    // Whoever needs the count gets the error.
    this.counted.catch(() => undefined);
  }

  /** @throws an error of the file system when the directory cannot be made */
  static async open(path: string, options: DirectoryBlockStoreOptions = {}): Promise<DirectoryBlockStore> {
    const root = resolve(path);
    if ((await mkdir(root, { recursive: true })) !== undefined) await syncDirectory(dirname(root));
    return new DirectoryBlockStore(root, options);
  }

  async put(block: Uint8Array, hash?: string): Promise<StoredNow> {
    checkSize(block, this.limits);
    const key = hash ?? keyOf(block);
    // A copy of its own: the caller may change the bytes while they are written.
    const bytes = new Uint8Array(block);
    return this.changing(key, async () => {
      const stored = await this.verified(key);
      if (stored !== undefined) await this.renew(this.pathOf(key));
      else await this.write(key, bytes);
      return { hash: key, isNew: stored === undefined };
    });
  }

  async get(hash: string): Promise<Uint8Array | undefined> {
    if (!isKey(hash)) return undefined;
    const block = await readIfThere(this.pathOf(hash));
    if (block === undefined || (block !== 'unreadable' && keyOf(block) === hash)) return block;
    // Another call may have set it aside already, and a good one be there: it is looked at once more, alone.
    return this.changing(hash, () => this.verified(hash));
  }

  async has(hashes: readonly string[]): Promise<string[]> {
    const found = new Map(await Promise.all([...new Set(hashes)].map((hash) => this.isThere(hash))));
    return hashes.filter((hash) => found.get(hash));
  }

  async *list(): AsyncIterable<StoredBlock> {
    for (const folder of await this.folders()) {
      for (const hash of (await readdir(join(this.root, folder))).filter(isKey)) {
        const stats = await statIfThere(this.pathOf(hash));
        if (stats !== undefined) yield { hash, bytes: stats.size, usedAt: stats.mtimeMs };
      }
    }
  }

  async remove(hashes: readonly string[], isKept: (hash: string) => boolean): Promise<string[]> {
    const removed: string[] = [];
    await this.counted;
    for (const [position, hash] of hashes.entries()) {
      if (position % REMOVED_PER_TURN === 0) await nextTurn();
      const path = isKey(hash) ? this.pathOf(hash) : undefined;
      const stats = path === undefined ? undefined : statSync(path, { throwIfNoEntry: false });
      if (path === undefined || stats === undefined || isKept(hash)) continue;
      unlinkSync(path);
      this.countRemoved(stats.size);
      removed.push(hash);
    }
    return removed;
  }

  async usage(): Promise<BlockUsage> {
    await this.counted;
    const { blocks, bytes, damaged } = this;
    return { blocks, bytes, damaged };
  }

  private pathOf(hash: string): string {
    return join(this.root, hash.slice(0, 2), hash);
  }

  /** Changes of one block come one after another. */
  private async changing<T>(hash: string, change: () => Promise<T>): Promise<T> {
    const before = this.changes.get(hash) ?? Promise.resolve();
    const result = before.then(change, change);
    this.changes.set(hash, result);
    try {
      return await result;
    } finally {
      if (this.changes.get(hash) === result) this.changes.delete(hash);
    }
  }

  /** The block if it is there with its hash; a file that is not it is set aside. */
  private async verified(hash: string): Promise<Uint8Array | undefined> {
    const path = this.pathOf(hash);
    const block = await readIfThere(path);
    if (block === undefined || (block !== 'unreadable' && keyOf(block) === hash)) return block;
    await this.counted;
    await this.folder(join(this.root, DAMAGED));
    const aside = join(this.root, DAMAGED, hash);
    const stats = await statIfThere(path);
    await rename(path, aside);
    await syncDirectory(dirname(path));
    this.countRemoved(stats?.size ?? 0);
    this.damaged += 1;
    this.options.onDamaged?.(hash, aside);
    return undefined;
  }

  private async write(hash: string, block: Uint8Array): Promise<void> {
    const { bytesMax, blocksMax } = this.limits;
    if (bytesMax < Infinity || blocksMax < Infinity) {
      await this.counted;
      checkRoom(block, { bytes: this.bytes, blocks: this.blocks }, this.limits);
    }
    if (!this.isCounted) this.early.add(hash);
    this.blocks += 1;
    this.bytes += block.byteLength;
    this.arriving += block.byteLength;
    try {
      await this.requireSpace(block.byteLength);
      await this.writeDurably(this.pathOf(hash), block);
    } catch (error) {
      this.countRemoved(block.byteLength);
      if (isNoSpace(error)) throw new BlockStoreFullError(block.byteLength, 'its disk is full');
      throw error;
    } finally {
      this.arriving -= block.byteLength;
    }
  }

  /** @throws {BlockStoreFullError} */
  private async requireSpace(blockBytes: number): Promise<void> {
    const { size, free } = await (this.options.space ?? spaceOf)(this.root);
    const reserve = Math.min(RESERVE_BYTES, size / RESERVE_SHARE);
    if (free - this.arriving >= reserve) return;
    throw new BlockStoreFullError(
      blockBytes,
      `its disk has ${free} bytes left, and ${Math.floor(reserve)} stay free for the log of the server`,
    );
  }

  private async writeDurably(path: string, block: Uint8Array): Promise<void> {
    const folder = dirname(path);
    await this.folder(folder);
    this.unfinished += 1;
    const unfinished = `${path}.${this.life}.${this.unfinished}${UNFINISHED}`;
    const handle = await open(unfinished, 'wx');
    try {
      try {
        await handle.writeFile(block);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(unfinished, path);
    } catch (error) {
      await unlink(unfinished).catch(() => undefined);
      throw error;
    }
    await syncDirectory(folder);
  }

  /** Makes a folder durably, once. */
  private async folder(path: string): Promise<void> {
    if (this.made.has(path)) return;
    if ((await mkdir(path, { recursive: true })) !== undefined) await syncDirectory(this.root);
    this.made.add(path);
  }

  private async isThere(hash: string): Promise<[string, boolean]> {
    const path = this.pathOf(hash);
    const stats = isKey(hash) ? await statIfThere(path) : undefined;
    if (stats !== undefined) await this.renew(path, stats);
    return [hash, stats !== undefined];
  }

  private async renew(path: string, stats?: Stats): Promise<void> {
    const { mtimeMs = 0 } = stats ?? (await statIfThere(path)) ?? {};
    const now = Date.now();
    if (now - mtimeMs > RENEWED_AFTER_MS) await utimes(path, now / 1000, now / 1000);
  }

  private async folders(): Promise<string[]> {
    return (await readdir(this.root)).filter((name) => /^[0-9a-f]{2}$/.test(name));
  }

  /** Counts what is there, and removes what an earlier process did not finish. */
  private async count(): Promise<void> {
    for (const folder of await this.folders())
      for (const name of await readdir(join(this.root, folder))) {
        const path = join(this.root, folder, name);
        if (name.endsWith(UNFINISHED) && !name.includes(this.life)) await unlink(path).catch(() => undefined);
        const stats = isKey(name) ? await statIfThere(path) : undefined;
        if (stats === undefined || this.early.has(name)) continue;
        this.blocks += 1;
        this.bytes += stats.size;
      }
    this.isCounted = true;
    this.early.clear();
  }

  private countRemoved(bytes: number): void {
    this.blocks -= 1;
    this.bytes -= bytes;
  }
}

async function spaceOf(path: string): Promise<DiskSpace> {
  const { bsize, blocks, bavail } = await statfs(path);
  return { size: bsize * blocks, free: bsize * bavail };
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

function isNoSpace(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(codeOf(error) ?? '');
}

/** `unreadable`: the disk cannot give back what was written to it. */
async function readIfThere(path: string): Promise<Uint8Array | 'unreadable' | undefined> {
  try {
    const { buffer, byteOffset, byteLength } = await readFile(path);
    return new Uint8Array(buffer, byteOffset, byteLength);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    if (codeOf(error) === 'EIO') return 'unreadable';
    throw error;
  }
}

async function statIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Makes the names in a directory durable. */
async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
