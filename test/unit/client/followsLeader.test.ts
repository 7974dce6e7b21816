import { expect } from 'chai';
import { XmlRpcFault } from '../../../src/xmlrpc/index.js';
import { clientErrorOf, no, ScriptedCluster, yes, type Reply, type Script } from './cluster.js';

const fileMap: Reply = { value: new Map([['a', [2, ['h', 1, Buffer.from('b')]]]]) };
let cluster: ScriptedCluster;

async function clusterOf(...scripts: Script[]): Promise<ScriptedCluster> {
  cluster = await ScriptedCluster.of(...scripts);
  return cluster;
}

describe('client: the leader', () => {
  afterEach(() => cluster.close());

  it('is asked first once it is known', async () => {
    const client = (await clusterOf({ fault: 'notLeader' }, { fault: 'notLeader' }, yes)).client();
    for (let version = 1; version <= 3; version += 1) await client.updateFile('a', version, []);
    expect(cluster.asked).to.deep.equal([0, 1, 2, 2, 2]);
  });

  it('is found by the hint of another server, at once and without a pause', async () => {
    const scripts: Script[] = [
      { fault: 'notLeader', leader: 3 },
      yes,
      yes,
      { fault: 'notLeader', leader: 4 },
      yes,
    ];
    const client = (await clusterOf(...scripts)).client({ backoff: { minMs: 60_000, maxMs: 60_000 } });
    expect(await client.updateFile('a', 1, ['h'])).to.equal(true);
    expect(cluster.asked).to.deep.equal([0, 3, 4]);
  });

  it('is looked for at the next server when one is not there, without a pause', async () => {
    const client = (await clusterOf('absent', 'absent', yes)).client({
      backoff: { minMs: 60_000, maxMs: 60_000 },
    });
    expect(await client.updateFile('a', 1, ['h'])).to.equal(true);
    expect(cluster.asked).to.deep.equal([2]);
  });

  it('is looked for at the others when the one that a hint names is not there', async () => {
    const client = (await clusterOf({ fault: 'notLeader', leader: 2 }, yes, 'absent')).client({
      backoff: { minMs: 60_000, maxMs: 60_000 },
    });
    expect(await client.updateFile('a', 1, ['h'])).to.equal(true);
    expect(cluster.asked).to.deep.equal([0, 1]);
  });

  it('is looked for again after a pause when no server leads', async () => {
    const follower: Reply = { fault: 'notLeader' };
    const client = (await clusterOf([follower, follower, follower], [follower, yes])).client({
      backoff: { minMs: 40, maxMs: 40, random: () => 0 },
    });
    expect(await client.updateFile('a', 1, ['h'])).to.equal(true);
    expect(cluster.asked.slice(0, 2)).to.have.members([0, 1]);
    expect(cluster.asked.at(-1)).to.equal(1);
    const [, second = 0, third = 0] = cluster.askedAt;
    expect(third - second).to.be.at.least(18);
  });

  it('is not looked for twice in a round among servers that name one another for ever', async () => {
    const client = (
      await clusterOf({ fault: 'notLeader', leader: 1 }, { fault: 'notLeader', leader: 0 })
    ).client({
      backoff: { minMs: 60_000, maxMs: 60_000 },
    });
    const error = await clientErrorOf(client.updateFile('a', 1, [], { deadlineMs: 200 }));
    expect(error).to.include({ code: 'noLeader', outcome: 'notDone' });
    expect(error.message).to.contain('notLeader: by the script; the leader is server');
    expect(cluster.asked).to.deep.equal([0, 1]);
  });

  it('that is named but is not of the cluster is not asked', async () => {
    await clusterOf(
      { error: new XmlRpcFault(1, 'notLeader: no; the leader is server 9 at localhost:1') },
      yes,
    );
    expect(await cluster.client().updateFile('a', 1, [])).to.equal(true);
    expect(cluster.asked).to.deep.equal([0, 1]);
  });

  it('that has changed is found again', async () => {
    const client = (await clusterOf([yes, { fault: 'notLeader', leader: 1 }], yes)).client();
    for (let version = 1; version <= 3; version += 1) await client.updateFile('a', version, []);
    expect(cluster.asked).to.deep.equal([0, 0, 1, 1]);
  });

  describe('by findLeader', () => {
    it('is the server that says so', async () => {
      const client = (await clusterOf(no, 'absent', yes)).client();
      expect(await client.findLeader()).to.deep.equal(cluster.servers[2]);
    });

    it('is asked first afterwards', async () => {
      const client = (await clusterOf(no, no, yes)).client();
      await client.findLeader();
      await client.updateFile('a', 1, []);
      expect(cluster.asked).to.deep.equal([0, 1, 2, 2]);
    });

    it('is waited for', async () => {
      const client = (await clusterOf([no, no, no, yes])).client();
      expect((await client.findLeader()).id).to.equal(0);
      expect(cluster.asked).to.have.length(4);
    });

    it('is noLeader when none is found in time', async () => {
      const client = (await clusterOf(no, 'absent')).client();
      const error = await clientErrorOf(client.findLeader({ deadlineMs: 50 }));
      expect(error).to.include({ code: 'noLeader', outcome: 'notDone' });
    });

    it('is not a server that answers with something else than true', async () => {
      const client = (await clusterOf({ value: 'true' }, { value: 1 }, yes)).client();
      expect((await client.findLeader()).id).to.equal(2);
    });

    it('is not waited for at a server that is silent, longer than one attempt may take', async () => {
      const client = (await clusterOf('silence', yes)).client({ attemptMs: 30 });
      expect((await client.findLeader()).id).to.equal(1);
    });
  });

  it('gives the file map as a map of versions and hash lists', async () => {
    const client = (await clusterOf({ fault: 'notLeader', leader: 1 }, fileMap)).client();
    expect(await client.getFileInfoMap()).to.deep.equal(
      new Map([['a', { version: 2, hashList: ['h', 1, Buffer.from('b')] }]]),
    );
  });

  it('gets an update as it was given, and its answer comes back', async () => {
    const client = (await clusterOf([yes, no])).client();
    expect(await client.updateFile('né', 1, ['h', 2, true])).to.equal(true);
    expect(await client.updateFile('né', 1, '0')).to.equal(false);
    expect(cluster.params.map((params) => params.slice(0, 3))).to.deep.equal([
      ['né', 1, ['h', 2, true]],
      ['né', 1, '0'],
    ]);
  });

  it('that says false is believed: a refused version is no reason to try again', async () => {
    const client = (await clusterOf(no, yes)).client();
    expect(await client.updateFile('a', 1, [])).to.equal(false);
    expect(cluster.asked).to.deep.equal([0]);
  });
});
