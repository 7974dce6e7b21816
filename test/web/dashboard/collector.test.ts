import { expect } from 'chai';
import { mock } from 'node:test';
import { Collector, STEP_MS } from '../../../src/dashboard/collector.js';
import { NoAnswerError } from '../../../src/dashboard/peerCaller.js';
import type { ClusterSample, ServerSample } from '../../../src/dashboard/sample.js';
import { serverSample } from './samples.js';

const START_MS = 1_800_000_000_000;

describe('dashboard: the collector', () => {
  let clock: number;
  let asked: number[];
  let looks: number;
  let wanted: number[];
  let published: ClusterSample[];
  let answers: Record<number, ServerSample | Error>;
  let collector: Collector;

  function collectorOf(size: number): void {
    const servers = Array.from({ length: size }, (_, id) => ({ id, host: 'localhost', port: 9000 + id }));
    answers = Object.fromEntries(
      servers.map(({ id }) => [
        id,
        serverSample(id, id === 2 ? { role: 'leader', hasQuorum: true, peers: [] } : {}),
      ]),
    );
    collector = new Collector({
      self: 0,
      servers,
      own: () => {
        looks += 1;
        return Promise.resolve(serverSample(0, { atMs: START_MS + clock }));
      },
      ask: (server) => {
        asked.push(server);
        const answer = answers[server];
        return answer instanceof Error || answer === undefined
          ? Promise.reject(answer ?? new Error('nobody'))
          : Promise.resolve({ ...answer, atMs: START_MS + clock });
      },
      logs: {
        get next() {
          return wanted[0];
        },
        askNext: () => {
          asked.push(wanted.shift() ?? -1);
          return Promise.resolve();
        },
      },
      publish: (sample) => published.push(sample),
      viewers: () => 1,
      chaos: () => null,
      failed: (error) => {
        throw error;
      },
      clockMs: () => clock,
    });
  }

  /** Lets so many steps pass. */
  async function pass(steps: number): Promise<void> {
    for (let step = 0; step < steps; step += 1) {
      clock += STEP_MS;
      mock.timers.tick(STEP_MS);
      await settled();
    }
  }

  /** Everything that waits for promises which are settled has happened. */
  async function settled(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
  }

  async function until(isSo: () => boolean): Promise<void> {
    for (let steps = 0; !isSo(); steps += 1) {
      if (steps > 100) throw new Error('this does not happen');
      await pass(1);
    }
  }

  beforeEach(() => {
    clock = 0;
    asked = [];
    looks = 0;
    wanted = [];
    published = [];
    mock.timers.enable({ apis: ['setInterval', 'setTimeout', 'Date'], now: START_MS });
    collectorOf(5);
  });
  afterEach(() => {
    collector.stop();
    mock.timers.reset();
  });

  it('asks for logs in place of a sample, and so no oftener', async () => {
    collector.start();
    await pass(3);
    const before = asked.length;
    wanted = [4, 3];
    await pass(4);
    expect(asked.slice(before, before + 2)).to.deep.equal([4, 3]);
    expect(asked.length - before).to.equal(4);
    expect(published.at(-1)?.asksPerSecond).to.be.at.most(1000 / STEP_MS);
  });

  it('looks at nothing and asks nobody while nobody looks', async () => {
    await pass(20);
    expect({ looks, asked, published: published.length }).to.deep.equal({
      looks: 0,
      asked: [],
      published: 0,
    });
  });

  it('asks one server in each step, two a second, however many there are', async () => {
    for (const size of [3, 5, 10]) {
      asked = [];
      collectorOf(size);
      collector.start();
      await pass(120);
      collector.stop();
      expect(asked.length).to.be.within(119, 121);
      // Nobody is left out.
      expect(new Set(asked).size).to.equal(size - 1);
    }
  });

  it('asks everybody first, then the leader every other time, since it tells of all others', async () => {
    collector.start();
    await settled();
    expect(asked, 'own word says who leads').to.deep.equal([1]);
    await pass(3);
    expect([...asked].sort()).to.deep.equal([1, 2, 3, 4]);
    asked = [];
    await pass(40);
    expect(asked.filter((id) => id === 2).length).to.be.within(18, 21);
    for (const id of [1, 3, 4]) expect(asked.filter((other) => other === id).length).to.be.at.least(6);
  });

  it('comes to a verdict, and to another one when the leader is gone', async () => {
    collector.start();
    await pass(6);
    expect(published.at(-1)?.verdict.headline).to.equal(
      'healthy: server 2 leads in term 7, 5 of 5 answer, two more may fail',
    );
    answers[2] = new Error('connection refused');
    await pass(12);
    const last = published.at(-1);
    expect(last?.servers[2]?.failure).to.equal('connection refused');
    expect(last?.verdict.level).to.equal('down');
    expect(last?.verdict.headline).to.match(/^no leader for \d\.\d s: 4 of 5 answer/);
  });

  it('asks a server at once that the leader has not heard from', async () => {
    collectorOf(10);
    collector.start();
    await pass(20);
    answers[7] = new Error('connection refused');
    answers[2] = serverSample(2, {
      role: 'leader',
      hasQuorum: true,
      peers: [{ id: 7, matchIndex: 100, contactMs: 1_600 }],
    });
    await pass(5);
    expect(published.at(-1)?.servers[7]?.failure).to.equal('connection refused');
  });

  it('leaves nobody out, however many the leader has lost', async () => {
    collectorOf(10);
    answers[2] = serverSample(2, {
      role: 'leader',
      hasQuorum: true,
      peers: [5, 6, 7, 8].map((id) => ({ id, matchIndex: 100, contactMs: null })),
    });
    collector.start();
    await pass(20);
    asked = [];
    await pass(80);
    expect(new Set(asked).size).to.equal(9);
  });

  it('takes a server that was slow once for slow, and one that is silent again for gone', async () => {
    collector.start();
    await pass(6);
    answers[3] = new NoAnswerError('no answer in time', true);
    await until(() => asked.filter((id) => id === 3).length === 2);
    expect(published.at(-1)?.verdict.level).to.equal('healthy');
    await until(() => asked.filter((id) => id === 3).length === 3);
    await pass(1);
    expect(published.at(-1)?.servers[3]?.failure).to.equal('no answer in time');
    answers[3] = serverSample(3);
    await pass(12);
    expect(published.at(-1)?.verdict.level).to.equal('healthy');
  });

  it('asks first whom a button has changed', async () => {
    collector.start();
    await pass(10);
    asked = [];
    collector.hurry([3, 4]);
    await pass(2);
    expect([...asked].sort()).to.deep.equal([3, 4]);
  });

  it('ends when nobody looks, keeps what it knows for a moment, and forgets it after a while', async () => {
    collector.start();
    await pass(10);
    collector.stop();
    const before = { looks, asked: asked.length };
    await pass(4);
    expect({ looks, asked: asked.length }).to.deep.equal(before);
    collector.start();
    await settled();
    expect(published.at(-1)?.verdict.level).to.equal('healthy');
    expect(collector.hello().points).not.to.be.empty;
    collector.stop();
    await pass(60);
    collector.start();
    expect(collector.hello().points).to.deep.equal([]);
  });

  it('keeps a bounded past for the charts, one moment a second', async () => {
    collector.start();
    await pass(1_000);
    const { points } = collector.hello();
    expect(points).to.have.length(300);
    const gaps = points.slice(1).map(({ atMs }, at) => atMs - (points[at]?.atMs ?? 0));
    expect(new Set(gaps)).to.deep.equal(new Set([1_000]));
  });

  it('says how often it asks', async () => {
    collector.start();
    await pass(60);
    expect(published.at(-1)?.asksPerSecond).to.be.within(1.9, 2.1);
  });
});
