import { expect } from 'chai';
import { join } from 'node:path';
import { Cluster, stopEverything, writeClusterFile } from './support/cluster.js';
import { Program, surfstore, surfstoreCommand, type ExitStatus } from './support/program.js';
import { timed, until, within } from './support/waiting.js';

const ESCAPE = '\u001b';

describe('the command line', function () {
  this.timeout(30_000);

  let cluster: Cluster;

  before(async () => {
    cluster = await Cluster.start(3);
  });
  after(stopEverything);

  interface Result {
    readonly status: ExitStatus;
    readonly stdout: string;
    readonly stderr: string;
  }

  async function finish(program: Program): Promise<Result> {
    const status = await within(program.closed, 20_000, 'the end of the command');
    return { status, stdout: program.stdout, stderr: program.stderr };
  }

  /** Runs a command on the cluster. */
  function run(command: string, ...args: readonly string[]): Promise<Result> {
    return finish(surfstore([command, cluster.configFile, ...args]));
  }

  /** The output of a command, which must succeed. */
  async function output(command: string, ...args: readonly string[]): Promise<string> {
    const { status, stdout, stderr } = await run(command, ...args);
    expect({ status, stderr }, `${command} ${args.join(' ')}`).to.deep.equal({ status: 0, stderr: '' });
    return stdout;
  }

  it('tells of -- when a hash that begins with a dash is taken for an option', async () => {
    const { status, stderr } = await run('update', 'dash.txt', '1', '-Zq3b');
    expect(status).to.equal(2);
    expect(stderr)
      .to.contain("unknown option '-Zq3b'")
      .and.contain('put -- before a name or hash that begins with -');
    // Refused for its version, so it was understood.
    expect((await run('update', 'dash.txt', '7', '--', '-Zq3b')).stdout).to.equal('false\n');
  });

  describe('status', () => {
    beforeEach(() => cluster.heal());

    it('shows each server: id, address, role, term, commit, applied, lag, crashed, last contact', async () => {
      const leader = await cluster.leader();
      const [crashed = -1, follower = -1] = cluster.others(leader);
      await cluster.crash(crashed);
      const lines = (await output('status')).split('\n');
      expect(lines.find((line) => line.includes('ID'))).to.match(
        /ID .*ADDRESS .*ROLE .*TERM .*COMMIT .*APPLIED .*LAG .*CRASHED .*LAST CONTACT/,
      );
      const row = (id: number): string => lines.find((line) => line.includes(`:${cluster.port(id)} `)) ?? '';
      expect(row(leader)).to.match(new RegExp(`${leader} .* leader .* 0 .* no `));
      expect(row(follower)).to.match(new RegExp(`${follower} .* follower .* no .* ms ago`));
      expect(row(crashed)).to.match(new RegExp(`${crashed} .* - .* yes `));
    });

    it('as JSON has an object for each server', async () => {
      const leader = await cluster.leader();
      const servers = JSON.parse(await output('status', '-o', 'json')) as Record<string, unknown>[];
      expect(servers.map(({ id, address }) => ({ id, address }))).to.deep.equal(
        cluster.addresses.map((address, id) => ({ id, address })),
      );
      expect(servers.filter(({ role }) => role === 'leader').map(({ id }) => id)).to.deep.equal([leader]);
      expect(servers[leader]).to.include({ reachable: true, crashed: false, leader });
    });

    it('shows servers that are not there as unreachable, and exits with 3', async () => {
      const nobody = await Cluster.prepare(2);
      const { status, stdout } = await finish(surfstore(['status', nobody.configFile]));
      expect(status).to.equal(3);
      expect(stdout.match(/ unreachable /g)).to.have.length(2);
    });

    it('--wait-leader waits for a leader', async () => {
      await cluster.crash(...cluster.ids);
      const program = surfstore(['status', cluster.configFile, '--wait-leader', '10s']);
      await cluster.restore(...cluster.ids);
      const { status, stdout } = await finish(program);
      expect(status).to.equal(0);
      expect(stdout).to.contain(' leader ');
    });

    it('--watch shows it again every second, until Ctrl-C', async () => {
      const program = surfstore(['status', cluster.configFile, '--watch']);
      await until('a second table', () => program.stdout.split('ADDRESS').length > 2);
      program.signal('SIGINT');
      expect(await within(program.closed, 2_000, 'the end of the command')).to.be.oneOf([0, 130, 'SIGINT']);
      expect(program.stderr).to.equal('');
    });

    it('--trace tells why there was an election, also of a crashed server; exit code 2 for a server that is none', async () => {
      const leader = await cluster.leader();
      await cluster.crash(leader);
      const next = await cluster.leader();
      const why = await output('status', '--trace', String(next));
      expect(why)
        .to.match(/^\d{4}-\d\d-\d\dT[\d:.]+Z {2}\S/)
        .and.contain('asks whether it would win term')
        .and.contain(`leader in term `);
      const steps = JSON.parse(await output('status', '--trace', String(leader), '-o', 'json')) as object[];
      expect(steps.at(-1)).to.include({ kind: 'lifecycle', text: 'crashed' });
      const { status, stderr } = await finish(surfstore(['status', cluster.configFile, '--trace', '9']));
      expect(status).to.equal(2);
      expect(stderr).to.match(/^surfstore: .+\n$/);
    });

    it('has colours on a terminal, none in a pipe, and none where NO_COLOR is set', async () => {
      const status = ['status', cluster.configFile];
      const terminal = (env: Record<string, string>): Promise<Result> =>
        finish(
          new Program(
            ['python3', join(import.meta.dirname, 'python', 'terminal.py'), ...surfstoreCommand, ...status],
            { env: { TERM: 'xterm', ...env } },
          ),
        );
      expect((await terminal({})).stdout).to.contain(`${ESCAPE}[32mleader`);
      expect((await terminal({ NO_COLOR: '1' })).stdout)
        .to.contain('leader')
        .and.not.to.contain(ESCAPE);
      expect((await finish(surfstore(status))).stdout)
        .to.contain('leader')
        .and.not.to.contain(ESCAPE);
    });
  });

  describe('files', () => {
    before(() => cluster.heal());

    it('are updated, listed, shown and counted', async () => {
      expect(await output('update', 'notes.txt', '1', 'h1', 'h2')).to.equal('true\n');
      expect(await output('update', 'notes.txt', '2', 'h3')).to.equal('true\n');
      expect(await output('update', 'empty.txt', '1')).to.equal('true\n');
      expect(await output('get', 'notes.txt')).to.equal('2\nh3\n');
      expect(await output('get', 'empty.txt')).to.equal('1\n');
      expect(await output('version', 'notes.txt')).to.equal('2\n');
      expect(await output('version', 'never written')).to.equal('0\n');
      expect(JSON.parse(await output('files', '-o', 'json'))).to.deep.equal({
        'empty.txt': { version: 1, hashes: [] },
        'notes.txt': { version: 2, hashes: ['h3'] },
      });
      const rows = (await output('files')).split('\n').filter((line) => line.includes('.txt'));
      expect(rows[0]).to.match(/empty\.txt .* 1 /);
      expect(rows[1]).to.match(/notes\.txt .* 2 .* h3 /);
    });

    it('with a wrong version are not updated: false, one line that says why, exit code 1', async () => {
      const { status, stdout, stderr } = await run('update', 'wrong.txt', '5', 'h');
      expect({ status, stdout }).to.deep.equal({ status: 1, stdout: 'false\n' });
      expect(stderr).to.match(/^surfstore: version 5 .*\n$/);
    });

    it('that do not exist cannot be shown: one line, exit code 1', async () => {
      const { status, stdout, stderr } = await run('get', 'missing.txt');
      expect({ status, stdout }).to.deep.equal({ status: 1, stdout: '' });
      expect(stderr).to.match(/^surfstore: .*"missing\.txt"\n$/);
    });

    it('have a version on each server, which a crashed one tells too', async () => {
      const leader = await cluster.leader();
      const [id = -1] = cluster.others(leader);
      expect(await output('update', 'each.txt', '1', 'h')).to.equal('true\n');
      await until('the follower has it', async () => (await cluster.version(id, 'each.txt')) === 1);
      await cluster.crash(id);
      expect(await output('update', 'each.txt', '2', 'h')).to.equal('true\n');
      expect(await output('version', 'each.txt', '--server', String(id))).to.equal('1\n');
      expect(await output('version', 'each.txt', '--server', String(leader))).to.equal('2\n');
    });
  });

  describe('crash and restore', () => {
    beforeEach(() => cluster.heal());

    it('crash the leader, whoever it is, and a server by its id; restore all of them', async () => {
      const leader = await cluster.leader();
      expect(await output('crash', 'leader')).to.equal(`server ${leader} is crashed\n`);
      expect(await cluster.call(leader, 'isCrashed')).to.equal(true);
      const [id = -1] = cluster.others(leader);
      expect(await output('crash', String(id))).to.equal(`server ${id} is crashed\n`);
      expect(await output('restore', 'all')).to.equal(
        [0, 1, 2].map((one) => `server ${one} is up\n`).join(''),
      );
      expect(await cluster.call(leader, 'isCrashed')).to.equal(false);
      expect(await cluster.call(id, 'isCrashed')).to.equal(false);
    });

    it('follow a change of the leader: an update right after a crash finds the new one', async () => {
      await output('crash', 'leader');
      expect(await output('update', 'after the crash', '1', 'h')).to.equal('true\n');
      expect(await output('version', 'after the crash')).to.equal('1\n');
    });
  });

  describe('without a leader', () => {
    beforeEach(() => cluster.crash(...cluster.ids));

    it('status shows the servers, and exits with 3', async () => {
      const { status, stdout } = await run('status');
      expect(status).to.equal(3);
      expect(stdout.match(/ yes /g)).to.have.length(3);
    });

    it('status --wait-leader gives up in time with one line and exit code 3', async () => {
      const { value, tookMs } = await timed(() => run('status', '--wait-leader', '700ms'));
      expect(value.status).to.equal(3);
      expect(value.stderr).to.match(/^surfstore: no leader .*\n$/);
      expect(tookMs).to.be.within(700, 5_000);
    });

    it('every command that needs one gives up after --timeout, with one line and exit code 3', async () => {
      const commands = [
        ['files'],
        ['get', 'a'],
        ['update', 'a', '1', 'h'],
        ['version', 'a'],
        ['crash', 'leader'],
      ];
      await Promise.all(
        commands.map(async ([command = '', ...args]) => {
          const { status, stdout, stderr } = await run(command, ...args, '--timeout', '2s');
          expect({ status, stdout }, command).to.deep.equal({ status: 3, stdout: '' });
          expect(stderr).to.match(/^surfstore: .*leader.*\n$/);
        }),
      );
    });
  });

  describe('exit codes', () => {
    it('1: a server that does not answer', async () => {
      const nobody = writeClusterFile([1, 2]);
      const commands = [
        ['version', nobody, 'a', '--server', '1'],
        ['crash', nobody, '1'],
        ['restore', nobody, 'all'],
      ];
      for (const { status, stdout, stderr } of await Promise.all(
        commands.map((args) => finish(surfstore(args))),
      )) {
        expect({ status, stdout }).to.deep.equal({ status: 1, stdout: '' });
        expect(stderr).to.match(/^surfstore: .+\n$/);
      }
    });

    it('2: a command line that is wrong; 0: help and version', async () => {
      const { configFile } = cluster;
      const wrong = [
        ['nonsense'],
        ['status'],
        ['status', '/nowhere'],
        ['status', configFile, '-o', 'xml'],
        ['status', configFile, '--wait-leader', 'soon'],
        ['update', configFile, 'a', 'one'],
        ['version', configFile, 'a', '--server', '3'],
        ['crash', configFile, '3'],
        ['restore', configFile, 'leader'],
        ['cluster', configFile, '--tick-ms', '0'],
      ];
      const results = await Promise.all(wrong.map((args) => finish(surfstore(args))));
      results.forEach(({ status, stdout, stderr }, at) => {
        expect({ status, stdout }, wrong[at]?.join(' ')).to.deep.equal({ status: 2, stdout: '' });
        expect(stderr).to.match(/^surfstore: .+\n/);
      });
      for (const args of [['--help'], ['server', '--help'], ['--version']]) {
        const { status, stdout, stderr } = await finish(surfstore(args));
        expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' });
        expect(stdout).not.to.equal('');
      }
    });
  });
});
