import { expect } from 'chai';
import { errorTable, type ErrorKind } from '../../../src/node/errors.js';
import { XmlRpcFault } from '../../../src/xmlrpc/index.js';
import { clientErrorOf, ScriptedCluster, yes, type Reply, type Script } from './cluster.js';

const emptyMap: Reply = { value: new Map() };
let cluster: ScriptedCluster;

async function clusterOf(...scripts: Script[]): Promise<ScriptedCluster> {
  cluster = await ScriptedCluster.of(...scripts);
  return cluster;
}

const ofTheLog = (Object.keys(errorTable) as ErrorKind[]).filter((kind) => !kind.startsWith('block'));
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
    ]);
    expect(uncertain).to.have.members([
      'crashedWhileWaiting',
      'steppedDown',
      'failedWhileWaiting',
      'stoppedWhileWaiting',
    ]);
  });
});

describe('client: an update', () => {
  afterEach(() => cluster.close());

  for (const kind of certain) {
    it(`is tried at another server after ${kind} (code ${errorTable[kind].code}): it was not done`, async () => {
      const client = (await clusterOf({ fault: kind }, yes)).client();
      expect(await client.updateFile('a', 1, ['h'])).to.equal(true);
      expect(cluster.asked).to.deep.equal([0, 1]);
    });
  }

  it('is tried at the same server again when there is no other', async () => {
    const client = (
      await clusterOf([{ fault: 'overloaded' }, { fault: 'crashed' }, { fault: 'superseded' }, yes])
    ).client();
    expect(await client.updateFile('a', 1, ['h'])).to.equal(true);
    expect(cluster.asked).to.deep.equal([0, 0, 0, 0]);
  });

  it('is tried at another server after a connection that was refused: it cannot have been done', async () => {
    const client = (await clusterOf('absent', yes)).client();
    expect(await client.updateFile('a', 1, ['h'])).to.equal(true);
  });

  for (const kind of uncertain) {
    it(`is not tried again after ${kind} (code ${errorTable[kind].code}): it may have been done`, async () => {
      const client = (await clusterOf({ fault: kind }, yes)).client();
      const error = await clientErrorOf(client.updateFile('a', 1, ['h']));
      expect(error).to.include({ code: 'interrupted', outcome: 'unknown' });
      expect(error.message).to.contain('may or may not have been done').and.contain(errorTable[kind].word);
      expect(error.cause).to.be.instanceOf(XmlRpcFault);
      expect(cluster.asked).to.deep.equal([0]);
    });
  }

  it('is not tried again after a connection that broke while it waited', async () => {
    const client = (await clusterOf('hang up', yes)).client();
    const error = await clientErrorOf(client.updateFile('a', 1, ['h']));
    expect(error).to.include({ code: 'interrupted', outcome: 'unknown' });
    expect(cluster.asked).to.deep.equal([0]);
  });

  it('is not tried again after an answer that cannot be read', async () => {
    const client = (await clusterOf({ value: 'a'.repeat(10) }, yes)).client();
    await client.updateFile('a', 1, ['h']).then(
      () => expect.fail('a string is no answer to an update'),
      (error: unknown) => expect(error).to.be.instanceOf(Error),
    );
    expect(cluster.asked).to.deep.equal([0]);
  });

  it('is not tried again when its time is up while the leader has it', async () => {
    const client = (await clusterOf('silence', yes)).client();
    const error = await clientErrorOf(client.updateFile('a', 1, ['h'], { deadlineMs: 50 }));
    expect(error).to.include({ code: 'deadline', outcome: 'unknown' });
    expect(cluster.asked).to.deep.equal([0]);
  });

  it('waits for its answer as long as it may, however short the attempts of reads are', async () => {
    const client = (await clusterOf('silence', yes)).client({ readAttemptMs: 5 });
    const before = performance.now();
    const error = await clientErrorOf(client.updateFile('a', 1, ['h'], { deadlineMs: 100 }));
    expect(error).to.include({ code: 'deadline', outcome: 'unknown' });
    expect(performance.now() - before).to.be.at.least(95);
  });

  it('that was uncertain once is uncertain, although it was certain before', async () => {
    const client = (await clusterOf([{ fault: 'notLeader' }, { fault: 'steppedDown' }])).client();
    const error = await clientErrorOf(client.updateFile('a', 1, ['h']));
    expect(error).to.include({ code: 'interrupted', outcome: 'unknown' });
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
      const client = (await clusterOf(script, emptyMap)).client({ readAttemptMs: 50 });
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
