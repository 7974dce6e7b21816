#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { randomInt } from 'node:crypto';
import { statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { quoted } from '../commandLine.js';
import { UsageError } from '../usageError.js';
import { gradeCourse } from './course/course.js';
import { addGradeFlags, checkIds, type GradeFlags } from './flags.js';
import { gradeOne } from './gradeOne.js';
import { Terminal } from './output/terminal.js';
import { assignments } from './assertions/assignments.js';
import { defaultRubric, readRubric, rubricText } from './rubric.js';
import { offlineAgain } from './offline.js';
import type { ExamOptions } from './examRun.js';
import { confinementHere, confinementText, unconfined } from './subject/confinement.js';
import { checkTemplate } from './subject/template.js';

/** Full score; less than that; wrong usage; nothing could be judged. */
const EXIT = { full: 0, less: 1, usage: 2, nothing: 3 } as const;

const SEED_MAX = 1_000_000;
const CONFINED_MB = 2_048;
/** `timeout` may deliver its one signal twice. */
const SAME_SIGNAL_MS = 1_000;

const words = process.argv.slice(2);

function createProgram(): Command {
  const program = new Command('grade')
    .description(
      'Grades a server of the assignment, whoever wrote it and in whatever language: starts it, crashes it, ' +
        'lets many clients loose on it, and says what is right, what is not, and why.',
    )
    .configureOutput({
      outputError: (text, write) => write(`grade: ${text.trim().replace(/^error: /, '')} (see --help)\n`),
    })
    .exitOverride();
  return addGradeFlags(program).action((flags: GradeFlags) => perform(flags));
}

async function perform(flags: GradeFlags): Promise<void> {
  const assignment = assignments[flags.assignment];
  const rubric =
    flags.rubric === undefined ? defaultRubric(assignment) : readRubric(flags.rubric, assignment);
  if (flags.printRubric === true) return void process.stdout.write(rubricText(rubric));
  const { start, ports, bestOf, gradescope } = flags;
  if (start === undefined)
    throw new UsageError(`say how a server is started: --start 'python3 server.py {config} {id}'`);
  if (assignment.name === 'surfstore' && ports !== undefined)
    throw new UsageError(
      '--ports goes with --assignment keys or messages: here the config file names the ports',
    );
  if (assignment.name !== 'messages' && flags.wire !== undefined)
    throw new UsageError('--wire goes with --assignment messages');
  checkTemplate(start, assignment.name, ports);
  checkIds(flags.only, assignment);
  const cwd = resolve(flags.cwd ?? '.');
  if (!isFolder(cwd)) throw new UsageError(`--cwd: there is no folder ${cwd}`);
  const folder = flags.submissions === undefined ? undefined : resolve(flags.submissions);
  if (folder !== undefined) {
    if (flags.cwd !== undefined || gradescope !== undefined)
      throw new UsageError('--cwd and --gradescope go with one submission, not with --submissions');
    if (!isFolder(folder)) throw new UsageError(`--submissions: there is no folder ${folder}`);
  }
  const isConfined = flags.confine ?? folder !== undefined;
  if (isConfined) {
    const code = await offlineAgain();
    if (code !== undefined) return void (process.exitCode = code);
  }
  const confinement = isConfined
    ? confinementHere(flags.memoryMb ?? CONFINED_MB, flags.budget)
    : { ...unconfined, memoryMb: flags.memoryMb };
  const options: Omit<ExamOptions, 'submission' | 'out'> = {
    rubric,
    budgetMs: flags.budget,
    seed: flags.seed ?? randomInt(SEED_MAX),
    limits: { rpcsPerSecond: flags.idleRpcsMax },
    consistency: flags.consistency ?? assignment.consistency,
    wire: flags.wire,
    only: flags.only,
    command: ['surfstore grade', ...words.map(quoted)].join(' '),
    interrupted: interruption(),
  };
  const out = resolve(flags.out ?? join('grade-results', dateText(new Date())));
  const write = (text: string): void => void process.stdout.write(text);
  if (isConfined) write(`${confinementText(confinement)}\n`);
  if (folder !== undefined) {
    const course = { folder, start, ports, confinement, out, bestOf, again: flags.again === true };
    process.exitCode = (await gradeCourse(course, options, write)) ? EXIT.full : EXIT.less;
    return;
  }
  const terminal = new Terminal(write);
  write(`surfstore grade: ${start}\n`);
  const submission = { start, cwd, confinement, ports };
  const { result, files } = await gradeOne(
    basename(cwd),
    { ...options, submission, out },
    { gradescope, bestOf, inCopy: isConfined },
    terminal,
  );
  terminal.onResult(result, files);
  if (result.rows.every(({ status }) => status === 'notReached')) process.exitCode = EXIT.nothing;
  else process.exitCode = result.points >= result.pointsMax ? EXIT.full : EXIT.less;
}

/** The first signal ends the run, which leaves a result behind; a later one ends everything at once. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  let firstAt = 0;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (!controller.signal.aborted) {
        firstAt = performance.now();
        process.stderr.write('\ngrade: ends, with what was judged so far\n');
        controller.abort();
      } else if (performance.now() - firstAt >= SAME_SIGNAL_MS) process.exit(EXIT.nothing);
    });
  }
  return controller.signal;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** As in 20261121-094512. */
function dateText(date: Date): string {
  return date.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
}

/** The exit code for an error, after one line about it on stderr. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.full : EXIT.usage;
  process.stderr.write(`grade: ${error instanceof Error ? error.message : String(error)}\n`);
  if (error instanceof UsageError) return EXIT.usage;
  if (error instanceof Error && error.stack !== undefined) process.stderr.write(`${error.stack}\n`);
  return EXIT.nothing;
}

try {
  const program = createProgram();
  if (words.length === 0) {
    program.outputHelp({ error: true });
    process.exitCode = EXIT.usage;
  } else await program.parseAsync(words, { from: 'user' });
} catch (error) {
  process.exitCode = report(error);
}
// A call that still waits for a server that is gone must not keep the process.
process.exit();
