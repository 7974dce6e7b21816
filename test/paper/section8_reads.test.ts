import { expect } from 'chai';
import { defaultRaftConfig } from '../../src/raft/config.js';
import { accept, append, CoreHarness, only, reject, sentOf } from '../support/coreHarness.js';

const HEARTBEAT = defaultRaftConfig.heartbeatTicks;

describe('8 and dissertation 6.4 reads without writing the log', () => {
  it('a leader appends a no-op when its term begins', () => {
    const harness = new CoreHarness({ term: 1 });
    const won = harness.elect();
    expect(only(won, 'appendEntries', 1).entries).to.deep.equal([
      { term: 2, index: 1, kind: 'noop', command: '' },
    ]);
  });

  it('t34 a read waits for the answers of a majority (d-engine#381)', () => {
    const harness = CoreHarness.leader({ size: 5 });
    const asked = harness.read(9);
    expect(asked.readable).to.deep.equal([]);
    expect(sentOf(asked, 'appendEntries').map(({ to }) => to)).to.deep.equal([1, 2, 3, 4]);
    expect(harness.receive(accept(only(asked, 'appendEntries', 1))).readable).to.deep.equal([]);
    const confirmed = harness.receive(accept(only(asked, 'appendEntries', 2)));
    expect(confirmed.readable).to.deep.equal([{ request: 9, index: 1 }]);
  });

  for (let size = 1; size <= 10; size += 1) {
    const majority = Math.floor(size / 2) + 1;
    it(`t13 of ${size} servers ${majority} confirm a read, the leader included (openraft d60f1e85)`, () => {
      const harness = CoreHarness.leader({ size });
      const asked = harness.read();
      let answered = asked.readable.length;
      let voices = 1;
      for (const message of sentOf(asked, 'appendEntries')) {
        if (answered > 0) break;
        voices += 1;
        answered = harness.receive(accept(message)).readable.length;
      }
      expect([answered, voices]).to.deep.equal([1, majority]);
    });
  }

  it('t34 one follower that answers twice is one voice', () => {
    const harness = CoreHarness.leader({ size: 5 });
    const message = only(harness.read(), 'appendEntries', 1);
    harness.receive(accept(message));
    expect(harness.receive(accept(message)).readable).to.deep.equal([]);
  });

  it('t36 nothing lets a leader answer alone, however fresh its last contact (etcd config)', () => {
    const harness = CoreHarness.leader();
    harness.replicate({ messages: harness.tick(HEARTBEAT) });
    expect(harness.read().readable).to.deep.equal([]);
    expect(harness.step({ type: 'tick' }).readable).to.deep.equal([]);
  });

  it('t32 a new leader answers no read before an entry of its term is committed (etcd#7331)', () => {
    const harness = new CoreHarness({ term: 1, log: [1, 1], applied: 1 });
    const won = harness.elect();
    harness.read(5);
    const probe = only(won, 'appendEntries', 1);
    const next = only(harness.receive(reject(probe, 0, 2)), 'appendEntries', 1);
    expect(next.readRound).to.equal(1);
    const confirmed = harness.receive(accept(next));
    expect(confirmed.readable).to.deep.equal([]);
    const done = harness.receive(accept(only(confirmed, 'appendEntries', 1)));
    expect(harness.status.commitIndex).to.equal(3);
    expect(done.readable).to.deep.equal([{ request: 5, index: 3 }]);
  });

  it('t33 an answer to an append that left before the read does not confirm it (etcd#20418)', () => {
    const harness = CoreHarness.leader();
    const before = only(harness.propose(), 'appendEntries', 1);
    expect(harness.read().messages).to.deep.equal([]);
    const late = harness.receive(accept(before));
    expect(late.readable).to.deep.equal([]);
    const own = only(late, 'appendEntries', 1);
    expect(harness.receive(accept(own)).readable).to.have.length(1);
  });

  it('t33 a read that comes while a round is under way waits for the next', () => {
    const harness = CoreHarness.leader();
    const first = harness.read(1);
    harness.read(2);
    const confirmed = harness.receive(accept(only(first, 'appendEntries', 1)));
    expect(confirmed.readable.map(({ request }) => request)).to.deep.equal([1]);
    const second = harness.receive(accept(only(confirmed, 'appendEntries', 1)));
    expect(second.readable.map(({ request }) => request)).to.deep.equal([2]);
  });

  it('reads that come together share one exchange', () => {
    const harness = CoreHarness.leader();
    const first = harness.read(1);
    for (const request of [2, 3, 4]) expect(harness.read(request).messages).to.deep.equal([]);
    const shared = only(harness.receive(accept(only(first, 'appendEntries', 1))), 'appendEntries', 1);
    const { readable, messages } = harness.receive(accept(shared));
    expect(readable.map(({ request }) => request)).to.deep.equal([2, 3, 4]);
    expect(messages).to.deep.equal([]);
  });

  it('a rejection by the consistency check confirms the leadership too', () => {
    const harness = CoreHarness.leader();
    const asked = harness.read(1);
    const outcome = harness.receive(reject(only(asked, 'appendEntries', 1), 0, 1));
    expect(outcome.readable).to.deep.equal([{ request: 1, index: 1 }]);
  });

  it('a round that was never sent confirms nothing', () => {
    const harness = CoreHarness.leader();
    const asked = harness.read(1);
    const forged = accept(only(asked, 'appendEntries', 1), { readRound: 99 });
    expect(harness.receive(forged).readable).to.deep.equal([]);
    expect(harness.read(2).readable).to.deep.equal([]);
  });

  it('t35 a confirmed read says which index must be applied first: what was committed when it came (etcd#13464)', () => {
    const harness = CoreHarness.leader();
    harness.replicate(harness.propose());
    const asked = harness.read(5);
    harness.propose(2);
    const { readable } = harness.receive(accept(only(asked, 'appendEntries', 1)));
    expect(readable).to.deep.equal([{ request: 5, index: 2 }]);
  });

  it('t37 waiting reads are dropped when the server stops leading, with the new leader if known (etcd PR#6275)', () => {
    const harness = CoreHarness.leader();
    harness.read(1);
    harness.read(2);
    const { dropped } = harness.receive(append(harness.status, 2, { term: 5 }));
    expect(dropped.map(({ request, reason }) => [request, reason])).to.deep.equal([
      [1, 'notLeader'],
      [2, 'notLeader'],
    ]);
  });

  it('a round of an earlier leadership confirms nothing in a later one', () => {
    const harness = CoreHarness.leader();
    const old = only(harness.read(1), 'appendEntries', 1);
    harness.receive(append(harness.status, 2, { term: 2 }));
    harness.replicate(harness.elect());
    harness.read(2);
    expect(harness.receive(accept(old)).readable).to.deep.equal([]);
    expect(harness.receive(accept({ ...old, term: 3 })).readable).to.have.length(1);
  });

  it('a server that does not lead drops reads, and names the leader it knows', () => {
    const harness = new CoreHarness({ term: 1 });
    harness.receive(append(harness.status, 2));
    expect(harness.read(3).dropped).to.deep.equal([{ request: 3, reason: 'notLeader', leader: 2 }]);
  });

  it('t42 a read that found no majority is asked for again at each heartbeat, and answered when one is back', () => {
    const harness = CoreHarness.leader();
    harness.read(1);
    for (let beat = 0; beat < 10; beat += 1) {
      for (const peer of [1, 2]) harness.step({ type: 'unreachable', peer });
      expect(harness.tick(HEARTBEAT)).to.have.length(2);
    }
    harness.step({ type: 'unreachable', peer: 1 });
    const again = only(harness.tick(HEARTBEAT), 'appendEntries', 1);
    expect(again.readRound).to.equal(1);
    expect(harness.receive(accept(again)).readable).to.have.length(1);
  });
});
