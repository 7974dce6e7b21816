import type { Content, RemoteFile } from './plan.js';

/** A hash list that means nothing to this client: some other program wrote it. */
interface ForeignFile {
  readonly version: number;
  readonly reason: string;
}

/** The file map of the store at one moment. */
export interface RemoteMap {
  readonly files: ReadonlyMap<string, RemoteFile>;
  readonly foreign: ReadonlyMap<string, ForeignFile>;
}

/** Which of some blocks are stored, and the epoch of garbage collection in which that holds, where there are epochs. */
export interface StoredBlocks {
  readonly stored: ReadonlySet<string>;
  readonly epoch: number | undefined;
}

/** An update of the map; with the same request it takes effect once, however often it is sent. */
export interface FileUpdate {
  readonly name: string;
  readonly version: number;
  /** Null deletes the file. */
  readonly content: Content | null;
  readonly request: string;
  /** The epoch in which its blocks were stored. */
  readonly epoch: number | undefined;
}

/**
 * - `applied`: now, or by an earlier attempt with the same request
 * - `refused`: somebody else was faster
 * - `epochMoved`: a collection of garbage began meanwhile, so its blocks must be looked for again
 * - a reason: the store does not take it and never will, as when it is too large; nothing was done
 */
export type UpdateResult = 'applied' | 'refused' | 'epochMoved' | { readonly reason: string };

/**
 * The store as the client sees it. Every method tries again by itself, whoever leads and whichever servers are up, and
 * rejects only when another attempt cannot help or the time is over.
 */
export interface Store {
  /** Linearizable. */
  readMap(): Promise<RemoteMap>;
  update(update: FileUpdate): Promise<UpdateResult>;
  storedBlocks(hashes: readonly string[]): Promise<StoredBlocks>;
  /** When it resolves, the block is stored as durably as the store does it. */
  putBlock(hash: string, block: Uint8Array): Promise<void>;
  /** Undefined when no server has it. The bytes are not verified. */
  getBlock(hash: string): Promise<Uint8Array | undefined>;
  /**
   * The name that this cluster has for good. Undefined for one of another kind, and when it has none yet and must not
   * get one.
   */
  clusterId(mayName: boolean): Promise<string | undefined>;
}

/** How the course's clients mark a deleted file, and an empty one. */
const TOMBSTONE = '0';
const EMPTY = '-1';

const HASH = /^[0-9a-f]{64}$/;

/** What is sent as the hash list of a file. */
export function hashListOf(content: Content | null): string[] {
  return content === null ? [TOMBSTONE] : [...content];
}

/** The file that a hash list stands for, or why it stands for none. Lists are opaque to the service. */
export function contentIn(hashList: unknown): Content | null | { readonly reason: string } {
  const items: readonly unknown[] = Array.isArray(hashList) ? hashList : [hashList];
  const [first] = items;
  if (items.length === 1 && (first === TOMBSTONE || first === 0)) return null;
  if (items.length === 0 || (items.length === 1 && (first === EMPTY || first === -1))) return [];
  if (items.every((item) => typeof item === 'string' && HASH.test(item))) return items as string[];
  return { reason: 'its hash list is none of SHA-256 in hex' };
}

/** The listing of the service, by what each hash list stands for. */
export function remoteMapOf(
  listing: Iterable<readonly [name: string, file: { readonly version: number; readonly hashList: unknown }]>,
): RemoteMap {
  const files = new Map<string, RemoteFile>();
  const foreign = new Map<string, ForeignFile>();
  for (const [name, { version, hashList }] of listing) {
    const content = contentIn(hashList);
    if (content !== null && 'reason' in content) foreign.set(name, { version, reason: content.reason });
    else files.set(name, { version, content });
  }
  return { files, foreign };
}
