import { expect } from 'chai';
import { XmlRpcFault } from '../../../src/xmlrpc/index.js';
import { until } from '../../support/xmlrpcServer.js';
import { clientErrorOf, ScriptedCluster, yes, type Reply, type Script } from './cluster.js';

const expired: Reply = { fault: 'sessionExpired' };
const refused: Reply = { error: new XmlRpcFault(-32602, 'no') };
let cluster: ScriptedCluster;

async function clusterOf(...scripts: Script[]): Promise<ScriptedCluster> {
  cluster = await ScriptedCluster.of(...scripts);
  return cluster;
}

/** The request ids of all calls, with clients numbered as they appeared: `0/1` is the first request of the first. */
function requests(): string[] {
  const ids = [...new Set(cluster.requests.map(({ clientId }) => clientId))];
  return cluster.requests.map(({ clientId, sequence }) => `${ids.indexOf(clientId)}/${sequence}`);
}

describe('client: the request id of an update', () => {
  afterEach(() => cluster.close());

  it('is the next number of a session that it has opened', async () => {
    const client = (await clusterOf(yes)).client();
    for (let version = 1; version <= 3; version += 1) await client.updateFile('a', version, []);
    await cluster.client().updateFile('a', 4, []);
    expect(requests()).to.deep.equal(['0/1', '0/2', '0/3', '1/1']);
    expect(cluster.requests.map(({ clientId }) => clientId)).to.deep.equal(['s1', 's1', 's1', 's2']);
    expect(cluster.openedAt).to.deep.equal([0, 0]);
  });

  it('is used by nobody else while the update is under way, and its client id again afterwards', async () => {
    await clusterOf('silence');
    const waiting = cluster.client();
    const updates = [1, 2, 3].map(() => clientErrorOf(waiting.updateFile('a', 1, [])));
    await until(() => cluster.asked.length === 3);
    expect(new Set(requests())).to.deep.equal(new Set(['0/1', '1/1', '2/1']));
    waiting.close();
    await Promise.all(updates);
    await cluster.close();

    const client = (await clusterOf(yes)).client();
    await Promise.all([1, 2, 3, 4].map(() => client.updateFile('a', 1, [])));
    await Promise.all([1, 2, 3, 4].map(() => client.updateFile('a', 1, [])));
    await client.updateFile('a', 1, []);
    const inOrder = requests();
    expect(inOrder.slice(0, 4)).to.have.members(['0/1', '1/1', '2/1', '3/1']);
    expect(inOrder.slice(4, 8)).to.have.members(['0/2', '1/2', '2/2', '3/2']);
    expect(inOrder[8]).to.match(/^[0-3]\/3$/);
  });

  it('is free again when it is certain that nothing was done', async () => {
    const client = (await clusterOf([yes, { fault: 'notLeader' }, refused, yes])).client();
    await client.updateFile('a', 1, []);
    await clientErrorOf(client.updateFile('a', 2, []));
    await client.updateFile('a', 2, ['other']);
    expect(requests()).to.deep.equal(['0/1', '0/2', '0/2', '0/2']);
  });

  for (const [what, ...replies] of [
    ['may have been done', { fault: 'steppedDown' }, refused],
    ['lost its answer', 'hang up', refused],
    ['ended in an internal error', { error: new Error('broken') }],
    ['has got an answer that cannot be understood', { value: 'hello' }],
  ] as const) {
    it(`is never used again for another update when the one that had it ${what}`, async () => {
      const client = (await clusterOf([...replies, yes])).client();
      await client.updateFile('a', 1, []).then(
        () => expect.fail('there is no answer'),
        () => undefined,
      );
      await client.updateFile('a', 1, ['other']);
      expect(requests()).to.deep.equal([...replies.map(() => '0/1'), '0/2']);
    });
  }

  it('of an update that was aborted before it began is free', async () => {
    const client = (await clusterOf(yes)).client();
    await clientErrorOf(client.updateFile('a', 1, [], { signal: AbortSignal.abort() }));
    await client.updateFile('a', 1, []);
    expect(requests()).to.deep.equal(['0/1']);
  });
});

describe('client: a session that the service has forgotten', () => {
  afterEach(() => cluster.close());

  for (const fault of ['sessionExpired', 'staleRequest', 'requestReused'] as const) {
    it(`is begun anew after ${fault}, at once and at the same server: nothing was done`, async () => {
      const client = (await clusterOf([yes, { fault }, yes])).client({
        backoff: { minMs: 60_000, maxMs: 60_000 },
      });
      expect(await client.updateFile('a', 1, [])).to.equal(true);
      expect(await client.updateFile('a', 2, [])).to.equal(true);
      expect(await client.updateFile('a', 3, [])).to.equal(true);
      expect(requests()).to.deep.equal(['0/1', '0/2', '1/1', '1/2']);
    });
  }

  it('is begun anew also after attempts that certainly did nothing', async () => {
    const client = (await clusterOf([yes, { fault: 'superseded' }, expired, yes])).client();
    await client.updateFile('a', 1, []);
    expect(await client.updateFile('a', 2, [])).to.equal(true);
    expect(requests()).to.deep.equal(['0/1', '0/2', '0/2', '1/1']);
  });

  it('leaves an update open that an earlier attempt may have done, and it is not sent again', async () => {
    const client = (await clusterOf([yes, { fault: 'steppedDown' }, expired, yes])).client();
    await client.updateFile('a', 1, []);
    const error = await clientErrorOf(client.updateFile('a', 2, []));
    expect(error).to.include({ code: 'refused', outcome: 'unknown' });
    expect(requests()).to.deep.equal(['0/1', '0/2', '0/2']);
  });

  it('is one of several: those that were used before it are left with it', async () => {
    await clusterOf([yes, yes, expired, yes]);
    const client = cluster.client();
    await Promise.all([client.updateFile('a', 1, []), client.updateFile('b', 1, [])]);
    expect(await client.updateFile('a', 2, [])).to.equal(true);
    expect(await client.updateFile('a', 3, [])).to.equal(true);
    expect(requests().slice(3)).to.deep.equal(['2/1', '2/2']);
  });

  it('cannot be a new one: a server that says so for ever is not asked for ever', async () => {
    const client = (await clusterOf([yes, expired])).client();
    await client.updateFile('a', 1, []);
    expect(await clientErrorOf(client.updateFile('a', 2, []))).to.include({
      code: 'refused',
      outcome: 'notDone',
    });
    expect(requests()).to.deep.equal(['0/1', '0/2', '1/1']);
  });
});

describe('client: opening a session', () => {
  afterEach(() => cluster.close());

  for (const [what, reply] of [
    ['ends in steppedDown', { fault: 'steppedDown' }],
    ['is lost', 'hang up'],
    ['finds no leader', { fault: 'notLeader' }],
  ] as const) {
    it(`that ${what} is tried again, and no number is lost`, async () => {
      await clusterOf(yes);
      cluster.openings.push(reply, reply);
      expect(await cluster.client().updateFile('a', 1, [])).to.equal(true);
      expect(cluster.openedAt).to.have.length(3);
      expect(cluster.requests).to.deep.equal([{ clientId: 's3', sequence: 1 }]);
    });
  }

  it('that never succeeds leaves the update undone for certain, whatever became of the opening', async () => {
    await clusterOf(yes);
    cluster.openings.push('hang up', { fault: 'timedOut' }, 'silence');
    const error = await clientErrorOf(cluster.client().updateFile('a', 1, [], { deadlineMs: 150 }));
    expect(error.outcome).to.equal('notDone');
    expect(cluster.asked).to.deep.equal([]);
  });

  it('goes to the leader that a refusal names, and the update after it', async () => {
    const client = (await clusterOf(yes, yes, yes)).client();
    cluster.openings.push({ fault: 'notLeader', leader: 2 });
    expect(await client.updateFile('a', 1, [])).to.equal(true);
    expect([cluster.openedAt, cluster.asked]).to.deep.equal([[0, 2], [2]]);
  });
});

describe('client: servers of another implementation, which open no sessions', () => {
  afterEach(() => cluster.close());

  const refusals: readonly (readonly [string, Reply])[] = [
    ['there is no such method', { error: new XmlRpcFault(-32601, 'no such method') }],
    ['an exception, under a code that is one of ours', { error: new XmlRpcFault(1, 'method not supported') }],
    ['a page', { page: 404 }],
  ];
  for (const [what, reply] of refusals) {
    it(`get updates without a request (${what}), and are asked for a session once`, async () => {
      await clusterOf(yes);
      cluster.openings.push(reply);
      const client = cluster.client();
      for (const version of [1, 2]) expect(await client.updateFile('a', version, ['h'])).to.equal(true);
      expect(cluster.params).to.deep.equal([
        ['a', 1, ['h']],
        ['a', 2, ['h']],
      ]);
      expect(cluster.openedAt).to.deep.equal([0]);
    });
  }

  const none: Reply = { error: new XmlRpcFault(-32601, 'no such method') };

  it('get an update again when it certainly was not done', async () => {
    await clusterOf([{ fault: 'notLeader' }, yes]);
    cluster.openings.push(none);
    expect(await cluster.client().updateFile('a', 1, ['h'])).to.equal(true);
    expect(cluster.asked).to.have.length(2);
  });

  for (const reply of ['hang up', { fault: 'steppedDown' }, { page: 503 }] as const) {
    it(`get an update only once when it may have been done: ${JSON.stringify(reply)}`, async () => {
      await clusterOf([reply, yes]);
      cluster.openings.push(none);
      const error = await clientErrorOf(cluster.client().updateFile('a', 1, ['h']));
      expect(error).to.include({ code: 'deadline', outcome: 'unknown' });
      expect(cluster.asked).to.have.length(1);
    });
  }

  it('may wait for as long as the operation may take', async () => {
    await clusterOf('silence');
    cluster.openings.push(...Array.from({ length: 20 }, () => none));
    const client = cluster.client({ attemptMs: 20 });
    const error = await clientErrorOf(client.updateFile('a', 1, ['h'], { deadlineMs: 200 }));
    expect(error).to.include({ code: 'deadline', outcome: 'unknown' });
    expect(cluster.asked).to.have.length(1);
  });

  it('are not what an error of our servers shows: the session is asked for again', async () => {
    await clusterOf(yes);
    cluster.openings.push({ error: new Error('broken') });
    const client = cluster.client();
    expect(await clientErrorOf(client.updateFile('a', 1, ['h']))).to.include({ outcome: 'notDone' });
    expect(await client.updateFile('a', 1, ['h'])).to.equal(true);
    expect(cluster.requests).to.have.length(1);
  });
});
