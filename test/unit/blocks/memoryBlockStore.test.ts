import { expect } from 'chai';
import { MemoryBlockStore } from '../../../src/blocks/memoryBlockStore.js';
import { blockStoreSuite } from './suite.js';

blockStoreSuite('MemoryBlockStore', (limits) => new MemoryBlockStore(limits));

describe('MemoryBlockStore', () => {
  it('takes limits one by one, the others have defaults', async () => {
    const store = new MemoryBlockStore({ bytesMax: 3 });
    const { hash } = await store.put(Buffer.from('abc'));
    expect(await store.has([hash])).to.deep.equal([hash]);
  });
});
