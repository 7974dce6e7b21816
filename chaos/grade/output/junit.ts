import { suiteXml } from '../../output/junit.js';
import type { GradeResult } from '../result.js';
import type { Row } from '../scorecard.js';

/** The assertions as JUnit test cases, for whatever shows those. An assertion that was not reached has failed. */
export function gradeJunit({ name, startedAt, durationMs, rows, command }: GradeResult): string {
  return suiteXml({
    name: `surfstore grade: ${name}`,
    startedAt,
    durationMs,
    command,
    cases: rows.map((row) => ({
      classname: `surfstore.${row.assertion.part}`,
      name: row.assertion.title,
      outcome: outcomeOf(row),
      message: row.summary,
      text: [row.summary, ...row.remarks, ...row.details].join('\n'),
    })),
  });
}

function outcomeOf({ status }: Row): 'passed' | 'failed' | 'skipped' {
  if (status === 'fail' || status === 'notReached') return 'failed';
  return status === 'notMeasured' ? 'skipped' : 'passed';
}
