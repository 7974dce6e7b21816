import { expect } from 'chai';
import type { AppendEntries } from '../../src/raft/types.js';
import { append, CoreHarness, only, requestVote } from '../support/coreHarness.js';

/** A follower in term 1 that has just heard from its leader, server 1, with elections as figure 2 has them. */
function follower(): CoreHarness {
  const harness = new CoreHarness({ term: 1, config: { paperElections: true } });
  harness.receive(append(harness.status, 1));
  return harness;
}

describe('figure 2: elections without the additions to the paper', () => {
  it('a server whose election timeout has passed raises its term at once, and asks for votes', () => {
    const harness = follower();
    const messages = harness.tick(80);
    expect(harness.status).to.include({ role: 'candidate', term: 2, votedFor: 0 });
    expect(messages.map(({ type }) => type)).to.deep.equal(['requestVote', 'requestVote']);
  });

  it('a vote is given although a leader was heard a moment ago', () => {
    const harness = follower();
    const answer = only(harness.receive(requestVote(harness.status, 2, { term: 9 })), 'requestVoteResponse');
    expect(answer).to.include({ granted: true, term: 9 });
  });

  it('evidence that the leader is gone hurries nobody', () => {
    const harness = follower();
    const { electionTimeoutTicks } = harness.status;
    harness.step({ type: 'leaderLost', leader: 1 });
    expect(harness.status.electionTimeoutTicks).to.equal(electionTimeoutTicks);
  });

  it('a leader without a majority holds its followers back like any other', () => {
    const harness = follower();
    harness.tick(79);
    const alone = { ...(append(harness.status, 1) as AppendEntries), hasQuorum: false };
    harness.receive(alone);
    harness.tick(79);
    expect(harness.status.role).to.equal('follower');
  });
});
