import { expect } from 'chai';
import { errorTable, type ErrorKind } from '../../../src/node/errors.js';
import { XmlRpcFault } from '../../../src/xmlrpc/index.js';
import { until } from '../../support/xmlrpcServer.js';
import { clientErrorOf, no, ScriptedCluster, yes, type Reply, type Script } from './cluster.js';

const emptyMap: Reply = { value: new Map() };
let cluster: ScriptedCluster;

async function clusterOf(...scripts: Script[]): Promise<ScriptedCluster> {
  cluster = await ScriptedCluster.of(...scripts);
  return cluster;
}

const kinds = Object.keys(errorTable) as ErrorKind[];
/** Refusals of the request id; requestIds.test.ts is about them. */
const ofSessions: readonly ErrorKind[] = ['sessionExpired', 'staleRequest', 'requestReused'];
const ofTheLog = kinds.filter((kind) => !/^block|^epoch/.test(kind) && !ofSessions.includes(kind));
const certain = ofTheLog.filter((kind) => errorTable[kind].outcome === 'notDone');
const uncertain = ofTheLog.filter((kind) => errorTable[kind].outcome === 'unknown');

describe('client: the faults of the service', () => {
  it('leave an update undone for certain, or leave it open, as the contract says', () => {
    expect(certain).to.have.members([
      'notLeader',
      'crashed',
      'superseded',
      'overloaded',
      'failed',
      'stopped',
      'noLeader',
    ]);
    expect(uncertain).to.have.members([
      'crashedWhileWaiting',
      'steppedDown',
      'failedWhileWaiting',
      'stoppedWhileWaiting',
      'timedOut',
    ]);
  });
});

/** Asserts that all attempts were the same request. */
function expectOneRequest(): void {
  const [first, ...others] = cluster.requests;
  for (const request of others) expect(request).to.deep.equal(first);
}

describe('client: an update', () => {
  afterEach(() => cluster.close());

  for (const kind of ofTheLog) {
    it(`is sent to another server, as the same request, after ${kind} (code ${errorTable[kind].code})`, async () => {
      const client = (await clusterOf({ fault: kind }, yes)).client();
      expect(await client.updateFile('a', 1, ['h'])).to.equal(true);
      expect(cluster.asked).to.deep.equal([0, 1]);
      expectOneRequest();
    });
  }

  it('is sent to the same server again when there is no other', async () => {
    const replies: Reply[] = [...ofTheLog.map((kind) => ({ fault: kind })), 'hang up', yes];
    const client = (await clusterOf(replies)).client();
    expect(await client.updateFile('a', 1, ['h'])).to.equal(true);
    expect(cluster.asked).to.have.length(replies.length);
    expectOneRequest();
  });

  it('is sent to another server after a connection that was refused', async () => {
    const client = (await clusterOf('absent', yes)).client();
    expect(await client.updateFile('a', 1, ['h'])).to.equal(true);
  });

  it('whose answer was lost gets it from the next attempt, which is the same request', async () => {
    const client = (await clusterOf(['hang up', no], { fault: 'notLeader', leader: 0 })).client();
    expect(await client.updateFile('a', 1, ['h'])).to.equal(false);
    expect(cluster.asked).to.deep.equal([0, 1, 0]);
    expectOneRequest();
  });

  it('is the same in every attempt, although the caller changes the list meanwhile', async () => {
    const client = (await clusterOf(['hang up', yes])).client();
    const hashes: (string | number | Uint8Array)[] = ['h', 1, Buffer.from('b')];
    const update = client.updateFile('a', 1, hashes);
    hashes.push('more');
    await update;
    expect(cluster.params.map(([, , list]) => list)).to.deep.equal([
      ['h', 1, Buffer.from('b')],
      ['h', 1, Buffer.from('b')],
    ]);
  });

  it('does not hang at a leader that is cut off: the next server is asked after the time of one attempt', async () => {
    const client = (await clusterOf('silence', yes)).client({ attemptMs: 30 });
    expect(await client.updateFile('a', 1, ['h'])).to.equal(true);
    expect(cluster.asked).to.deep.equal([0, 1]);
    expectOneRequest();
  });

  it('is sent again after a page of a server that is overloaded, and not after a page that refuses it', async () => {
    const again = (await clusterOf({ page: 503 }, yes)).client();
    expect(await again.updateFile('a', 1, ['h'])).to.equal(true);
    await cluster.close();
    const refused = (await clusterOf({ page: 413 }, yes)).client();
    const error = await clientErrorOf(refused.updateFile('a', 1, ['h']));
    expect(error).to.include({ code: 'refused', outcome: 'notDone' });
    expect(error.message).to.match(/HTTP status 413: a page for people$/);
    expect(cluster.asked).to.deep.equal([0]);
  });

  it('is not sent again after an answer that is none of this service', async () => {
    const client = (await clusterOf({ value: 'a'.repeat(10) }, yes)).client();
    await client.updateFile('a', 1, ['h']).then(
      () => expect.fail('a string is no answer to an update'),
      (error: unknown) => expect(error).to.be.instanceOf(TypeError),
    );
    expect(cluster.asked).to.deep.equal([0]);
  });
});

describe('client: what is known of an update that has no answer by its deadline', () => {
  afterEach(() => cluster.close());

  const deadlineMs = 400;
  /** One round, and a pause that lasts until the deadline. */
  const patient = { backoff: { minMs: 60_000, maxMs: 60_000 } };
  const notLeader: Reply = { fault: 'notLeader' };

  for (const kind of certain) {
    it(`is that it was not done, when all attempts ended in ${kind}`, async () => {
      const client = (await clusterOf({ fault: kind }, { fault: kind })).client(patient);
      const error = await clientErrorOf(client.updateFile('a', 1, ['h'], { deadlineMs }));
      expect(error).to.include({ code: 'noLeader', outcome: 'notDone' });
      expect(error.message).to.contain(errorTable[kind].word);
    });
  }

  for (const reply of [...uncertain.map((fault) => ({ fault })), 'hang up', { page: 500 }] as const) {
    const what =
      typeof reply === 'string' ? reply : 'fault' in reply ? reply.fault : 'a page with status 500';
    it(`is nothing, when one attempt ended in ${what} and all later ones in notLeader`, async () => {
      const client = (await clusterOf(notLeader, reply, notLeader)).client(patient);
      const error = await clientErrorOf(client.updateFile('a', 1, ['h'], { deadlineMs }));
      expect(error).to.include({ code: 'deadline', outcome: 'unknown' });
      expect(error.message).to.match(
        /^no answer within the deadline; it may .*; the last answer was: notLeader/,
      );
      expect(error.cause).to.be.instanceOf(XmlRpcFault);
      expect(cluster.asked).to.deep.equal([0, 1, 2]);
    });
  }

  it('is nothing, when a server has had it all the time', async () => {
    const client = (await clusterOf('silence', yes)).client();
    const error = await clientErrorOf(client.updateFile('a', 1, ['h'], { deadlineMs }));
    expect(error).to.include({ code: 'deadline', outcome: 'unknown' });
    expect(cluster.asked).to.deep.equal([0]);
  });

  it('is nothing, when an attempt timed out before no leader was found', async () => {
    const client = (await clusterOf('silence', notLeader)).client({ ...patient, attemptMs: 100 });
    const error = await clientErrorOf(client.updateFile('a', 1, ['h'], { deadlineMs: 800 }));
    expect(error).to.include({ code: 'deadline', outcome: 'unknown' });
  });

  it('is nothing either when the caller gives up in a pause after an uncertain attempt', async () => {
    const client = (await clusterOf({ fault: 'steppedDown' })).client(patient);
    const controller = new AbortController();
    const update = clientErrorOf(client.updateFile('a', 1, ['h'], { signal: controller.signal }));
    await until(() => cluster.asked.length > 0);
    for (let turns = 0; turns < 20; turns += 1) await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    expect(await update).to.include({ code: 'aborted', outcome: 'unknown' });
  });

  it('is nothing either when the service refuses it after an uncertain attempt', async () => {
    const refused: Reply = { error: new XmlRpcFault(-32602, 'filename must not be empty') };
    const client = (await clusterOf({ fault: 'steppedDown' }, refused)).client();
    const error = await clientErrorOf(client.updateFile('a', 1, ['h']));
    expect(error).to.include({
      code: 'refused',
      outcome: 'unknown',
      message: 'filename must not be empty; an earlier attempt may have been done',
    });
  });
});

describe('client: a read', () => {
  afterEach(() => cluster.close());

  for (const kind of ofTheLog) {
    it(`is tried again after ${kind} (code ${errorTable[kind].code})`, async () => {
      const client = (await clusterOf({ fault: kind }, emptyMap)).client();
      expect(await client.getFileInfoMap()).to.deep.equal(new Map());
      expect(cluster.asked).to.deep.equal([0, 1]);
    });
  }

  for (const [what, script] of [
    ['a server that is not there', 'absent'],
    ['a connection that breaks', 'hang up'],
    ['a server that is silent', 'silence'],
  ] as const) {
    it(`is tried again after ${what}`, async () => {
      const client = (await clusterOf(script, emptyMap)).client({ attemptMs: 50 });
      expect(await client.getFileInfoMap()).to.deep.equal(new Map());
      expect(cluster.asked.at(-1)).to.equal(1);
    });
  }

  it('is tried again for as long as it may take', async () => {
    const replies: Reply[] = [...ofTheLog.map((kind) => ({ fault: kind })), emptyMap];
    const client = (await clusterOf(replies)).client();
    expect(await client.getFileInfoMap()).to.deep.equal(new Map());
    expect(cluster.asked).to.have.length(replies.length);
  });
});

describe('client: an operation that the service refuses', () => {
  afterEach(() => cluster.close());

  const refusal = new XmlRpcFault(-32602, 'filename must not be empty');

  it('ends at once with refused and the text of the service, and was not done', async () => {
    const client = (await clusterOf({ error: refusal }, yes)).client();
    const error = await clientErrorOf(client.updateFile('', 1, []));
    expect(error).to.include({ code: 'refused', outcome: 'notDone', message: 'filename must not be empty' });
    expect(error.cause).to.include({ faultCode: -32602 });
    expect(cluster.asked).to.deep.equal([0]);
  });

  it('is a read too', async () => {
    const client = (
      await clusterOf({ error: new XmlRpcFault(-32601, 'there is no method') }, emptyMap)
    ).client();
    const error = await clientErrorOf(client.getFileInfoMap());
    expect(error).to.include({ code: 'refused', outcome: 'notDone', message: 'there is no method' });
    expect(cluster.asked).to.deep.equal([0]);
  });

  it('is refused with the server in the text when that server was asked for', async () => {
    const client = (await clusterOf(yes, { error: refusal })).client();
    const error = await clientErrorOf(client.versionAt(1, ''));
    expect(error).to.include({ code: 'refused', outcome: 'notDone' });
    expect(error.message).to.match(/^server 1 at 127\.0\.0\.1:\d+: filename must not be empty$/);
  });
});
