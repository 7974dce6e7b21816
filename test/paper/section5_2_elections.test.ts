import { expect } from 'chai';
import { defaultRaftConfig } from '../../src/raft/config.js';
import {
  append,
  CoreHarness,
  ELECTION_TICKS,
  only,
  preVoteResponse,
  requestVote,
  requestVoteResponse,
  sentOf,
} from '../support/coreHarness.js';

/** Server 0 as a candidate in term 1. */
function candidate(size = 3): CoreHarness {
  const harness = new CoreHarness({ size });
  harness.campaign();
  for (let peer = 1; peer < size && harness.status.role === 'preCandidate'; peer += 1) {
    harness.receive(preVoteResponse(harness.status, peer, { term: 1 }));
  }
  return harness;
}

describe('5.2 leader election', () => {
  it('a server starts as a follower with what its storage kept', () => {
    const { status } = new CoreHarness({ term: 3, votedFor: 2, log: [1, 3] });
    expect(status).to.include({
      role: 'follower',
      term: 3,
      votedFor: 2,
      leader: null,
      lastIndex: 2,
      lastTerm: 3,
    });
  });

  it('a follower that hears nothing for an election timeout campaigns', () => {
    const harness = new CoreHarness();
    expect(harness.tick(ELECTION_TICKS - 1)).to.deep.equal([]);
    expect(harness.status.role).to.equal('follower');
    const messages = harness.tick();
    expect(messages.map(({ to }) => to)).to.have.members([1, 2]);
    expect(harness.status.role).to.equal('preCandidate');
  });

  it('an append of the current leader, even an empty or rejected one, restarts the election timeout', () => {
    const harness = new CoreHarness({ term: 1 });
    for (let round = 0; round < 5; round += 1) {
      harness.tick(ELECTION_TICKS - 1);
      harness.receive(append(harness.status, 1, round % 2 === 0 ? {} : { prevLogIndex: 9, prevLogTerm: 1 }));
    }
    expect(harness.status).to.include({ role: 'follower', leader: 1 });
  });

  it('a candidate raises its term, votes for itself and asks all others at the same time', () => {
    const harness = new CoreHarness({ size: 5, term: 4, log: [1, 4] });
    harness.campaign();
    harness.receive(preVoteResponse(harness.status, 1, { term: 5 }));
    const { messages, batches, role } = harness.receive(preVoteResponse(harness.status, 2, { term: 5 }));
    expect(role).to.deep.equal({ role: 'candidate', term: 5, leader: null });
    expect(batches.map(({ hardState }) => hardState)).to.deep.equal([{ term: 5, votedFor: 0 }]);
    expect(messages.map(({ to }) => to)).to.deep.equal([1, 2, 3, 4]);
    for (const message of messages) {
      expect(message).to.include({ type: 'requestVote', from: 0, term: 5, lastLogIndex: 2, lastLogTerm: 4 });
    }
  });

  for (let size = 1; size <= 10; size += 1) {
    const majority = [0, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6][size] ?? 0;
    it(`t13 of ${size} servers a candidate needs ${majority} votes, its own included (goraft#118)`, () => {
      const harness = candidate(size);
      for (let votes = 1; votes < majority; votes += 1) {
        expect(harness.status.role).to.equal('candidate');
        harness.receive(requestVoteResponse(harness.status, votes));
      }
      expect(harness.status).to.include({ role: 'leader', term: 1, leader: 0 });
    });
  }

  it('t19 a voter counts once, however often its vote arrives (PySyncObj counts replies)', () => {
    const harness = candidate(5);
    for (let reply = 0; reply < 4; reply += 1) harness.receive(requestVoteResponse(harness.status, 1));
    expect(harness.status.role).to.equal('candidate');
    harness.receive(requestVoteResponse(harness.status, 2));
    expect(harness.status.role).to.equal('leader');
  });

  it('refusals do not count', () => {
    const harness = candidate(5);
    for (const voter of [1, 2, 3, 4]) {
      harness.receive(requestVoteResponse(harness.status, voter, { granted: false }));
    }
    expect(harness.status.role).to.equal('candidate');
  });

  it('votes given before do not count in a second election', () => {
    const harness = candidate(5);
    harness.receive(requestVoteResponse(harness.status, 1));
    harness.tick(ELECTION_TICKS);
    for (const voter of [3, 4]) harness.receive(preVoteResponse(harness.status, voter, { term: 2 }));
    expect(harness.status).to.include({ role: 'candidate', term: 2 });
    harness.receive(requestVoteResponse(harness.status, 2));
    expect(harness.status.role).to.equal('candidate');
  });

  it('a server votes for at most one candidate in a term, first come, first served', () => {
    const harness = new CoreHarness({ term: 1 });
    const first = only(harness.receive(requestVote(harness.status, 1, { term: 2 })), 'requestVoteResponse');
    const second = only(harness.receive(requestVote(harness.status, 2, { term: 2 })), 'requestVoteResponse');
    expect([first.granted, second.granted]).to.deep.equal([true, false]);
    expect(harness.status).to.include({ term: 2, votedFor: 1 });
  });

  it('the vote outlives a restart', () => {
    const harness = new CoreHarness({ term: 2, votedFor: 1 });
    const other = harness.receive(requestVote(harness.status, 2, { term: 2 }));
    expect(only(other, 'requestVoteResponse').granted).to.equal(false);
  });

  it('t19 the same candidate that asks again, its answer being lost, gets the vote again (nebula PR#2419)', () => {
    const harness = new CoreHarness({ term: 2, votedFor: 1 });
    const outcome = harness.receive(requestVote(harness.status, 1, { term: 2 }));
    expect(only(outcome, 'requestVoteResponse').granted).to.equal(true);
    expect(outcome.batches).to.deep.equal([]);
  });

  it('t21 a granted vote restarts the election timeout, a refused one does not (Students’ Guide to Raft)', () => {
    const granted = new CoreHarness({ term: 2, log: [2] });
    granted.tick(ELECTION_TICKS - 1);
    granted.receive(requestVote(granted.status, 1, { lastLogIndex: 1, lastLogTerm: 2 }));
    granted.tick();
    expect(granted.status.role).to.equal('follower');

    const refused = new CoreHarness({ term: 2, log: [2] });
    refused.tick(ELECTION_TICKS - 1);
    refused.receive(requestVote(refused.status, 1, { lastLogIndex: 1, lastLogTerm: 1 }));
    refused.tick();
    expect(refused.status.role).to.equal('preCandidate');
  });

  it('a candidate that hears from a leader of its term becomes its follower', () => {
    const harness = candidate();
    harness.receive(append(harness.status, 2));
    expect(harness.status).to.include({ role: 'follower', term: 1, leader: 2, votedFor: 0 });
  });

  it('a leader does not listen to another of the same term: there cannot be one', () => {
    const harness = CoreHarness.leader();
    const { messages } = harness.receive(append(harness.status, 1, { leaderCommit: 5 }));
    expect(messages).to.deep.equal([]);
    expect(harness.status).to.include({ role: 'leader', lastIndex: 1 });
  });

  it('a candidate without a majority tries again after another timeout', () => {
    const harness = candidate();
    harness.tick(ELECTION_TICKS - 1);
    expect(harness.status.role).to.equal('candidate');
    harness.tick();
    harness.receive(preVoteResponse(harness.status, 1, { term: 2 }));
    expect(harness.status).to.include({ role: 'candidate', term: 2 });
  });

  it('a candidate asks those again whose answer was lost, at the pace of heartbeats, and nobody else', () => {
    const harness = candidate(5);
    const { heartbeatTicks } = defaultRaftConfig;
    harness.receive(requestVoteResponse(harness.status, 1));
    for (const peer of [2, 3]) harness.step({ type: 'unreachable', peer });
    expect(harness.tick(heartbeatTicks - 1)).to.deep.equal([]);
    const again = harness.tick();
    expect(again.map(({ type, to, term }) => ({ type, to, term }))).to.deep.equal([
      { type: 'requestVote', to: 2, term: 1 },
      { type: 'requestVote', to: 3, term: 1 },
    ]);
    expect(harness.tick(heartbeatTicks)).to.deep.equal([]);
    harness.receive(requestVoteResponse(harness.status, 2));
    expect(harness.status.role).to.equal('leader');
  });

  it('it asks again while its own vote is on its way to a slow disk, and while it asks for the next term', () => {
    const harness = new CoreHarness({ isDiskFast: false });
    harness.campaign();
    harness.receive(preVoteResponse(harness.status, 1, { term: 1 }));
    harness.step({ type: 'unreachable', peer: 2 });
    expect(harness.tick(defaultRaftConfig.heartbeatTicks).map(({ to }) => to)).to.deep.equal([2]);
    harness.persist();
    harness.tick(ELECTION_TICKS - 10);
    harness.step({ type: 'unreachable', peer: 1 });
    const messages = harness.tick(defaultRaftConfig.heartbeatTicks);
    expect(harness.status).to.include({ role: 'preCandidate', term: 1 });
    expect(sentOf({ messages }, 'requestVote').map(({ to, term }) => [to, term])).to.deep.equal([[1, 1]]);
  });

  for (const [role, end] of [
    ['follower of another leader', (harness: CoreHarness) => harness.receive(append(harness.status, 1))],
    [
      'voter of a later term',
      (harness: CoreHarness) => harness.receive(requestVote(harness.status, 1, { term: 2 })),
    ],
    ['leader', (harness: CoreHarness) => harness.receive(requestVoteResponse(harness.status, 1))],
  ] as const) {
    it(`as ${role} it asks nobody again`, () => {
      const harness = candidate();
      harness.step({ type: 'unreachable', peer: 2 });
      end(harness);
      const messages = harness.tick(defaultRaftConfig.heartbeatTicks + 1);
      expect(sentOf({ messages }, 'requestVote')).to.deep.equal([]);
    });
  }

  it('each timeout is drawn anew, so that servers do not stay in step', () => {
    let draws = 0;
    const harness = new CoreHarness({ term: 1, drawElectionTicks: () => 100 + (draws += 1) });
    const timeouts = [harness.status.electionTimeoutTicks];
    const note = (): number => timeouts.push(harness.status.electionTimeoutTicks);
    harness.receive(append(harness.status, 1));
    note();
    harness.campaign();
    note();
    harness.tick(103);
    note();
    expect(timeouts).to.deep.equal([101, 102, 103, 104]);
  });

  it('a new leader sends an append to everybody at once, and then at every heartbeat', () => {
    const harness = new CoreHarness({ size: 5 });
    const won = harness.elect();
    expect(sentOf(won, 'appendEntries').map(({ to }) => to)).to.deep.equal([1, 2, 3, 4]);
    harness.replicate(won);
    expect(harness.tick(defaultRaftConfig.heartbeatTicks - 1)).to.deep.equal([]);
    const beats = harness.tick();
    expect(beats.map(({ to }) => to)).to.deep.equal([1, 2, 3, 4]);
    for (const beat of beats)
      expect(beat).to.include({ type: 'appendEntries', prevLogIndex: 1, leaderCommit: 1 });
  });

  it('t29 alone in its cluster, a server elects itself without a message (openraft 86e2ccd0)', () => {
    const harness = new CoreHarness({ size: 1 });
    expect(harness.tick(ELECTION_TICKS)).to.deep.equal([]);
    expect(harness.status).to.include({ role: 'leader', term: 1, commitIndex: 1 });
  });

  it('a server that may have forgotten a vote neither votes nor campaigns at first', () => {
    const harness = new CoreHarness({ config: { voteDelayTicks: 120 } });
    harness.campaign();
    const early = harness.receive(requestVote(harness.status, 1, { term: 1 }));
    expect(only(early, 'requestVoteResponse').granted).to.equal(false);
    expect(harness.tick(119)).to.deep.equal([]);
    expect(harness.status).to.include({ role: 'follower', term: 1, votedFor: null });
    harness.tick();
    const later = harness.receive(requestVote(harness.status, 1, { term: 1 }));
    expect(only(later, 'requestVoteResponse').granted).to.equal(true);
  });
});
