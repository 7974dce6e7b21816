import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createFolder } from '../output/files.js';
import { examine, type ExamListener, type ExamOptions } from './exam.js';
import { gradescopeResults } from './output/gradescope.js';
import { gradeJunit } from './output/junit.js';
import { gradeMarkdown } from './output/markdown.js';
import { gradePage } from './output/page.js';
import { resultOf, type GradeResult } from './result.js';

export interface Graded {
  readonly result: GradeResult;
  /** The files that were written; the report for people first. */
  readonly files: readonly string[];
}

/**
 * Grades one submission and writes what came of it.
 *
 * @throws UsageError when there is no place for the results
 */
export async function gradeOne(
  name: string,
  options: ExamOptions,
  gradescope: string | undefined,
  listener: ExamListener,
): Promise<Graded> {
  createFolder(options.out);
  const startedAt = new Date().toISOString();
  const exam = await examine(options, listener);
  const { command, submission, seed } = options;
  const result = resultOf(exam, { name, command, seed, start: submission.start, startedAt });
  return { result, files: writeGrade(options.out, result, gradescope) };
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
