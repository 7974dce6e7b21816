import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { durationText, type GradeResult } from '../../chaos/grade/result.js';
import { subjects } from './matrix.js';

// Grades the servers of test/grade/servers and ours, and says whether the assertion that is meant for each broken one named it, and
// whether the right ones got the full score.
//
//   npm run grade-matrix -- [--quick] [--parallel N] [--runs N] [--spin N] [NAME...]
//
// --quick judges of a broken server only the assertions that are expected to fail. --spin keeps N processes busy meanwhile.

const root = join(import.meta.dirname, '..', '..');
const main = join(root, 'dist', 'chaos', 'grade', 'main.js');

interface Plan {
  readonly variant: string;
  readonly run: number;
}

interface Line extends Plan {
  readonly ok: boolean;
  readonly text: string;
  readonly seconds: number;
}

function optionOf(name: string): number | undefined {
  const place = process.argv.indexOf(name);
  return place === -1 ? undefined : Number(process.argv[place + 1]);
}

const isQuick = process.argv.includes('--quick');
const parallel = optionOf('--parallel') ?? 1;
const runs = optionOf('--runs') ?? 1;
const spinning = optionOf('--spin') ?? 0;
const named = process.argv.slice(2).filter((word) => !/^(--|\d)/.test(word));
const variants = named.length > 0 ? named : Object.keys(subjects);
const out = mkdtempSync(join(tmpdir(), 'surfstore-matrix-'));

async function grade({ variant, run }: Plan): Promise<Line> {
  const since = performance.now();
  const subject = subjects[variant];
  if (subject === undefined) throw new Error(`there is no server ${variant}`);
  const { assignment, start, expected } = subject;
  const folder = join(out, `${variant.replace(':', '-')}-${run}`);
  const only = isQuick && expected.length > 0 ? ['--only', expected.join(',')] : [];
  const args = [main, '--assignment', assignment, '--start', start, '--cwd', root, '--out', folder, ...only];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  await new Promise((resolve) => child.once('exit', resolve));
  const seconds = (performance.now() - since) / 1_000;
  const result = JSON.parse(readFileSync(join(folder, 'grade.json'), 'utf8')) as GradeResult;
  const idsOf = (status: string): string[] =>
    result.rows.filter((row) => row.status === status).map(({ assertion }) => assertion.id);
  const failed = idsOf('fail');
  const missed = idsOf('notReached');
  const isFull = result.points >= result.pointsMax;
  const ok = expected.length === 0 ? isFull : !isFull && expected.some((id) => failed.includes(id));
  const score = `${result.points}/${result.pointsMax}, allowance ${result.allowance}, ${durationText(result)}`;
  const text = `${score}; failed ${failed.join(' ') || '-'}; not reached ${missed.join(' ') || '-'}`;
  return { variant, run, ok, text, seconds };
}

const plans: Plan[] = Array.from({ length: runs }, (_, run) =>
  variants.map((variant) => ({ variant, run })),
).flat();
const lines: Line[] = [];
async function work(): Promise<void> {
  for (let plan = plans.shift(); plan !== undefined; plan = plans.shift()) {
    const line = await grade(plan);
    lines.push(line);
    const { variant, run, ok, text, seconds } = line;
    process.stdout.write(
      `${ok ? 'ok ' : 'NOT'} ${variant} (run ${run + 1}, ${seconds.toFixed(0)} s): ${text}\n`,
    );
  }
}
// Each on a processor of its own, as far as there are enough.
const spinners = Array.from({ length: spinning }, () =>
  spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }),
);
process.once('exit', () => spinners.forEach((spinner) => spinner.kill('SIGKILL')));
await Promise.all(Array.from({ length: parallel }, work));
for (const spinner of spinners) spinner.kill('SIGKILL');
writeFileSync(join(out, 'matrix.json'), `${JSON.stringify(lines, null, 2)}\n`);
process.stdout.write(
  `${lines.filter(({ ok }) => ok).length} of ${lines.length} as expected; results in ${out}\n`,
);
process.exitCode = lines.every(({ ok }) => ok) ? 0 : 1;
