import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { AssignmentName } from '../assertions/assertion.js';
import { createFolder } from '../../output/files.js';
import { UsageError } from '../../usageError.js';
import type { ExamListener, ExamOptions } from '../examRun.js';
import { gradeOne } from '../gradeOne.js';
import { pointsText, type GradeResult } from '../result.js';
import type { Submission } from '../subject/template.js';
import { overviewCsv, overviewPage } from './overview.js';

interface CourseOptions extends Omit<Submission, 'cwd'> {
  /** Each folder in it is a submission. */
  readonly folder: string;
  readonly out: string;
  readonly bestOf: number;
  /** Whether what has a result already is graded once more. */
  readonly again: boolean;
}

/** Of a course nobody reads each assertion as it is judged. */
const quiet: ExamListener = {
  onMachine: () => undefined,
  onRun: () => undefined,
  onStep: () => undefined,
  onJudged: () => undefined,
};

/**
 * Grades one folder after the other, and keeps an overview of all of them. A folder that has a result is passed over, so that a
 * run that was interrupted goes on where it was.
 *
 * @returns whether all have full score
 * @throws UsageError
 */
export async function gradeCourse(
  course: CourseOptions,
  options: Omit<ExamOptions, 'submission' | 'out'>,
  write: (text: string) => void,
): Promise<boolean> {
  createFolder(course.out);
  const names = foldersIn(course.folder, course.out);
  if (names.length === 0) throw new UsageError(`--submissions: there is no folder in ${course.folder}`);
  const results: GradeResult[] = [];
  // The signal may come at any time.
  const isInterrupted = (): boolean => options.interrupted.aborted;
  for (const [place, name] of names.entries()) {
    if (isInterrupted()) break;
    write(`${String(place + 1).padStart(3)} of ${names.length}  ${name.padEnd(28)} `);
    const kept = course.again ? undefined : resultIn(join(course.out, name), options.rubric.assignment.name);
    const result = kept ?? (await gradeFolder(course, options, name));
    // A submission whose grading was interrupted is graded anew the next time.
    if (isInterrupted() && kept === undefined) rmSync(resultFile(join(course.out, name)), { force: true });
    else results.push(result);
    write(`${lineOf(result)}${kept === undefined ? '' : '  (graded before)'}\n`);
    writeOverview(course.out, results);
  }
  write(`\n${[join(course.out, 'index.html'), join(course.out, 'overview.csv')].join('\n')}\n`);
  return results.length === names.length && results.every(({ points, pointsMax }) => points >= pointsMax);
}

/** A submission may write into its folder: it gets a copy. */
async function gradeFolder(
  { folder, start, ports, confinement, out, bestOf }: CourseOptions,
  options: Omit<ExamOptions, 'submission' | 'out'>,
  name: string,
): Promise<GradeResult> {
  const submission = { start, ports, confinement, cwd: join(folder, name) };
  const { result } = await gradeOne(
    name,
    { ...options, submission, out: join(out, name) },
    { gradescope: undefined, bestOf, inCopy: true },
    quiet,
  );
  return result;
}

function foldersIn(folder: string, out: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name)
    .filter((name) => resolve(folder, name) !== out)
    .sort((one, other) => one.localeCompare(other, 'en', { numeric: true }));
}

function resultFile(folder: string): string {
  return join(folder, 'grade.json');
}

/** @throws UsageError when there is something that is no result */
function resultIn(folder: string, assignment: AssignmentName): GradeResult | undefined {
  const file = resultFile(folder);
  if (!existsSync(file)) return undefined;
  try {
    const result = JSON.parse(readFileSync(file, 'utf8')) as Partial<GradeResult>;
    if (result.format === 2 && result.assignment === assignment && Array.isArray(result.rows))
      return result as GradeResult;
  } catch {
    // Told below.
  }
  throw new UsageError(
    `${file} is not a result of this program for --assignment ${assignment}: remove it, or give --again`,
  );
}

function lineOf({ points, pointsMax, rows, durationMs }: GradeResult): string {
  const failed = rows.filter(({ status }) => status === 'fail').map(({ assertion }) => assertion.id);
  const score = `${pointsText(points).padStart(5)} of ${pointsText(pointsMax)}  ${String(Math.round(durationMs / 1_000)).padStart(4)} s`;
  return failed.length === 0
    ? score
    : `${score}  ${failed.slice(0, 4).join(', ')}${failed.length > 4 ? ` and ${failed.length - 4} more` : ''}`;
}

function writeOverview(out: string, results: readonly GradeResult[]): void {
  writeFileSync(join(out, 'index.html'), overviewPage(results));
  writeFileSync(join(out, 'overview.csv'), overviewCsv(results));
}
