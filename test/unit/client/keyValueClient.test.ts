import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { KeyValueClient } from '../../../src/client/index.js';
import { until } from '../../support/xmlrpcServer.js';
import { clientErrorOf } from './cluster.js';
import {
  done,
  failed,
  found,
  MessageCluster,
  type MessageReply,
  type MessageScript,
} from './messageCluster.js';

const patient = { backoff: { minMs: 60_000, maxMs: 60_000 } };
const noKey = failed('notFound', 'notDone');
let cluster: MessageCluster;

async function clusterOf(...scripts: MessageScript[]): Promise<MessageCluster> {
  cluster = await MessageCluster.of(...scripts);
  return cluster;
}

async function typeErrorOf(operation: Promise<unknown>): Promise<string> {
  const error = await operation.then(
    () => expect.fail('the operation succeeded'),
    (reason: unknown) => reason,
  );
  expect(error).to.be.instanceOf(TypeError);
  return (error as TypeError).message;
}

function requests(): string[] {
  const ids = [...new Set(cluster.messages.map(({ request }) => request?.clientId))];
  return cluster.messages.map(
    ({ request }) => `${ids.indexOf(request?.clientId)}/${request?.sequence ?? '-'}`,
  );
}

describe('client of keys: its messages', () => {
  afterEach(() => cluster.close());

  it('are those of the contract, with a request id for each write and a time', async () => {
    const client = (await clusterOf([done, done, found(['cat', { n: 1 }])])).client({ attemptMs: 2_000 });
    await client.put('k', ['cat']);
    await client.append('k', { n: 1 });
    expect(await client.get('k')).to.deep.equal(['cat', { n: 1 }]);
    const clientId = cluster.messages[0]?.request?.clientId;
    expect(cluster.messages).to.deep.equal([
      {
        type: 'put',
        payload: { key: 'k', value: ['cat'] },
        request: { clientId, sequence: 1 },
        timeout_ms: 1_800,
      },
      {
        type: 'append',
        payload: { key: 'k', value: { n: 1 } },
        request: { clientId, sequence: 2 },
        timeout_ms: 1_800,
      },
      { type: 'get', payload: { key: 'k' }, timeout_ms: 1_800 },
    ]);
    expect(new Set(cluster.heads)).to.deep.equal(new Set(['POST /messages application/json']));
  });

  it('a delete is a write, and tells whether there was such a key', async () => {
    const client = (await clusterOf([done, noKey, 'hang up', done])).client({ attemptMs: 2_000 });
    expect(await client.delete('k')).to.equal(true);
    expect(await client.delete('k')).to.equal(false);
    expect(await client.delete('k')).to.equal(true);
    const clientId = cluster.messages[0]?.request?.clientId;
    expect(cluster.messages[0]).to.deep.include({
      type: 'delete',
      payload: { key: 'k' },
      request: { clientId, sequence: 1 },
    });
    expect(requests()).to.deep.equal(['0/1', '0/2', '0/3', '0/3']);
  });

  it('open a session before the first write, and write without one where none is opened', async () => {
    await clusterOf(done);
    const client = cluster.client({ attemptMs: 2_000 });
    await client.put('k', 1);
    await client.put('k', 2);
    expect(cluster.opened).to.deep.equal([{ type: 'openSession', payload: {}, timeout_ms: 1_800 }]);
    for (const refusal of [
      { json: { code: 'fail', payload: { message: 'unknown type' } } },
      failed('invalid', 'notDone'),
      { page: 404 },
    ]) {
      cluster.messages.length = 0;
      cluster.openings.push(refusal);
      await cluster.client().put('k', 3);
      expect(cluster.messages.map(({ request }) => request)).to.deep.equal([undefined]);
    }
  });

  it('that open a session and get something else are a TypeError', async () => {
    await clusterOf(done);
    cluster.openings.push(done);
    expect(await typeErrorOf(cluster.client().put('k', 1))).to.match(/is not a session/);
  });

  it('carry a time that every server takes, however long the client would wait', async () => {
    const client = (await clusterOf(done)).client({ deadlineMs: Infinity, attemptMs: Infinity });
    await client.put('k', 1);
    await client.put('k', 1, { deadlineMs: 1 }).catch(() => undefined);
    expect(cluster.messages[0]?.timeout_ms).to.equal(600_000);
    for (const { timeout_ms: timeoutMs } of cluster.messages) expect(timeoutMs).to.be.at.least(1);
  });

  for (const value of [null, false, 0, '', 'né "\u2028', [], {}, [[1, { a: [null] }]], 1e300]) {
    it(`carry ${JSON.stringify(value)} there and back`, async () => {
      const client = (await clusterOf([done, found(value)])).client();
      await client.put('k', value);
      expect(cluster.messages[0]?.payload.value).to.deep.equal(value);
      expect(await client.get('k')).to.deep.equal(value);
    });
  }

  it('carry the value as it was at the call, in every attempt', async () => {
    const client = (await clusterOf(['hang up', done])).client();
    const value = ['before'];
    const put = client.put('k', value);
    value.push('after');
    await put;
    expect(cluster.messages.map(({ payload }) => payload.value)).to.deep.equal([['before'], ['before']]);
  });

  it('are not sent when the value is nothing that JSON can carry', async () => {
    const client = (await clusterOf(done)).client();
    for (const value of [
      undefined,
      () => 1,
      1n,
      NaN,
      Infinity,
      -Infinity,
      Symbol('s'),
      new Map(),
      new Date(0),
    ]) {
      const holders = [value, [value], { a: [{ b: value }] }];
      for (const holder of holders) {
        await typeErrorOf(client.put('k', holder as unknown as string));
        await typeErrorOf(client.append('k', holder as unknown as string));
      }
    }
    const circle: unknown[] = [];
    circle.push(circle);
    await typeErrorOf(client.put('k', circle as string[]));
    expect(await typeErrorOf(client.put('k', { pets: [1, NaN] }))).to.equal(
      'the value["pets"][1] must be something that JSON can carry, not NaN',
    );
    expect(cluster.asked).to.deep.equal([]);
  });
});

describe('client of keys: its values', () => {
  afterEach(() => cluster.close());

  it('are whatever JSON can carry, also from another realm', async () => {
    const client = (await clusterOf(done)).client();
    const foreign = runInNewContext('({ a: [1, null] })') as { a: [number, null] };
    const values = [
      null,
      -0.5,
      '',
      [],
      {},
      { a: { b: [true] } },
      Object.assign(Object.create(null), { a: 1 }),
      foreign,
    ];
    for (const value of values) await client.put('k', value as string);
    expect(JSON.stringify(cluster.messages.map(({ payload }) => payload.value))).to.equal(
      JSON.stringify(values),
    );
  });
});

describe('client of keys: the leader', () => {
  afterEach(() => cluster.close());

  it('is found by a redirection, at once, and asked first afterwards', async () => {
    const client = (await clusterOf({ redirect: 2 }, noKey, [done, found(1)])).client(patient);
    await client.put('k', 1);
    expect(await client.get('k')).to.equal(1);
    expect(cluster.asked).to.deep.equal([0, 2, 2]);
  });

  it('is not looked for twice in a round among servers that redirect in a circle', async () => {
    const client = (await clusterOf({ redirect: 1 }, { redirect: 2 }, { redirect: 0 })).client(patient);
    const error = await clientErrorOf(client.put('k', 1, { deadlineMs: 200 }));
    expect(error).to.include({ code: 'noLeader', outcome: 'notDone' });
    expect(error.message).to.match(/the last answer was: this server does not lead$/);
    expect(cluster.asked).to.deep.equal([0, 1, 2]);
  });

  it('that redirects to itself, or to a server that is not of the cluster, is looked for elsewhere', async () => {
    const client = (await clusterOf({ redirect: 0 }, { redirect: 9 }, done)).client(patient);
    await client.put('k', 1);
    expect(cluster.asked).to.deep.equal([0, 1, 2]);
  });

  it('is noLeader when none is found by the deadline', async () => {
    const client = (await clusterOf(failed('noLeader', 'notDone'), 'absent')).client(patient);
    for (const operation of [client.get('k', { deadlineMs: 100 }), client.put('k', 1, { deadlineMs: 100 })])
      expect(await clientErrorOf(operation)).to.include({ code: 'noLeader', outcome: 'notDone' });
  });

  it('is looked for at the others when a connection is refused, or breaks, or no answer comes', async () => {
    for (const script of ['absent', 'hang up', 'silence'] as const) {
      const client = (await clusterOf(script, done)).client({ attemptMs: 40 });
      await client.put('k', 1);
      expect(cluster.asked.at(-1), script).to.equal(1);
      expect(new Set(requests()), script).to.deep.equal(new Set(['0/1']));
      await cluster.close();
    }
  });
});

describe('client of keys: failures', () => {
  afterEach(() => cluster.close());

  const words = [
    'isCrashed',
    'steppedDown',
    'superseded',
    'overloaded',
    'failed',
    'stopped',
    'noLeader',
    'timedOut',
  ];
  for (const word of words) {
    it(`${word} is a reason to try again, and writes stay the same request`, async () => {
      const client = (await clusterOf([failed(word, 'unknown'), done])).client();
      await client.append('k', 1);
      expect(requests()).to.deep.equal(['0/1', '0/1']);
    });
  }

  for (const outcome of ['notDone', 'unknown'] as const) {
    it(`with outcome ${outcome} leave that outcome at the deadline`, async () => {
      const client = (await clusterOf(failed('isCrashed', outcome), { redirect: 0 })).client(patient);
      const error = await clientErrorOf(client.put('k', 1, { deadlineMs: 500 }));
      expect(error.outcome).to.equal(outcome);
      expect(error.code).to.equal(outcome === 'unknown' ? 'deadline' : 'noLeader');
    });
  }

  it('invalid ends a call as refused, with the text of the service', async () => {
    const client = (await clusterOf(failed('invalid', 'notDone'))).client();
    for (const operation of [client.append('k', 1), client.get('')]) {
      const error = await clientErrorOf(operation);
      expect(error).to.include({ code: 'refused', outcome: 'notDone', message: 'invalid: by the script' });
    }
    expect(cluster.asked).to.deep.equal([0, 0]);
  });

  it('internal ends a call as refused, with an outcome that is open', async () => {
    const client = (await clusterOf(failed('internal', 'unknown'), done)).client();
    expect(await clientErrorOf(client.put('k', 1))).to.include({ code: 'refused', outcome: 'unknown' });
    expect(cluster.asked).to.deep.equal([0]);
  });

  it('notFound is undefined for a get, and nothing that a write can be answered with', async () => {
    const client = (await clusterOf(noKey)).client();
    expect(await client.get('k')).to.equal(undefined);
    expect(await clientErrorOf(client.put('k', 1))).to.include({ code: 'refused' });
  });

  it('of a session begin a new one when nothing was done', async () => {
    const client = (await clusterOf([done, failed('sessionExpired', 'unknown'), done])).client(patient);
    await client.put('k', 1);
    await client.put('k', 2);
    expect(requests()).to.deep.equal(['0/1', '0/2', '1/1']);
  });

  it('of a session leave a write open that may have been done before', async () => {
    const client = (await clusterOf([done, 'hang up', failed('sessionExpired', 'unknown'), done])).client();
    await client.put('k', 1);
    expect(await clientErrorOf(client.put('k', 2))).to.include({ code: 'refused', outcome: 'unknown' });
    expect(requests()).to.deep.equal(['0/1', '0/2', '0/2']);
  });
});

describe('client of keys: pages instead of replies', () => {
  afterEach(() => cluster.close());

  for (const page of [404, 405, 413, 415]) {
    it(`with status ${page} refuse the call, and nothing was done`, async () => {
      const client = (await clusterOf({ page, text: 'too much' }, done)).client();
      const error = await clientErrorOf(client.put('k', 1));
      expect(error).to.include({
        code: 'refused',
        outcome: 'notDone',
        message: `HTTP status ${page}: too much`,
      });
      expect(cluster.asked).to.deep.equal([0]);
    });
  }

  for (const page of [408, 429, 500, 502, 503]) {
    it(`with status ${page} leave it open, and the call is sent again as the same request`, async () => {
      const client = (await clusterOf([{ page }, done])).client();
      await client.put('k', 1);
      expect(requests()).to.deep.equal(['0/1', '0/1']);
      await cluster.close();
      const alone = (await clusterOf({ page })).client();
      const error = await clientErrorOf(alone.put('k', 1, { deadlineMs: 300 }));
      expect(error).to.include({ code: 'deadline', outcome: 'unknown' });
    });
  }

  it('with status 400 are the reply that refuses the message, or a page', async () => {
    const payload = { message: 'no message', error: 'invalid', outcome: 'notDone' };
    const refusals: MessageReply[] = [
      { status: 400, json: { code: 'fail', payload } },
      { page: 400, text: 'The body is not UTF-8.' },
    ];
    const client = (await clusterOf(refusals)).client();
    const [first, second] = [await clientErrorOf(client.get('k')), await clientErrorOf(client.get('k'))];
    expect(first).to.include({ code: 'refused', message: 'no message' });
    expect(second).to.include({ code: 'refused', message: 'HTTP status 400: The body is not UTF-8.' });
  });

  const nonsense: readonly MessageReply[] = [
    { page: 200, text: '<html>' },
    { page: 200, text: '' },
    ...[null, [], 'success', {}, { code: 'ok' }, { code: 'success' }, { code: 'success', payload: {} }].map(
      (json) => ({ json }),
    ),
    { json: { code: 'fail', payload: { message: 'no error' } } },
    { json: { code: 'fail', payload: { message: 'no outcome', error: 'isCrashed', outcome: 'maybe' } } },
    { json: { code: 'fail' } },
    { json: { code: 'redirect' } },
    { json: { code: 'redirect', payload: { message: 'to nobody', leader: null } } },
    { json: { code: 'redirect', payload: { message: 'to nobody', leader: { id: '1' } } } },
  ];
  for (const reply of nonsense) {
    it(`that are no reply of this service are a TypeError: ${JSON.stringify(reply)}`, async () => {
      const client = (await clusterOf(reply, found(1))).client();
      expect(await typeErrorOf(client.get('k'))).to.match(/^the server's answer is not .*of this service\?$/);
      expect(cluster.asked).to.deep.equal([0]);
    });
  }

  it('that are no reply use a request id up: the write may have been done', async () => {
    const client = (await clusterOf([{ page: 200, text: 'hello' }, done])).client();
    await typeErrorOf(client.put('k', 1));
    await client.put('k', 2);
    expect(requests()).to.deep.equal(['0/1', '0/2']);
  });
});

describe('client of keys: limits', () => {
  afterEach(() => cluster.close());

  it('the deadline of a write that a server has is deadline with outcome unknown, of a read nothing was done', async () => {
    const client = (await clusterOf('silence')).client();
    const put = await clientErrorOf(client.put('k', 1, { deadlineMs: 300 }));
    expect(put).to.include({ code: 'deadline', outcome: 'unknown' });
    const get = await clientErrorOf(client.get('k', { deadlineMs: 40 }));
    expect(get).to.include({ code: 'deadline', outcome: 'notDone' });
  });

  it('a signal ends a call', async () => {
    const client = (await clusterOf('silence')).client();
    const controller = new AbortController();
    const put = clientErrorOf(client.put('k', 1, { signal: controller.signal }));
    await until(() => cluster.asked.length > 0);
    const reason = new Error('enough');
    controller.abort(reason);
    const error = await put;
    expect(error).to.include({ code: 'aborted', outcome: 'unknown' });
    expect(error.cause).to.equal(reason);
    const early = client.put('k', 1, { signal: AbortSignal.abort() });
    expect(await clientErrorOf(early)).to.include({ code: 'aborted', outcome: 'notDone' });
  });

  it('close ends the calls under way and later ones', async () => {
    const client = (await clusterOf('silence')).client();
    const [put, get] = [clientErrorOf(client.put('k', 1)), clientErrorOf(client.get('k'))];
    await until(() => cluster.asked.length === 2);
    client.close();
    expect(await put).to.include({ code: 'aborted', outcome: 'unknown' });
    expect(await get).to.include({ code: 'aborted', outcome: 'notDone' });
    expect(await clientErrorOf(client.get('k'))).to.include({ code: 'aborted', outcome: 'notDone' });
    expect(cluster.asked).to.have.length(2);
  });

  it('a cluster has at least one server', () => {
    expect(() => new KeyValueClient({ servers: [] })).to.throw('a cluster has at least one server');
  });

  it('a port that is none is a server that is not there', async () => {
    await clusterOf(done);
    const servers = [{ id: 0, host: '127.0.0.1', port: 70_000 }];
    const client = cluster.client({ servers });
    expect(await clientErrorOf(client.put('k', 1, { deadlineMs: 300 }))).to.include({ code: 'noLeader' });
  });
});
