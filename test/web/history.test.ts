import { expect } from 'chai';
import fc from 'fast-check';
import { actionKinds, CLIENTS, subjectOf, type Action } from '../../src/web/raft/actions.js';
import type { PlacedAction } from '../../src/web/raft/checkpoints.js';
import { History } from '../../src/web/raft/history.js';

const EVENTS_MAX = 1200;

const setups = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 31 }),
  servers: fc.integer({ min: 1, max: 5 }),
  mode: fc.constantFrom('shipped' as const, 'paper' as const),
});

/** Ids are taken modulo the number of servers, messages are those sent shortly before. */
const rawActions = fc.array(
  fc.record({
    at: fc.integer({ min: 0, max: EVENTS_MAX }),
    kind: fc.constantFrom(...actionKinds, 'request' as const),
    one: fc.nat(4),
    other: fc.nat(4),
    message: fc.integer({ min: 1, max: 120 }),
  }),
  { maxLength: 16 },
);

function placed(
  raw: typeof rawActions extends fc.Arbitrary<infer T> ? T : never,
  servers: number,
): PlacedAction[] {
  return raw.map(({ at, kind, one, other, message }) => {
    const server = one % servers;
    switch (subjectOf(kind)) {
      case 'server':
        return { at, action: { kind, server } as Action };
      case 'client':
        return { at, action: { kind, server, client: other % CLIENTS } as Action };
      case 'link':
        return { at, action: { kind, from: server, to: other % servers } as Action };
      case 'message':
        return { at, action: { kind, message } as Action };
    }
  });
}

describe('the history of a world', () => {
  it('is the same wherever one has been in it, and breaks no property of the paper', function () {
    this.timeout(60_000);
    fc.assert(
      fc.property(
        setups,
        rawActions,
        fc.array(fc.nat(EVENTS_MAX), { minLength: 1, maxLength: 4 }),
        (setup, raw, stops) => {
          const actions = placed(raw, setup.servers);
          const straight = new Map<number, string>();
          for (const stop of stops) {
            const run = new History(setup, actions);
            run.seek(stop);
            straight.set(stop, run.world.hash);
            expect(run.world.violation).to.equal(undefined);
          }
          const scrubbed = new History(setup, actions);
          for (const stop of [...stops, EVENTS_MAX, ...stops]) {
            scrubbed.seek(stop);
            if (straight.has(stop)) expect(scrubbed.world.hash).to.equal(straight.get(stop));
          }
        },
      ),
      { numRuns: Number(process.env['HISTORY_RUNS'] ?? 40) },
    );
  });

  it('goes back by one visible moment, and forward to the same again', () => {
    const history = new History({ seed: 7, servers: 3, mode: 'shipped' });
    history.until(({ happenings }) => happenings.some(({ kind }) => kind === 'elected'));
    const { hash, position } = history.world;
    history.stepBack();
    expect(history.world.position).to.be.below(position);
    history.step();
    expect(history.world.hash).to.equal(hash);
  });

  it('keeps the future that an action in the past replaces, and goes back to it', () => {
    const history = new History({ seed: 7, servers: 3, mode: 'shipped' });
    history.seek(500);
    history.act({ kind: 'crash', server: 0 });
    history.seek(700);
    const { hash } = history.world;
    history.seek(100);
    history.act({ kind: 'stop', server: 1 });
    history.act({ kind: 'stop', server: 2 });
    expect(history.end).to.equal(100);
    expect(history.actions).to.have.length(2);
    expect(history.branches.map(({ id, parent, forkAt, end }) => [id, parent, forkAt, end])).to.deep.equal([
      [0, null, 0, 700],
      [1, 0, 100, 100],
    ]);
    history.goTo(0);
    expect(history.world.position).to.equal(700);
    expect(history.world.hash).to.equal(hash);
    history.goTo(1);
    expect(history.world.views().map(({ condition }) => condition)).to.deep.equal([
      'running',
      'stopped',
      'stopped',
    ]);
  });

  it('goes back from a checkpoint shortly before, once there was time to make some', () => {
    const history = new History({ seed: 7, servers: 5, mode: 'shipped' });
    history.seek(5000);
    const { hash } = history.world;
    let rounds = 0;
    while (history.tend(500)) rounds += 1;
    expect(rounds).to.be.above(1);
    expect(history.checkpointPositions).to.include.members([4800, 4600, 4400, 4200]);
    history.stepBack();
    history.seek(4650);
    history.seek(5000);
    expect(history.world.hash).to.equal(hash);
  });

  it('makes checkpoints of the future that is shown', () => {
    const history = new History({ seed: 7, servers: 3, mode: 'shipped' });
    history.seek(900);
    while (history.tend(500));
    history.seek(300);
    history.act({ kind: 'crash', server: 0 });
    history.seek(900);
    while (history.tend(500));
    history.seek(850);
    expect(history.world.views()[0]?.condition).to.equal('crashed');
    history.goTo(0);
    history.seek(850);
    expect(history.world.views()[0]?.condition).to.equal('running');
  });
});
