import type { RunRecord } from '../runRecord.js';

/** The verdicts as a JUnit test suite, one test case each; `unknown` counts as skipped. */
export function junitXml({ scenario, seed, startedAt, durationMs, checks, command }: RunRecord): string {
  const failures = checks.filter(({ verdict }) => verdict === 'fail').length;
  const skipped = checks.filter(({ verdict }) => verdict === 'unknown').length;
  const suite = attributes({
    name: `chaos: ${scenario}, seed ${seed}`,
    tests: checks.length,
    failures,
    errors: 0,
    skipped,
    time: (durationMs / 1_000).toFixed(3),
    timestamp: startedAt.replace(/(\.\d+)?Z$/, ''),
  });
  const cases = checks.map(({ name, verdict, summary, details }) => {
    const open = `    <testcase ${attributes({ classname: `chaos.${scenario}`, name, time: '0' })}>`;
    const text = [summary, ...details].join('\n');
    return `${open}${inside(verdict, summary, text)}</testcase>\n`;
  });
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n' +
    `  <testsuite ${suite}>\n    <properties><property ${attributes({ name: 'command', value: command })}/></properties>\n` +
    `${cases.join('')}  </testsuite>\n</testsuites>\n`
  );
}

function inside(verdict: 'pass' | 'fail' | 'unknown', summary: string, text: string): string {
  switch (verdict) {
    case 'pass':
      return `<system-out>${escaped(text)}</system-out>`;
    case 'fail':
      return `<failure ${attributes({ message: summary })}>${escaped(text)}</failure>`;
    case 'unknown':
      return `<skipped ${attributes({ message: summary })}/>`;
  }
}

export function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}="${escaped(String(value)).replaceAll('\n', '&#10;')}"`)
    .join(' ');
}

/** Characters that XML 1.0 cannot hold at all are left out. */
export function escaped(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
