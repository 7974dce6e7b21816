import { expect } from 'chai';
import { randomFaults, type RandomFault } from '../../chaos/random/kinds.js';
import { drawPlan } from '../../chaos/random/plan.js';
import { serversMeant } from '../../chaos/faults/targets.js';
import { bridgeGroups, partitionCuts } from '../../chaos/faults/links.js';
import { scenarios } from '../../chaos/scenarios/index.js';
import type { Step } from '../../chaos/scenarios/scenario.js';
import { Prng } from '../../src/sim/prng.js';

const plan = (seed: number, changes: object = {}): Step[] =>
  drawPlan(new Prng(seed), {
    ...{ servers: 5, seconds: 60, faults: randomFaults, atMostDown: undefined },
    ...changes,
  });

/** The most servers that are crashed, killed or paused at one time; `leader` counts as one that was up. */
function mostDown(steps: readonly Step[]): number {
  let leaders = 0;
  const down = new Set<unknown>();
  let most = 0;
  for (const step of steps) {
    for (const name of ['crash', 'kill', 'pause'] as const) {
      if (!(name in step)) continue;
      const target: unknown = Object.values(step)[0];
      if (target === 'leader') leaders += 1;
      else down.add(target);
    }
    for (const name of ['restore', 'start', 'resume'] as const) {
      if (!(name in step)) continue;
      const target: unknown = Object.values(step)[0];
      if (target === 'all') {
        leaders = 0;
        down.clear();
      } else down.delete(target);
    }
    if ('partition' in step) most = Math.max(most, ...step.partition.slice(1).map((group) => group.length));
    most = Math.max(most, down.size + leaders);
  }
  expect(down.size + leaders, 'servers left down').to.equal(0);
  return most;
}

describe('chaos: random stories', () => {
  it('are the same for the same seed and others for another', () => {
    expect(plan(7)).to.deep.equal(plan(7));
    expect(plan(7)).not.to.deep.equal(plan(8));
  });

  it('last as long as they are to', () => {
    const seconds = plan(3).reduce((sum, step) => sum + ('wait' in step ? step.wait : 0), 0);
    expect(seconds).to.be.within(60, 75);
  });

  for (const atMostDown of [0, 1, 2]) {
    it(`never have more than ${atMostDown} of five servers down when that is the limit, and end all faults`, () => {
      for (let seed = 0; seed < 50; seed += 1)
        expect(mostDown(plan(seed, { atMostDown, seconds: 200 }))).to.be.at.most(atMostDown);
    });
  }

  it('now and then take a majority on purpose, unless there is a limit', () => {
    const most = Array.from({ length: 20 }, (_, seed) => mostDown(plan(seed)));
    expect(Math.max(...most)).to.be.at.least(3);
    expect(Math.min(...most)).to.be.at.most(2);
  });

  it('have no bridge whose smaller half is more servers than may be down', () => {
    const bridges = (servers: number, atMostDown: number): number =>
      plan(1, { servers, atMostDown, faults: ['bridge'] }).length;
    expect(bridges(4, 1)).to.be.above(0);
    expect(bridges(5, 1)).to.be.above(0);
    expect(bridges(6, 1)).to.equal(0);
    expect(bridges(6, 2)).to.be.above(0);
  });

  it('have each kind of fault, and only those that were asked for', () => {
    for (const fault of randomFaults) {
      const only: readonly RandomFault[] = [fault];
      const names = new Set(plan(1, { faults: only }).flatMap((step) => Object.keys(step)));
      expect([...names], fault)
        .to.include('wait')
        .and.to.have.length.above(1);
      expect(names.has('kill'), fault).to.equal(fault === 'kill');
      expect(names.has('pause'), fault).to.equal(fault === 'pause');
      expect(names.has('partition'), fault).to.equal(fault === 'partition');
    }
  });
});

describe('chaos: targets and links', () => {
  const choice = { servers: [0, 1, 2, 3, 4], up: [0, 1, 2, 3], leader: 2, oldLeader: 4 };
  const meant = (target: Parameters<typeof serversMeant>[0]): number[] =>
    serversMeant(target, choice, new Prng(1));

  it('count what can be spared by who is up', () => {
    expect(meant('leader')).to.deep.equal([2]);
    expect(meant('oldLeader')).to.deep.equal([4]);
    expect(meant('spareFollowers')).to.have.length(1).and.not.include(2);
    expect(meant('enoughFollowers')).to.have.length(2).and.not.include(2);
    expect(meant('majority')).to.have.length(3).and.not.include(4);
    expect(meant('minority')).to.have.length(2);
    expect(meant(3)).to.deep.equal([3]);
    expect(meant(5)).to.deep.equal([]);
  });

  it('cut what has no group in common', () => {
    const cuts = partitionCuts([0, 1, 2, 3, 4], bridgeGroups([0, 1, 2, 3, 4], 2));
    expect([...cuts]).to.deep.equal([
      [0, [3, 4]],
      [1, [3, 4]],
      [2, []],
      [3, [0, 1]],
      [4, [0, 1]],
    ]);
  });
});

describe('chaos: scenarios', () => {
  it('have names of their own, and heal what they do before they are told again', () => {
    expect(new Set(scenarios.map(({ name }) => name)).size).to.equal(scenarios.length);
    for (const { name, steps, shows } of scenarios) {
      expect(shows, name).to.match(/\.$/);
      const last = (...names: string[]): number =>
        steps.findLastIndex((step) => names.some((verb) => verb in step));
      expect(last('restore'), name).to.be.at.least(last('crash'));
      expect(last('start'), name).to.be.at.least(last('kill'));
      expect(last('resume'), name).to.be.at.least(last('pause'));
      expect(last('heal'), name).to.be.at.least(last('partition', 'isolate', 'oneWay', 'bridge'));
    }
  });
});
