import { expect } from 'chai';
import { defaultRaftConfig } from '../../src/raft/config.js';
import { append, CoreHarness, ELECTION_TICKS, only, preVote, requestVote } from '../support/coreHarness.js';

const { turnTicks } = defaultRaftConfig;

/** A follower in term 1 that has just heard from its leader. */
function follower(leader: number, setup: { id?: number; size?: number } = {}): CoreHarness {
  const harness = new CoreHarness({ term: 1, ...setup });
  harness.receive(append(harness.status, leader));
  return harness;
}

/** How many ticks pass until it campaigns. */
function ticksToCampaign(harness: CoreHarness): number {
  for (let ticks = 0; ticks <= 2 * ELECTION_TICKS; ticks += 1) {
    if (harness.status.role !== 'follower') return ticks;
    harness.tick();
  }
  throw new Error('it never campaigns');
}

describe('evidence that the leader is down', () => {
  it('ends the protection of that leader: a vote for another is free at once', () => {
    const harness = follower(1);
    harness.step({ type: 'leaderLost', leader: 1 });
    expect(only(harness.receive(preVote(harness.status, 2)), 'preVoteResponse').granted).to.equal(true);
    const vote = requestVote(harness.status, 2, { term: 2 });
    expect(only(harness.receive(vote), 'requestVoteResponse').granted).to.equal(true);
  });

  it('lets the followers campaign one after another, the one that follows the leader in the order of ids first', () => {
    const turns = [0, 1, 3, 4].map((id) => {
      const harness = follower(2, { id, size: 5 });
      harness.step({ type: 'leaderLost', leader: 2 });
      return ticksToCampaign(harness);
    });
    const [last, secondToLast, first, second] = turns.map((ticks) => Math.floor(ticks / turnTicks));
    expect([first, second, last, secondToLast]).to.deep.equal([1, 2, 3, 4]);
  });

  it('lets a follower that grants a pre-vote wait for two turns: one candidate is enough', () => {
    const harness = follower(1, { id: 2 });
    harness.step({ type: 'leaderLost', leader: 1 });
    harness.tick(turnTicks - 1);
    harness.receive(preVote(harness.status, 0));
    expect(ticksToCampaign(harness)).to.equal(2 * turnTicks);
    const unhurried = follower(1, { id: 2 });
    unhurried.tick(ELECTION_TICKS - 1);
    unhurried.receive(preVote(unhurried.status, 0));
    expect(ticksToCampaign(unhurried)).to.equal(1);
  });

  it('lets the one with the higher id stand back where two turns overlap, until its election timeout', () => {
    const inItsTurn = (): CoreHarness => {
      const harness = follower(1, { id: 2, size: 5 });
      harness.step({ type: 'leaderLost', leader: 1 });
      ticksToCampaign(harness);
      return harness;
    };
    const higher = inItsTurn();
    expect(only(higher.receive(preVote(higher.status, 0)), 'preVoteResponse').granted).to.equal(true);
    expect(higher.status).to.include({ role: 'follower', term: 1 });
    expect(ticksToCampaign(higher)).to.equal(ELECTION_TICKS);
    const lower = inItsTurn();
    expect(only(lower.receive(preVote(lower.status, 3)), 'preVoteResponse').granted).to.equal(true);
    expect(lower.status.role).to.equal('preCandidate');
    // After an ordinary timeout nobody stands back: the other may be one that cannot win.
    const unhurried = follower(1, { id: 2, size: 5 });
    unhurried.tick(ELECTION_TICKS);
    unhurried.receive(preVote(unhurried.status, 0));
    expect(unhurried.status.role).to.equal('preCandidate');
  });

  it('never lengthens an election timeout', () => {
    const harness = follower(1);
    harness.tick(ELECTION_TICKS - 1);
    harness.step({ type: 'leaderLost', leader: 1 });
    expect(ticksToCampaign(harness)).to.equal(1);
  });

  it('counts for nothing once the leader is heard again', () => {
    const harness = follower(1);
    harness.step({ type: 'leaderLost', leader: 1 });
    harness.receive(append(harness.status, 1));
    expect(only(harness.receive(preVote(harness.status, 2)), 'preVoteResponse').granted).to.equal(false);
    expect(ticksToCampaign(harness)).to.equal(ELECTION_TICKS);
  });

  it('against another server than the leader means nothing', () => {
    const harness = follower(1);
    harness.step({ type: 'leaderLost', leader: 2 });
    expect(only(harness.receive(preVote(harness.status, 2)), 'preVoteResponse').granted).to.equal(false);
    expect(ticksToCampaign(harness)).to.equal(ELECTION_TICKS);
  });

  it('against a leader, or one that has no leader, means nothing to it', () => {
    const leader = CoreHarness.leader();
    leader.step({ type: 'leaderLost', leader: 0 });
    expect(leader.status.role).to.equal('leader');
    const lonely = new CoreHarness({ term: 1 });
    lonely.step({ type: 'leaderLost', leader: 1 });
    expect(ticksToCampaign(lonely)).to.equal(ELECTION_TICKS);
  });

  it('moves no term, and binds no vote', () => {
    const harness = follower(1);
    const outcome = harness.step({ type: 'leaderLost', leader: 1 });
    expect(outcome.batches).to.deep.equal([]);
    expect(harness.status).to.include({ term: 1, votedFor: null, leader: 1, role: 'follower' });
  });
});
