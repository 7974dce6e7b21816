import { pointsText, runsText, statusWords, capText, type GradeResult } from '../result.js';
import type { Row } from '../scorecard.js';

/** Gradescope's `results.json`: https://gradescope-autograders.readthedocs.io/en/latest/specs/ */
interface GradescopeResults {
  readonly score: number;
  /** Seconds. */
  readonly execution_time: number;
  readonly output: string;
  readonly output_format: 'text';
  readonly visibility: 'visible';
  readonly tests: readonly GradescopeTest[];
}

interface GradescopeTest {
  readonly name: string;
  readonly number: string;
  readonly score: number;
  readonly max_score: number;
  readonly status: 'passed' | 'failed';
  readonly output: string;
  readonly output_format: 'text';
  readonly visibility: 'visible';
  readonly tags: readonly string[];
}

export function gradescopeResults(result: GradeResult): GradescopeResults {
  const { points, pointsMax, durationMs, rows, caps, endedEarly } = result;
  const notes = [
    `${pointsText(points)} of ${pointsText(pointsMax)} points.`,
    ...caps.map((cap) => capText(cap, result)),
    ...[runsText(result), endedEarly ?? undefined].filter((note) => note !== undefined),
  ];
  return {
    score: points,
    execution_time: Math.round(durationMs / 1_000),
    output: notes.join('\n'),
    output_format: 'text',
    visibility: 'visible',
    tests: rows.map(testOf),
  };
}

function testOf(row: Row, place: number): GradescopeTest {
  const { assertion, status, summary, details, remarks, points, pointsMax } = row;
  const told = status === 'pass' ? [] : [...details, '', `From the assignment: ${assertion.source}`];
  return {
    name: assertion.title,
    number: String(place + 1),
    score: hundredths(points),
    max_score: hundredths(pointsMax),
    status: status === 'pass' || status === 'notMeasured' ? 'passed' : 'failed',
    output: [
      `${statusWords[status]}: ${summary}`,
      ...remarks.map((remark) => `Remark: ${remark}`),
      ...told,
    ].join('\n'),
    output_format: 'text',
    visibility: 'visible',
    tags: [assertion.part, assertion.id],
  };
}

function hundredths(points: number): number {
  return Math.round(points * 100) / 100;
}
