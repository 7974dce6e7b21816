import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { usualConditions } from '../../src/sim/conditions.js';
import { allScenarios, playScenario, scenariosUnder } from '../../src/sim/scenarios/index.js';

const SEEDS = [1, 2, 3];
const scenarios = scenariosUnder(usualConditions);

describe('scenarios on the simulator', function () {
  this.timeout(20_000);
  for (const scenario of scenarios) {
    it(scenario.name, async () => {
      for (const seed of SEEDS) {
        const { violation } = await playScenario(scenario, seed);
        const told =
          violation === null ? '' : `seed ${seed}: ${violation.message}\n${violation.lastEvents.join('\n')}`;
        expect(told).to.equal('');
      }
    });
  }

  it('have names of their own', () => {
    expect(new Set(allScenarios.map(({ name }) => name)).size).to.equal(allScenarios.length);
  });

  it('are listed in docs/scenarios.md, and nothing else is', () => {
    const text = readFileSync(new URL('../../docs/scenarios.md', import.meta.url), 'utf8');
    const rows = [...text.matchAll(/^\| (\w[\w ]*: .*?) +\| (.*?) +\|$/gm)].map(
      ([, name, shows]) => `${name}: ${shows}`,
    );
    expect(rows).to.deep.equal(allScenarios.map(({ name, shows }) => `${name}: ${shows}`));
  });

  it('give the same events for the same seed', async () => {
    for (const scenario of scenarios.slice(-8)) {
      const first = await playScenario(scenario, 5);
      const second = await playScenario(scenario, 5);
      expect(second.traceHash, scenario.name).to.equal(first.traceHash);
    }
  });

  it('fail when an expectation is not met', async () => {
    const { violation } = await playScenario(
      {
        name: 'test: a wrong expectation',
        shows: 'nothing',
        setup: { servers: [3] },
        async play(stage) {
          await stage.commit(3);
          stage.cut(await stage.leader());
          await stage.until('a cut leader is heard', () => false, 1_000);
        },
      },
      1,
    );
    expect(violation?.rule).to.equal('a cut leader is heard');
    expect(violation?.lastEvents).to.have.length(60);
  });
});
