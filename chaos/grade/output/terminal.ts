import { styleText } from 'node:util';
import type { Assertion } from '../assertions/assertion.js';
import type { ExamListener } from '../examRun.js';
import { capText, durationText, pointsText, runsText, type GradeResult } from '../result.js';
import type { Judgement, Status } from '../scorecard.js';

const signs: Readonly<Record<Status, string>> = { pass: '✓', fail: '✗', notReached: '·', notMeasured: '-' };
const colours = { pass: 'green', fail: 'red', notReached: 'yellow', notMeasured: 'gray' } as const;
const WIDTH = 96;
const CALLS_MAX = 6;

/** Says on stdout how it goes, each assertion as it is judged. */
export class Terminal implements ExamListener {
  constructor(private readonly write: (text: string) => void) {}

  onMachine(allowance: number): void {
    const text =
      allowance === 1
        ? 'This machine is quick and has little else to do: times are as in the assignment.'
        : `This machine is slow or busy: everything may take ${allowance} times as long as in the assignment.`;
    this.line(text);
  }

  onRun(number: number, of: number): void {
    this.line(`\n${styled('bold', `Run ${number} of at most ${of}`)}`);
  }

  onStep(title: string): void {
    this.line(`\n${styled('bold', title)}`);
  }

  onJudged({ title }: Assertion, { status, summary, details, remarks }: Judgement): void {
    this.line(`  ${styled(colours[status], signs[status])} ${title}`);
    if (status !== 'pass') this.indented(summary);
    if (status === 'fail')
      for (const line of details.slice(-CALLS_MAX)) this.line(styled('gray', `      ${cut(line)}`));
    for (const remark of remarks) this.indented(`Remark: ${remark}`);
  }

  onResult(result: GradeResult, files: readonly string[]): void {
    const { rows, points, pointsMax, caps, endedEarly } = result;
    this.line('');
    for (const { title, points: earned, pointsMax: most } of result.parts)
      this.line(`${title.padEnd(18)}${pointsText(earned).padStart(6)} of ${pointsText(most)}`);
    const failed = rows.filter(({ status }) => status === 'fail').length;
    const missed = rows.filter(({ status }) => status === 'notReached').length;
    for (const cap of caps) this.indented(capText(cap, result));
    for (const note of [runsText(result), endedEarly ?? undefined])
      if (note !== undefined) this.indented(note);
    this.line(
      styled('bold', `Score             ${pointsText(points).padStart(6)} of ${pointsText(pointsMax)}`) +
        `   ${failed} failed, ${missed} not reached, ${rows.length} in all, ${durationText(result)}`,
    );
    this.line(`\n${files.join('\n')}`);
  }

  private indented(text: string): void {
    for (const line of wrapped(text, WIDTH - 6)) this.line(`      ${line}`);
  }

  private line(text: string): void {
    this.write(`${text}\n`);
  }
}

function styled(style: Parameters<typeof styleText>[0], text: string): string {
  const wanted = process.stdout.isTTY && (process.env['NO_COLOR'] ?? '') === '';
  return wanted ? styleText(style, text, { validateStream: false }) : text;
}

/** Text that servers wrote must not steer the terminal. */
function cut(text: string): string {
  const plain = text.replace(/\p{Cc}/gu, ' ');
  return plain.length > 160 ? `${plain.slice(0, 159)}…` : plain;
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.replace(/\p{Cc}/gu, ' ').split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
