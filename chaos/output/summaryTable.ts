import Table from 'cli-table3';
import { styleText } from 'node:util';
import type { CheckResult, RunRecord } from '../runRecord.js';

const NO_LINES_BETWEEN_ROWS = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' };
const FIGURES_WIDTH = 78;
const DETAILS_MAX = 12;

/** The verdicts in a table, and what shows each failure. */
export function summaryTable({ checks }: RunRecord): string {
  const drawn = new Table({
    head: ['VERDICT', 'CHECK', 'FIGURES'],
    style: { head: [], border: [] },
    chars: NO_LINES_BETWEEN_ROWS,
    colWidths: [null, null, FIGURES_WIDTH],
    wordWrap: true,
  });
  for (const { name, verdict, summary } of checks) drawn.push([coloured(verdict), name, summary]);
  const failures = checks.filter(({ verdict }) => verdict === 'fail').map(failureText);
  return [drawn.toString(), ...failures].join('\n');
}

function failureText({ name, details }: CheckResult): string {
  const lines = details.slice(0, DETAILS_MAX).map((line) => `  ${line}`);
  const more = details.length > DETAILS_MAX ? [`  and ${details.length - DETAILS_MAX} more`] : [];
  return [`FAIL: ${name}`, ...lines, ...more].join('\n');
}

function coloured(verdict: CheckResult['verdict']): string {
  const text = verdict.toUpperCase();
  const wanted = process.stdout.isTTY && (process.env['NO_COLOR'] ?? '') === '';
  if (!wanted) return text;
  const style = { pass: 'green', fail: 'red', unknown: 'yellow' } as const;
  return styleText(style[verdict], text, { validateStream: false });
}
