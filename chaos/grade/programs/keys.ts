import type { ExamRun } from '../examRun.js';
import { keysLeaderDown, keysMinority } from '../keyValue/keysFailures.js';
import { KeysLab } from '../keyValue/keysLab.js';
import { keysMany } from '../keyValue/keysMany.js';
import { keysBasics, keysConcurrent, keysStart } from '../keyValue/keysService.js';

const SERVERS = 3;
/** Asked of those only whose reads are to be linearizable. */
const forLinearizable = ['linearizable', 'minority-no-reads'];

/** The key/value service over HTTP: first one client, then servers are shut down and started again. */
export async function keysProgram(run: ExamRun): Promise<void> {
  const { consistency, seed } = run.options;
  if (consistency === 'eventual') run.notMeasured(forLinearizable, 'Not asked for: --consistency eventual.');
  const entering = KeysLab.prepare(run.clusterOptions(SERVERS, 'servers'), run.allowance, consistency);
  await run.within(entering, async (lab) => {
    await run.perform(keysStart, lab);
    if (run.hasFailed('starts')) return;
    await run.perform(keysBasics, lab);
    if (run.hasFailed('put')) return;
    for (const step of [keysConcurrent, keysLeaderDown, keysMany(seed), keysMinority])
      await run.perform(step, lab);
  });
}
