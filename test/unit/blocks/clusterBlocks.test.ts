import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { BlockStoreFullError } from '../../../src/blocks/blockStore.js';
import {
  BlocksUnavailableError,
  ClusterBlocks,
  noBlockEvents,
  PeerUnavailableError,
  type BlockPeer,
} from '../../../src/blocks/clusterBlocks.js';
import { CollectedStore } from '../../../src/blocks/collectedStore.js';
import { MemoryBlockStore } from '../../../src/blocks/memoryBlockStore.js';
import { placementOf } from '../../../src/blocks/placement.js';

const block = Buffer.from('kelp');
const hash = createHash('sha256').update(block).digest('hex');

/** Servers whose peers are one another's stores, without a network between them. */
class World {
  readonly stores: readonly CollectedStore[];
  readonly down = new Set<number>();
  readonly asked: string[] = [];
  readonly repaired: number[] = [];
  readonly servers: readonly ClusterBlocks[];

  constructor(size: number, bytesMax = 1_000) {
    const ids = Array.from({ length: size }, (_, id) => id);
    this.stores = ids.map(() => new CollectedStore(new MemoryBlockStore({ bytesMax })));
    this.servers = ids.map(
      (self) =>
        new ClusterBlocks(
          self,
          this.store(self),
          ids.filter((id) => id !== self).map((id) => this.peer(id)),
          { ...noBlockEvents, repaired: (_, server) => this.repaired.push(server) },
        ),
    );
  }

  store(id: number): CollectedStore {
    const store = this.stores[id];
    if (store === undefined) throw new Error(`there is no server ${id}`);
    return store;
  }

  server(id: number): ClusterBlocks {
    const server = this.servers[id];
    if (server === undefined) throw new Error(`there is no server ${id}`);
    return server;
  }

  /** The servers that have the block. */
  async holders(key = hash): Promise<number[]> {
    const has = await Promise.all(this.stores.map((store) => store.get(key)));
    return this.stores.flatMap((_, id) => (has[id] === undefined ? [] : [id]));
  }

  private peer(id: number): BlockPeer {
    const ask = async <T>(what: string, answer: () => Promise<T>): Promise<T> => {
      this.asked.push(`${what} ${id}`);
      if (this.down.has(id)) throw new PeerUnavailableError(`server ${id} does not answer`);
      return answer();
    };
    return {
      id,
      put: (bytes, key) => ask('put', () => this.store(id).put(bytes, key)),
      get: (key) => ask('get', () => this.store(id).get(key)),
      has: (keys) => ask('has', () => this.store(id).has(keys)),
    };
  }
}

async function failureOf(action: Promise<unknown>): Promise<unknown> {
  try {
    await action;
  } catch (error) {
    return error;
  }
  throw new Error('it succeeded');
}

describe('the blocks of a cluster', () => {
  const [first = -1, second = -1, third = -1, fourth = -1] = placementOf(hash, [0, 1, 2, 3, 4]);

  it('lie on the two servers of their placement, whichever server gets them', async () => {
    for (const id of [0, 1, 2, 3, 4]) {
      const world = new World(5);
      expect(await world.server(id).put(block)).to.deep.equal({ hash, isNew: true, copies: 2 });
      expect(await world.holders()).to.have.members([first, second]);
      for (const other of world.servers) expect(await other.get(hash)).to.deep.equal(new Uint8Array(block));
    }
  });

  it('lie on the next servers while those are down, and on one if it must be', async () => {
    const world = new World(5);
    world.down.add(second);
    expect(await world.server(fourth).put(block)).to.have.property('copies', 2);
    expect(await world.holders()).to.have.members([first, third]);
    const alone = new World(3);
    alone.down.add(1).add(2);
    expect(await alone.server(0).put(block)).to.have.property('copies', 1);
    expect(await new World(1).server(0).put(block)).to.have.property('copies', 1);
  });

  it('are put elsewhere when a store is full, and refused when all are', async () => {
    const world = new World(5);
    await world.store(first).put(Buffer.alloc(1_000), 'ab'.repeat(32));
    expect(await world.server(first).put(block)).to.have.property('copies', 2);
    expect(await world.holders()).to.have.members([second, third]);
    expect(await failureOf(new World(3, 3).server(0).put(block))).to.be.instanceOf(BlockStoreFullError);
  });

  it('say so when other servers are down and this one is full', async () => {
    const world = new World(3, 3);
    world.down.add(1).add(2);
    const error = await failureOf(world.server(0).put(block));
    expect(error).to.be.instanceOf(BlocksUnavailableError);
    expect((error as Error).message)
      .to.contain('is full')
      .and.contain('does not answer');
  });

  it('come back to a server that has lost them when somebody reads them', async () => {
    const world = new World(5);
    await world.server(0).put(block);
    await world.store(first).sweep({
      collection: begun(world.store(first)),
      isReferenced: () => false,
      graceMs: -10_000,
      isAbandoned: () => false,
    });
    expect(await world.holders()).to.deep.equal([second]);
    expect(await world.server(third).get(hash)).to.deep.equal(new Uint8Array(block));
    await settled();
    expect(await world.holders()).to.have.members([first, second]);
    expect(world.repaired).to.deep.equal([first]);
  });

  it('come back from a server outside the placement, too', async () => {
    const world = new World(5);
    await world.store(fourth).put(block, hash);
    expect(await world.server(fourth).get(hash)).to.deep.equal(new Uint8Array(block));
    expect(world.repaired).to.deep.equal([]);
    expect(await world.server(first).get(hash)).to.deep.equal(new Uint8Array(block));
    await settled();
    expect(await world.holders()).to.have.members([first, second, fourth]);
  });

  it('are not taken from a server that gives other bytes', async () => {
    const world = new World(2);
    await world.store(1).put(Buffer.from('not kelp'), hash);
    expect(await world.server(0).get(hash)).to.equal(undefined);
  });

  it('are not found only when every server says so', async () => {
    const world = new World(3);
    expect(await world.server(0).get(hash)).to.equal(undefined);
    world.down.add(2);
    expect(await failureOf(world.server(0).get(hash))).to.be.instanceOf(BlocksUnavailableError);
  });

  it('are asked of nobody when this server has them, and of nobody at all when the hash is none', async () => {
    const world = new World(3);
    await world.store(0).put(block, hash);
    await world.server(0).get(hash);
    for (const text of ['', 'kelp', '../../etc/passwd', hash.toUpperCase()])
      expect(await world.server(0).get(text)).to.equal(undefined);
    expect(await world.server(0).has(['', 'x'])).to.deep.equal([]);
    expect(world.asked).to.deep.equal([]);
  });

  it('are known wherever they lie, in the order of the question; every copy counts as used', async () => {
    const world = new World(3);
    await world.store(2).put(block, hash);
    const other = await world.server(0).put(Buffer.from('surf'));
    const missing = 'cd'.repeat(32);
    expect(await world.server(1).has([other.hash, missing, hash, other.hash])).to.deep.equal([
      other.hash,
      hash,
      other.hash,
    ]);
    expect(world.asked.slice(-2)).to.have.members(['has 0', 'has 2']);
    world.down.add(2);
    expect(await world.server(1).has([hash])).to.deep.equal([]);
  });
});

function begun(store: CollectedStore): string {
  store.begin('a collection');
  return 'a collection';
}

/** Lets what is not waited for happen: nothing in these worlds takes longer than a turn. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}
