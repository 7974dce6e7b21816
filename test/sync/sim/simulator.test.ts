import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { drawSyncPlan } from './syncPlan.js';
import { runSyncPlan, type SyncRunResult } from './syncRun.js';

/** Runs that show most of the planted mistakes, by parts that take a second or two each. */
const parts: readonly (readonly number[])[] = [
  [1, 2, 3, 4, 5, 6],
  [7, 8, 9, 10, 11, 12],
  [13, 14, 15, 16, 17, 18],
];

function run(seed: number): Promise<SyncRunResult> {
  return runSyncPlan(drawSyncPlan(seed));
}

describe('sync clients on the simulator', () => {
  for (const seeds of parts)
    it(`lose nothing and end with equal folders, seeds ${seeds.join(' ')}`, async () => {
      for (const seed of seeds) {
        const { violation, counts } = await run(seed);
        expect(violation?.message ?? 'none', `seed ${seed}`).to.equal('none');
        expect(counts['operations'], `seed ${seed}`).to.be.above(0);
      }
    });

  it('do the same again with the same seed, and something else with another one', async () => {
    const [first, again, other] = [await run(19), await run(19), await run(20)];
    expect(again).to.deep.equal(first);
    expect(other.traceHash).to.not.equal(first.traceHash);
  });

  it('are run by a command that refuses what it does not understand', () => {
    const main = ['--import', 'tsx', 'test/sync/sim/main.ts'];
    const result = spawnSync(process.execPath, [...main, '--seeds', 'many'], { encoding: 'utf8' });
    expect(result).to.include({ status: 2, stdout: '' });
    expect(result.stderr).to.match(/--seeds/);
  });
});
