import { createHash } from 'node:crypto';
import type { Content } from '../../src/sync/plan.js';
import {
  contentIn,
  hashListOf,
  remoteMapOf,
  type RemoteMap,
  type Store,
  type StoredBlocks,
  type FileUpdate,
  type UpdateResult,
} from '../../src/sync/store.js';

/** A store in this process: hash lists as they are on the wire, blocks, requests that are remembered. */
export class MemoryStore implements Store {
  readonly lists = new Map<string, { version: number; hashList: unknown }>();
  readonly blocks = new Map<string, Uint8Array>();
  readonly calls: string[] = [];
  /** Called before a call is carried out; it may throw, or change the store. */
  before: (call: string) => void | Promise<void> = () => undefined;
  /** Called when a call was carried out, before it is answered. */
  after: (call: string) => void | Promise<void> = () => undefined;
  epoch: number | undefined = 1;
  /** Files whose updates are refused for good, and why. */
  readonly refusals = new Map<string, string>();
  private id: string | undefined;
  private readonly results = new Map<string, UpdateResult>();

  readMap(): Promise<RemoteMap> {
    return this.call('readMap', () => remoteMapOf(this.lists));
  }

  update({ name, version, content, request, epoch }: FileUpdate): Promise<UpdateResult> {
    return this.call(`update ${name} ${version}`, () => {
      const reason = this.refusals.get(name);
      if (reason !== undefined) return { reason };
      const known = this.results.get(request);
      if (known !== undefined) return known;
      const result = this.apply(name, version, content, epoch);
      this.results.set(request, result);
      return result;
    });
  }

  storedBlocks(hashes: readonly string[]): Promise<StoredBlocks> {
    return this.call(`stored ${hashes.length}`, () => ({
      stored: new Set(hashes.filter((hash) => this.blocks.has(hash))),
      epoch: this.epoch,
    }));
  }

  putBlock(hash: string, block: Uint8Array): Promise<void> {
    return this.call(`put ${hash}`, () => {
      if (createHash('sha256').update(block).digest('hex') !== hash)
        throw new Error('not the hash of the block');
      this.blocks.set(hash, new Uint8Array(block));
    });
  }

  getBlock(hash: string): Promise<Uint8Array | undefined> {
    return this.call(`get ${hash}`, () => this.blocks.get(hash));
  }

  clusterId(mayName: boolean): Promise<string | undefined> {
    return this.call('clusterId', () => {
      if (mayName) this.id ??= 'cluster of the test';
      return this.id;
    });
  }

  /** The bytes of a file of the store. */
  read(name: string): string | null | undefined {
    const list = this.lists.get(name);
    if (list === undefined) return undefined;
    const content = contentIn(list.hashList);
    if (content === null) return null;
    if ('reason' in content) throw new Error(content.reason);
    return Buffer.concat(content.map((hash) => this.blocks.get(hash) ?? Buffer.from('?'))).toString();
  }

  /** What another client does. */
  write(name: string, bytes: string | null, blockSize = 4): void {
    const hashes: string[] = [];
    const all = Buffer.from(bytes ?? '');
    for (let at = 0; at < all.length; at += blockSize) {
      const block = all.subarray(at, at + blockSize);
      const hash = createHash('sha256').update(block).digest('hex');
      this.blocks.set(hash, new Uint8Array(block));
      hashes.push(hash);
    }
    const version = (this.lists.get(name)?.version ?? 0) + 1;
    this.lists.set(name, { version, hashList: hashListOf(bytes === null ? null : hashes) });
  }

  private apply(
    name: string,
    version: number,
    content: Content | null,
    epoch: number | undefined,
  ): UpdateResult {
    if (epoch !== undefined && epoch !== this.epoch) return 'epochMoved';
    if ((this.lists.get(name)?.version ?? 0) + 1 !== version) return 'refused';
    this.lists.set(name, { version, hashList: hashListOf(content) });
    return 'applied';
  }

  private async call<T>(name: string, action: () => T): Promise<T> {
    this.calls.push(name);
    await this.before(name);
    const result = action();
    await this.after(name);
    return result;
  }
}
