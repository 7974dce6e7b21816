import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ParsedValue } from '../../src/xmlrpc/index.js';
import { Cluster, stopEverything } from './support/cluster.js';
import { OpenCall, timed, until } from './support/waiting.js';

/** The contract: still blocked after ten seconds. */
const BLOCKED_MS = 10_500;
/** The contract: a call that waits is answered this long after a majority is back. */
const ANSWERED_MS = 1_000;

/** A cluster whose leader has lost its majority by crashes, with calls that wait there. */
class Blocked {
  private constructor(
    readonly cluster: Cluster,
    readonly leader: number,
    readonly crashed: readonly number[],
  ) {}

  static async start(flags: readonly string[] = []): Promise<Blocked> {
    const { cluster, leader } = await Cluster.startWithLeader(3, { flags });
    expect(await cluster.update(leader, 'before', 1, ['b'])).to.equal(true);
    const crashed = cluster.others(leader);
    await cluster.crash(...crashed);
    return new Blocked(cluster, leader, crashed);
  }

  open(
    method: string,
    params: Parameters<Cluster['call']>[2] = [],
    signal?: AbortSignal,
  ): OpenCall<ParsedValue> {
    return new OpenCall(this.cluster.call(this.leader, method, params, 60_000, signal));
  }

  /** Resolves when so many calls wait at the leader. */
  async waiting(count: number): Promise<void> {
    await until(
      `${count} calls wait`,
      async () => (await this.cluster.waitingCalls(this.leader)) === count,
      2_000,
    );
  }

  async restoreOne(): Promise<void> {
    await this.cluster.restore(...this.crashed.slice(0, 1));
  }
}

describe('calls on a leader without a majority', function () {
  this.timeout(40_000);

  /** Waits for ten seconds from here on while the other tests go on; asserts that the calls did too. */
  let longWait: OpenCall<{ blocked: Blocked; calls: OpenCall<ParsedValue>[] }>;

  before(() => {
    longWait = new OpenCall(
      (async () => {
        const blocked = await Blocked.start();
        const calls: OpenCall<ParsedValue>[] = [];
        for (const hashes of [['first'], ['second'], ['too late']]) {
          const version = Math.min(calls.length + 1, 2);
          calls.push(blocked.open('updatefile', ['file', version, hashes]));
          await blocked.waiting(calls.length);
        }
        calls.push(blocked.open('getfileinfomap'));
        await blocked.waiting(calls.length);
        await sleep(BLOCKED_MS);
        expect(calls.map((call) => call.isWaiting)).to.deep.equal(calls.map(() => true));
        return { blocked, calls };
      })(),
    );
  });
  after(stopEverything);

  it('end at once in a fault when the leader is crashed, and their outcome is not hidden', async () => {
    const blocked = await Blocked.start();
    const calls = [blocked.open('updatefile', ['lost?', 1, []]), blocked.open('getfileinfomap')];
    await blocked.waiting(calls.length);
    await blocked.cluster.crash(blocked.leader);
    for (const call of calls) {
      expect(await call.error(500))
        .to.include({ faultCode: 3 })
        .and.match(/isCrashed/);
    }
  });

  it('end at once in a fault when another server has become the leader', async () => {
    const { cluster, leader } = await Cluster.startWithLeader(3);
    await cluster.crash(...cluster.others(leader));
    const write = new OpenCall(cluster.update(leader, 'deposed', 1));
    await until('the call waits', async () => (await cluster.waitingCalls(leader)) === 1);
    // The leader sleeps while the others, restored, elect another one: it learns of that when it wakes up.
    cluster.process(leader).signal('SIGSTOP');
    const others = cluster.others(leader);
    await cluster.restore(...others);
    await until('another leader', async () => {
      const answers = await Promise.all(others.map((id) => cluster.call(id, 'isLeader')));
      return answers.includes(true);
    });
    cluster.process(leader).signal('SIGCONT');
    expect(String(await write.error(2_000))).to.match(/steppedDown|superseded/);
    expect(await cluster.call(leader, 'isLeader')).to.equal(false);
  });

  it('free their place when their client hangs up', async () => {
    const blocked = await Blocked.start();
    const clients = Array.from({ length: 20 }, () => new AbortController());
    const calls = clients.map(({ signal }, number) =>
      number % 2 === 0
        ? blocked.open('getfileinfomap', [], signal)
        : blocked.open('updatefile', [`gone ${number}`, 1, []], signal),
    );
    await blocked.waiting(20);
    for (const client of clients.slice(0, 15)) client.abort();
    await blocked.waiting(5);
    for (const client of clients) client.abort();
    await blocked.waiting(0);
    await Promise.all(calls.map(({ settled }) => settled));
  });

  it('beyond --waiting-calls-max are refused as overloaded, those that wait are answered', async () => {
    const blocked = await Blocked.start(['--waiting-calls-max', '5']);
    const calls = [1, 2, 3, 4, 5].map((version) => blocked.open('updatefile', ['o', version, []]));
    await blocked.waiting(5);
    for (const [method, params] of [
      ['updatefile', ['o', 6, []]],
      ['getfileinfomap', []],
    ] as const) {
      const fault = await blocked.cluster.faultOf(blocked.leader, method, params);
      expect(fault).to.include({ faultCode: 6 });
      expect(fault.faultString).to.match(/^overloaded/);
    }
    await blocked.restoreOne();
    for (const call of calls) await call.value(ANSWERED_MS);
    expect(await blocked.cluster.version(blocked.leader, 'o')).to.be.at.least(1);
    expect(await blocked.cluster.call(blocked.leader, 'getfileinfomap')).to.be.instanceOf(Map);
  });

  it('do not stop other calls: the leader keeps leading and answers what needs no majority', async () => {
    const blocked = await Blocked.start();
    const call = blocked.open('updatefile', ['quiet', 1, []]);
    await blocked.waiting(1);
    const { cluster, leader } = blocked;
    expect(await cluster.call(leader, 'ping')).to.equal(true);
    expect(await cluster.call(leader, 'isLeader')).to.equal(true);
    expect(await cluster.call(leader, 'isCrashed')).to.equal(false);
    expect(await cluster.version(leader, 'quiet'), 'logged but not committed').to.equal(0);
    expect(await cluster.version(leader, 'before')).to.equal(1);
    await blocked.restoreOne();
    expect(await call.value(ANSWERED_MS)).to.equal(true);
  });

  it('still wait after ten seconds, and are answered correctly within one second of a majority’s return', async () => {
    const { blocked, calls } = await longWait.value(35_000);
    const restored = await timed(async () => {
      await blocked.restoreOne();
      return Promise.all(calls.map((call) => call.value(ANSWERED_MS)));
    });
    const [first, second, late, listing] = restored.value;
    expect([first, second, late]).to.deep.equal([true, true, false]);
    // Asked before the majority was back, the read may be of any moment until now: the file is whole in each.
    expect(listing).to.be.instanceOf(Map);
    expect((listing as Map<string, unknown>).get('before')).to.deep.equal([1, ['b']]);
    console.log(`      answered ${Math.round(restored.tookMs)} ms after the call of restore`);
    expect(await blocked.cluster.call(blocked.leader, 'getfileinfomap')).to.deep.equal(
      new Map<string, unknown>([
        ['before', [1, ['b']]],
        ['file', [2, ['second']]],
      ]),
    );
  });
});
