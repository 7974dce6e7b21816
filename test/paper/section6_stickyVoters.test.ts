import { expect } from 'chai';
import { defaultRaftConfig } from '../../src/raft/config.js';
import { append, CoreHarness, only, preVote, requestVote } from '../support/coreHarness.js';

const { stickyTicks } = defaultRaftConfig;

/** A follower in term 1 that has just heard from its leader, server 1. */
function follower(): CoreHarness {
  const harness = new CoreHarness({ term: 1 });
  harness.receive(append(harness.status, 1));
  return harness;
}

describe('6 servers that hear from a leader disregard candidates', () => {
  it('a vote request of a higher term moves neither term nor vote shortly after contact with a leader', () => {
    const harness = follower();
    harness.tick(stickyTicks - 1);
    const answer = only(harness.receive(requestVote(harness.status, 2, { term: 9 })), 'requestVoteResponse');
    expect(answer).to.include({ granted: false, term: 1 });
    expect(harness.status).to.include({ term: 1, votedFor: null, leader: 1 });
  });

  it('a vote request of the same term is refused as well: that term has its leader', () => {
    const harness = follower();
    const answer = only(harness.receive(requestVote(harness.status, 2, { term: 1 })), 'requestVoteResponse');
    expect(answer.granted).to.equal(false);
  });

  it('nor is the election timeout restarted by it', () => {
    const harness = follower();
    harness.receive(requestVote(harness.status, 2, { term: 9 }));
    harness.tick(79);
    expect(harness.status.role).to.equal('follower');
    harness.tick();
    expect(harness.status.role).to.equal('preCandidate');
  });

  it('a while after the last word of the leader the vote is free', () => {
    const harness = follower();
    harness.tick(stickyTicks);
    const answer = only(harness.receive(requestVote(harness.status, 2, { term: 9 })), 'requestVoteResponse');
    expect(answer).to.include({ granted: true, term: 9 });
  });

  it('a pre-vote is refused just as well, and granted when the leader is silent', () => {
    const harness = follower();
    const early = only(harness.receive(preVote(harness.status, 2)), 'preVoteResponse');
    harness.tick(stickyTicks);
    const late = only(harness.receive(preVote(harness.status, 2)), 'preVoteResponse');
    expect([early.granted, late.granted]).to.deep.equal([false, true]);
  });

  it('t31 a leader gives way to no candidate, without a quorum either: it may hold blocked calls', () => {
    const harness = CoreHarness.leader();
    harness.propose();
    harness.tick(1000);
    const vote = { lastLogIndex: 9, lastLogTerm: 9 };
    harness.receive(requestVote(harness.status, 1, { term: 9, ...vote }));
    const answer = only(harness.receive(preVote(harness.status, 2, vote)), 'preVoteResponse');
    expect(answer.granted).to.equal(false);
    expect(harness.status).to.include({ role: 'leader', term: 1 });
  });

  it('but to a leader of a higher term it gives way at once', () => {
    const harness = CoreHarness.leader();
    harness.receive(append(harness.status, 1, { term: 2 }));
    expect(harness.status).to.include({ role: 'follower', term: 2, leader: 1 });
  });

  it('a server that has just started has heard from nobody and is free to vote', () => {
    const harness = new CoreHarness({ term: 1 });
    const answer = only(harness.receive(requestVote(harness.status, 2)), 'requestVoteResponse');
    expect(answer.granted).to.equal(true);
  });

  it('an append of an outdated leader is no contact with a leader', () => {
    const harness = new CoreHarness({ term: 5 });
    harness.receive(append(harness.status, 1, { term: 4 }));
    const answer = only(harness.receive(requestVote(harness.status, 2)), 'requestVoteResponse');
    expect(answer.granted).to.equal(true);
  });
});
