import { expect } from 'chai';
import type { Message } from '../../src/raft/types.js';
import {
  accept,
  append,
  CoreHarness,
  ELECTION_TICKS,
  entriesOf,
  heartbeat,
  newCore,
  only,
  preVote,
  preVoteResponse,
  requestVote,
  requestVoteResponse,
} from '../support/coreHarness.js';

/** The messages that may leave before the disk is done, and those that may not. */
function stepApart(
  setup: Parameters<typeof newCore>[0],
  inputs: readonly Message[],
): { now: string[]; later: string[] } {
  const core = newCore(setup);
  let output = core.step({ type: 'campaign' });
  for (const message of inputs) output = core.step({ type: 'receive', message });
  return {
    now: output.messages.map(({ type }) => type),
    later: output.messagesAfterPersist.map(({ type }) => type),
  };
}

describe('figure 2 persistent state: updated on stable storage before responding', () => {
  const term = 4;
  it('a vote leaves only when it is durable', () => {
    const vote = requestVote({ id: 0, term }, 1);
    expect(stepApart({ term }, [vote])).to.deep.equal({ now: [], later: ['requestVoteResponse'] });
  });

  it('a candidate asks for votes at once, while its own is being written', () => {
    const grant = preVoteResponse({ id: 0, term }, 1, { term: term + 1 });
    expect(stepApart({ term }, [grant])).to.deep.equal({ now: ['requestVote', 'requestVote'], later: [] });
  });

  it('a candidate leads only when its own vote is durable, though all others have voted for it', () => {
    const harness = new CoreHarness({ isDiskFast: false });
    harness.campaign();
    harness.receive(preVoteResponse(harness.status, 1, { term: 1 }));
    for (const peer of [1, 2]) harness.receive(requestVoteResponse(harness.status, peer));
    expect(harness.status.role).to.equal('candidate');
    harness.persist();
    expect(harness.status.role).to.equal('leader');
  });

  describe('on a slow disk', () => {
    function candidate(): CoreHarness {
      const harness = new CoreHarness({ isDiskFast: false });
      harness.campaign();
      harness.receive(preVoteResponse(harness.status, 1, { term: 1 }));
      return harness;
    }

    it('a vote that comes late in its term counts, though the candidate is asking for the next term already', () => {
      const harness = candidate();
      harness.persist();
      harness.tick(ELECTION_TICKS);
      expect(harness.status).to.include({ role: 'preCandidate', term: 1 });
      harness.receive(requestVoteResponse(harness.status, 1));
      expect(harness.status).to.include({ role: 'leader', term: 1 });
    });

    it('a vote of an older term does not', () => {
      const harness = candidate();
      harness.persist();
      harness.tick(ELECTION_TICKS);
      harness.receive(preVoteResponse(harness.status, 1, { term: 2 }));
      harness.persist();
      harness.receive(requestVoteResponse({ id: 0, term: 1 }, 1));
      harness.receive(requestVoteResponse({ id: 0, term: 1 }, 2));
      expect(harness.status).to.include({ role: 'candidate', term: 2 });
    });

    it('votes come to nothing once the term has a leader', () => {
      const harness = candidate();
      harness.persist();
      harness.receive(append({ id: 0, term: 1 }, 2));
      harness.tick(ELECTION_TICKS);
      harness.receive(requestVoteResponse(harness.status, 1));
      expect(harness.status).to.include({ role: 'preCandidate', term: 1 });
    });

    it('the election timer waits for a vote that is being written, one’s own and one for another', () => {
      const own = candidate();
      own.tick(2 * ELECTION_TICKS);
      expect(own.status).to.include({ role: 'candidate', term: 1 });
      const voter = new CoreHarness({ isDiskFast: false });
      voter.receive(requestVote(voter.status, 1));
      voter.tick(2 * ELECTION_TICKS);
      expect(voter.status.role).to.equal('follower');
      voter.persist();
      voter.tick(ELECTION_TICKS);
      expect(voter.status.role).to.equal('preCandidate');
    });

    it('a server whose vote is being written grants no pre-vote: it would make that vote worthless', () => {
      const voter = new CoreHarness({ isDiskFast: false });
      voter.receive(requestVote(voter.status, 1));
      expect(only(voter.receive(preVote(voter.status, 2)), 'preVoteResponse').granted).to.equal(false);
      voter.persist();
      expect(only(voter.receive(preVote(voter.status, 2)), 'preVoteResponse').granted).to.equal(true);
    });
  });

  it('an acknowledgement leaves only when the entries are durable', () => {
    const message = append({ id: 0, term }, 1, { entries: entriesOf([4]) });
    expect(stepApart({ term }, [message])).to.deep.equal({ now: [], later: ['appendEntriesResponse'] });
  });

  it('a heartbeat is answered at once, and vouches only for what is durable', () => {
    const core = newCore({ term });
    const entries = entriesOf([4, 4]);
    const { batch } = core.step({ type: 'receive', message: append({ id: 0, term }, 1, { entries }) });
    const message = heartbeat({ id: 0, term }, 1, { commit: { term: 4, index: 2 } });
    const early = core.step({ type: 'receive', message });
    expect(core.status.commitIndex).to.equal(2);
    expect(only(early.messages, 'heartbeatResponse').commitIndex).to.equal(0);
    if (batch === null) throw new Error('nothing was written');
    core.step({ type: 'persisted', batch: batch.number, last: batch.last });
    const late = core.step({ type: 'receive', message });
    expect(only(late.messages, 'heartbeatResponse').commitIndex).to.equal(2);
  });

  it('the leader’s own write and its appends go out side by side (dissertation 10.2.1)', () => {
    const harness = CoreHarness.leader();
    const output = harness.core.step({ type: 'propose', request: 1, command: 'x' });
    expect(output.batch?.appended).to.have.length(1);
    expect(output.messages.map(({ type }) => type)).to.deep.equal(['appendEntries', 'appendEntries']);
  });

  it('t14 a leader counts itself only up to what is durable (etcd 14370, d-engine#329)', () => {
    const harness = CoreHarness.leader();
    harness.isDiskFast = false;
    const proposed = harness.propose();
    harness.receive(accept(only(proposed, 'appendEntries', 1)));
    expect(harness.status.commitIndex).to.equal(1);
    expect(harness.persist().committed.map(({ index }) => index)).to.deep.equal([2]);
  });

  it('t14 alone in its cluster, it commits when the write is durable, not before', () => {
    const harness = CoreHarness.leader({ size: 1 });
    harness.isDiskFast = false;
    expect(harness.propose().committed).to.deep.equal([]);
    expect(harness.persist().committed.map(({ index }) => index)).to.deep.equal([2]);
  });

  it('t14 alone in its cluster, a candidate leads only once its own vote is durable', () => {
    const harness = new CoreHarness({ size: 1, isDiskFast: false });
    harness.campaign();
    expect(harness.status).to.include({ role: 'candidate', term: 1 });
    harness.persist();
    expect(harness.status).to.include({ role: 'leader', term: 1 });
  });

  it('t14 the vote of an earlier candidacy, durable late, does not make it the leader of a later one', () => {
    const harness = new CoreHarness({ size: 1, isDiskFast: false });
    harness.campaign();
    harness.campaign();
    harness.persist();
    expect(harness.status).to.include({ role: 'candidate', term: 2 });
    harness.persist();
    expect(harness.status).to.include({ role: 'leader', term: 2 });
  });

  it('others may commit an entry before it is durable on the leader, which then does not apply it yet', () => {
    const harness = CoreHarness.leader();
    harness.isDiskFast = false;
    const proposed = harness.propose();
    harness.receive(accept(only(proposed, 'appendEntries', 1)));
    const outcome = harness.receive(accept(only(proposed, 'appendEntries', 2)));
    expect(harness.status.commitIndex).to.equal(2);
    expect(outcome.committed).to.deep.equal([]);
    expect(harness.persist().committed.map(({ index }) => index)).to.deep.equal([2]);
  });

  it('t16 a follower does not apply what is not durable here (qdrant PR#1172)', () => {
    const harness = new CoreHarness({ term: 1, isDiskFast: false });
    const outcome = harness.receive(
      append(harness.status, 1, { entries: entriesOf([1, 1]), leaderCommit: 2 }),
    );
    expect(outcome.committed).to.deep.equal([]);
    expect(harness.persist().committed.map(({ index }) => index)).to.deep.equal([1, 2]);
  });

  describe('t48 a completed write vouches for what the log holds of it now (etcd append ABA race, openraft PR#1964)', () => {
    it('not for an entry that was replaced meanwhile', () => {
      const harness = new CoreHarness({ term: 1, isDiskFast: false });
      harness.receive(append(harness.status, 1, { entries: entriesOf([1, 1]), leaderCommit: 0 }));
      harness.receive(append(harness.status, 2, { term: 2, entries: entriesOf([2, 2]), leaderCommit: 2 }));
      expect(harness.persist().committed).to.deep.equal([]);
      expect(harness.persist().committed.map(({ term }) => term)).to.deep.equal([2, 2]);
    });

    it('not for an entry that was replaced and has come back', () => {
      const harness = new CoreHarness({ term: 1, isDiskFast: false });
      harness.receive(append(harness.status, 1, { entries: entriesOf([1, 1]) }));
      harness.receive(append(harness.status, 2, { term: 2, entries: entriesOf([2]) }));
      const back = { term: 3, entries: entriesOf([1, 1]), leaderCommit: 2 };
      harness.receive(append(harness.status, 1, back));
      expect(harness.persist().committed).to.deep.equal([]);
      expect(harness.persist().committed).to.deep.equal([]);
      expect(harness.persist().committed.map(({ term }) => term)).to.deep.equal([1, 1]);
    });
  });
});

describe('when an update may be answered: its commit is known on a majority', () => {
  it('the leader tells the others of a commit at once, and they say that they know', () => {
    const harness = CoreHarness.leader({ size: 5 });
    const proposed = harness.propose();
    harness.receive(accept(only(proposed, 'appendEntries', 1)));
    const committed = harness.receive(accept(only(proposed, 'appendEntries', 2)));
    expect(committed.acknowledged).to.equal(null);
    expect(harness.receive(accept(only(committed, 'appendEntries', 1))).acknowledged).to.equal(null);
    expect(harness.receive(accept(only(committed, 'appendEntries', 2))).acknowledged).to.equal(2);
  });

  it('one follower that says so twice is one', () => {
    const harness = CoreHarness.leader({ size: 5 });
    const proposed = harness.propose();
    harness.receive(accept(only(proposed, 'appendEntries', 1)));
    const committed = harness.receive(accept(only(proposed, 'appendEntries', 2)));
    const known = accept(only(committed, 'appendEntries', 1));
    harness.receive(known);
    expect(harness.receive(known).acknowledged).to.equal(null);
  });

  it('alone in its cluster, the leader’s own knowledge is enough', () => {
    const harness = CoreHarness.leader({ size: 1 });
    expect(harness.propose().acknowledged).to.equal(2);
  });

  it('commit indexes that followers report beyond the leader’s own count for no more than that', () => {
    const harness = CoreHarness.leader({ size: 5 });
    const proposed = harness.propose();
    for (const peer of [1, 2, 3, 4]) {
      const boast = accept(only(proposed, 'appendEntries', peer), { commitIndex: 99 });
      harness.replicate(harness.receive(boast));
    }
    harness.replicate(harness.propose(2));
    expect(harness.status.commitIndex).to.equal(3);
    expect(harness.status.acknowledged).to.be.at.most(harness.status.commitIndex);
  });
});
