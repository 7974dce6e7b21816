import { expect } from 'chai';
import { XmlRpcFault, type ParsedValue } from '../../../src/xmlrpc/index.js';
import { Prng } from '../../../src/sim/prng.js';
import { ELECTION_MS } from '../support/cluster.js';
import { garbage, heartbeat, spoiled, vote } from './forgery.js';
import { until } from '../support/waiting.js';
import type { Target } from './target.js';

const MESSAGES = 1_000;

/**
 * Registers the tests: what can be wrong with a message of a peer.
 *
 * Peers are not authenticated, so whoever can connect can pose as one, and depose a leader. What must not happen: a
 * server that ends, a cluster that does not come back within the time of an election, an update that is lost.
 */
export function forgedPeers(target: Target): void {
  let leader: number;
  let term: number;

  beforeEach(async () => {
    leader = await target.cluster.heal();
    term = Number((await target.cluster.status(leader))['term']);
  });
  afterEach(() => target.witness.prove());

  const methods = ['appendEntries', 'requestVote'] as const;

  /** The answer, or the fault. */
  async function tell(to: number, message: object | string): Promise<ParsedValue | XmlRpcFault> {
    const text = typeof message === 'string' ? message : JSON.stringify(message);
    const method = text.includes('appendEntries') ? 'appendEntries' : 'requestVote';
    return target.cluster.call(to, method, [text]).catch((error: unknown) => {
      if (error instanceof XmlRpcFault) return error;
      throw error;
    });
  }

  async function expectSameLeader(): Promise<void> {
    expect(await target.cluster.leaders()).to.deep.equal([leader]);
    expect((await target.cluster.status(leader))['term']).to.equal(term);
  }

  it('text that is no message is a fault', async () => {
    for (const id of target.cluster.ids) {
      for (const method of methods) {
        for (const text of garbage) {
          const fault = await target.cluster.faultOf(id, method, [text.replaceAll('\0', '')]);
          expect(fault.faultCode, text.slice(0, 100)).to.equal(-32_602);
        }
      }
    }
    await expectSameLeader();
  });

  it('from or to out of range, from itself, or to another server: ignored', async () => {
    for (const id of target.cluster.ids) {
      const other = (id + 1) % target.cluster.ids.length;
      for (const [from, to] of [
        [id, id],
        [other, other],
        [target.cluster.ids.length, id],
        [2 ** 40, id],
        [other, target.cluster.ids.length],
        [id, other],
      ] as const) {
        for (const message of [heartbeat(from, to, term + 1), vote('requestVote', from, to, term + 1)]) {
          const answer = await tell(id, message);
          expect(answer, JSON.stringify(message)).to.be.instanceOf(XmlRpcFault);
        }
      }
    }
    await expectSameLeader();
  });

  it('entries with gaps or falling terms, and counts that are none: a fault', async () => {
    const entry = (index: number, entryTerm = term): object => ({
      index,
      term: entryTerm,
      kind: 'noop',
      command: '',
    });
    const before = await target.cluster.status(leader);
    for (const to of target.cluster.others(leader)) {
      const valid = heartbeat(leader, to, term);
      for (const bad of [
        { ...valid, entries: [entry(2)] },
        { ...valid, entries: [entry(1), entry(3)] },
        { ...valid, entries: [entry(1), entry(1)] },
        { ...valid, entries: [entry(1, term), entry(2, term - 1)] },
        { ...valid, entries: [entry(1, term + 1)] },
        { ...valid, entries: [entry(2 ** 53)] },
        { ...valid, entries: 'none' },
        { ...valid, entries: [null] },
        { ...valid, prevLogTerm: term + 1 },
        { ...valid, prevLogIndex: -1 },
        { ...valid, leaderCommit: 1.5 },
        { ...valid, term: 2 ** 53 },
        { ...valid, term: '1' },
      ]) {
        const answer = await tell(to, bad);
        expect(answer, JSON.stringify(bad)).to.be.instanceOf(XmlRpcFault).and.include({ faultCode: -32_602 });
      }
    }
    expect((await target.cluster.status(leader))['lastIndex']).to.equal(before['lastIndex']);
    await expectSameLeader();
  });

  it('absurd terms in requests for votes depose nobody while the leader is heard', async () => {
    for (const absurd of [term + 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 52, 2 ** 53 - 1]) {
      for (const to of target.cluster.ids) {
        for (const from of target.cluster.others(to)) {
          await tell(to, vote('preVote', from, to, absurd));
          await tell(to, vote('requestVote', from, to, absurd));
        }
      }
    }
    await expectSameLeader();
  });

  it('a second leader in the same term is not believed by the first, and gains nothing with the others', async () => {
    for (const to of target.cluster.ids) {
      for (const from of target.cluster.others(to)) {
        for (const forged of [
          heartbeat(from, to, term),
          { ...heartbeat(from, to, term), leaderCommit: 2 ** 50 },
          { ...heartbeat(from, to, term), prevLogIndex: 2 ** 50, prevLogTerm: term, leaderCommit: 2 ** 50 },
          { ...heartbeat(from, to, term), prevLogIndex: 3, prevLogTerm: 0 },
          { ...heartbeat(from, to, term), sequence: 2 ** 53 - 1, readRound: 2 ** 53 - 1 },
        ]) {
          await tell(to, forged);
        }
      }
    }
    await expectSameLeader();
  });

  for (const [name, jump] of [
    ['the next', 1],
    ['2^20 terms ahead', 2 ** 20],
    ['2^31 terms ahead', 2 ** 31],
  ] as const) {
    it(`a leader of a later term, ${name}, deposes the real one: the cluster elects within five seconds`, async () => {
      for (const to of target.cluster.ids) await tell(to, heartbeat((to + 1) % 3, to, term + jump));
      await until(
        'a leader of a later term',
        async () => {
          const [found] = await target.cluster.leaders();
          return found !== undefined && Number((await target.cluster.status(found))['term']) > term;
        },
        ELECTION_MS,
      );
    });
  }

  it('terms that no cluster can reach are ignored', async () => {
    for (const absurd of [term + 2 ** 33, 2 ** 52, 2 ** 53 - 2, 2 ** 53 - 1]) {
      for (const to of target.cluster.ids) {
        for (const from of target.cluster.others(to)) {
          await tell(to, heartbeat(from, to, absurd));
          await tell(to, vote('preVote', from, to, absurd));
          await tell(to, vote('requestVote', from, to, absurd));
        }
      }
    }
    await expectSameLeader();
  });

  it(`${MESSAGES} messages of chance, each spoiled in one place`, async () => {
    const seed = Number(process.env['SURFSTORE_SEED'] ?? Date.now() % 2 ** 31);
    const prng = new Prng(seed);
    try {
      for (let number = 0; number < MESSAGES; number += 1) {
        const to = prng.pick(target.cluster.ids);
        const from = prng.pick(target.cluster.others(to));
        const forgedTerm = Math.max(1, term + prng.between(-2, 1));
        const entries = [1, 2, 3].map((index) => ({ index, term: 0, kind: 'noop', command: '' }));
        const valid = prng.pick([
          heartbeat(from, to, forgedTerm),
          // Entries so old that every server has committed others in their place.
          { ...heartbeat(from, to, forgedTerm), entries },
          vote('preVote', from, to, forgedTerm),
          vote('requestVote', from, to, forgedTerm),
        ]);
        await tell(to, spoiled(valid, prng));
      }
      await target.witness.prove();
    } catch (error) {
      throw new Error(`with SURFSTORE_SEED=${seed}`, { cause: error });
    }
  });
}
