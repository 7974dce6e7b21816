import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isKey, keyOf } from '../blocks/blockStore.js';
import { COPIES, placementOf } from '../blocks/placement.js';
import type { FileInfo } from '../client/index.js';
import type { ServerAddress } from '../config/clusterFile.js';
import type { BlockCalls } from './blockCalls.js';

/** Blocks that are read at the same time. */
const READING_MAX = 8;

/** How a verification is done. */
interface VerifyOptions {
  /** Whether blocks with too few copies, and those that `from` has, are stored again. */
  readonly repair: boolean;
  /** A folder whose files may hold lost blocks, of `blockSize` bytes each. */
  readonly from: string | undefined;
  readonly blockSize: number;
}

/** The result of a verification. */
export interface Verified {
  readonly files: number;
  readonly blocks: number;
  readonly bytes: number;
  /** Blocks that every server has that should have them. */
  readonly whole: number;
  /** Blocks that can be read, but are missing or damaged on a server that should have them. */
  readonly thin: number;
  readonly repaired: number;
  /** Files with a block that no server could give. */
  readonly broken: readonly { readonly name: string; readonly missing: readonly string[] }[];
  /** Servers that did not answer; what only they have counts as missing. */
  readonly silent: readonly string[];
}

/** Follows the map to the blocks, and reads every copy of them. */
export async function verifyBlocks(
  calls: BlockCalls,
  servers: readonly ServerAddress[],
  files: ReadonlyMap<string, FileInfo>,
  options: VerifyOptions,
): Promise<Verified> {
  const hashes = [...new Set([...files.values()].flatMap(hashesOf))];
  const silent: string[] = [];
  const usages = await Promise.allSettled(servers.map((server) => calls.usage(server)));
  const up = servers.filter((_, at) => usages[at]?.status === 'fulfilled');
  for (const usage of usages) if (usage.status === 'rejected') silent.push(messageOf(usage.reason));
  const isShared = usages.some((usage) => usage.status === 'fulfilled' && usage.value.shared);
  const asked = isShared ? up.slice(0, 1) : up;
  const holders = await holdersOf(calls, asked, hashes);
  const missing = new Set<string>();
  const counts = { bytes: 0, whole: 0, thin: 0, repaired: 0 };
  const verifyOne = async (hash: string): Promise<void> => {
    const block = await readEveryCopy(calls, holders.get(hash) ?? [], hash);
    if (block.bytes === undefined) {
      missing.add(hash);
      return;
    }
    counts.bytes += block.bytes.length;
    const homes = isShared
      ? []
      : placementOf(
          hash,
          servers.map(({ id }) => id),
        ).slice(0, COPIES);
    if (homes.every((home) => block.goodOn.includes(home))) counts.whole += 1;
    else {
      counts.thin += 1;
      const [server] = asked;
      if (options.repair && server !== undefined) {
        await calls.store(server, hash, block.bytes);
        counts.repaired += 1;
      }
    }
  };
  await eachOf(hashes, verifyOne);
  const [server] = asked;
  if (options.repair && options.from !== undefined && server !== undefined && missing.size > 0)
    counts.repaired += await storeFrom(calls, server, missing, options.from, options.blockSize);
  const broken = [...files].flatMap(([name, file]) => {
    const lost = [...new Set(hashesOf(file))].filter((hash) => missing.has(hash));
    return lost.length === 0 ? [] : [{ name, missing: lost }];
  });
  return { files: files.size, blocks: hashes.length, ...counts, broken, silent };
}

/** The keys in a hash list, in hex or base64; a tombstone and the mark of an empty file are none. */
function hashesOf({ hashList }: FileInfo): string[] {
  return (Array.isArray(hashList) ? hashList : [hashList]).flatMap((item) => {
    if (item instanceof Uint8Array) return item.length === 32 ? [Buffer.from(item).toString('hex')] : [];
    if (typeof item !== 'string') return [];
    const key = /^[A-Za-z0-9+/]{43}=$/.test(item)
      ? Buffer.from(item, 'base64').toString('hex')
      : item.toLowerCase();
    return isKey(key) ? [key] : [];
  });
}

async function holdersOf(
  calls: BlockCalls,
  servers: readonly ServerAddress[],
  hashes: readonly string[],
): Promise<Map<string, ServerAddress[]>> {
  const holders = new Map<string, ServerAddress[]>();
  for (const server of servers)
    for (const hash of await calls.storedOn(server, hashes))
      holders.set(hash, [...(holders.get(hash) ?? []), server]);
  return holders;
}

async function readEveryCopy(
  calls: BlockCalls,
  servers: readonly ServerAddress[],
  hash: string,
): Promise<{ bytes: Buffer | undefined; goodOn: number[] }> {
  let bytes: Buffer | undefined;
  const goodOn: number[] = [];
  for (const server of servers) {
    const copy = await calls.readOn(server, hash);
    if (copy === undefined) continue;
    goodOn.push(server.id);
    bytes ??= copy;
  }
  return { bytes, goodOn };
}

/** Stores those of the missing blocks that the files of a folder hold, and takes them out of the set; how many. */
async function storeFrom(
  calls: BlockCalls,
  server: ServerAddress,
  missing: Set<string>,
  folder: string,
  blockSize: number,
): Promise<number> {
  let stored = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = await open(join(entry.parentPath, entry.name));
    try {
      for (let at = 0; missing.size > 0; at += blockSize) {
        const buffer = Buffer.alloc(blockSize);
        const { bytesRead } = await file.read(buffer, 0, blockSize, at);
        if (bytesRead === 0) break;
        const block = buffer.subarray(0, bytesRead);
        const hash = keyOf(block);
        if (!missing.has(hash)) continue;
        await calls.store(server, hash, block);
        missing.delete(hash);
        stored += 1;
      }
    } finally {
      await file.close();
    }
  }
  return stored;
}

async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (let next = rest.next(); next.done !== true; next = rest.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: READING_MAX }, worker));
}

function messageOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}
