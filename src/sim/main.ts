import { Command } from 'commander';
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { conditionsNamed, usualConditions, type Condition } from './conditions.js';
import { judgeHistory } from './judge.js';
import { drawPlan } from './drawPlan.js';
import type { Plan } from './plan.js';
import { runPlan, type RunOptions, type RunResult } from './run.js';
import { shrinkPlan } from './shrink.js';
import { Summary } from './summary.js';
import { wholeNumber } from './wholeNumber.js';

interface Flags {
  readonly seeds: number;
  readonly seed: number;
  readonly hours?: number;
  readonly servers?: number;
  readonly with: readonly Condition[];
  readonly plan?: string;
  readonly trace?: boolean;
  readonly shrink: boolean;
  readonly keepGoing?: boolean;
}

/** One run in so many is made twice, and the traces are compared. */
const TWICE_EVERY = 100;
const PROGRESS_MS = 10_000;
const SHRINK_RUNS = 400;
const HOUR_MS = 3_600_000;

// Refusals are errors by the thousand; the stack of each would cost more than the rest of the run.
Error.stackTraceLimit = 1;

const watched: RunOptions = { judge: judgeHistory };

const flags = new Command('sim')
  .description('runs the production code in simulated clusters under every fault that a seed draws')
  .option('--seeds <n>', 'how many seeds to run', wholeNumber, 1000)
  .option('--seed <n>', 'the first seed', wholeNumber, 1)
  .option('--hours <n>', 'stop after so many simulated cluster-hours', Number)
  .option('--servers <n>', 'size of every cluster instead of a drawn one', wholeNumber)
  .option(
    '--with <conditions>',
    'conditions to draw from, with commas between them, or "all"',
    conditionsNamed,
    usualConditions,
  )
  .option('--plan <file>', 'run the plan in this file instead of drawing one')
  .option('--trace', 'print every event')
  .option('--shrink', 'look for a smaller plan when a run fails (the default)', true)
  .option('--no-shrink', 'do not look for one')
  .option('--keep-going', 'go on after a run that failed')
  .parse()
  .opts<Flags>();

process.exitCode = flags.plan === undefined ? await runSeeds() : await replay(flags.plan);

async function runSeeds(): Promise<number> {
  const summary = new Summary();
  let reportedAt = performance.now();
  let failures = 0;
  for (let seed = flags.seed; seed < flags.seed + flags.seeds; seed += 1) {
    const result = await runSeed(seed);
    summary.add(result);
    if (result.violation !== null) {
      failures += 1;
      await report(result);
      if (flags.keepGoing !== true) break;
    }
    if (performance.now() - reportedAt > PROGRESS_MS) {
      reportedAt = performance.now();
      process.stderr.write(`seed ${seed}: ${summary.oneLine()}\n`);
    }
    if (flags.hours !== undefined && summary.simulatedMs >= flags.hours * HOUR_MS) break;
  }
  process.stdout.write(`${summary.text()}\n`);
  return failures === 0 ? 0 : 1;
}

async function runSeed(seed: number): Promise<RunResult> {
  const limits = flags.servers === undefined ? {} : { servers: flags.servers };
  const plan = drawPlan(seed, { ...limits, conditions: flags.with });
  const result = await runPlan(plan, withTrace());
  if (result.violation !== null || seed % TWICE_EVERY !== 0) return result;
  const again = await runPlan(plan, watched);
  if (again.traceHash === result.traceHash) return result;
  const message = `the same seed gave two traces: ${result.traceHash} and ${again.traceHash}`;
  return { ...result, violation: { rule: 'determinism', message, lastEvents: [] } };
}

async function replay(file: string): Promise<number> {
  const result = await runPlan(JSON.parse(readFileSync(file, 'utf8')) as Plan, withTrace());
  if (result.violation === null) {
    process.stdout.write(`no violation; trace ${result.traceHash}, ${result.traceEvents} events\n`);
    return 0;
  }
  print(result);
  return 1;
}

/** Says what broke, and how to see it again. */
async function report(failed: RunResult): Promise<void> {
  const { seed } = failed.plan;
  const conditions = flags.with.length === 0 ? '' : ` --with ${flags.with.join(',')}`;
  const servers = flags.servers === undefined ? '' : ` --servers ${flags.servers}`;
  process.stdout.write(
    `seed ${seed} failed; see it again with: npm run sim -- --seed ${seed} --seeds 1${servers}${conditions} --trace\n`,
  );
  if (!flags.shrink) {
    print(failed);
    return;
  }
  const smallest = await shrinkPlan(failed, (plan) => runPlan(plan, watched), SHRINK_RUNS);
  const file = join(tmpdir(), `surfstore-sim-${seed}.json`);
  writeFileSync(file, `${JSON.stringify(smallest.plan, null, 2)}\n`);
  print(smallest);
  const { faults, clients } = smallest.plan;
  const operations = smallest.operations.length;
  process.stdout.write(
    `shrunk to ${faults.length} faults, ${clients.length} clients, ${operations} operations; see it again with: npm run sim -- --plan ${file} --trace\n`,
  );
}

function print({ violation }: RunResult): void {
  if (violation === null) return;
  process.stdout.write(
    `${violation.lastEvents.join('\n')}\nVIOLATION of "${violation.rule}": ${violation.message}\n`,
  );
}

function withTrace(): RunOptions {
  if (flags.trace !== true) return watched;
  return { ...watched, onTraceLine: (line) => process.stdout.write(`${line}\n`) };
}
