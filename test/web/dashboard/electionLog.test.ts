import { expect } from 'chai';
import { ElectionLog, ELECTIONS_MAX, mergedElections } from '../../../src/dashboard/electionLog.js';

describe('dashboard: elections', () => {
  let now: number;
  let log: ElectionLog;
  const change = (term: number, leader: number | null): void =>
    log.roleChanged({ role: 'follower', term, leader });

  beforeEach(() => {
    now = 0;
    log = new ElectionLog(
      () => now,
      () => 1_000_000 + now,
    );
  });

  it('tell who won, for how long there was no leader, and who led before', () => {
    change(1, 0);
    now = 5_000;
    change(1, null);
    change(2, null);
    now = 5_120;
    change(2, 2);
    expect(log.list()).to.deep.equal([
      {
        term: 1,
        leader: 0,
        atMs: 1_000_000,
        leaderlessMs: null,
        previous: null,
        reason: 'no leader was known before',
      },
      {
        term: 2,
        leader: 2,
        atMs: 1_005_120,
        leaderlessMs: 120,
        previous: 0,
        reason: 'server 0, which led term 1, was lost',
      },
    ]);
  });

  it('tell of terms that elected nobody, and of a leader that is elected again', () => {
    change(1, 0);
    change(1, null);
    change(4, 0);
    expect(log.list().at(-1)?.reason).to.equal(
      'server 0 was elected again; 2 terms in between elected nobody',
    );
  });

  it('tell why the winner asked for votes, where its core has said so', () => {
    change(1, 0);
    change(1, null);
    const campaign = { kind: 'campaign', term: 1, cause: 'leaderLost', silentTicks: 3 } as const;
    log.traced([campaign, { kind: 'elected', term: 2, votes: [1, 2] }]);
    change(2, 1);
    expect(log.list().at(-1)?.reason).to.equal(
      'server 0, which led term 1, was lost; the winner campaigned because the connections of the leader had closed, and it did not answer',
    );
    change(3, 2);
    expect(log.list().at(-1)?.reason).not.to.contain('campaigned');
  });

  it('are not seen where a restored server finds the leader that it knew', () => {
    change(1, 0);
    log.lifecycleChanged();
    change(1, 0);
    expect(log.list()).to.have.length(1);
  });

  it('are remembered up to a limit', () => {
    for (let term = 1; term <= ELECTIONS_MAX + 5; term += 1) change(term, term % 3);
    expect(log.list()).to.have.length(ELECTIONS_MAX);
    expect(log.list().at(-1)?.term).to.equal(ELECTIONS_MAX + 5);
  });

  it('are one for each term, however many servers tell of it', () => {
    const told = (leaderlessMs: number | null, previous: number | null, reason: string) => [
      { term: 2, leader: 1, atMs: 7, leaderlessMs, previous, reason },
    ];
    const [merged, ...more] = mergedElections([
      { id: 0, elections: told(null, null, 'it had just started') },
      { id: 1, elections: told(80, 3, 'the winner knows') },
      { id: 2, elections: told(120, 3, 'another one knows') },
    ]);
    expect(more).to.deep.equal([]);
    expect(merged).to.include({
      term: 2,
      leader: 1,
      leaderlessMs: 120,
      reason: 'the winner knows',
      seenBy: 3,
    });
  });
});
