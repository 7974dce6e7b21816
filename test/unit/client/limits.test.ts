import { expect } from 'chai';
import { SurfStoreClient, type ServerInfo } from '../../../src/client/index.js';
import { until } from '../../support/xmlrpcServer.js';
import { clientErrorOf, ScriptedCluster, yes, type Reply, type Script } from './cluster.js';

const emptyMap: Reply = { value: new Map() };
const follower: Reply = { fault: 'notLeader' };
let cluster: ScriptedCluster;

async function clusterOf(...scripts: Script[]): Promise<ScriptedCluster> {
  cluster = await ScriptedCluster.of(...scripts);
  return cluster;
}

async function msOf(action: Promise<unknown>): Promise<number> {
  const before = performance.now();
  await action;
  return performance.now() - before;
}

describe('client: the deadline', () => {
  afterEach(() => cluster.close());

  it('is one for all attempts and pauses of an operation', async () => {
    const client = (await clusterOf(follower, 'absent', follower)).client({
      backoff: { minMs: 10, maxMs: 60_000, random: () => 1 },
    });
    const took = await msOf(
      clientErrorOf(client.updateFile('a', 1, [], { deadlineMs: 900 })).then((error) => {
        expect(error).to.include({ code: 'noLeader', outcome: 'notDone' });
        expect(error.message).to.match(/^no leader was found within the deadline; the last answer was: /);
      }),
    );
    // The pauses that it cuts short grow up to a minute.
    expect(took).to.be.within(890, 14_000);
    expect(cluster.asked.length).to.be.greaterThan(4);
  });

  it('cuts a pause short', async () => {
    const client = (await clusterOf(follower)).client({ backoff: { minMs: 60_000, maxMs: 60_000 } });
    const took = await msOf(clientErrorOf(client.getFileInfoMap({ deadlineMs: 500 })));
    expect(took).to.be.within(450, 14_000);
  });

  it('of a read that a leader has is called deadline, with nothing done', async () => {
    const client = (await clusterOf('silence')).client({ attemptMs: 20 });
    const error = await clientErrorOf(client.getFileInfoMap({ deadlineMs: 60 }));
    expect(error).to.include({ code: 'deadline', outcome: 'notDone' });
  });

  it('leaves what is certain certain: no attempt is begun that has hardly any time for an answer', async () => {
    const client = (await clusterOf([follower, 'silence'])).client({
      backoff: { minMs: 490, maxMs: 490, random: () => 1 },
    });
    const took = await msOf(
      clientErrorOf(client.updateFile('a', 1, [], { deadlineMs: 500 })).then((error) => {
        expect(error).to.include({ code: 'noLeader', outcome: 'notDone' });
      }),
    );
    expect(took).to.be.at.least(495);
    expect(cluster.asked).to.deep.equal([0]);
  });

  it('of the client holds for operations that bring none of their own', async () => {
    const client = (await clusterOf(follower)).client({
      deadlineMs: 400,
      backoff: { minMs: 60_000, maxMs: 60_000 },
    });
    expect(await clientErrorOf(client.updateFile('a', 1, []))).to.include({ code: 'noLeader' });
  });

  it('of zero gives an attempt hardly any time, and an end', async () => {
    const client = (await clusterOf('silence')).client();
    expect((await clientErrorOf(client.getFileInfoMap({ deadlineMs: 0 }))).outcome).to.equal('notDone');
  });

  for (const [what, deadlineMs] of [
    ['that never ends', Infinity],
    ['of a year, longer than timers of the platform can count', 366 * 24 * 3_600_000],
  ] as const) {
    it(`${what} lets an update wait`, async () => {
      let ended = false;
      const client = (await clusterOf('silence')).client({ deadlineMs });
      const update = clientErrorOf(client.updateFile('a', 1, [])).finally(() => (ended = true));
      await until(() => cluster.asked.length > 0);
      await new Promise((resolve) => setTimeout(resolve, 30));
      expect(ended).to.equal(false);
      client.close();
      await update;
    });

    it(`${what} lets the client look for a leader round after round`, async () => {
      const client = (await clusterOf([follower, follower, follower, follower, yes])).client({ deadlineMs });
      expect(await client.updateFile('a', 1, [])).to.equal(true);
    });
  }

  it('holds for a question to one server, which is not asked again', async () => {
    const client = (await clusterOf('silence', yes)).client();
    const error = await clientErrorOf(client.isLeader(0, { deadlineMs: 30 }));
    expect(error.code).to.equal('unreachable');
    expect(error.message).to.match(/^server 0 at 127\.0\.0\.1:\d+ does not answer: /);
    expect(cluster.asked).to.deep.equal([0]);
  });
});

describe('client: a signal that is aborted', () => {
  afterEach(() => cluster.close());

  it('before the operation began ends it at once, not done', async () => {
    const client = (await clusterOf(yes)).client();
    for (const operation of [
      client.updateFile('a', 1, [], { signal: AbortSignal.abort() }),
      client.getFileInfoMap({ signal: AbortSignal.abort() }),
      client.findLeader({ signal: AbortSignal.abort() }),
    ]) {
      expect(await clientErrorOf(operation)).to.include({ code: 'aborted', outcome: 'notDone' });
    }
    expect(cluster.asked).to.deep.equal([]);
  });

  for (const [what, outcome] of [
    ['updateFile', 'unknown'],
    ['getFileInfoMap', 'notDone'],
    ['findLeader', 'notDone'],
  ] as const) {
    it(`ends ${what} while it waits at a server, with outcome ${outcome} and the reason as cause`, async () => {
      const client = (await clusterOf('silence')).client({ attemptMs: 60_000 });
      const controller = new AbortController();
      const options = { signal: controller.signal };
      const operation = {
        updateFile: () => client.updateFile('a', 1, [], options),
        getFileInfoMap: () => client.getFileInfoMap(options),
        findLeader: () => client.findLeader(options),
      }[what]();
      await until(() => cluster.asked.length > 0);
      const reason = new Error('enough');
      controller.abort(reason);
      const error = await clientErrorOf(operation);
      expect(error).to.include({ code: 'aborted', outcome });
      expect(error.cause).to.equal(reason);
    });
  }

  it('ends a pause at once', async () => {
    const client = (await clusterOf(follower)).client({ backoff: { minMs: 60_000, maxMs: 60_000 } });
    const controller = new AbortController();
    const operation = clientErrorOf(
      client.updateFile('a', 1, [], { signal: controller.signal, deadlineMs: 1e6 }),
    );
    await until(() => cluster.asked.length > 0);
    // The refusal has been read and the pause has begun.
    for (let turns = 0; turns < 20; turns += 1) await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    expect(await operation).to.include({ code: 'aborted', outcome: 'notDone' });
  });

  it('ends a question to one server as aborted too', async () => {
    const client = (await clusterOf('silence')).client();
    const controller = new AbortController();
    const question = clientErrorOf(client.status(0, { signal: controller.signal }));
    await until(() => cluster.asked.length > 0);
    controller.abort();
    expect(await question).to.include({ code: 'aborted' });
  });

  it('leaves no listener behind', async () => {
    const client = (await clusterOf([follower, follower, emptyMap])).client();
    const { signal } = new AbortController();
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...args);
    };
    await client.getFileInfoMap({ signal });
    expect(listeners).to.equal(0);
  });
});

describe('client: close', () => {
  afterEach(() => cluster.close());

  it('ends an update that waits at a server, with outcome unknown', async () => {
    const client = (await clusterOf('silence')).client();
    const update = clientErrorOf(client.updateFile('a', 1, []));
    await until(() => cluster.asked.length > 0);
    client.close();
    expect((await update).outcome).to.equal('unknown');
  });

  it('ends a question to one server', async () => {
    const client = (await clusterOf('silence')).client();
    const question = clientErrorOf(client.isCrashed(0));
    await until(() => cluster.asked.length > 0);
    client.close();
    await question;
  });

  for (const [what, script] of [
    ['that waits at a server', 'silence'],
    ['that pauses between rounds', follower],
  ] as const) {
    it(`ends a read ${what}, long before its deadline`, async () => {
      const client = (await clusterOf(script)).client({
        attemptMs: 60_000,
        backoff: { minMs: 20, maxMs: 20 },
      });
      const read = clientErrorOf(client.getFileInfoMap({ deadlineMs: 1_500 }));
      await until(() => cluster.asked.length > 0);
      client.close();
      expect(await msOf(read)).to.be.lessThan(700);
    });
  }

  it('leaves nothing to ask: an operation begun later ends at once', async () => {
    const client = (await clusterOf(yes)).client();
    client.close();
    expect(await msOf(clientErrorOf(client.updateFile('a', 1, [], { deadlineMs: 1_500 })))).to.be.lessThan(
      700,
    );
    expect(cluster.asked).to.deep.equal([]);
  });

  it('may be called again', async () => {
    const client = (await clusterOf(yes)).client();
    client.close();
    client.close();
  });
});

describe('client: the servers it is given', () => {
  const refused = (servers: unknown): string => {
    try {
      new SurfStoreClient({ servers: servers as ServerInfo[] }).close();
    } catch (error) {
      return String(error);
    }
    return 'none';
  };

  it('have a host and a port each, or the error says which one has not', () => {
    expect(refused([{ id: 0, host: 'localhost', port: 9001 }, 'localhost:9002'])).to.equal(
      'TypeError: servers[1] is "localhost:9002": give an object with a host (text) and a port (a whole number)',
    );
    expect(refused([{ id: 0, host: 'localhost', port: '9001' }])).to.match(/^TypeError: servers\[0\] is \{/);
    expect(refused([{ id: 0, host: 'localhost', port: 9001 }])).to.equal('none');
  });
});
