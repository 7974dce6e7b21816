/**
 * `npm run field -- NAME`: real servers in the conditions that clusters meet outside a laboratory.
 * Each command prints its seed, a table, and its figures as one line of JSON, and exits with 1 when
 * something happened that must not.
 */
import { Command } from 'commander';
import { Prng } from '../../src/sim/prng.js';
import { wholeNumber } from '../../src/sim/wholeNumber.js';
import { measureFailover } from './field/failover.js';
import { Printer } from './field/figures.js';
import { falseElections, NoiseRun, noiseTable } from './field/noise.js';
import { LostDisks, type LostDisksRun } from './field/lostDisks.js';
import { wipedMajority } from './field/wipedMajority.js';
import { shapes } from './field/shape.js';
import { runShapes } from './field/shapeRun.js';
import { runSlowDisk } from './field/slowDisk.js';
import { slowLinkCases, runSlowLinks } from './field/slowLinks.js';
import { stopEverything } from './support/cluster.js';
import { whyNoSlowSyncs } from './support/slowSyncs.js';

const numbers = (text: string): number[] => text.split(',').map(wholeNumber);
const program = new Command('field').description('proves on real servers what clusters meet in the field');

command('shapes', 'links cut so that servers reach some of the others only')
  .option('--runs <n>', 'how often each shape', wholeNumber, 20)
  .option('--servers <list>', 'sizes of the cluster', numbers, [3, 4, 5, 7])
  .action(async ({ seed, runs, servers, main }: Flags & { runs: number; servers: number[] }) => {
    const chosen = shapes.filter((shape) => servers.includes(shape.servers));
    const table = new Printer([52, -2, -7, -9, -6]);
    table.row('shape', 'N', 'served', 'median ms', 'max ms');
    const results = await runShapes(
      chosen,
      runs,
      new Prng(seed),
      main,
      ({ shape, isDemanded, served, times, violations }) => {
        const note = isDemanded ? '' : '  no connected majority: not demanded';
        table.row(shape.name, shape.servers, `${served}/${runs}`, times.medianMs, `${times.maxMs}${note}`);
        for (const violation of new Set(violations)) table.line(`    VIOLATION: ${violation}`);
      },
    );
    const failed = results.filter(
      (result) => result.violations.length > 0 || (result.isDemanded && result.served < runs),
    );
    finish(
      failed.map(({ shape, served }) => `${shape.name} (${shape.servers}): ${served}/${runs}`),
      {
        shapes: results.map(({ shape, served, times }) => ({
          shape: shape.name,
          servers: shape.servers,
          served,
          times,
        })),
      },
    );
  });

command('slow-disk', 'leaders lost while every sync of a disk takes long')
  .option('--losses <n>', 'leaders lost, for each delay', wholeNumber, 60)
  .option('--sync-ms <list>', 'how long a sync takes', numbers, [0, 300, 520, 700, 1000])
  .option('--servers <n>', 'servers of the cluster', wholeNumber, 3)
  .action(
    async ({
      seed,
      losses,
      syncMs,
      servers,
      main,
    }: Flags & { losses: number; syncMs: number[]; servers: number }) => {
      const whyNot = whyNoSlowSyncs();
      if (whyNot !== undefined) {
        skip(`syncs cannot be delayed here: ${whyNot}`);
        return;
      }
      const table = new Printer([-7, -9, -9, -6, -16]);
      table.row('sync ms', 'replaced', 'median ms', 'max ms', 'write median ms', 'write max ms');
      const problems: string[] = [];
      const figures: unknown[] = [];
      for (const delayMs of syncMs) {
        const result = await runSlowDisk({ servers, losses, delayMs, prng: new Prng(seed + delayMs), main });
        const { replaced, leaderTimes, writeTimes, violation } = result;
        table.row(
          delayMs,
          `${replaced}/${losses}`,
          leaderTimes.medianMs,
          leaderTimes.maxMs,
          writeTimes.medianMs,
          writeTimes.maxMs,
        );
        if (violation !== null) problems.push(`syncs of ${delayMs} ms: ${violation}`);
        figures.push({ delayMs, losses, ...result });
        await stopEverything();
      }
      finish(problems, { results: figures });
    },
  );

command('slow-links', 'values of several megabytes over slow links')
  .option('--servers <n>', 'servers of the cluster', wholeNumber, 5)
  .option('--mbit <n>', 'speed of each link in each direction, in Mbit/s', wholeNumber, 50)
  .action(async ({ servers, mbit, main }: Flags & { servers: number; mbit: number }) => {
    const table = new Printer([34, -10, -13, -6, -12, -15, -13]);
    table.row('what', 'acked ms', 'on all, ms', 'terms', 'small writes', 'their median ms', 'their max ms');
    const problems: string[] = [];
    const figures: unknown[] = [];
    for (const one of slowLinkCases) {
      const result = await runSlowLinks(one, { servers, mbit, main });
      const { ackedMs, replicatedMs, termsPassed, small, violation } = result;
      table.row(
        one.name,
        ackedMs ?? 'never',
        replicatedMs ?? 'never',
        termsPassed,
        small.count,
        small.medianMs,
        small.maxMs,
      );
      if (violation !== null) problems.push(`${one.name}: ${violation}`);
      figures.push({ name: one.name, ...result });
      await stopEverything();
    }
    finish(problems, { results: figures });
  });

command('lost-disks', 'disks emptied or replaced by older copies while others are away')
  .option(
    '--runs <n>',
    'clusters, one after another; the seed of each is one above that of the last',
    wholeNumber,
    50,
  )
  .action(async ({ seed, runs, main }: Flags & { runs: number }) => {
    const results: LostDisksRun[] = [];
    for (let run = seed; run < seed + runs; run += 1) {
      const result = await LostDisks.run(run, main);
      results.push(result);
      process.stdout.write(
        `seed ${run}  ${result.story}\n    ${result.acknowledged} acknowledged  ${result.violation ?? 'nothing lost'}\n`,
      );
      await stopEverything();
    }
    const failed = results.filter(({ violation }) => violation !== null);
    finish(
      failed.map(({ seed: one, violation }) => `seed ${one}: ${String(violation)}`),
      {
        acknowledged: results.reduce((sum, { acknowledged }) => sum + acknowledged, 0),
        failed: failed.length,
      },
    );
  });

command('wiped-majority', 'two of three servers lose their disks and start first, then the third one').action(
  async ({ main }: Flags) => {
    const { observations, violations } = await wipedMajority(main);
    for (const observation of observations) process.stdout.write(`${observation}\n`);
    finish(violations, { violations });
  },
);

command('failover', 'how long until a lost leader is replaced, and what idle servers send')
  .option('--losses <n>', 'crashes, kills and stops, of each as many, for each size', wholeNumber, 30)
  .option('--servers <list>', 'sizes of the cluster', numbers, [3, 5, 10])
  .option('--idle <list>', 'sizes of the idle clusters', numbers, [3, 5, 10])
  .option('--against <main>', 'the main.js of another build, measured in turn with this one')
  .action(
    async ({
      seed,
      losses,
      servers,
      idle,
      main,
      against,
    }: Flags & { losses: number; servers: number[]; idle: number[]; against?: string }) => {
      const builds = against === undefined ? [main] : [main, against];
      const options = { losses, servers, idle, prng: new Prng(seed), builds };
      const { figures, problems } = await measureFailover(options, (line) =>
        process.stdout.write(`${line}\n`),
      );
      finish(problems, { figures });
    },
  );

command('noise', 'connections and followers disturbed around a leader that lives: it must stay the leader')
  .option('--minutes <n>', 'how long noise is drawn, for each size', wholeNumber, 10)
  .option('--servers <list>', 'sizes of the cluster', numbers, [3])
  .option(
    '--refusal-at-all',
    'also tell all followers at once that their leader is down: that may cost an election',
  )
  .action(
    async ({
      seed,
      minutes,
      servers,
      refusalAtAll,
      main,
    }: Flags & { minutes: number; servers: number[]; refusalAtAll?: boolean }) => {
      const say = (line: string): void => void process.stdout.write(`${line}\n`);
      const problems: string[] = [];
      const figures: unknown[] = [];
      for (const size of servers) {
        const result = await NoiseRun.run({
          servers: size,
          prng: new Prng(seed),
          forMs: minutes * 60_000,
          refusalAtAll: refusalAtAll === true,
          main,
          say,
        });
        for (const line of noiseTable(size, result)) say(line);
        if (result.violation !== null) problems.push(`${size} servers: ${result.violation}`);
        for (const { term, candidate } of falseElections(result))
          problems.push(`${size} servers: server ${candidate} began term ${term} though the leader lived`);
        figures.push({ servers: size, ...result });
        await stopEverything();
      }
      finish(problems, { figures });
    },
  );

program.hook('preAction', (_program, chosen) => {
  process.stdout.write(`seed ${chosen.opts<Flags>().seed}\n`);
});

interface Flags {
  readonly seed: number;
  readonly main?: string;
}

function command(name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option('--seed <n>', 'decides all draws, but not the moments', wholeNumber, 1)
    .option('--main <file>', 'the main.js of another build to be tested in place of this one');
}

function finish(problems: readonly string[], summary: object): void {
  for (const problem of problems) process.stdout.write(`FAILED ${problem}\n`);
  process.stdout.write(`${JSON.stringify({ ...summary, problems })}\n`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}

function skip(reason: string): void {
  process.stdout.write(`skipped: ${reason}\n`);
}

try {
  await program.parseAsync();
} finally {
  await stopEverything();
}
