import type { RunRecord } from '../runRecord.js';

/** One test case. `skipped`: there was nothing to judge. */
interface JunitCase {
  readonly classname: string;
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** One line, and all there is to say. */
  readonly message: string;
  readonly text: string;
}

interface JunitSuite {
  readonly name: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly durationMs: number;
  /** The line of shell that repeats it. */
  readonly command: string;
  readonly cases: readonly JunitCase[];
}

/** The verdicts as a JUnit test suite, one test case each; `unknown` counts as skipped. */
export function junitXml({ scenario, seed, startedAt, durationMs, checks, command }: RunRecord): string {
  const outcomes = { pass: 'passed', fail: 'failed', unknown: 'skipped' } as const;
  return suiteXml({
    name: `chaos: ${scenario}, seed ${seed}`,
    startedAt,
    durationMs,
    command,
    cases: checks.map(({ name, verdict, summary, details }) => ({
      classname: `chaos.${scenario}`,
      name,
      outcome: outcomes[verdict],
      message: summary,
      text: [summary, ...details].join('\n'),
    })),
  });
}

/** A document of one suite. */
export function suiteXml({ name, startedAt, durationMs, command, cases }: JunitSuite): string {
  const count = (outcome: JunitCase['outcome']): number =>
    cases.filter((each) => each.outcome === outcome).length;
  const suite = attributes({
    name,
    tests: cases.length,
    failures: count('failed'),
    errors: 0,
    skipped: count('skipped'),
    time: (durationMs / 1_000).toFixed(3),
    timestamp: startedAt.replace(/(\.\d+)?Z$/, ''),
  });
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n' +
    `  <testsuite ${suite}>\n    <properties><property ${attributes({ name: 'command', value: command })}/></properties>\n` +
    `${cases.map(caseXml).join('')}  </testsuite>\n</testsuites>\n`
  );
}

function caseXml({ classname, name, ...result }: JunitCase): string {
  return `    <testcase ${attributes({ classname, name, time: '0' })}>${inside(result)}</testcase>\n`;
}

function inside({ outcome, message, text }: Pick<JunitCase, 'outcome' | 'message' | 'text'>): string {
  switch (outcome) {
    case 'passed':
      return `<system-out>${escaped(text)}</system-out>`;
    case 'failed':
      return `<failure ${attributes({ message })}>${escaped(text)}</failure>`;
    case 'skipped':
      return `<skipped ${attributes({ message })}/>`;
  }
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}="${escaped(String(value)).replaceAll('\n', '&#10;')}"`)
    .join(' ');
}

/** Characters that XML 1.0 cannot hold at all are left out. */
function escaped(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
