import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { CollectedStore, UnknownCollectionError, type Sweep } from '../../../src/blocks/collectedStore.js';
import { DirectoryBlockStore } from '../../../src/blocks/directoryBlockStore.js';
import { MemoryBlockStore } from '../../../src/blocks/memoryBlockStore.js';
import { Prng } from '../../../src/sim/prng.js';

const keyOf = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('the garbage collection of a store', () => {
  let now: number;
  let store: CollectedStore;

  beforeEach(() => {
    now = 1_000_000;
    store = new CollectedStore(new MemoryBlockStore({}, () => now), () => now);
  });

  const put = (text: string): Promise<unknown> => store.put(Buffer.from(text), keyOf(text));
  const sweep = (more: Partial<Sweep>): ReturnType<CollectedStore['sweep']> =>
    store.sweep({
      collection: 'first',
      isReferenced: () => false,
      graceMs: 0,
      isAbandoned: () => false,
      ...more,
    });
  const stored = async (...texts: readonly string[]): Promise<string[]> => {
    const has = await Promise.all(texts.map((text) => store.get(keyOf(text))));
    return texts.filter((_, at) => has[at] !== undefined);
  };

  it('removes what no file needs and nobody has used since it began', async () => {
    for (const text of ['needed', 'old', 'asked for', 'put again']) await put(text);
    now += 1;
    store.begin('first');
    await store.has([keyOf('asked for')]);
    await put('put again');
    await put('new');
    const needed = keyOf('needed');
    const result = await sweep({ isReferenced: (hash) => hash === needed });
    expect(result).to.deep.equal({
      blocks: 5,
      bytes: 30,
      referenced: 1,
      spared: 3,
      removed: 1,
      removedBytes: 3,
    });
    expect(await stored('needed', 'old', 'asked for', 'put again', 'new')).to.deep.equal([
      'needed',
      'asked for',
      'put again',
      'new',
    ]);
  });

  it('spares for the grace period what was used before it began, however long it lasts', async () => {
    await put('old');
    now += 600;
    await put('young');
    now += 500;
    store.begin('first');
    now += 100_000;
    expect(await sweep({ graceMs: 1_000 })).to.include({ removed: 1, spared: 1 });
    expect(await stored('old', 'young')).to.deep.equal(['young']);
  });

  it('only counts when it is not begun', async () => {
    await put('old');
    now += 5_000;
    await put('young');
    expect(await sweep({ collection: undefined, graceMs: 1_000 })).to.include({
      removed: 1,
      removedBytes: 3,
      spared: 1,
    });
    expect(await stored('old', 'young')).to.deep.equal(['old', 'young']);
  });

  it('refuses to continue when another one began, when it ended, and after a restart', async () => {
    const refused = async (): Promise<void> => {
      const error = await sweep({}).catch((refusal: unknown) => refusal);
      expect(error).to.be.instanceOf(UnknownCollectionError);
    };
    await put('old');
    await refused();
    store.begin('first');
    store.begin('second');
    await refused();
    expect(() => store.end('first')).to.throw(UnknownCollectionError);
    store.end('second');
    await refused();
    expect(await stored('old')).to.deep.equal(['old']);
  });

  it('stops when nobody waits for it', async () => {
    await put('old');
    now += 1;
    store.begin('first');
    expect(await sweep({ isAbandoned: () => true })).to.include({ removed: 0 });
    expect(await stored('old')).to.deep.equal(['old']);
  });

  it('and clients at the same time: whatever a client is told is stored stays, in a directory, too', async () => {
    const root = mkdtempSync(join(tmpdir(), 'collected-'));
    try {
      for (let seed = 1; seed <= 4; seed += 1) {
        const random = new Prng(seed);
        const directory = await DirectoryBlockStore.open(join(root, String(seed)));
        const collected = new CollectedStore(directory, () => Date.now() + 5_000);
        const texts = Array.from({ length: 24 }, (_, i) => `block ${i}`);
        for (const text of texts) await collected.put(Buffer.from(text), keyOf(text));
        collected.begin('first');
        const promised: string[] = [];
        const client = async (): Promise<void> => {
          for (let asked = 0; asked < 12; asked += 1) {
            const text = random.pick(texts);
            if (random.chance(0.5)) promised.push(...(await collected.has([keyOf(text)])));
            else promised.push((await collected.put(Buffer.from(text), keyOf(text))).hash);
          }
        };
        const sweeping = collected.sweep({
          collection: 'first',
          isReferenced: () => false,
          graceMs: 0,
          isAbandoned: () => false,
        });
        await Promise.all([sweeping, client(), client(), client()]);
        const { removed } = await sweeping;
        expect(removed, `seed ${seed}`).to.be.above(0);
        for (const hash of promised)
          expect(await collected.get(hash), `seed ${seed}, ${hash}`).to.not.equal(undefined);
      }
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});
