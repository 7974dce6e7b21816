import { Command } from 'commander';
import fc from 'fast-check';
import { wholeNumber } from '../../src/sim/wholeNumber.js';
import { checkTriple, triples } from './planWorld.js';

// Checks plans for very many drawn triples of trees; a failing one is made small and printed. See docs/sync.md.

const flags = new Command('sync-plans')
  .description('checks the plans for drawn triples of folder, store and base')
  .option('--triples <n>', 'how many', wholeNumber, 1_000_000)
  .option('--seed <n>', 'draws them; printed', wholeNumber, Date.now() % 2 ** 31)
  .parse()
  .opts<{ triples: number; seed: number }>();

const startedAt = performance.now();
const result = fc.check(fc.property(triples, checkTriple), { numRuns: flags.triples, seed: flags.seed });
const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
if (result.failed) {
  process.stdout.write(`${fc.defaultReportMessage(result) ?? 'failed'}\n`);
  process.exitCode = 1;
}
process.stdout.write(
  `${result.numRuns} triples with seed ${flags.seed} in ${seconds} s: ${result.failed ? 'a rule is broken' : 'no rule is broken'}\n`,
);
