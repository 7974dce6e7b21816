import { isSameStat } from './fileSystem.js';
import { forEachOf, hashOf } from './hashing.js';
import type { SyncOperation } from './plan.js';
import { TRANSFERS_AT_ONCE, type OperationEnd, type Round } from './round.js';
import { BUSY } from './scan.js';
import type { StoredBlocks } from './store.js';

type Upload = Extract<SyncOperation, { kind: 'upload' }>;
type DeleteRemote = Extract<SyncOperation, { kind: 'deleteRemote' }>;

/** How many blocks the store is asked for at once. */
const HASHES_PER_QUESTION = 1_000;
/** A file of so many blocks may be refused because of their number. */
const MANY_BLOCKS = 1_000;
/** A collection of garbage cannot begin for ever. */
const EPOCHS_MAX = 5;

/**
 * Sends files: first their blocks, then the update, then the base. The update names its request in the base before it is
 * sent, so that its outcome can be asked for even after a crash.
 */
export class Uploads {
  /** Blocks that are being sent, so that files with the same block do not send it twice. */
  private readonly sending = new Map<string, Promise<void>>();

  constructor(private readonly round: Round) {}

  /** The operations in groups, each with the answer of the store to which blocks of the group it has. */
  async *inGroups(operations: readonly Upload[]): AsyncIterable<[readonly Upload[], StoredBlocks]> {
    let group: Upload[] = [];
    let hashes = new Set<string>();
    for (const operation of operations) {
      group.push(operation);
      for (const hash of operation.content) hashes.add(hash);
      if (hashes.size < HASHES_PER_QUESTION) continue;
      yield [group, await this.ask(hashes)];
      [group, hashes] = [[], new Set()];
    }
    if (group.length > 0) yield [group, await this.ask(hashes)];
  }

  async upload(operation: Upload, known: StoredBlocks): Promise<OperationEnd> {
    const { name, version, content } = operation;
    let blocks = known;
    for (let epochs = 1; epochs <= EPOCHS_MAX; epochs += 1) {
      const sent = await this.sendBlocks(operation, blocks);
      if (sent !== 'done') return sent;
      const result = await this.update(name, version, content, blocks.epoch);
      if (result !== 'epochMoved') return result;
      blocks = await this.ask(new Set(content));
    }
    return { reason: 'the store collects its garbage over and over' };
  }

  /** Tells the store that the file is gone. */
  async delete({ name, version }: DeleteRemote): Promise<OperationEnd> {
    const { files } = this.round;
    if ((await files.stat(name)) !== undefined) return 'again';
    const result = await this.update(name, version, null, undefined);
    return result === 'epochMoved' ? 'again' : result;
  }

  private async ask(hashes: ReadonlySet<string>): Promise<StoredBlocks> {
    const { store } = this.round;
    const all = [...hashes];
    const stored = new Set<string>();
    let epoch: number | undefined;
    for (let at = 0; at === 0 || at < all.length; at += HASHES_PER_QUESTION) {
      const answer = await store.storedBlocks(all.slice(at, at + HASHES_PER_QUESTION));
      for (const hash of answer.stored) stored.add(hash);
      // The first answer is the oldest: if the epoch moves before the last one, the update is refused.
      epoch ??= answer.epoch;
    }
    return { stored, epoch };
  }

  /** Sends the blocks that are missing; the file must still be the one that was hashed. */
  private async sendBlocks({ name, content }: Upload, { stored }: StoredBlocks): Promise<OperationEnd> {
    const { files, scan, emit } = this.round;
    const scanned = scan.files.get(name);
    if (scanned === undefined) return 'again';
    const { blockSize, stat } = scanned;
    const missing = new Map(content.map((hash, index) => [hash, index]));
    for (const hash of stored) missing.delete(hash);
    const file = await files.open(name);
    try {
      const changed: number[] = [];
      let sentBytes = 0;
      await forEachOf(missing, TRANSFERS_AT_ONCE, async ([hash, index]) => {
        if (changed.length > 0) return;
        const block = await file.read(index * blockSize, blockSize);
        if (hashOf(block) === hash) {
          await this.send(hash, block);
          sentBytes += block.length;
        } else changed.push(index);
      });
      if (changed.length > 0 || !isSameStat(stat, await files.stat(name))) return { reason: BUSY };
      emit({ kind: 'spared', bytes: stat.size - sentBytes });
      return 'done';
    } finally {
      await file.close();
    }
  }

  private async send(hash: string, block: Uint8Array): Promise<void> {
    const { store, emit } = this.round;
    let sending = this.sending.get(hash);
    if (sending === undefined) {
      sending = store.putBlock(hash, block).finally(() => this.sending.delete(hash));
      this.sending.set(hash, sending);
    }
    await sending;
    emit({ kind: 'bytes', direction: 'up', bytes: block.length });
  }

  private async update(
    name: string,
    version: number,
    content: Upload['content'] | null,
    epoch: number | undefined,
  ): Promise<OperationEnd | 'epochMoved'> {
    const { state, store, scan, newId, blockSize: defaultSize } = this.round;
    const scanned = scan.files.get(name);
    const blockSize = scanned?.blockSize ?? defaultSize;
    const request = newId();
    await state.begin(name, { version, content, blockSize, request, epoch });
    const result = await store.update({ name, version, content, request, epoch });
    if (result === 'applied') {
      await state.record(name, { version, content, blockSize, stamp: scanned?.stamp });
      return 'done';
    }
    await state.abandon(name);
    if (result === 'refused') return 'again';
    if (result === 'epochMoved' || (content?.length ?? 0) < MANY_BLOCKS) return result;
    return { reason: `${result.reason} (with larger blocks, the list of its hashes is shorter)` };
  }
}
