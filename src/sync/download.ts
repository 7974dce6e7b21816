import { codeOf, isSameStat, parentOf, type FileStat, type OpenFile } from './fileSystem.js';
import { hashesOf, hashOf } from './hashing.js';
import { OWN_FOLDER } from './names.js';
import { isSame, type Content, type SyncOperation } from './plan.js';
import { TRANSFERS_AT_ONCE, type OperationEnd, type Round } from './round.js';
import { BUSY, type ScannedFile } from './scan.js';
import type { Stamp } from './state.js';

type Download = Extract<SyncOperation, { kind: 'download' }>;
type Conflict = Extract<SyncOperation, { kind: 'conflict' }>;
type DeleteLocal = Extract<SyncOperation, { kind: 'deleteLocal' }>;

/** In the folder itself, so that a rename from here to a name is one step of one file system. */
export const TEMPORARY_FOLDER = `${OWN_FOLDER}/tmp`;

/** A block may be so large; whoever sent a larger one did not use this store. */
const BLOCK_BYTES_MAX = 64 * 1024 * 1024;

/** A file made of verified blocks, under a name of its own. */
interface Fetched {
  readonly path: string;
  readonly blockSize: number;
  /** Of the file before anybody else could write to it. */
  readonly stamp: Stamp | undefined;
}

/**
 * Fetches files: all blocks, verified, into a temporary file, which then takes its name in one step. What was there
 * goes to the trash first, or becomes the conflict copy.
 */
export class Downloads {
  /** Where the folder itself has a block: a renamed or copied file is not fetched. */
  private local: Map<string, { readonly name: string; readonly index: number }> | undefined;
  private temporaries = 0;

  constructor(private readonly round: Round) {}

  async download(operation: Download): Promise<OperationEnd> {
    const { name, content, version, replaces } = operation;
    const { files, trash } = this.round;
    const fetched = await this.fetch(content);
    if ('reason' in fetched) return fetched;
    const place = await this.prepareParent(name);
    if (place !== 'done') return this.giveUp(fetched, place);
    if (replaces === null) {
      if (!(await files.link(fetched.path, name))) return this.giveUp(fetched, 'again');
      await files.remove(fetched.path);
    } else {
      if (!(await this.isUntouched(name, replaces))) return this.giveUp(fetched, { reason: BUSY });
      await trash.keep(name);
      if (!(await this.isUntouched(name, replaces))) return this.giveUp(fetched, { reason: BUSY });
      await files.rename(fetched.path, name);
    }
    await this.settle(name, version, content, fetched);
    return 'done';
  }

  async resolveConflict(operation: Conflict): Promise<OperationEnd> {
    const { name, content, version, replaces, copy } = operation;
    const { files } = this.round;
    const fetched = await this.fetch(content);
    if ('reason' in fetched) return fetched;
    if (!(await this.isUntouched(name, replaces))) return this.giveUp(fetched, { reason: BUSY });
    // Two clients that cut files into blocks of different sizes have different hashes for the same bytes: only the base
    // has to know.
    if (await this.haveSameBytes(fetched.path, name)) {
      await files.remove(fetched.path);
      const { blockSize } = fetched;
      await this.round.state.record(name, { version, content, blockSize, stamp: undefined });
      return 'done';
    }
    if (!(await this.makeCopy(name, copy))) return this.giveUp(fetched, 'again');
    await files.syncDirectory(parentOf(copy));
    if (!(await this.isUntouched(name, replaces))) return this.giveUp(fetched, { reason: BUSY });
    await files.rename(fetched.path, name);
    await this.settle(name, version, content, fetched);
    return 'done';
  }

  async delete({ name, version, replaces }: DeleteLocal): Promise<OperationEnd> {
    const { state, trash, blockSize } = this.round;
    if (!(await this.isUntouched(name, replaces))) return { reason: BUSY };
    await trash.take(name);
    await state.record(name, { version, content: null, blockSize, stamp: undefined });
    return 'done';
  }

  private async settle(name: string, version: number, content: Content, fetched: Fetched): Promise<void> {
    const { files, state } = this.round;
    await files.syncDirectory(parentOf(name));
    await state.record(name, { version, content, blockSize: fetched.blockSize, stamp: fetched.stamp });
  }

  private async giveUp(fetched: Fetched, end: OperationEnd): Promise<OperationEnd> {
    await this.round.files.remove(fetched.path);
    return end;
  }

  /** False when another file has the name. The copy of an interrupted attempt is taken for this one. */
  private async makeCopy(name: string, copy: string): Promise<boolean> {
    const { files } = this.round;
    if (await files.link(name, copy)) return true;
    return this.haveSameBytes(name, copy);
  }

  /** Whether the file is still the one that the plan was made for. */
  private async isUntouched(name: string, content: Content): Promise<boolean> {
    const { files, scan } = this.round;
    const scanned = scan.files.get(name);
    if (scanned === undefined || !isSame(scanned.content, content)) return false;
    if (!isSameStat(scanned.stat, await files.stat(name))) return false;
    if (scanned.stamp !== undefined) return true;
    // It was changed so shortly before it was read that its stat does not tell of another change.
    const file = await files.open(name);
    try {
      return isSame(await hashesOf(file, scanned.blockSize), content);
    } finally {
      await file.close();
    }
  }

  /** Makes the folder of a file; a link on the way could lead anywhere. */
  private async prepareParent(name: string): Promise<OperationEnd> {
    const { files } = this.round;
    for (let end = name.indexOf('/'); end !== -1; end = name.indexOf('/', end + 1)) {
      const stat: FileStat | undefined = await files.stat(name.slice(0, end));
      if (stat === undefined) break;
      if (stat.kind !== 'directory') return { reason: `${name.slice(0, end)} is no folder here` };
    }
    if (parentOf(name) !== '') await files.makeDirectory(parentOf(name));
    return 'done';
  }

  /** All blocks in a durable temporary file. */
  private async fetch(content: Content): Promise<Fetched | { readonly reason: string }> {
    const { files, nowMs } = this.round;
    this.temporaries += 1;
    const path = `${TEMPORARY_FOLDER}/${this.round.newId()}-${this.temporaries}`;
    await files.makeDirectory(TEMPORARY_FOLDER);
    const file = await files.create(path);
    let blockSize = 0;
    const ahead: Promise<Uint8Array | undefined>[] = [];
    try {
      for (let index = 0; index < content.length; index += 1) {
        for (
          let next = index + ahead.length;
          next < content.length && ahead.length < TRANSFERS_AT_ONCE;
          next += 1
        ) {
          const block = this.blockOf(content[next] ?? '');
          // Whoever waits for it sees the failure.
          block.catch(() => undefined);
          ahead.push(block);
        }
        const block = await ahead.shift();
        if (block === undefined) {
          await file.abandon();
          await files.remove(path);
          return { reason: `block ${index} of ${content.length} is on no server that answers` };
        }
        if (index === 0) blockSize = block.length;
        await file.write(block);
      }
    } catch (error) {
      await file.abandon();
      throw error;
    }
    await file.finish();
    // Set back, so that the time of every later change is another one.
    await files.setAttributes(path, { mtimeMs: Math.floor(nowMs()) - 2_000 });
    const stat = await files.stat(path);
    return {
      path,
      blockSize: content.length > 1 ? blockSize : this.round.blockSize,
      stamp: stat && { size: stat.size, mtimeMs: stat.mtimeMs, inode: stat.inode },
    };
  }

  private async blockOf(hash: string): Promise<Uint8Array | undefined> {
    const { store, emit } = this.round;
    const own = await this.ownBlock(hash);
    if (own !== undefined) {
      emit({ kind: 'spared', bytes: own.length });
      return own;
    }
    const block = await store.getBlock(hash);
    // A server that sends other bytes is as good as one that has none.
    if (block === undefined || block.length > BLOCK_BYTES_MAX || hashOf(block) !== hash) return undefined;
    emit({ kind: 'bytes', direction: 'down', bytes: block.length });
    return block;
  }

  private async ownBlock(hash: string): Promise<Uint8Array | undefined> {
    const { files, scan } = this.round;
    this.local ??= blocksOf(scan.files);
    const place = this.local.get(hash);
    const scanned = place && scan.files.get(place.name);
    if (scanned === undefined) return undefined;
    let file: OpenFile | undefined;
    try {
      file = await files.open(place?.name ?? '');
      const block = await file.read((place?.index ?? 0) * scanned.blockSize, scanned.blockSize);
      return hashOf(block) === hash ? block : undefined;
    } catch (error) {
      // Another operation has moved it, or its owner has.
      if (codeOf(error) === '') throw error;
      return undefined;
    } finally {
      await file?.close();
    }
  }

  private async haveSameBytes(a: string, b: string): Promise<boolean> {
    const { files } = this.round;
    const [first, second] = [await files.stat(a), await files.stat(b)];
    if (first === undefined || second?.kind !== 'file' || first.size !== second.size) return false;
    const [one, other] = [await files.open(a), await files.open(b)];
    try {
      for (let offset = 0; offset < first.size; offset += COMPARED_BYTES) {
        const pieces = [await one.read(offset, COMPARED_BYTES), await other.read(offset, COMPARED_BYTES)];
        if (new Set(pieces.map(hashOf)).size !== 1) return false;
      }
      return true;
    } finally {
      await one.close();
      await other.close();
    }
  }
}

const COMPARED_BYTES = 1024 * 1024;

function blocksOf(files: ReadonlyMap<string, ScannedFile>): Map<string, { name: string; index: number }> {
  const blocks = new Map<string, { name: string; index: number }>();
  for (const [name, { content }] of files)
    for (const [index, hash] of content.entries()) if (!blocks.has(hash)) blocks.set(hash, { name, index });
  return blocks;
}
