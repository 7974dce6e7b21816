import fc from 'fast-check';
import { checkTriple, triples } from './planWorld.js';

describe('plans for one tree that was changed on both sides', () => {
  it('end with three equal trees, lose nothing, and undo no change of one side, in any order of operations', () => {
    fc.assert(fc.property(triples, checkTriple), { numRuns: 20_000 });
  }).timeout(60_000);
});
