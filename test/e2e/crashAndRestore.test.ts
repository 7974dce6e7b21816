import { expect } from 'chai';
import { Cluster, stopEverything } from './support/cluster.js';
import { timed, until } from './support/waiting.js';

/** The contract: testers sleep exactly one second. */
const CATCH_UP_MS = 1_000;

describe('crash and restore', function () {
  this.timeout(30_000);

  let cluster: Cluster;
  let leader: number;

  const follower = (): number => cluster.others(leader)[0] ?? -1;

  before(async () => {
    cluster = await Cluster.start(5);
  });
  beforeEach(async () => {
    leader = await cluster.heal();
  });
  after(stopEverything);

  it('a crashed follower catches up with 500 missed updates in under one second', async () => {
    const id = follower();
    await cluster.crash(id);
    for (let first = 0; first < 500; first += 50) {
      const names = Array.from({ length: 50 }, (_, offset) => `missed ${first + offset}`);
      const answers = await Promise.all(names.map((name) => cluster.update(leader, name, 1)));
      expect(answers.every((answer) => answer === true)).to.equal(true);
    }
    expect(await cluster.version(id, 'missed 499')).to.equal(0);
    const { lastApplied } = await cluster.status(leader);
    const { tookMs } = await timed(async () => {
      await cluster.restore(id);
      await until('all', async () => (await cluster.status(id))['lastApplied'] === lastApplied, CATCH_UP_MS);
    });
    expect(await cluster.version(id, 'missed 499')).to.equal(1);
    console.log(`      caught up after ${Math.round(tookMs)} ms`);
  });

  it('tester_getversion of a crashed server answers, and does not move', async () => {
    const id = follower();
    expect(await cluster.update(leader, 'still', 1)).to.equal(true);
    await until('version 1', async () => (await cluster.version(id, 'still')) === 1, CATCH_UP_MS);
    await cluster.crash(id);
    for (let version = 2; version <= 20; version += 1) {
      expect(await cluster.update(leader, 'still', version)).to.equal(true);
      expect(await cluster.version(id, 'still')).to.equal(1);
    }
  });

  it('a crashed server answers clients and peers with isCrashed, and nothing of it changes', async () => {
    const id = follower();
    await cluster.crash(id);
    const before = { ...(await cluster.status(id)), uptimeSeconds: 0 };
    const { term } = await cluster.status(leader);
    const vote = {
      type: 'requestVote',
      from: leader,
      to: id,
      term: Number(term) + 5,
      lastLogIndex: 9,
      lastLogTerm: 9,
    };
    for (const [method, params] of [
      ['updatefile', ['refused', 1, []]],
      ['getfileinfomap', []],
      ['requestVote', [JSON.stringify(vote)]],
      ['appendEntries', [JSON.stringify({ ...vote, ...heartbeat })]],
      ['putblock', [Buffer.from('block')]],
      ['getblock', ['00']],
      ['hasblocks', [[]]],
    ] as const) {
      const fault = await cluster.faultOf(id, method, params);
      expect(fault, method).to.include({ faultCode: 2 });
      expect(fault.faultString, method).to.match(/^isCrashed/);
    }
    expect(await cluster.call(id, 'ping')).to.equal(true);
    expect({ ...(await cluster.status(id)), uptimeSeconds: 0 }).to.deep.equal(before);
  });

  it('isLeader is false on a crashed leader, and isCrashed true until its restore', async () => {
    expect(await cluster.call(leader, 'isCrashed')).to.equal(false);
    await cluster.crash(leader);
    expect(await cluster.call(leader, 'isLeader')).to.equal(false);
    expect(await cluster.call(leader, 'isCrashed')).to.equal(true);
    expect(await cluster.call(leader, 'restore')).to.equal(true);
    expect(await cluster.call(leader, 'isLeader'), 'a follower at first').to.equal(false);
    expect(await cluster.call(leader, 'isCrashed')).to.equal(false);
  });

  it('crash of a crashed server and restore of a running one change nothing and are true', async () => {
    const id = follower();
    const { term } = await cluster.status(id);
    for (let time = 0; time < 3; time += 1) expect(await cluster.call(id, 'restore')).to.equal(true);
    for (let time = 0; time < 3; time += 1) expect(await cluster.call(leader, 'restore')).to.equal(true);
    for (let time = 0; time < 3; time += 1) expect(await cluster.call(id, 'crash')).to.equal(true);
    expect(await cluster.call(id, 'isCrashed')).to.equal(true);
    expect(await cluster.call(id, 'restore')).to.equal(true);
    expect(await cluster.call(id, 'isCrashed')).to.equal(false);
    expect(await cluster.leaders()).to.deep.equal([leader]);
    expect((await cluster.status(leader))['term']).to.equal(term);
  });

  it('a restored server keeps its term and its log, and deposes nobody', async () => {
    const id = follower();
    expect(await cluster.update(leader, 'kept', 1)).to.equal(true);
    await until('version 1', async () => (await cluster.version(id, 'kept')) === 1, CATCH_UP_MS);
    const { term, lastIndex } = await cluster.status(id);
    await cluster.crash(id);
    await cluster.restore(id);
    expect(await cluster.status(id)).to.include({ term, lastIndex });
    const endsAt = performance.now() + 2_000;
    await until('two seconds with the same leader', async () => {
      expect(await cluster.leaders()).to.deep.equal([leader]);
      return performance.now() > endsAt;
    });
    expect((await cluster.status(leader))['term']).to.equal(term);
  });

  it('every server that does not lead answers notLeader, and names the leader', async () => {
    const { host, port } = { host: 'localhost', port: cluster.port(leader) };
    for (const id of cluster.others(leader)) {
      for (const [method, params] of [
        ['updatefile', ['refused', 1, []]],
        ['getfileinfomap', []],
      ] as const) {
        const fault = await cluster.faultOf(id, method, params);
        expect(fault).to.include({ faultCode: 1 });
        expect(fault.faultString)
          .to.match(/^notLeader/)
          .and.contain(`server ${leader} at ${host}:${port}`);
      }
    }
    expect(await cluster.versions('refused')).to.deep.equal([0, 0, 0, 0, 0]);
  });

  it('all servers crashed and restored at once: a leader within five seconds, and nothing is lost', async () => {
    expect(await cluster.update(leader, 'all', 1, ['kept'])).to.equal(true);
    await cluster.crash(...cluster.ids);
    expect(await cluster.leaders()).to.deep.equal([]);
    await cluster.restore(...cluster.ids);
    const next = await cluster.leader();
    const map = await cluster.call(next, 'getfileinfomap');
    expect((map as Map<string, unknown>).get('all')).to.deep.equal([1, ['kept']]);
  });
});

const heartbeat = {
  type: 'appendEntries',
  prevLogIndex: 0,
  prevLogTerm: 0,
  entries: [],
  leaderCommit: 0,
  hasQuorum: true,
  sequence: 1,
  readRound: 0,
};
