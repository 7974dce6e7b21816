import type { ExamResult } from './exam.js';
import type { Part } from './assertions/assertion.js';
import type { Row, Score } from './scorecard.js';

/** All that is kept of a graded submission: every output is made from this alone. */
export interface GradeResult {
  readonly format: 1;
  /** The name of its folder, or of what was started. */
  readonly name: string;
  readonly command: string;
  readonly start: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly durationMs: number;
  readonly seed: number;
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
  { score, allowance, durationMs, endedEarly, concurrent }: ExamResult,
  about: Pick<GradeResult, 'name' | 'command' | 'start' | 'startedAt' | 'seed'>,
): GradeResult {
  return {
    format: 1,
    ...about,
    durationMs: Math.round(durationMs),
    allowance,
    endedEarly: endedEarly ?? null,
    points: score.points,
    pointsMax: score.pointsMax,
    parts: score.parts,
    caps: score.caps,
    rows: score.rows,
    manyClients: concurrent === undefined ? null : 'many-clients/report.html',
  };
}

export const partTitles: Readonly<Record<Part, string>> = {
  election: 'Leader election',
  replication: 'Replication',
};

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

/** A cap in words. */
export function capText({ unless, part, atMost }: Score['caps'][number], rows: readonly Row[]): string {
  const title = rows.find(({ assertion }) => assertion.id === unless)?.assertion.title ?? unless;
  return `${partTitles[part]} is worth at most ${pointsText(atMost)} as long as this does not hold: ${title}.`;
}
