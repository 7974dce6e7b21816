import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GradeResult } from '../../chaos/grade/result.js';
import { expectations } from './matrix.js';

// Grades each broken server of test/grade/servers and says whether the assertion that is meant for it named it.
//
//   npm run grade-matrix -- [--quick] [--parallel N] [--runs N] [VARIANT...]
//
// --quick judges only the assertions that are expected to fail. `honest` is a variant, too: nothing may fail.

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
const named = process.argv.slice(2).filter((word) => !/^(--|\d)/.test(word));
const variants = named.length > 0 ? named : ['honest', ...Object.keys(expectations)];
const out = mkdtempSync(join(tmpdir(), 'surfstore-matrix-'));

async function grade({ variant, run }: Plan): Promise<Line> {
  const since = performance.now();
  const folder = join(out, `${variant}-${run}`);
  const expected = expectations[variant] ?? [];
  const server = variant === 'honest' ? 'honest.py' : `variants.py ${variant}`;
  const only = isQuick && expected.length > 0 ? ['--only', expected.join(',')] : [];
  const start = `python3 test/grade/servers/${server} {config} {id}`;
  const args = [main, '--start', start, '--cwd', root, '--out', folder, ...only];
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
  const score = `${result.points}/${result.pointsMax}, allowance ${result.allowance}`;
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
await Promise.all(Array.from({ length: parallel }, work));
writeFileSync(join(out, 'matrix.json'), `${JSON.stringify(lines, null, 2)}\n`);
process.stdout.write(
  `${lines.filter(({ ok }) => ok).length} of ${lines.length} as expected; results in ${out}\n`,
);
process.exitCode = lines.every(({ ok }) => ok) ? 0 : 1;
