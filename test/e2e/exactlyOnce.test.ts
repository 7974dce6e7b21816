import { expect } from 'chai';
import { KeyValueClient, SurfStoreClient, type ServerInfo } from '../../src/client/index.js';
import { Cluster, quickElections, stopEverything } from './support/cluster.js';
import { until } from './support/waiting.js';

const CRASHES = 4;

describe('our clients while leaders crash under them', function () {
  this.timeout(90_000);

  let cluster: Cluster;

  before(async () => {
    ({ cluster } = await Cluster.startWithLeader(3, { flags: quickElections }));
  });
  after(stopEverything);

  function servers(): ServerInfo[] {
    return cluster.ports.map((port, id) => ({ id, host: '127.0.0.1', port }));
  }

  /**
   * Four writers write one after the other what `write` writes, while leaders are crashed under them. Gives how often each
   * has written.
   */
  async function crashLeadersUnder(
    write: (writer: number, count: number) => Promise<void>,
  ): Promise<number[]> {
    const counts = [0, 0, 0, 0];
    let isOver = false;
    const writing = counts.map(async (_count, writer) => {
      for (let count = 1; !isOver; count += 1) {
        await write(writer, count);
        counts[writer] = count;
      }
    });
    // A writer that fails is seen below.
    const allWritten = Promise.all(writing);
    allWritten.catch(() => undefined);
    try {
      for (let crash = 1; crash <= CRASHES; crash += 1) {
        const leader = await cluster.leader();
        const before = total(counts);
        await Promise.race([until('some writes', () => total(counts) > before + 20), allWritten]);
        await cluster.crash(leader);
        await until('another leader', async () => (await cluster.leaders()).length === 1);
        await cluster.restore(leader);
      }
    } finally {
      isOver = true;
    }
    await allWritten;
    return counts;
  }

  it('every append takes effect once, and in the order of its writer', async () => {
    const client = new KeyValueClient({ servers: servers() });
    try {
      const counts = await crashLeadersUnder((writer, count) => client.append('log', [writer, count]));
      const items = (await client.get<readonly (readonly [number, number])[]>('log')) ?? [];
      for (const [writer, count] of counts.entries()) {
        const written = items.filter(([by]) => by === writer).map(([, item]) => item);
        expect(written).to.deep.equal(Array.from({ length: count }, (_item, at) => at + 1));
      }
    } finally {
      client.close();
    }
  });

  it('every update is answered true: no retry finds the version that the attempt before it has set', async () => {
    const client = new SurfStoreClient({ servers: servers() });
    try {
      const counts = await crashLeadersUnder(async (writer, version) => {
        const applied = await client.updateFile(`file${writer}`, version, [`hash ${version}`]);
        expect(applied, `version ${version} of file${writer}`).to.equal(true);
      });
      const files = await client.getFileInfoMap();
      expect(counts.map((_count, writer) => files.get(`file${writer}`)?.version)).to.deep.equal(counts);
    } finally {
      client.close();
    }
  });
});

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
