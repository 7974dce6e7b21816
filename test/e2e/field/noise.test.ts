import { expect } from 'chai';
import { randomInt } from 'node:crypto';
import { Prng } from '../../../src/sim/prng.js';
import { stopEverything } from '../support/cluster.js';
import { falseElections, NoiseRun } from './noise.js';
import { noiseKinds } from './noiseKinds.js';

/**
 * Where cores are scarce, a leader may be silent for want of one. Evidence does not wait for the
 * election timeout, so what it leads to is seen with long timeouts, too.
 */
const patience: readonly string[] = [
  ...['--election-min-ms', '1500', '--election-max-ms', '3000', '--rpc-timeout-ms', '1000'],
];

describe('noise around a leader that lives: restarts, cuts, resets, closed connections, refusals', function () {
  this.timeout(90_000);

  after(stopEverything);

  it('leads to no election and loses no update', async () => {
    const seed = randomInt(2 ** 31);
    const result = await NoiseRun.run({ servers: 3, prng: new Prng(seed), flags: patience });
    const which = `seed ${seed}: ${JSON.stringify(result)}`;
    expect(result.violation, which).to.equal(null);
    expect(falseElections(result), which).to.deep.equal([]);
    expect(result.leaders[1], which).to.equal(result.leaders[0]);
    expect(result.terms[1], which).to.equal(result.terms[0]);
    // Without questions there was no noise of the kind that might be taken for evidence.
    expect(result.questions, which).to.be.greaterThan(0);
    for (const kind of noiseKinds)
      if (kind !== 'refusal at all') expect(result.noise[kind], `${kind}, ${which}`).to.be.greaterThan(0);
    console.log(
      `      ${result.questions} questions, ${result.acknowledged} updates, longest gap ${result.longestGapMs} ms`,
    );
  });
});
