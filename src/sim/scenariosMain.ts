import { Command } from 'commander';
import { conditionsNamed, usualConditions, type Condition } from './conditions.js';
import { playScenario, scenariosUnder, type Scenario } from './scenarios/index.js';
import { wholeNumber } from './wholeNumber.js';

interface Flags {
  readonly seeds: number;
  readonly seed: number;
  readonly only?: string;
  readonly with: readonly Condition[];
  readonly list?: boolean;
  readonly trace?: boolean;
}

const HOUR_MS = 3_600_000;
/** Failures that are shown of one scenario. */
const FAILURES_SHOWN = 3;

const flags = new Command('scenarios')
  .description('plays named scenarios on simulated clusters of production nodes, each under many seeds')
  .option('--seeds <n>', 'how many seeds for each scenario', wholeNumber, 100)
  .option('--seed <n>', 'the first seed', wholeNumber, 1)
  .option('--only <name>', 'only scenarios whose name contains this')
  .option(
    '--with <conditions>',
    'conditions, with commas between them, or "all"',
    conditionsNamed,
    usualConditions,
  )
  .option('--list', 'list the scenarios, and play none')
  .option('--trace', 'print every event')
  .parse()
  .opts<Flags>();

// A reader that goes away (`--list | head`) is no reason to complain.
process.stdout.on('error', () => process.exit(0));

const chosen = scenariosUnder(flags.with).filter(({ name }) => name.includes(flags.only ?? ''));
process.exitCode = flags.list === true ? list() : await playAll();

function list(): number {
  for (const { name, shows } of chosen) process.stdout.write(`${name}\n    ${shows}\n`);
  return 0;
}

async function playAll(): Promise<number> {
  const startedAt = performance.now();
  if (chosen.length === 0) {
    process.stderr.write(`no scenario is called "${flags.only ?? ''}"; see --list\n`);
    return 1;
  }
  const width = Math.max(...chosen.map(({ name }) => name.length));
  const total = { runs: 0, simulatedMs: 0, failures: 0 };
  for (const scenario of chosen) {
    const { simulatedMs, failures } = await playSeeds(scenario, width);
    total.runs += flags.seeds;
    total.simulatedMs += simulatedMs;
    total.failures += failures;
  }
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
  process.stdout.write(
    `${chosen.length} scenarios, ${total.runs} runs, ${hours(total.simulatedMs)} in ${seconds} s, ${total.failures} failures\n`,
  );
  return total.failures === 0 ? 0 : 1;
}

async function playSeeds(
  scenario: Scenario,
  width: number,
): Promise<{ simulatedMs: number; failures: number }> {
  let simulatedMs = 0;
  let operations = 0;
  const failures: string[] = [];
  for (let seed = flags.seed; seed < flags.seed + flags.seeds; seed += 1) {
    const onLine = (line: string): unknown => process.stdout.write(`${line}\n`);
    const result = await playScenario(scenario, seed, flags.trace === true ? onLine : undefined);
    simulatedMs += result.simulatedMs;
    operations += result.operations.length;
    if (result.violation !== null) failures.push(told(scenario, seed, result.violation.message));
  }
  const columns = [
    scenario.name.padEnd(width),
    `${flags.seeds} runs`.padStart(10),
    hours(simulatedMs).padStart(16),
    `${operations} operations`.padStart(18),
    `${failures.length} failures`.padStart(12),
  ];
  process.stdout.write(`${columns.join('  ')}\n`);
  for (const failure of failures.slice(0, FAILURES_SHOWN)) process.stdout.write(failure);
  return { simulatedMs, failures: failures.length };
}

function told({ name }: Scenario, seed: number, message: string): string {
  const conditions = flags.with.length === 0 ? '' : ` --with ${flags.with.join(',')}`;
  const command = `npm run scenarios -- --only "${name}"${conditions} --seed ${seed} --seeds 1 --trace`;
  return `    seed ${seed}: ${message}\n    see it again with: ${command}\n`;
}

function hours(ms: number): string {
  return `${(ms / HOUR_MS).toFixed(2)} simulated h`;
}
