import { expect } from 'chai';
import { History } from '../../src/web/raft/history.js';
import type { Mode } from '../../src/web/raft/setup.js';
import type { World } from '../../src/web/raft/world.js';

function leaderOf(world: World): number | undefined {
  return world.views().find(({ role }) => role === 'leader')?.id;
}

/** A cluster of five that has a leader, and the leader's id. */
function led(mode: Mode): { history: History; leader: number } {
  const history = new History({ seed: 3, servers: 5, mode });
  expect(history.until((world) => leaderOf(world) !== undefined)).to.equal(true);
  return { history, leader: leaderOf(history.world) ?? -1 };
}

/** Stops a leader and two others, and lets ten seconds pass; by how much the terms of the two that are left have risen. */
function termsOfMinority(mode: Mode): number[] {
  const { history, leader } = led(mode);
  const ledTerm = history.world.views()[leader]?.term ?? 0;
  for (const server of [leader, (leader + 1) % 5, (leader + 2) % 5]) history.act({ kind: 'stop', server });
  history.until(({ nowMs }) => nowMs > 10_000);
  return history.world
    .views()
    .filter(({ condition }) => condition === 'running')
    .map(({ term }) => term - ledTerm);
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
    expect(Math.min(...termsOfMinority('paper'))).to.be.above(2);
    expect(Math.max(...termsOfMinority('shipped'))).to.equal(0);
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

  it('drops, holds and doubles a message, and lets it arrive at once', () => {
    const { history, leader } = led('shipped');
    const { world } = history;
    const first = (): number => world.flights[0]?.number ?? -1;
    history.until(({ flights }) => flights.length >= 4);
    const dropped = first();
    history.act({ kind: 'drop', message: dropped });
    expect(world.flights.map(({ number }) => number)).not.to.include(dropped);
    const held = first();
    history.act({ kind: 'hold', message: held });
    history.until(({ nowMs }) => nowMs > 4000);
    expect(world.flights.find(({ number }) => number === held)?.heldMs).to.be.a('number');
    history.act({ kind: 'release', message: held });
    const { length } = world.flights;
    history.act({ kind: 'duplicate', message: held });
    expect(world.flights).to.have.length(length + 1);
    history.act({ kind: 'forward', message: held });
    expect(world.flights.find(({ number }) => number === held)?.arrivesMs).to.equal(world.nowMs);
    history.until(({ flights }) => flights.every(({ number }) => number !== held));
    expect(world.views()[leader]?.role).to.equal('leader');
    expect(world.violation).to.equal(undefined);
  });

  it('slows a link down, loses messages on it, and heals it', () => {
    const { history, leader } = led('shipped');
    const to = (leader + 1) % 5;
    history.act({ kind: 'slow', from: leader, to });
    history.act({ kind: 'lossy', from: to, to: leader });
    expect([history.world.isSlow(leader, to), history.world.isLossy(to, leader)]).to.deep.equal([true, true]);
    const isLost = ({ kind, server }: { kind: string; server: number | null }): boolean =>
      kind === 'lost' && server === to;
    expect(history.until(({ happenings }) => happenings.some(isLost))).to.equal(true);
    const slow = ({ flights }: World): boolean =>
      flights.some(({ message, leftMs, arrivesMs }) => message.to === to && arrivesMs - leftMs > 280);
    expect(history.until(slow)).to.equal(true);
    history.act({ kind: 'heal', from: leader, to });
    history.act({ kind: 'heal', from: to, to: leader });
    expect([history.world.isSlow(leader, to), history.world.isLossy(to, leader)]).to.deep.equal([
      false,
      false,
    ]);
  });

  it('pauses a process, which forgets nothing, and answers its clients when it goes on', () => {
    const { history, leader } = led('shipped');
    history.act({ kind: 'pause', server: leader });
    history.act({ kind: 'request', server: leader, client: 2 });
    history.until((world) => world.views().some(({ id, role }) => id !== leader && role === 'leader'));
    expect(history.world.views()[leader]).to.include({ condition: 'paused', role: 'leader' });
    expect(history.world.calls.all[0]).to.include({ client: 2, outcome: 'waiting' });
    history.act({ kind: 'resume', server: leader });
    history.until(({ calls }) => calls.all[0]?.outcome !== 'waiting');
    expect(history.world.views()[leader]?.role).to.equal('follower');
  });

  it('carries a retry out once in a session, and shows what a read saw', () => {
    const { history, leader } = led('shipped');
    const ask = (kind: 'request' | 'read' | 'session' | 'retry'): void => {
      history.act({ kind, server: leader });
      history.until(({ calls }) => calls.all.at(-1)?.outcome !== 'waiting');
    };
    ask('session');
    expect(history.world.calls.clients[0]?.session).to.match(/^\d+$/);
    for (const kind of ['request', 'retry', 'read'] as const) ask(kind);
    const { all } = history.world.calls;
    expect(all.map(({ outcome }) => outcome)).to.deep.equal(['done', 'done', 'done', 'done']);
    expect(all[3]?.text).to.equal('x is 1');
    expect(all[2]?.operation).to.equal(all[1]?.operation);
  });

  it('says what an event has changed in its server', () => {
    const { history, leader } = led('paper');
    const elected = history.world.happenings.find(({ kind }) => kind === 'elected');
    expect(elected?.server).to.equal(leader);
    expect(elected?.change?.before.role).to.equal('candidate');
    expect(elected?.change?.after.role).to.equal('leader');
  });

  it('replaces a log by a snapshot, which a server that was away gets', () => {
    const history = new History({ seed: 3, servers: 3, mode: 'shipped', snapshotEvery: 4 });
    history.until((world) => leaderOf(world) !== undefined);
    const leader = leaderOf(history.world) ?? -1;
    const away = (leader + 1) % 3;
    history.act({ kind: 'stop', server: away });
    for (let write = 0; write < 6; write += 1) {
      history.act({ kind: 'request', server: leader });
      history.until(({ calls }) => calls.all.at(-1)?.outcome === 'done');
    }
    expect(history.until((world) => (world.views()[leader]?.firstIndex ?? 0) > 4)).to.equal(true);
    history.act({ kind: 'start', server: away });
    const installed = ({ happenings }: World): boolean =>
      happenings.some(({ kind, server }) => kind === 'snapshotInstalled' && server === away);
    expect(history.until(installed)).to.equal(true);
    expect(history.world.violation).to.equal(undefined);
  });
});
