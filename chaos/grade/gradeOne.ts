import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFolder } from '../output/files.js';
import { examine, type ExamResult } from './exam.js';
import type { ExamListener, ExamOptions } from './examRun.js';
import { gradescopeResults } from './output/gradescope.js';
import { gradeJunit } from './output/junit.js';
import { gradeMarkdown } from './output/markdown.js';
import { gradePage } from './output/page.js';
import { resultOf, type GradeResult } from './result.js';
import { handOver, killAllOf } from './subject/confinement.js';

interface Graded {
  readonly result: GradeResult;
  /** The files that were written; the report for people first. */
  readonly files: readonly string[];
}

interface GradeOneOptions {
  /** A file for Gradescope's results, besides the one in the folder of the results. */
  readonly gradescope: string | undefined;
  /** At most as many runs, each with a seed of its own. The best counts. */
  readonly bestOf: number;
  /** Whether the servers run in a copy of the submission's folder, into which they may write. */
  readonly inCopy: boolean;
}

/**
 * Grades one submission and writes what came of it.
 *
 * @throws UsageError when there is no place for the results
 */
export async function gradeOne(
  name: string,
  options: ExamOptions,
  { gradescope, bestOf, inCopy }: GradeOneOptions,
  listener: ExamListener,
): Promise<Graded> {
  createFolder(options.out);
  const startedAt = new Date().toISOString();
  const { confinement, cwd } = options.submission;
  const copy = inCopy ? mkdtempSync(join(tmpdir(), 'surfstore-submission-')) : undefined;
  const onExit = (): void => {
    killAllOf(confinement);
    if (copy !== undefined) rmSync(copy, { recursive: true, force: true, maxRetries: 5 });
  };
  process.once('exit', onExit);
  try {
    if (copy !== undefined) {
      cpSync(cwd, copy, { recursive: true, verbatimSymlinks: true });
      handOver(copy, confinement);
    }
    const submission = { ...options.submission, cwd: copy ?? cwd };
    const { best, seed, seeds } = await bestRun({ ...options, submission }, bestOf, listener);
    const { command, rubric } = options;
    const { name: assignment, preamble } = rubric.assignment;
    const about = { name, assignment, preamble, command, seed, seeds, start: submission.start, startedAt };
    const result = resultOf(best, about);
    return { result, files: writeGrade(options.out, result, gradescope) };
  } finally {
    process.removeListener('exit', onExit);
    onExit();
  }
}

interface BestRun {
  readonly best: ExamResult;
  readonly seed: number;
  /** Of all runs, in their order. */
  readonly seeds: GradeResult['seeds'];
}

/** Runs until the score is full, the number of runs is reached, or the budget has no room for another one. */
async function bestRun(options: ExamOptions, bestOf: number, listener: ExamListener): Promise<BestRun> {
  const since = performance.now();
  const seeds: { seed: number; points: number }[] = [];
  let found: { readonly best: ExamResult; readonly seed: number } | undefined;
  let longestMs = 0;
  for (let number = 0; number < bestOf; number += 1) {
    const budgetMs = options.budgetMs - (performance.now() - since);
    if (found !== undefined && budgetMs < longestMs) break;
    if (bestOf > 1) listener.onRun(number + 1, bestOf);
    const seed = options.seed + number;
    const out = number === 0 ? options.out : join(options.out, `run${number + 1}`);
    const exam = await examine({ ...options, seed, budgetMs, out }, listener);
    longestMs = Math.max(longestMs, exam.durationMs);
    seeds.push({ seed, points: exam.score.points });
    if (found === undefined || exam.score.points > found.best.score.points) found = { best: exam, seed };
    if (exam.score.points >= exam.score.pointsMax || options.interrupted.aborted) break;
  }
  if (found === undefined) throw new Error('there was no run');
  return { ...found, seeds };
}

function writeGrade(folder: string, result: GradeResult, gradescope: string | undefined): string[] {
  const results = `${JSON.stringify(gradescopeResults(result), null, 2)}\n`;
  const contents: readonly (readonly [path: string, text: string])[] = [
    [join(folder, 'report.html'), gradePage(result)],
    [join(folder, 'report.md'), gradeMarkdown(result)],
    [join(folder, 'junit.xml'), gradeJunit(result)],
    [join(folder, 'results.json'), results],
    ...(gradescope === undefined ? [] : [[gradescope, results] as const]),
    // Last: a folder with this file is done.
    [join(folder, 'grade.json'), `${JSON.stringify(result, null, 2)}\n`],
  ];
  for (const [path, text] of contents) writeFileSync(path, text);
  return contents.map(([path]) => path);
}
