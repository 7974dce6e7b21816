import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Server } from '../../chaos/calls/server.js';
import type { ClusterPorts } from '../../chaos/cluster/clusterPorts.js';
import type { RunRecord } from '../../chaos/runRecord.js';
import { decodeHistory } from '../../src/verify/index.js';
import { stopEverything, temporaryFolder } from '../e2e/support/cluster.js';
import { freePorts } from '../e2e/support/ports.js';
import { Program, root } from '../e2e/support/program.js';
import { until } from '../e2e/support/waiting.js';
import { fakeCluster, type Bug } from './support/fakeCluster.js';

interface Outcome {
  readonly status: number | string;
  readonly stdout: string;
  readonly stderr: string;
  readonly out: string;
}

/** The monkey as a process. */
async function monkey(...args: readonly string[]): Promise<Outcome> {
  const out = join(temporaryFolder(), 'results');
  return outcomeOf(startMonkey(out, ...args), out);
}

function startMonkey(out: string, ...args: readonly string[]): Program {
  const main = join(root, 'chaos', 'main.ts');
  return new Program([process.execPath, '--import', 'tsx', main, '--out', out, ...args]);
}

async function outcomeOf(program: Program, out: string): Promise<Outcome> {
  const status = await program.closed;
  return { status, stdout: program.stdout, stderr: program.stderr, out };
}

function resultOf({ out }: Outcome): RunRecord {
  return JSON.parse(readFileSync(join(out, 'result.json'), 'utf8')) as RunRecord;
}

function verdictOf(outcome: Outcome, name: string): string | undefined {
  return resultOf(outcome).checks.find((check) => check.name === name)?.verdict;
}

describe('chaos: the monkey', function () {
  this.timeout(60_000);
  after(stopEverything);

  it('passes a managed cluster whose leader is crashed, and leaves all results behind', async () => {
    const outcome = await monkey(
      ...['--managed', '--servers', '3', '--duration', '5', '--clients', '4', '--seed', '3'],
      ...['--scenario', 'rolling-leaders', '--', '--heartbeat-ms', '200'],
    );
    expect(outcome.status, outcome.stdout + outcome.stderr).to.equal(0);
    const { checks, command, faults, servers, managed } = resultOf(outcome);
    expect(checks.filter(({ verdict }) => verdict === 'fail')).to.deep.equal([]);
    for (const name of [
      ...['linearizable', 'nothing acknowledged is lost', 'no lost and no doubled element'],
      ...['crashed servers stand still', 'replicas are equal'],
    ])
      expect(verdictOf(outcome, name), name).to.equal('pass');
    expect(faults.filter(({ kind }) => kind === 'crash')).not.to.be.empty;
    expect(faults.every(({ endedAt }) => endedAt !== null)).to.equal(true);
    expect(command).to.match(/^npm run chaos -- .*--managed .*--seed 3 .*-- --heartbeat-ms 200$/);
    expect(managed).to.equal(true);
    expect(servers).to.have.length(3);
    const history = decodeHistory(readFileSync(join(outcome.out, 'history.jsonl'), 'utf8'));
    expect(history).to.have.length.above(20);
    for (const kind of ['update', 'readMap', 'kvAppend', 'kvGet'])
      expect(
        history.map((operation) => operation.kind),
        kind,
      ).to.include(kind);
    for (const file of ['junit.xml', 'report.html'])
      expect(existsSync(join(outcome.out, file)), file).to.equal(true);
    expect(outcome.stdout).to.contain('again: npm run chaos');
    await Promise.all(
      servers.map(async ({ address }) => {
        const answer = await fetch(`http://${address}/`).catch(() => 'gone');
        expect(answer, 'no server is left').to.equal('gone');
      }),
    );
  });

  it('gives its verdicts when a server dies that it did not kill', async () => {
    const [dataDir, out] = [temporaryFolder(), join(temporaryFolder(), 'results')];
    const program = startMonkey(
      out,
      ...['--managed', '--servers', '3', '--duration', '3', '--clients', '2', '--seed', '1'],
      ...['--data-dir', dataDir, '--faults', 'crash'],
    );
    await until('the run has begun', () => program.stderr.includes('chaos: random'), 30_000);
    const { own } = JSON.parse(readFileSync(join(dataDir, 'ports.json'), 'utf8')) as ClusterPorts;
    const server = new Server({ id: 0, label: 'metadata0', host: '127.0.0.1', port: own[0] ?? 0 });
    await until('there is a leader', async () => (await server.status()).leader >= 0);
    server.hangUp();
    const pattern = `--data-dir ${join(dataDir, 'server1')}`;
    const victim = spawnSync('pgrep', ['-f', '--', pattern], { encoding: 'utf8' });
    process.kill(Number(victim.stdout.trim()), 'SIGKILL');
    const outcome = await outcomeOf(program, out);
    expect(outcome.status, outcome.stdout + outcome.stderr).to.equal(1);
    expect(verdictOf(outcome, 'linearizable')).to.equal('pass');
    expect(verdictOf(outcome, 'replicas are equal')).to.equal('fail');
    expect(outcome.stdout).to.contain('server 1 ended on its own (SIGKILL)');
    for (const file of ['history.jsonl', 'junit.xml', 'report.html'])
      expect(existsSync(join(out, file)), file).to.equal(true);
  }).timeout(120_000);

  it('goes on with a data directory of an earlier run, if it has as many servers', async () => {
    const dataDir = join(temporaryFolder(), 'data');
    const run = (servers: string): Promise<Outcome> =>
      monkey(
        ...['--managed', '--servers', servers, '--duration', '1', '--clients', '0'],
        ...['--data-dir', dataDir, '--faults', 'kill'],
      );
    const [first, second] = [await run('3'), await run('3')];
    expect(first.status, first.stdout + first.stderr).to.equal(0);
    expect(second.status, second.stdout + second.stderr).to.equal(0);
    expect(resultOf(second).servers).to.deep.equal(resultOf(first).servers);
    const other = await run('5');
    expect(other.status).to.equal(3);
    expect(other.stderr).to.contain('of a cluster of 3, not of 5').and.contain('--servers 3');
  });

  describe('on a running cluster', () => {
    // They take their time, not the machine's: all at once.
    const runs = new Map<Bug, Promise<Outcome>>();
    before(() => {
      for (const bug of ['none', 'losesUpdates', 'doublesWrites', 'twoLeaders'] as const) {
        const run = async (): Promise<Outcome> =>
          monkey(await fakeCluster(bug), '--duration', '2', '--faults', 'one-way', '--clients', '6');
        runs.set(bug, run());
      }
    });
    const outcomeWith = async (bug: Bug): Promise<Outcome> => {
      const outcome = await runs.get(bug);
      if (outcome === undefined) throw new Error(`there was no run with ${bug}`);
      return outcome;
    };

    it('passes one that keeps its promises', async () => {
      const outcome = await outcomeWith('none');
      expect(outcome.status, outcome.stdout + outcome.stderr).to.equal(0);
      expect(verdictOf(outcome, 'few messages when idle')).to.equal('unknown');
      expect(verdictOf(outcome, 'no lost and no doubled element')).to.equal('pass');
      const history = readFileSync(join(outcome.out, 'history.jsonl'), 'utf8');
      expect(history, 'some writes were sent twice').to.match(/"kvAppend".*"attempts":2/);
    });

    it('fails one that loses acknowledged updates, and shows the history that proves it', async () => {
      const outcome = await outcomeWith('losesUpdates');
      expect(outcome.status, outcome.stdout + outcome.stderr).to.equal(1);
      expect(verdictOf(outcome, 'linearizable')).to.equal('fail');
      const { checks } = resultOf(outcome);
      const shown = checks.find(({ name }) => name === 'linearizable')?.operations;
      expect(shown).to.have.length.within(2, 5);
      expect(outcome.stdout)
        .to.contain('FAIL: linearizable')
        .and.match(/#\d+ c\d+ update "file\d/);
      expect(readFileSync(join(outcome.out, 'junit.xml'), 'utf8')).to.match(/name="linearizable".*<failure/);
    });

    it('fails one that does twice what was sent twice', async () => {
      const outcome = await outcomeWith('doublesWrites');
      expect(outcome.status, outcome.stdout + outcome.stderr).to.equal(1);
      expect(verdictOf(outcome, 'nothing acknowledged is lost')).to.equal('pass');
      expect(verdictOf(outcome, 'linearizable')).to.equal('fail');
      expect(outcome.stdout)
        .to.contain('FAIL: no lost and no doubled element')
        .and.match(
          /saw "k\d-\d+" twice in "(list|mixed)\d+-\w+", written by #\d+ of k\d \(acknowledged, sent 2 times\)/,
        );
      expect(readFileSync(join(outcome.out, 'junit.xml'), 'utf8')).to.match(/name="no lost and no.*<failure/);
      expect(readFileSync(join(outcome.out, 'report.html'), 'utf8')).to.contain(
        'no lost and no doubled element',
      );
    });

    it('fails one with two leaders in one term', async () => {
      const outcome = await outcomeWith('twoLeaders');
      expect(outcome.status).to.equal(1);
      expect(outcome.stdout)
        .to.contain('FAIL: one leader per term')
        .and.contain('term 1: server 0 and server 1');
    });
  });

  it('says so when the servers have no hooks, when they cannot be reached, and when nothing makes sense', async () => {
    const [port = 0] = await freePorts(1);
    const file = join(temporaryFolder(), 'cluster.txt');
    writeFileSync(file, `M: 1\nmetadata0: 127.0.0.1:${port}\n`);
    const cases: readonly (readonly [args: readonly string[], status: number, message: string])[] = [
      [[await fakeCluster('noHooks'), '--duration', '1'], 3, '--no-chaos-hooks'],
      [[file], 3, `server 0 at 127.0.0.1:${port} cannot be reached`],
      [['no-such-file.txt'], 2, 'there is no such file'],
      [['--managed', 'cluster.txt'], 2, 'either the cluster file of a running cluster, or --managed'],
      [['--managed', '--scenario', 'nonsense'], 2, 'there is no scenario nonsense'],
      [['--managed', '--out', join(file, 'out')], 2, 'results cannot be written to'],
      [['--managed', '--faults', 'crash,fire'], 2, '"crash,fire"'],
      [['--managed', '--duration', 'long'], 2, 'whole number'],
      [[file, '--faults', 'kill'], 2, 'needs --managed'],
      [[file, '--scenario', 'paused-leader'], 2, 'needs --managed'],
      [['--managed', '--servers', '3', '--scenario', 'strawman'], 2, 'needs exactly 5 servers'],
      [['--managed', '--servers', '7', '--scenario', 'split-brain'], 2, 'needs exactly 5 servers'],
    ];
    await Promise.all(
      cases.map(async ([args, status, message]) => {
        const outcome = await monkey(...args);
        const lines = outcome.stderr.trimEnd().split('\n');
        expect(lines.at(-1))
          .to.match(/^chaos: /)
          .and.contain(message);
        expect(lines, outcome.stderr).to.have.length.at.most(status === 2 ? 1 : 2);
        expect(outcome.status, outcome.stderr).to.equal(status);
      }),
    );
  });

  it('lists its scenarios', async () => {
    const { status, stdout } = await monkey('--list');
    expect(status).to.equal(0);
    expect(stdout).to.contain('strawman').and.contain('kill-everything').and.contain('evaluation');
  });
});
