import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assignments } from '../../chaos/grade/assertions/assignments.js';
import { offlineCommand } from '../../chaos/grade/subject/confinement.js';
import type { GradeResult } from '../../chaos/grade/result.js';
import { stopEverything, temporaryFolder } from '../e2e/support/cluster.js';
import { Program, root } from '../e2e/support/program.js';
import { until } from '../e2e/support/waiting.js';
import { subjects } from './matrix.js';

const main = join(root, 'dist', 'chaos', 'grade', 'main.js');
const servers = join(root, 'test', 'grade', 'servers');

function grader(...args: readonly string[]): Program {
  return new Program([process.execPath, main, ...args]);
}

interface Graded {
  readonly program: Program;
  readonly out: string;
  /** How long it took from its first word to its end: how long Node.js takes to start is not its doing. */
  readonly ms: Promise<number>;
}

function grade(start: string, cwd: string, ...args: readonly string[]): Graded {
  const out = join(temporaryFolder(), 'out');
  const program = grader('--start', start, '--cwd', cwd, '--out', out, ...args);
  const begun = until('the grader says something', () => program.stdout !== '', 60_000);
  const ms = begun.then(async () => {
    const since = performance.now();
    await program.closed;
    return performance.now() - since;
  });
  return { program, out, ms };
}

function gradeVariant(variant: string, ...args: readonly string[]): Graded {
  const file = variant === 'honest' ? 'honest.py' : `variants.py ${variant}`;
  return grade(`python3 ${file} {config} {id}`, servers, ...args);
}

function resultIn(folder: string): GradeResult {
  return JSON.parse(readFileSync(join(folder, 'grade.json'), 'utf8')) as GradeResult;
}

function idsWith(status: string, { rows }: GradeResult): string[] {
  return rows.filter((row) => row.status === status).map(({ assertion }) => assertion.id);
}

/** The processes that the grader started and left behind. */
function left(pattern: string): string {
  try {
    return execFileSync('pgrep', ['-f', '--', pattern], { encoding: 'utf8' });
  } catch {
    return '';
  }
}

describe('grade: the grader', function () {
  this.timeout(150_000);

  let gradescope: string;
  // They wait most of the time, and do so at the same time. More of them would make each other slow.
  const start = () => ({
    honest: gradeVariant('honest', '--only', 'first-update,versions-checked'),
    unchecked: gradeVariant('no-version-check', '--only', 'first-update,versions-checked'),
    notStarting: gradeVariant('does-not-start', '--confine', '--gradescope', gradescope),
  });
  let graded: ReturnType<typeof start>;
  before(() => {
    gradescope = join(temporaryFolder(), 'results.json');
    graded = start();
  });
  after(stopEverything);

  it('knows of each broken server which assertion is to name it', () => {
    const listed = (file: string): string[] =>
      execFileSync('python3', [join(servers, file), '--list'], { encoding: 'utf8' })
        .trim()
        .split('\n');
    const names = [...listed('variants.py'), ...listed('keys_variants.py').map((name) => `keys:${name}`)];
    const broken = Object.entries(subjects).filter(([, { expected }]) => expected.length > 0);
    expect(names).to.have.members(broken.map(([name]) => name));
    for (const [name, { assignment, expected }] of broken)
      for (const id of expected)
        expect(
          assignments[assignment].assertions.some((assertion) => assertion.id === id),
          name,
        ).to.equal(true);
  });

  it('passes an honest server', async () => {
    const { program, out } = graded.honest;
    expect(await program.closed, program.stdout + program.stderr).to.equal(0);
    expect(idsWith('pass', resultIn(out))).to.have.members(['first-update', 'versions-checked']);
  });

  it('fails one that checks no versions, with the calls that show it', async () => {
    const { program, out } = graded.unchecked;
    expect(await program.closed, program.stdout + program.stderr).to.equal(1);
    const result = resultIn(out);
    expect(idsWith('fail', result)).to.deep.equal(['versions-checked']);
    const row = result.rows.find(({ assertion }) => assertion.id === 'versions-checked');
    expect(row?.details.join('\n')).to.contain('updatefile("file1.txt"').and.contain('-> True');
    expect(program.stdout).to.contain('✗ only the version that is exactly one higher is applied');
    for (const file of ['report.html', 'report.md', 'junit.xml', 'results.json'])
      expect(existsSync(join(out, file)), file).to.equal(true);
  });

  it('says why a server does not start, with its traceback, confined as well as the system allows', async () => {
    const { program } = graded.notStarting;
    expect(await program.closed, program.stderr).to.equal(1);
    expect(program.stdout).to.contain("ImportError: No module named 'raft_helpers'");
    expect(program.stdout).to.contain('ended with exit code 1 before it listened on its port');
    expect((JSON.parse(readFileSync(gradescope, 'utf8')) as { score: number }).score).to.equal(0);
    const isOffline = program.stdout.includes('; no network but loopback');
    expect(isOffline, program.stdout).to.equal(offlineCommand() !== undefined);
  });

  it('keeps its budget with servers that never answer, and leaves none of them', async () => {
    const { program, out, ms } = gradeVariant('hangs', '--budget', '6s');
    // Where the machine is so busy that nothing could be judged by then, the code is 3.
    expect(await program.closed, program.stderr).to.be.oneOf([1, 3]);
    expect(await ms).to.be.below(6_000 + 5_000);
    const result = resultIn(out);
    expect(result.durationMs).to.be.below(7_000);
    expect(result.endedEarly).to.equal('The budget of 6 s was used up.');
    expect(idsWith('pass', result)).to.have.length.below(2);
    expect(result.points).to.be.below(1);
    expect(left('variants.py hangs')).to.equal('');
  });

  it('leaves a result when it is ended, and takes two signals within a second for one', async () => {
    const { program, out } = gradeVariant('honest');
    await until('the first assertion is judged', () => program.stdout.includes('✓'), 30_000);
    process.kill(program.pid, 'SIGTERM');
    process.kill(program.pid, 'SIGTERM');
    expect(await program.closed, program.stderr).to.equal(1);
    expect(resultIn(out).endedEarly).to.equal('The run was interrupted.');
    expect(idsWith('pass', resultIn(out))).to.include('starts');
  });

  it('passes an honest key/value service over HTTP, and our own with JSON messages', async () => {
    const ours = 'node dist/src/cli/main.js server {config} {id}';
    for (const [{ program, out }, ids] of [
      [
        grade('python3 keys.py {config} {id}', servers, '--assignment', 'keys', '--only', 'put,append'),
        ['put', 'append'],
      ],
      [grade(ours, root, '--assignment', 'messages', '--only', 'put,get'), ['put', 'get']],
    ] as const) {
      expect(await program.closed, program.stdout + program.stderr).to.equal(0);
      expect(idsWith('pass', resultIn(out))).to.have.members(ids);
    }
  });

  it('grades a folder of submissions, goes on where it was, and shows them on one page', async () => {
    const [folder, out] = [temporaryFolder(), join(temporaryFolder(), 'out')];
    for (const [name, text] of [
      ['alpha', 'raise SystemExit("no server here")\n'],
      ['beta', 'import no_such_module\n'],
    ] as const) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'server.py'), text);
    }
    const start = 'python3 server.py {config} {id}';
    const first = grader('--submissions', folder, '--start', start, '--out', out);
    expect(await first.closed, first.stderr).to.equal(1);
    const page = readFileSync(join(out, 'index.html'), 'utf8');
    expect(page).to.contain('2 submissions').and.contain('href="beta/report.html"');
    expect(readFileSync(join(out, 'overview.csv'), 'utf8').split('\n')[2]).to.match(/^beta,0,15,/);
    expect(readFileSync(join(out, 'beta', 'report.html'), 'utf8')).to.contain('no_such_module');
    const second = grader('--submissions', folder, '--start', start, '--out', out);
    await second.closed;
    expect(second.stdout.match(/\(graded before\)/g)).to.have.length(2);
  });

  const wrong = [
    [[], 'say how a server is started'],
    [['--start', 'python3 server.py {id}'], '--start has no {config}'],
    [['--start', 'x {config} {id}', '--cwd', 'no/such/folder'], '--cwd: there is no folder'],
    [['--start', 'x {config} {id}', '--rubric', 'no.yaml'], 'the rubric cannot be read'],
    [['--start', 'x {config} {id}', '--budget', '10'], 'Give a time of at least 5 s'],
    [['--start', 'x {config} {id}', '--only', 'everything'], 'There is no assertion everything'],
    [['--assignment', 'keys', '--start', 'x {id}'], '--ports does not say on which ports'],
    [['--start', 'x {config} {id}', '--wire', 'lines'], '--wire goes with --assignment messages'],
    [['--start', 'x {config} {id}', '--submissions', 'no/such'], '--submissions: there is no folder'],
  ] as const;
  it('refuses what makes no sense with one line and exit code 2', async () => {
    const programs = wrong.map(([args]) => grader('--seed', '1', ...args));
    for (const [place, [args, complaint]] of wrong.entries()) {
      const program = programs[place];
      expect(await program?.closed, args.join(' ')).to.equal(2);
      expect(program?.stderr).to.contain(complaint);
      expect(program?.stderr.trim().split('\n')).to.have.length(1);
    }
  });
});
