import { expect } from 'chai';
import { CrashWorld } from './crashWorld.js';

/** More steps than a sync has. */
const STEPS_MAX = 2_000;

describe('a client that is killed', () => {
  it('at any of its steps loses nothing, and the next sync ends as if nothing had happened', async () => {
    let step = 1;
    for (; step < STEPS_MAX; step += 1) {
      const world = new CrashWorld();
      await world.prepare();
      const last = await world.syncUntil('a', step);
      if (last === undefined) break;
      const where = `killed at step ${step}, ${last}`;
      const { brakes, left } = await world.sync('a');
      expect(brakes, where).to.deep.equal([]);
      expect(left, where).to.deep.equal([]);
      await world.sync('b');
      expect(world.a.visible(), where).to.deep.equal(CrashWorld.expected);
      expect(world.b.visible(), where).to.deep.equal(CrashWorld.expected);
      expect((await world.sync('a')).operations, where).to.deep.equal([]);
    }
    expect(step, 'steps').to.be.within(200, STEPS_MAX - 1);
  }).timeout(120_000);

  it('at its very first sync, and in the one after that, starts again where it was', async () => {
    for (let step = 1; step < STEPS_MAX; step += 7) {
      const world = new CrashWorld();
      for (let index = 0; index < 5; index += 1) world.a.write(`f${index}`, `text ${index}, with two blocks`);
      const before = world.a.visible();
      const last = await world.syncUntil('a', step);
      await world.syncUntil('a', step);
      expect((await world.sync('a')).brakes, last ?? '').to.deep.equal([]);
      await world.sync('b');
      expect(world.b.visible(), last ?? '').to.deep.equal(before);
      if (last === undefined) return;
    }
  });
});
