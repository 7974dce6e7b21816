import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { BlockStoreFullError, BlockTooLargeError } from '../../../src/blocks/blockStore.js';
import type { BlockStore, BlockStoreLimits } from '../../../src/blocks/blockStore.js';

/** Opens an empty store with these limits. */
export type OpenBlockStore = (limits: BlockStoreLimits) => BlockStore | Promise<BlockStore>;

const roomy: BlockStoreLimits = { bytesMax: 1_000_000, blocksMax: 1000, blockBytesMax: 100_000 };

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function sha256(block: Uint8Array): string {
  return createHash('sha256').update(block).digest('hex');
}

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  expect.fail('no rejection');
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** The contract of {@link BlockStore}: every implementation passes it. */
export function blockStoreSuite(name: string, open: OpenBlockStore): void {
  describe(`${name} as a block store`, () => {
    it('gives back the bytes that were put, under their SHA-256 in lower case hexadecimal', async () => {
      const store = await open(roomy);
      const { hash } = await store.put(bytes('kelp'));
      expect(hash).to.equal('280f8bb8c43d532f389ef0e2a5321220b0782b065205dcdfcb8d8f02ed5115b9');
      expect(await store.get(hash)).to.deep.equal(bytes('kelp'));
    });

    it('keeps any bytes, none included', async () => {
      const store = await open(roomy);
      const all = Uint8Array.from({ length: 256 }, (_, i) => i);
      const none = new Uint8Array();
      for (const block of [all, none]) {
        const { hash } = await store.put(block);
        expect(hash).to.equal(sha256(block));
        expect(await store.get(hash)).to.deep.equal(block);
      }
    });

    it('takes a part of a larger buffer as the block', async () => {
      const store = await open(roomy);
      const { hash } = await store.put(Buffer.from('a whole request body').subarray(2, 7));
      expect(hash).to.equal(sha256(bytes('whole')));
      expect(Buffer.from((await store.get(hash)) ?? []).toString()).to.equal('whole');
    });

    it('does not find what was never put', async () => {
      const store = await open(roomy);
      await store.put(bytes('kelp'));
      const strangers = [
        sha256(bytes('other')),
        '',
        'kelp',
        '../../etc/passwd',
        '__proto__',
        sha256(bytes('kelp')).toUpperCase(),
      ];
      for (const hash of strangers) expect(await store.get(hash), hash).to.equal(undefined);
      expect(await store.has(strangers)).to.deep.equal([]);
    });

    it('has the stored ones of some hashes, in their order and as often as asked', async () => {
      const store = await open(roomy);
      const { hash: a } = await store.put(bytes('a'));
      const { hash: b } = await store.put(bytes('b'));
      const missing = sha256(bytes('c'));
      expect(await store.has([b, missing, a, b])).to.deep.equal([b, a, b]);
      expect(await store.has([])).to.deep.equal([]);
    });

    it('is not changed by what callers do to their bytes afterwards', async () => {
      const store = await open(roomy);
      const given = bytes('kelp');
      const { hash } = await store.put(given);
      given.fill(0);
      const returned = await store.get(hash);
      expect(returned).to.deep.equal(bytes('kelp'));
      returned?.fill(0);
      expect(await store.get(hash)).to.deep.equal(bytes('kelp'));
    });

    it('stores many blocks at the same time', async () => {
      const store = await open(roomy);
      const blocks = Array.from({ length: 100 }, (_, i) => bytes(`block ${i % 50}`));
      const hashes = (await Promise.all(blocks.map((block) => store.put(block)))).map(({ hash }) => hash);
      expect(hashes).to.deep.equal(blocks.map(sha256));
      expect(await store.has(hashes)).to.deep.equal(hashes);
    });

    it('refuses a block above the limit for one block, as a rejection', async () => {
      const store = await open({ ...roomy, blockBytesMax: 4 });
      await store.put(bytes('kelp'));
      const error = await rejection(store.put(bytes('kelps')));
      expect(error).to.be.instanceOf(BlockTooLargeError);
      expect(error).to.include({ code: 'blockTooLarge', blockBytes: 5, blockBytesMax: 4 });
      expect((error as Error).message).to.equal('the block is too large: 5 bytes, at most 4 are allowed');
      expect(await store.get(sha256(bytes('kelps')))).to.equal(undefined);
    });

    it('is full when a block would exceed its bytes, and says how full', async () => {
      const limits = { ...roomy, bytesMax: 10 };
      const store = await open(limits);
      const { hash } = await store.put(bytes('12345678'));
      const error = await rejection(store.put(bytes('abc')));
      expect(error).to.be.instanceOf(BlockStoreFullError);
      expect(error).to.include({ code: 'blockStoreFull', blockBytes: 3 });
      expect((error as Error).message).to.equal(
        'the block store is full: no room for a block of 3 bytes; it holds 8 of 10 bytes in 1 of 1000 blocks',
      );
      expect(await store.has([hash, sha256(bytes('abc'))])).to.deep.equal([hash]);
    });

    it('can be filled to the last byte', async () => {
      const store = await open({ ...roomy, bytesMax: 10 });
      await store.put(bytes('12345678'));
      const { hash: last } = await store.put(bytes('ab'));
      expect(await store.get(last)).to.deep.equal(bytes('ab'));
    });

    it('is full when it holds as many blocks as it may', async () => {
      const store = await open({ ...roomy, blocksMax: 2 });
      await store.put(bytes('a'));
      await store.put(bytes('b'));
      expect(await rejection(store.put(bytes('c')))).to.be.instanceOf(BlockStoreFullError);
    });

    it('lists what is stored, with sizes and the time of the last use', async () => {
      const before = Date.now();
      const store = await open(roomy);
      const { hash: a } = await store.put(bytes('a'));
      const { hash: kelp } = await store.put(bytes('kelp'));
      const listed = new Map((await all(store.list())).map((each) => [each.hash, each]));
      expect([...listed.keys()].sort()).to.deep.equal([a, kelp].sort());
      expect(listed.get(a)?.bytes).to.equal(1);
      expect(listed.get(kelp)?.bytes).to.equal(4);
      // File systems cut the time to a tick of theirs.
      for (const { usedAt } of listed.values())
        expect(usedAt).to.be.within(before - 1_000, Date.now() + 1_000);
      expect(await store.usage()).to.deep.equal({ blocks: 2, bytes: 5, damaged: 0 });
    });

    it('says whether a block is new', async () => {
      const store = await open(roomy);
      expect(await store.put(bytes('kelp'))).to.deep.equal({ hash: sha256(bytes('kelp')), isNew: true });
      expect(await store.put(bytes('kelp'), sha256(bytes('kelp')))).to.have.property('isNew', false);
    });

    it('removes what it is told to, asks once more about each, and has room again', async () => {
      const store = await open({ ...roomy, bytesMax: 8 });
      const { hash: kept } = await store.put(bytes('kelp'));
      const { hash: gone } = await store.put(bytes('surf'));
      const missing = sha256(bytes('never'));
      const asked: string[] = [];
      const removed = await store.remove([kept, missing, gone, '../x'], (hash) => {
        asked.push(hash);
        return hash === kept;
      });
      expect(removed).to.deep.equal([gone]);
      expect(asked).to.include.members([kept, gone]);
      expect(await store.has([kept, gone])).to.deep.equal([kept]);
      expect(await store.get(gone)).to.equal(undefined);
      expect(await store.usage()).to.deep.equal({ blocks: 1, bytes: 4, damaged: 0 });
      expect(await store.put(bytes('sand'))).to.have.property('isNew', true);
    });

    it('counts a block once however often it is put, and takes it again when full', async () => {
      const store = await open({ ...roomy, bytesMax: 8, blocksMax: 2 });
      const { hash: first } = await store.put(bytes('kelp'));
      expect(await store.put(bytes('kelp'))).to.deep.equal({ hash: first, isNew: false });
      await store.put(bytes('surf'));
      expect(await store.put(bytes('kelp'))).to.deep.equal({ hash: first, isNew: false });
    });
  });
}
