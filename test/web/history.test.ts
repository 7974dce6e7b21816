import { expect } from 'chai';
import fc from 'fast-check';
import { History, type PlacedAction } from '../../src/web/raft/history.js';

const EVENTS_MAX = 1200;

const setups = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 31 }),
  servers: fc.integer({ min: 1, max: 5 }),
  mode: fc.constantFrom('shipped' as const, 'paper' as const),
});

/** Ids are taken modulo the number of servers. */
const rawActions = fc.array(
  fc.record({
    at: fc.integer({ min: 0, max: EVENTS_MAX }),
    kind: fc.constantFrom(
      'crash',
      'restore',
      'stop',
      'start',
      'timeout',
      'request',
      'request',
      'cut',
      'heal',
    ),
    one: fc.nat(4),
    other: fc.nat(4),
  }),
  { maxLength: 12 },
);

function placed(
  raw: typeof rawActions extends fc.Arbitrary<infer T> ? T : never,
  servers: number,
): PlacedAction[] {
  return raw.map(({ at, kind, one, other }) => {
    const server = one % servers;
    const action =
      kind === 'cut' || kind === 'heal' ? { kind, from: server, to: other % servers } : { kind, server };
    return { at, action };
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

  it('forgets the future that an action in the past replaces', () => {
    const history = new History({ seed: 7, servers: 3, mode: 'shipped' });
    history.seek(500);
    history.act({ kind: 'crash', server: 0 });
    history.seek(100);
    history.act({ kind: 'stop', server: 1 });
    expect(history.end).to.equal(100);
    expect(history.actions).to.deep.equal([{ at: 100, action: { kind: 'stop', server: 1 } }]);
  });
});
