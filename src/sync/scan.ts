import { codeOf, isSameStat, type FileStat, type FileSystem } from './fileSystem.js';
import { forEachOf, hashesOf } from './hashing.js';
import { isOutside, type Profile, type LeftFile } from './names.js';
import { isSame, type LocalFile } from './plan.js';
import type { BaseEntry, Stamp } from './state.js';

/** A file as it was found. */
export interface ScannedFile extends LocalFile {
  readonly stat: FileStat;
  readonly blockSize: number;
  readonly stamp: Stamp | undefined;
}

/** The files of the folder at about one moment. */
export interface Scan {
  readonly files: ReadonlyMap<string, ScannedFile>;
  /** Left alone on both sides in this round: they cannot be read, change at this moment, or are no files. */
  readonly skipped: readonly LeftFile[];
  /** Names of what is not synced by its nature: nothing of the store can have these names here. */
  readonly occupied: ReadonlySet<string>;
  /** Left alone on both sides because the user said so. */
  readonly isIgnored: (name: string) => boolean;
}

interface ScanOptions {
  readonly profile: Profile;
  readonly blockSize: number;
  readonly base: ReadonlyMap<string, BaseEntry>;
  readonly isIgnored: (name: string) => boolean;
  readonly nowMs: () => number;
}

const FILES_AT_ONCE = 8;

/** A longer list of hashes would not fit into a request to the servers, which take 8 MiB of XML by default. */
const BLOCKS_MAX = 65_536;

/** The block size of a file of `size` bytes: the wanted one, doubled until there are few enough blocks. */
function blockSizeFor(size: number, wanted: number): number {
  let blockSize = wanted;
  while (size > blockSize * BLOCKS_MAX) blockSize *= 2;
  return blockSize;
}

/** Why a file has to wait. */
export const BUSY = 'it is being changed at this moment';

/** The content of every file of the folder; those whose stat is the one in the base are not read again. */
export async function scanFolder(files: FileSystem, options: ScanOptions): Promise<Scan> {
  const found = new Map<string, ScannedFile>();
  const skipped: LeftFile[] = [];
  const occupied = new Set<string>();
  const names: string[] = [];
  await findFiles(files, '', options, { names, skipped, occupied });
  await forEachOf(names, FILES_AT_ONCE, async (name) => {
    const outcome = await scanFile(files, name, options);
    if (typeof outcome === 'string') skipped.push({ name, reason: outcome });
    else if (outcome !== undefined) found.set(name, outcome);
  });
  return { files: found, skipped, occupied, isIgnored: options.isIgnored };
}

/**
 * The stat under which a content may be known later. With a time of change that is too recent, another change could
 * leave it as it is: clocks of file systems tick every few milliseconds, some only every two seconds.
 */
function stampOf({ size, mtimeMs, inode }: FileStat, nowMs: number): Stamp | undefined {
  const tickMs = mtimeMs % 1000 === 0 ? 2_000 : 50;
  return nowMs - mtimeMs > tickMs ? { size, mtimeMs, inode } : undefined;
}

interface Findings {
  readonly names: string[];
  readonly skipped: LeftFile[];
  readonly occupied: Set<string>;
}

async function findFiles(
  files: FileSystem,
  directory: string,
  options: ScanOptions,
  findings: Findings,
): Promise<void> {
  const { profile, isIgnored } = options;
  for (const { name: part, kind } of await files.list(directory)) {
    const name = directory === '' ? part : `${directory}/${part}`;
    if (isOutside(name, profile) || isIgnored(kind === 'directory' ? `${name}/` : name)) continue;
    if (kind === 'file') findings.names.push(name);
    else if (kind === 'other') findings.skipped.push({ name, reason: 'it is neither a file nor a folder' });
    else if (profile === 'classic') findings.occupied.add(name);
    else await findFiles(files, name, options, findings);
  }
}

/** The file, or why it is left alone; undefined when it is gone. */
async function scanFile(
  files: FileSystem,
  name: string,
  { base, blockSize: wanted, nowMs }: ScanOptions,
): Promise<ScannedFile | string | undefined> {
  const stat = await files.stat(name);
  if (stat === undefined) return undefined;
  const blockSize = blockSizeFor(stat.size, wanted);
  const entry = base.get(name);
  const { mtimeMs } = stat;
  if (entry !== undefined && isStamped(entry, stat)) {
    const { content } = entry;
    if (content !== null) return { content, mtimeMs, stat, blockSize: entry.blockSize, stamp: entry.stamp };
  }
  // From this moment on it is read; what happens before has another time of change, if the clock has ticked.
  const stamp = stampOf(stat, nowMs());
  try {
    const file = await files.open(name);
    try {
      let usedSize = entry?.blockSize ?? blockSize;
      let content = await hashesOf(file, usedSize);
      // Another block size alone is no change; only what has changed is cut anew.
      if (usedSize !== blockSize && !isSame(content, entry?.content ?? null)) {
        usedSize = blockSize;
        content = await hashesOf(file, usedSize);
      }
      if (!isSameStat(stat, await files.stat(name))) return BUSY;
      return { content, mtimeMs, stat, blockSize: usedSize, stamp };
    } finally {
      await file.close();
    }
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') return undefined;
    if (code === 'ELOOP') return BUSY;
    if (code === '') throw error;
    return `it cannot be read (${code})`;
  }
}

function isStamped({ stamp }: BaseEntry, { size, mtimeMs, inode }: FileStat): boolean {
  return stamp?.size === size && stamp.mtimeMs === mtimeMs && stamp.inode === inode;
}
