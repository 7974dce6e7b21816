import type { ExamResult } from './exam.js';
import type { AssignmentName } from './assertions/assertion.js';
import type { Row, Score } from './scorecard.js';

/** All that is kept of a graded submission: every output is made from this alone. */
export interface GradeResult {
  readonly format: 2;
  readonly assignment: AssignmentName;
  /** Python that comes before that of an assertion. */
  readonly preamble: string;
  /** The name of its folder, or of what was started. */
  readonly name: string;
  readonly command: string;
  readonly start: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly durationMs: number;
  /** Of these, of the part with one client; null: there is no such part, or it did not end. */
  readonly oneClientMs: number | null;
  /** Of the run that counts. */
  readonly seed: number;
  /** Of all runs, in their order: more than one with --best-of. */
  readonly seeds: readonly { readonly seed: number; readonly points: number }[];
  readonly allowance: number;
  readonly endedEarly: string | null;
  readonly points: number;
  readonly pointsMax: number;
  readonly parts: Score['parts'];
  readonly caps: Score['caps'];
  readonly rows: readonly Row[];
  /** The report of the part with many clients, beside the result; null: it did not take place. */
  readonly manyClients: string | null;
}

export function resultOf(
  { score, allowance, durationMs, oneClientMs, endedEarly, concurrent }: ExamResult,
  about: Pick<
    GradeResult,
    'name' | 'assignment' | 'preamble' | 'command' | 'start' | 'startedAt' | 'seed' | 'seeds'
  >,
): GradeResult {
  return {
    format: 2,
    ...about,
    durationMs: Math.round(durationMs),
    oneClientMs: oneClientMs === undefined ? null : Math.round(oneClientMs),
    allowance,
    endedEarly: endedEarly ?? null,
    points: score.points,
    pointsMax: score.pointsMax,
    parts: score.parts,
    caps: score.caps,
    rows: score.rows,
    manyClients: concurrent === undefined ? null : manyClientsIn(about),
  };
}

/** The first run's report is beside the result, those of the others in folders of their own. */
function manyClientsIn({ seed, seeds }: Pick<GradeResult, 'seed' | 'seeds'>): string {
  const run = seeds.findIndex((each) => each.seed === seed);
  return `${run > 0 ? `run${run + 1}/` : ''}many-clients/report.html`;
}

/** As in "The best of 3 runs: 14.2, 15, 13.8 points."; undefined: there was only one. */
export function runsText({ seeds }: GradeResult): string | undefined {
  if (seeds.length < 2) return undefined;
  return `The best of ${seeds.length} runs counts: ${seeds.map(({ points }) => pointsText(points)).join(', ')} points.`;
}

export const statusWords = {
  pass: 'pass',
  fail: 'FAIL',
  notReached: 'not reached',
  notMeasured: 'not measured',
} as const;

/** As in `7.5`, `0.38`. */
export function pointsText(points: number): string {
  return String(Math.round(points * 100) / 100);
}

/** As in "84 s (with one client 55 s)". */
export function durationText({ durationMs, oneClientMs }: GradeResult): string {
  const whole = `${Math.round(durationMs / 1_000)} s`;
  return oneClientMs === null ? whole : `${whole} (with one client ${Math.round(oneClientMs / 1_000)} s)`;
}

/** A cap in words. */
export function capText(
  { unless, part, atMost }: Score['caps'][number],
  { rows, parts }: Pick<GradeResult, 'rows' | 'parts'>,
): string {
  const title = rows.find(({ assertion }) => assertion.id === unless)?.assertion.title ?? unless;
  const name = parts.find(({ id }) => id === part)?.title ?? part;
  return `${name} is worth at most ${pointsText(atMost)} as long as this does not hold: ${title}.`;
}
