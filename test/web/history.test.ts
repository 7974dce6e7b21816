import { expect } from 'chai';
import fc from 'fast-check';
import { History } from '../../src/web/raft/history.js';
import { EVENTS_MAX, placed, rawActions, setups } from './randomRuns.js';

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
