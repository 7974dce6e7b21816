import { expect } from 'chai';
import { History } from '../../src/web/raft/history.js';
import type { Mode, World } from '../../src/web/raft/world.js';

function leaderOf(world: World): number | undefined {
  return world.views().find(({ role }) => role === 'leader')?.id;
}

/** A cluster of five that has a leader, and the leader's id. */
function led(mode: Mode): { history: History; leader: number } {
  const history = new History({ seed: 3, servers: 5, mode });
  expect(history.until((world) => leaderOf(world) !== undefined)).to.equal(true);
  return { history, leader: leaderOf(history.world) ?? -1 };
}

/** Stops a leader and two others, and lets ten seconds pass; the terms of the two that are left. */
function termsOfMinority(mode: Mode): number[] {
  const { history, leader } = led(mode);
  for (const server of [leader, (leader + 1) % 5, (leader + 2) % 5]) history.act({ kind: 'stop', server });
  history.until(({ nowMs }) => nowMs > 10_000);
  return history.world
    .views()
    .filter(({ condition }) => condition === 'running')
    .map(({ term }) => term);
}

describe('a cluster in the browser', () => {
  for (const mode of ['shipped', 'paper'] as const) {
    it(`elects, commits and answers (${mode})`, () => {
      const { history, leader } = led(mode);
      history.act({ kind: 'request', server: leader });
      expect(history.until(({ calls }) => calls.all[0]?.outcome === 'done')).to.equal(true);
      const holds = ({ log }: { log: readonly unknown[] }): boolean => log.length === 2;
      expect(history.until((world) => world.views().every(holds))).to.equal(true);
      expect(history.world.violation).to.equal(undefined);
    });
  }

  it('lets the term of a minority rise in the mode of the paper only', () => {
    expect(Math.min(...termsOfMinority('paper'))).to.be.above(3);
    expect(Math.max(...termsOfMinority('shipped'))).to.equal(1);
  });

  it('tells the client of a stopped server that nothing is known', () => {
    const { history, leader } = led('shipped');
    history.act({ kind: 'request', server: leader });
    history.act({ kind: 'stop', server: leader });
    expect(history.world.calls.all[0]).to.include({ outcome: 'unknown' });
    history.act({ kind: 'request', server: leader });
    expect(history.world.calls.all[1]).to.include({ outcome: 'refused' });
  });

  it('loses what is sent over a cut link, in its direction only', () => {
    const { history, leader } = led('shipped');
    const follower = (leader + 1) % 5;
    history.act({ kind: 'cut', from: leader, to: follower });
    history.until(({ happenings }) => happenings.some(({ kind }) => kind === 'lost'));
    const lost = history.world.happenings.find(({ kind }) => kind === 'lost');
    expect(lost?.server).to.equal(leader);
    expect(history.world.isCut(follower, leader)).to.equal(false);
  });
});
