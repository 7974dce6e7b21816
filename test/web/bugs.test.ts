import { expect } from 'chai';
import { bugs } from '../../src/web/raft/bugs.js';
import { History } from '../../src/web/raft/history.js';
import { cook, recipes } from '../../src/web/raft/recipes.js';

describe('bugs that are planted in the servers', () => {
  it('all have a recipe, and an id of their own', () => {
    const ids = bugs.map(({ id }) => id);
    expect(new Set(ids).size).to.equal(ids.length);
    expect(Object.keys(recipes).sort()).to.deep.equal([...ids].sort());
  });

  for (const { id, light } of bugs) {
    it(`${id}: its recipe turns "${light}" red, and does nothing to servers without it`, function () {
      this.timeout(20_000);
      const broken = cook(id, true);
      expect(broken.world.violation?.property, broken.world.violation?.text).to.equal(light);
      const again = new History(broken.setup, broken.actions);
      again.seek(broken.world.position);
      expect(again.world.hash, 'the same by its actions alone').to.equal(broken.world.hash);
      expect(cook(id, false).world.violation).to.equal(undefined);
    });
  }
});
