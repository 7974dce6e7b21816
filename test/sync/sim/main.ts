import { Command } from 'commander';
import { wholeNumber } from '../../../src/sim/wholeNumber.js';
import { drawSyncPlan } from './syncPlan.js';
import { runSyncPlan, type SyncRunResult } from './syncRun.js';

// Folders, clients, cluster and blocks on the simulator, from seed to seed. See docs/sync.md.

interface Flags {
  readonly seeds: number;
  readonly seed: number;
  readonly trace?: boolean;
  readonly keepGoing?: boolean;
}

/** One run in so many is made twice, and the traces are compared. */
const TWICE_EVERY = 100;
const PROGRESS_MS = 10_000;

// Refusals are errors by the thousand; the stack of each would cost more than the rest of the run.
Error.stackTraceLimit = 1;

const flags = new Command('sync-sim')
  .description('runs the shipped sync client, cluster and block stores under every fault that a seed draws')
  .option('--seeds <n>', 'how many seeds to run', wholeNumber, 200)
  .option('--seed <n>', 'the first seed; printed', wholeNumber, Date.now() % 2 ** 31)
  .option('--trace', 'print every event')
  .option('--keep-going', 'go on after a run that failed')
  .configureOutput({ outputError: (text, write) => write(text) })
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .parse()
  .opts<Flags>();

process.exitCode = await runSeeds();

async function runSeeds(): Promise<number> {
  const { seed: first, seeds, keepGoing = false } = flags;
  const startedAt = performance.now();
  const totals = new Map<string, number>();
  const failed: number[] = [];
  let runs = 0;
  let simulatedMs = 0;
  let reportedAt = startedAt;
  for (let seed = first; seed < first + seeds; seed += 1) {
    const result = await runSeed(seed);
    runs += 1;
    simulatedMs += result.simulatedMs;
    for (const [name, count] of Object.entries(result.counts))
      totals.set(name, (totals.get(name) ?? 0) + count);
    if (result.violation !== null) {
      failed.push(seed);
      report(seed, result);
      if (!keepGoing) break;
    }
    if (performance.now() - reportedAt > PROGRESS_MS) {
      reportedAt = performance.now();
      process.stderr.write(`seed ${seed}: ${runs} runs, ${failed.length} violations\n`);
    }
  }
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0);
  const lines = [
    `${runs} runs from seed ${first} on, ${(simulatedMs / 3_600_000).toFixed(2)} simulated hours in ${seconds} s`,
    [...totals].map(([name, count]) => `${name} ${count}`).join(', '),
    `violations: ${failed.length}${failed.length === 0 ? '' : `, seeds ${failed.slice(0, 20).join(' ')}`}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  return failed.length === 0 ? 0 : 1;
}

async function runSeed(seed: number): Promise<SyncRunResult> {
  const plan = drawSyncPlan(seed);
  const onLine = flags.trace === true ? (line: string) => void process.stdout.write(`${line}\n`) : undefined;
  const result = await runSyncPlan(plan, onLine);
  if (result.violation !== null || seed % TWICE_EVERY !== 0) return result;
  const again = await runSyncPlan(plan);
  if (again.traceHash === result.traceHash) return result;
  const message = `the same seed gave two traces: ${result.traceHash} and ${again.traceHash}`;
  return { ...result, violation: { rule: 'determinism', message, lastEvents: [] } };
}

function report(seed: number, { violation }: SyncRunResult): void {
  if (violation === null) return;
  const { lastEvents, rule, message } = violation;
  const again = `npm run sync-sim -- --seed ${seed} --seeds 1 --trace`;
  process.stdout.write(`${lastEvents.join('\n')}\nVIOLATION of "${rule}": ${message}\n`);
  process.stdout.write(`seed ${seed} failed; see it again with: ${again}\n`);
}
