import { expect } from 'chai';
import { LooseCores } from '../../support/looseCores.js';
import { Prng } from '../../../src/sim/prng.js';

/** One seed again: LOOSE_SEED=1234. LOOSE_RUNS sets how many there are. */
const chosen = process.env['LOOSE_SEED'];
const runs = chosen === undefined ? Number(process.env['LOOSE_RUNS'] ?? 60) : 1;
const firstSeed = chosen === undefined ? Date.now() % 1_000_000_000 : Number(chosen);

function live(seed: number): void {
  const prng = new Prng(seed);
  const cores = new LooseCores(prng.pick([2, 3, 3, 4, 5]), prng);
  for (let action = 0; action < 6000; action += 1) cores.act();
  cores.calm(600);
  const [leader, ...others] = cores.leaders;
  expect(others).to.deep.equal([]);
  cores.propose(leader ?? -1);
  cores.calm(200);
  for (const log of cores.logs) expect(log).to.deep.equal(cores.logs[0]);
  expect(new Set(cores.commitIndexes)).to.deep.equal(new Set([cores.logs[0]?.length]));
  expect(cores.safety.committedEntries, 'a life without commits proves little').to.have.length.above(1);
}

describe('cores on a network that keeps no order, loses and repeats', function () {
  this.timeout(60_000 + runs * 1000);

  it(`t1 t4 t5 t6 t27 stay safe, and agree once it calms down (${runs} seeds from ${firstSeed} on)`, () => {
    for (let seed = firstSeed; seed < firstSeed + runs; seed += 1) {
      try {
        live(seed);
      } catch (error) {
        throw new Error(`LOOSE_SEED=${seed}: ${String(error)}`, { cause: error });
      }
    }
  });
});
