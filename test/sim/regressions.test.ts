import { expect } from 'chai';
import { judgeHistory } from '../../src/sim/judge.js';
import { drawPlan } from '../../src/sim/drawPlan.js';
import { runPlan } from '../../src/sim/run.js';

/** Seeds that once found a fault of ours, and what it was. */
const seeds: readonly (readonly [seed: number, fault: string])[] = [
  [
    4,
    'a server alone in its cluster led a term before its vote was durable, and led it again after its disk failed',
  ],
];

describe('seeds that found a fault', () => {
  for (const [seed, fault] of seeds) {
    it(`${seed}: ${fault}`, async () => {
      const { violation } = await runPlan(drawPlan(seed), { judge: judgeHistory });
      expect(violation?.message ?? '').to.equal('');
    });
  }
});
