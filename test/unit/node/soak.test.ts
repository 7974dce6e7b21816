import { Soak } from '../../support/soak.js';

/** Give one seed to see its life again: SOAK_SEED=1234. SOAK_RUNS sets how many lives there are. */
const seeds = process.env['SOAK_SEED'];
const runs = Number(process.env['SOAK_RUNS'] ?? 60);
const firstSeed = seeds === undefined ? Date.now() % 1_000_000_000 : Number(seeds);

describe('soak: random faults, then healing', function () {
  this.timeout(60_000 + runs * 1000);

  it(`${seeds === undefined ? runs : 1} lives from seed ${firstSeed} on`, async () => {
    for (let run = 0; run < (seeds === undefined ? runs : 1); run += 1) {
      const soak = new Soak(firstSeed + run);
      try {
        await soak.run();
      } catch (error) {
        throw new Error(`SOAK_SEED=${firstSeed + run} (${soak.description}): ${String(error)}`, {
          cause: error,
        });
      }
    }
  });
});
