import { expect } from 'chai';
import { randomInt } from 'node:crypto';
import { Prng } from '../../../src/sim/prng.js';
import { stopEverything } from '../support/cluster.js';
import { connectedMajority, shapes, type Shape } from './shape.js';
import { runShapes } from './shapeRun.js';

/** `npm run field -- shapes` runs all of them, and often. */
const SIZE_MAX = 5;

describe('servers that reach some of the others only', function () {
  this.timeout(120_000);

  after(stopEverything);

  it('count as a connected majority when all of them are up and hear each other', () => {
    const shape = (found: Partial<Shape>): Shape => ({
      name: '',
      servers: 5,
      crashed: [],
      arrives: () => true,
      ...found,
    });
    expect(connectedMajority(shape({}))).to.deep.equal([0, 1, 2, 3, 4]);
    expect(connectedMajority(shape({ crashed: [1, 2] }))).to.deep.equal([0, 3, 4]);
    expect(connectedMajority(shape({ crashed: [1, 2, 3] }))).to.deep.equal([]);
    expect(connectedMajority(shape({ arrives: (_from, to) => to !== 0 }))).to.deep.equal([1, 2, 3, 4]);
    expect(connectedMajority(shape({ arrives: (from, to) => from === 1 || to === 1 }))).to.deep.equal([]);
  });

  it('have a leader that acknowledges writes within 5 s, as long as there is a connected majority', async () => {
    const chosen = shapes.filter((shape) => shape.servers <= SIZE_MAX && connectedMajority(shape).length > 0);
    const seed = randomInt(2 ** 31);
    const results = await runShapes(chosen, 1, new Prng(seed));
    for (const { shape, served, violations } of results) {
      const which = `${shape.name}, ${shape.servers} servers, seed ${seed}`;
      expect(violations, which).to.deep.equal([]);
      expect(served, which).to.equal(1);
    }
    const times = results.map(({ shape, times: { maxMs } }) => `${shape.name} ${maxMs} ms`);
    console.log(`      ${times.join('; ')}`);
  });
});
