import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GradeResult } from '../../chaos/grade/result.js';
import { stopEverything, temporaryFolder } from '../e2e/support/cluster.js';
import { Program, root } from '../e2e/support/program.js';
import { until } from '../e2e/support/waiting.js';
import { expectations } from './matrix.js';

const main = join(root, 'dist', 'chaos', 'grade', 'main.js');
const servers = join(root, 'test', 'grade', 'servers');

function grader(...args: readonly string[]): Program {
  return new Program([process.execPath, main, ...args]);
}

function gradeVariant(variant: string, out: string, ...args: readonly string[]): Program {
  const program = variant === 'honest' ? 'honest.py' : `variants.py ${variant}`;
  return grader('--start', `python3 ${program} {config} {id}`, '--cwd', servers, '--out', out, ...args);
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
  after(stopEverything);

  it('knows of each broken server which assertion is to name it', () => {
    const list = execFileSync('python3', [join(servers, 'variants.py'), '--list'], { encoding: 'utf8' });
    expect(list.trim().split('\n')).to.have.members(Object.keys(expectations));
  });

  it('passes an honest server, and fails one that checks no versions, with the calls that show it', async () => {
    const [good, bad] = [join(temporaryFolder(), 'good'), join(temporaryFolder(), 'bad')];
    const only = ['--only', 'first-update,versions-checked'];
    const honest = gradeVariant('honest', good, ...only);
    expect(await honest.closed, honest.stdout + honest.stderr).to.equal(0);
    expect(idsWith('pass', resultIn(good))).to.have.members(['first-update', 'versions-checked']);
    const broken = gradeVariant('no-version-check', bad, ...only);
    expect(await broken.closed, broken.stdout + broken.stderr).to.equal(1);
    const result = resultIn(bad);
    expect(idsWith('fail', result)).to.deep.equal(['versions-checked']);
    const row = result.rows.find(({ assertion }) => assertion.id === 'versions-checked');
    expect(row?.details.join('\n')).to.contain('updatefile("file1.txt"').and.contain('-> True');
    expect(broken.stdout).to.contain('✗ only the version that is exactly one higher is applied');
    for (const file of ['report.html', 'report.md', 'junit.xml', 'results.json'])
      expect(existsSync(join(bad, file)), file).to.equal(true);
  });

  it('says why a server does not start, with its traceback', async () => {
    const out = join(temporaryFolder(), 'out');
    const gradescope = join(temporaryFolder(), 'results.json');
    const program = gradeVariant('does-not-start', out, '--gradescope', gradescope);
    expect(await program.closed, program.stderr).to.equal(1);
    expect(program.stdout).to.contain("ImportError: No module named 'raft_helpers'");
    expect(program.stdout).to.contain('ended with exit code 1 before it listened on its port');
    expect((JSON.parse(readFileSync(gradescope, 'utf8')) as { score: number }).score).to.equal(0);
  });

  it('keeps its budget with servers that never answer, and leaves none of them', async () => {
    const out = join(temporaryFolder(), 'out');
    const program = gradeVariant('hangs', out, '--budget', '8s');
    const since = performance.now();
    expect(await program.closed, program.stderr).to.equal(1);
    expect(performance.now() - since).to.be.below(8_000 + 5_000);
    const result = resultIn(out);
    expect(result.durationMs).to.be.below(9_000);
    expect(result.endedEarly).to.equal('The budget of 8 s was used up.');
    expect(
      result.rows.filter(({ status }) => status === 'pass').map(({ assertion }) => assertion.id),
    ).to.have.length.below(2);
    expect(result.points).to.be.below(1);
    expect(left('variants.py hangs')).to.equal('');
  });

  it('leaves a result when it is ended, and takes two signals within a second for one', async () => {
    const out = join(temporaryFolder(), 'out');
    const program = gradeVariant('honest', out);
    await until('the first assertion is judged', () => program.stdout.includes('✓'), 30_000);
    process.kill(program.pid, 'SIGTERM');
    process.kill(program.pid, 'SIGTERM');
    expect(await program.closed, program.stderr).to.equal(1);
    expect(resultIn(out).endedEarly).to.equal('The run was interrupted.');
    expect(idsWith('pass', resultIn(out))).to.include('starts');
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

  for (const [args, complaint] of [
    [[], 'say how a server is started'],
    [['--start', 'python3 server.py {id}'], '--start has no {config}'],
    [['--start', 'x {config} {id}', '--cwd', 'no/such/folder'], '--cwd: there is no folder'],
    [['--start', 'x {config} {id}', '--rubric', 'no.yaml'], 'the rubric cannot be read'],
    [['--start', 'x {config} {id}', '--budget', '10'], 'Give a time of at least 5 s'],
    [['--start', 'x {config} {id}', '--only', 'everything'], 'There is no assertion everything'],
    [['--start', 'x {config} {id}', '--submissions', 'no/such'], '--submissions: there is no folder'],
  ] as const) {
    it(`refuses ${args.join(' ') || 'to guess'} with exit code 2`, async () => {
      const program = grader('--seed', '1', ...args);
      expect(await program.closed).to.equal(2);
      expect(program.stderr).to.contain(complaint);
      expect(program.stderr.trim().split('\n')).to.have.length(1);
    });
  }
});
