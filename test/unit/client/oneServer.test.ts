import { expect } from 'chai';
import { ClientError, SurfStoreClient } from '../../../src/client/index.js';
import { clientErrorOf, no, ScriptedCluster, yes, type Script } from './cluster.js';

let cluster: ScriptedCluster;

async function clusterOf(...scripts: Script[]): Promise<ScriptedCluster> {
  cluster = await ScriptedCluster.of(...scripts);
  return cluster;
}

describe('client: questions to one server', () => {
  afterEach(() => cluster.close());

  it('go to that server and no other, whoever leads', async () => {
    const client = (await clusterOf({ value: 3 }, { value: 5 }, { value: 0 })).client();
    expect(await client.versionAt(1, 'a')).to.equal(5);
    expect(await client.versionAt(2, 'never')).to.equal(0);
    expect(cluster.asked).to.deep.equal([1, 2]);
    expect(cluster.params).to.deep.equal([['a'], ['never']]);
  });

  it('isLeader and isCrashed give what the server says', async () => {
    const client = (await clusterOf(yes, no)).client();
    expect(await client.isLeader(0)).to.equal(true);
    expect(await client.isLeader(1)).to.equal(false);
    expect(await client.isCrashed(0)).to.equal(true);
    expect(await client.isCrashed(1)).to.equal(false);
  });

  it('crash and restore are over when the server says so', async () => {
    const client = (await clusterOf(yes)).client();
    await client.crash(0);
    await client.restore(0);
    expect(cluster.asked).to.deep.equal([0, 0]);
  });

  it('store blocks, give them, and tell which are there', async () => {
    const block = Buffer.from('block');
    const client = (await clusterOf(yes, { value: block }, { value: ['b', 'a'] })).client();
    await client.putBlock(0, block);
    expect(Buffer.from(await client.getBlock(1, 'ab'))).to.deep.equal(block);
    expect(await client.hasBlocks(2, ['a', 'b'])).to.deep.equal(['b', 'a']);
    expect(cluster.asked).to.deep.equal([0, 1, 2]);
    expect(cluster.params).to.deep.equal([[block], ['ab'], [['a', 'b']]]);
  });

  it('are unreachable when it is not there, and not done', async () => {
    const client = (await clusterOf('absent')).client();
    const error = await clientErrorOf(client.crash(0));
    expect(error).to.include({ code: 'unreachable', outcome: 'notDone' });
    expect(error.message).to.match(/^server 0 at 127\.0\.0\.1:\d+ does not answer: .*ECONNREFUSED/);
    expect(error.cause).to.be.instanceOf(Error);
  });

  it('have an unknown outcome when the connection breaks', async () => {
    const client = (await clusterOf('hang up')).client();
    expect(await clientErrorOf(client.crash(0))).to.include({ code: 'unreachable', outcome: 'unknown' });
    expect(cluster.asked).to.deep.equal([0]);
  });

  it('are refused when there is no such server', async () => {
    const client = (await clusterOf(yes, yes)).client();
    for (const id of [2, -1, 0.5, NaN]) {
      const error = await clientErrorOf(client.status(id));
      expect(error).to.include({ code: 'refused', outcome: 'notDone' });
      expect(error.message).to.equal(`there is no server ${id} in this cluster`);
    }
  });

  it('are asked by id, not by position', async () => {
    await clusterOf({ value: 1 }, { value: 2 });
    const client = cluster.client({ servers: [...cluster.servers].reverse() });
    expect(await client.versionAt(1, 'a')).to.equal(2);
  });
});

describe('client: an answer that is none of this service', () => {
  afterEach(() => cluster.close());

  const calls: readonly (readonly [what: string, call: (client: SurfStoreClient) => Promise<unknown>])[] = [
    ['updateFile', (client) => client.updateFile('a', 1, [])],
    ['getFileInfoMap', (client) => client.getFileInfoMap()],
    ['versionAt', (client) => client.versionAt(0, 'a')],
    ['isLeader', (client) => client.isLeader(0)],
    ['isCrashed', (client) => client.isCrashed(0)],
    ['status', (client) => client.status(0)],
  ];
  for (const [what, call] of calls) {
    it(`to ${what} is an error that says so`, async () => {
      const client = (await clusterOf({ value: 'hello' })).client();
      const error = await call(client).catch((reason: unknown) => reason);
      expect(error)
        .to.be.instanceOf(Error)
        .and.property('message')
        .match(/^the server's answer is not /);
    });
  }
});

describe('client: its error', () => {
  it('has a name, a code, an outcome and a cause', () => {
    const cause = new Error('why');
    const error = new ClientError('deadline', 'what', 'unknown', cause);
    expect(error).to.be.instanceOf(Error);
    expect(error).to.include({
      name: 'ClientError',
      code: 'deadline',
      outcome: 'unknown',
      message: 'what',
      cause,
    });
  });

  it('is for a cluster without servers an error of the caller, at once', () => {
    expect(() => new SurfStoreClient({ servers: [] })).to.throw('a cluster has at least one server');
  });
});
