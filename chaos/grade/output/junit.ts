import { attributes, escaped } from '../../output/junit.js';
import type { GradeResult } from '../result.js';
import type { Row } from '../scorecard.js';

/** The assertions as JUnit test cases, for whatever shows those. What was not reached has failed. */
export function gradeJunit({ name, startedAt, durationMs, rows, command }: GradeResult): string {
  const suite = attributes({
    name: `surfstore grade: ${name}`,
    tests: rows.length,
    failures: rows.filter(hasFailed).length,
    errors: 0,
    skipped: rows.filter(({ status }) => status === 'notMeasured').length,
    time: (durationMs / 1_000).toFixed(3),
    timestamp: startedAt.replace(/(\.\d+)?Z$/, ''),
  });
  const cases = rows.map(
    (row) =>
      `    <testcase ${attributes({ classname: `surfstore.${row.assertion.part}`, name: row.assertion.title, time: '0' })}>${inside(row)}</testcase>\n`,
  );
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n' +
    `  <testsuite ${suite}>\n    <properties><property ${attributes({ name: 'command', value: command })}/></properties>\n` +
    `${cases.join('')}  </testsuite>\n</testsuites>\n`
  );
}

function hasFailed({ status }: Row): boolean {
  return status === 'fail' || status === 'notReached';
}

function inside(row: Row): string {
  const text = [row.summary, ...row.remarks, ...row.details].join('\n');
  if (hasFailed(row)) return `<failure ${attributes({ message: row.summary })}>${escaped(text)}</failure>`;
  if (row.status === 'notMeasured') return `<skipped ${attributes({ message: row.summary })}/>`;
  return `<system-out>${escaped(text)}</system-out>`;
}
