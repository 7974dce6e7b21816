import { expect } from 'chai';
import { defaultRaftConfig } from '../../src/raft/config.js';
import {
  accept,
  append,
  CoreHarness,
  entryOf,
  only,
  reject,
  sentOf,
  type Outcome,
} from '../support/coreHarness.js';

const HEARTBEAT = defaultRaftConfig.heartbeatTicks;

/** A new leader of three whose first append, to server 1, is on its way. */
function newLeader(log: readonly number[], term = 8): { harness: CoreHarness; won: Outcome } {
  const harness = new CoreHarness({ term, log });
  return { harness, won: harness.elect() };
}

describe('5.3 log replication: the leader', () => {
  it('appends a command to its log, stores it and sends it to all at the same time', () => {
    const harness = CoreHarness.leader({ size: 5 });
    const { accepted, batches, messages } = harness.propose(7, 'x');
    const entry = { term: 1, index: 2, kind: 'command', command: 'x' };
    expect(accepted).to.deep.equal([{ request: 7, entry: { term: 1, index: 2 } }]);
    expect(batches.map(({ appended }) => appended)).to.deep.equal([[entry]]);
    for (const to of [1, 2, 3, 4]) {
      expect(only(messages, 'appendEntries', to)).to.deep.include({
        prevLogIndex: 1,
        prevLogTerm: 1,
        entries: [entry],
      });
    }
  });

  it('commits what is on a majority, hands it out, and tells the followers', () => {
    const harness = CoreHarness.leader({ size: 5 });
    const { messages } = harness.propose();
    expect(harness.receive(accept(only(messages, 'appendEntries', 1))).committed).to.deep.equal([]);
    const outcome = harness.receive(accept(only(messages, 'appendEntries', 2)));
    expect(outcome.committed.map(({ index }) => index)).to.deep.equal([2]);
    expect(sentOf(outcome, 'appendEntries').map(({ to, leaderCommit }) => [to, leaderCommit])).to.deep.equal([
      [1, 2],
      [2, 2],
    ]);
  });

  it('does not commit twice what more than a majority acknowledges', () => {
    const harness = CoreHarness.leader({ size: 3 });
    const { messages } = harness.propose();
    harness.receive(accept(only(messages, 'appendEntries', 1)));
    expect(harness.receive(accept(only(messages, 'appendEntries', 2))).committed).to.deep.equal([]);
  });

  it('refuses a command when it does not lead, and names the leader it knows', () => {
    const harness = new CoreHarness({ term: 1 });
    expect(harness.propose(3).dropped).to.deep.equal([{ request: 3, reason: 'notLeader', leader: null }]);
    harness.receive(append(harness.status, 2));
    expect(harness.propose(4).dropped).to.deep.equal([{ request: 4, reason: 'notLeader', leader: 2 }]);
    expect(harness.status.lastIndex).to.equal(0);
  });

  it('looks for the point of agreement with one entry at a time, then sends all', () => {
    const { harness, won } = newLeader([1, 4, 5, 8]);
    const probe = only(won, 'appendEntries', 1);
    expect(probe).to.include({ prevLogIndex: 4, prevLogTerm: 8 });
    const next = only(harness.receive(reject(probe, 0, 2)), 'appendEntries', 1);
    expect(next).to.deep.include({ prevLogIndex: 1, prevLogTerm: 1, entries: [entryOf(4, 2)] });
    const rest = only(harness.receive(accept(next)), 'appendEntries', 1);
    expect(rest).to.include({ prevLogIndex: 2 });
    expect(rest.entries).to.have.length(3);
  });

  const hints = [
    { log: [1, 4, 4, 8], hint: [4, 2], next: 4, why: 'its own last entry of the term in the way' },
    { log: [1, 4, 4, 8], hint: [5, 2], next: 2, why: 'the first index of a term it does not have' },
    { log: [1, 4, 4, 8], hint: [0, 1], next: 1, why: 'the end of a short log' },
    { log: [1, 4, 4, 8], hint: [0, 99], next: 4, why: 'never further than what was rejected' },
    { log: [1, 4, 4, 8], hint: [0, 0], next: 1, why: 'never before the first entry' },
  ] as const;
  for (const { log, hint, next, why } of hints) {
    it(`t9 after a rejection goes on at ${why} (etcd MsgAppResp)`, () => {
      const { harness, won } = newLeader(log);
      harness.receive(reject(only(won, 'appendEntries', 1), hint[0], hint[1]));
      expect(harness.peer(1)).to.include({ nextIndex: next, matchIndex: 0 });
    });
  }

  it('t4 matchIndex is prev + entries, and a late answer does not lower it (raft.tla#18)', () => {
    const { harness, won } = newLeader([1, 4]);
    const first = only(won, 'appendEntries', 1);
    harness.receive(accept(first));
    expect(harness.peer(1)).to.include({ matchIndex: 3, nextIndex: 4 });
    harness.receive(accept(first, { matchIndex: 1 }));
    expect(harness.peer(1)).to.include({ matchIndex: 3, nextIndex: 4 });
  });

  it('an acknowledgement beyond its own log is nonsense and ignored', () => {
    const { harness, won } = newLeader([1, 4]);
    harness.receive(accept(only(won, 'appendEntries', 1), { matchIndex: 99, commitIndex: 99 }));
    expect(harness.peer(1)).to.include({ matchIndex: 0 });
    expect(harness.status.commitIndex).to.equal(0);
  });

  it('t5 t6 a rejection that is not of the append in flight moves nothing back (etcd-io/raft PR#149, raft-rs#555)', () => {
    const { harness, won } = newLeader([1, 4]);
    const probe = only(won, 'appendEntries', 1);
    harness.receive(accept(probe));
    const before = harness.peer(1);
    for (const index of [1, 2, 3]) {
      expect(harness.receive(reject(probe, 0, index)).messages).to.deep.equal([]);
      expect(harness.peer(1)).to.deep.equal(before);
    }
    expect(before.nextIndex).to.be.above(before.matchIndex);
  });

  it('t6 nor does one that comes again while a newer append is in flight', () => {
    const { harness, won } = newLeader([1, 4, 4]);
    const probe = only(won, 'appendEntries', 1);
    const second = only(harness.receive(reject(probe, 0, 2)), 'appendEntries', 1);
    harness.receive(reject(probe, 0, 1));
    expect(harness.peer(1).nextIndex).to.equal(2);
    harness.receive(accept(second));
    expect(harness.peer(1).matchIndex).to.equal(2);
  });

  it('t46 a current rejection below matchIndex means the follower lost its log: it is filled from there (openraft#898)', () => {
    const harness = CoreHarness.leader({ log: [1], term: 1 });
    const beat = only(harness.tick(HEARTBEAT), 'appendEntries', 1);
    const refill = only(harness.receive(reject(beat, 0, 1)), 'appendEntries', 1);
    expect(refill).to.include({ prevLogIndex: 0, prevLogTerm: 0 });
    expect(harness.peer(1)).to.include({ matchIndex: 0, nextIndex: 1 });
    expect(harness.status).to.include({ role: 'leader', commitIndex: 2 });
  });

  it('t42 a follower that could not be reached is tried again at the next heartbeat (etcd heartbeat_resp_recovers_from_probing)', () => {
    const harness = CoreHarness.leader();
    harness.propose();
    harness.step({ type: 'unreachable', peer: 1 });
    harness.propose(2);
    const messages = harness.tick(HEARTBEAT);
    expect(only(messages, 'appendEntries', 1)).to.include({ prevLogIndex: 1 });
    expect(sentOf(messages, 'appendEntries', 2)).to.deep.equal([]);
  });

  it('t42 an append without any answer is taken for lost after a while, and what it told is told again', () => {
    const harness = CoreHarness.leader();
    const proposed = harness.propose();
    harness.receive(accept(only(proposed, 'appendEntries', 2)));
    const waited = harness.tick(defaultRaftConfig.inFlightTicksMax - 1);
    expect(sentOf(waited, 'appendEntries', 1)).to.deep.equal([]);
    const again = only(harness.tick(HEARTBEAT + 1), 'appendEntries', 1);
    expect(again).to.include({ prevLogIndex: 1, leaderCommit: 2 });
  });

  it('sends a follower that could not be reached one entry at a time, until it answers', () => {
    const harness = CoreHarness.leader();
    for (let request = 1; request <= 5; request += 1) harness.propose(request);
    harness.step({ type: 'unreachable', peer: 1 });
    const again = only(harness.tick(HEARTBEAT), 'appendEntries', 1);
    expect(again.entries.map(({ index }) => index)).to.deep.equal([2]);
    const rest = only(harness.receive(accept(again)), 'appendEntries', 1);
    expect(rest.entries.map(({ index }) => index)).to.deep.equal([3, 4, 5, 6]);
  });

  it('has one append in flight to each follower; the next one carries all that came meanwhile', () => {
    const harness = CoreHarness.leader();
    const first = harness.propose(1);
    for (let request = 2; request <= 5; request += 1) {
      expect(harness.propose(request).messages).to.deep.equal([]);
    }
    const next = only(harness.receive(accept(only(first, 'appendEntries', 1))), 'appendEntries', 1);
    expect(next.entries.map(({ index }) => index)).to.deep.equal([3, 4, 5, 6]);
  });

  describe('limits', () => {
    it('t10 an append carries at most so many entries, none lost between two (async-raft changelog)', () => {
      const harness = CoreHarness.leader({ config: { appendEntriesMax: 3 } });
      let message = only(harness.propose(1), 'appendEntries', 1);
      for (let request = 2; request <= 8; request += 1) harness.propose(request);
      const sent: number[][] = [];
      while (message.entries.length > 0) {
        sent.push(message.entries.map(({ index }) => index));
        message = only(harness.receive(accept(message)), 'appendEntries', 1);
      }
      expect(sent).to.deep.equal([[2], [3, 4, 5], [6, 7, 8], [9]]);
    });

    it('t10 an entry larger than an append may be is sent alone, not never', () => {
      const harness = CoreHarness.leader({ config: { appendBytesMax: 100 } });
      const first = only(harness.propose(1, 'x'.repeat(500)), 'appendEntries', 1);
      harness.propose(2, 'y'.repeat(500));
      expect(first.entries).to.have.length(1);
      expect(only(harness.receive(accept(first)), 'appendEntries', 1).entries).to.have.length(1);
    });

    it('t51 a proposal beyond the uncommitted bytes allowed is refused, and taken again after a commit', () => {
      const harness = CoreHarness.leader({ config: { uncommittedBytesMax: 300 } });
      const first = harness.propose(1, 'x'.repeat(200));
      expect(harness.propose(2, 'y'.repeat(200)).dropped).to.deep.equal([
        { request: 2, reason: 'overloaded', leader: 0 },
      ]);
      harness.receive(accept(only(first, 'appendEntries', 1)));
      expect(harness.status.uncommittedBytes).to.equal(0);
      expect(harness.propose(3, 'y'.repeat(200)).accepted).to.have.length(1);
    });
  });

  it('with check-quorum, an option, steps down when no majority answers for an election timeout', () => {
    const harness = CoreHarness.leader({ config: { checkQuorum: true } });
    harness.tick(defaultRaftConfig.electionMaxTicks - 1);
    expect(harness.status.role).to.equal('leader');
    harness.tick();
    expect(harness.status).to.include({ role: 'follower', term: 1 });
  });

  it('without it leads on, for ever', () => {
    const harness = CoreHarness.leader();
    harness.tick(100 * defaultRaftConfig.electionMaxTicks);
    expect(harness.status.role).to.equal('leader');
  });
});
