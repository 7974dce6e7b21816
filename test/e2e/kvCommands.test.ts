import { expect } from 'chai';
import { Cluster, stopEverything, writeClusterFile } from './support/cluster.js';
import { freePorts } from './support/ports.js';
import { surfstore, type ExitStatus } from './support/program.js';
import { within } from './support/waiting.js';

interface Result {
  readonly status: ExitStatus;
  readonly stdout: string;
  readonly stderr: string;
}

describe('the command line: surfstore kv', function () {
  this.timeout(30_000);

  let cluster: Cluster;

  before(async () => {
    cluster = await Cluster.start(3);
  });
  after(stopEverything);

  async function runOn(configFile: string, command: string, ...args: readonly string[]): Promise<Result> {
    const program = surfstore(['kv', command, configFile, ...args]);
    const status = await within(program.closed, 20_000, 'the end of the command');
    return { status, stdout: program.stdout, stderr: program.stderr };
  }

  function run(command: string, ...args: readonly string[]): Promise<Result> {
    return runOn(cluster.configFile, command, ...args);
  }

  /** The output of a command, which must succeed. */
  async function output(command: string, ...args: readonly string[]): Promise<string> {
    const { status, stdout, stderr } = await run(command, ...args);
    expect({ status, stderr }, `${command} ${args.join(' ')}`).to.deep.equal({ status: 0, stderr: '' });
    return stdout;
  }

  it('put stores a list of strings, append adds one, get shows it as JSON', async () => {
    expect(await output('put', 'pets', 'cat', 'dog')).to.equal('');
    expect(await output('append', 'pets', 'mouse')).to.equal('');
    expect(await output('get', 'pets')).to.equal('["cat","dog","mouse"]\n');
    expect(await output('put', 'empty')).to.equal('');
    expect(await output('get', 'empty')).to.equal('[]\n');
  });

  it('what was put is what GET /keys/KEY of every server shows', async () => {
    await output('put', 'a/b c', 'x', 'né');
    for (const port of cluster.ports) {
      const page = await fetch(`http://127.0.0.1:${port}/keys/a%2Fb%20c`);
      expect(await page.json()).to.deep.equal(['x', 'né']);
    }
  });

  it('--json stores and adds any JSON value', async () => {
    await output('put', 'any', '--json', '{"a":[1,null]}');
    expect(await output('get', 'any')).to.equal('{"a":[1,null]}\n');
    await output('put', 'list', '--json', '[]');
    await output('append', 'list', '--json', '{"n":1}');
    await output('append', 'list', '--json', '--', '-1');
    expect(await output('get', 'list')).to.equal('[{"n":1},-1]\n');
  });

  it('delete removes a key', async () => {
    await output('put', 'short-lived', 'x');
    expect(await output('delete', 'short-lived')).to.equal('');
    for (const command of ['get', 'delete'])
      expect(await run(command, 'short-lived')).to.deep.equal({
        status: 1,
        stdout: '',
        stderr: 'surfstore: there is no key "short-lived"\n',
      });
  });

  it('a missing key, and a value that is no list to append to: one line, exit code 1', async () => {
    const missing = await run('get', 'missing');
    expect(missing).to.deep.equal({
      status: 1,
      stdout: '',
      stderr: 'surfstore: there is no key "missing"\n',
    });
    await output('put', 'text', '--json', '"just text"');
    const { status, stdout, stderr } = await run('append', 'text', 'more');
    expect({ status, stdout }).to.deep.equal({ status: 1, stdout: '' });
    expect(stderr).to.match(/^surfstore: .* not a list\n$/);
  });

  it('a command line that is wrong: exit code 2', async () => {
    const { configFile } = cluster;
    const wrong = [
      [],
      ['nonsense'],
      ['get', configFile],
      ['put', configFile],
      ['put', configFile, 'k', '--json', '{'],
      ['put', configFile, 'k', '--json', '1', '2'],
      ['append', configFile, 'k'],
      ['append', configFile, 'k', '--json', 'cat'],
      ['append', configFile, 'k', 'a', 'b'],
      ['get', configFile, 'k', '--timeout', 'soon'],
      ['get', '/nowhere', 'k'],
    ];
    for (const args of wrong) {
      const program = surfstore(['kv', ...args]);
      expect(await within(program.closed, 20_000, 'its end'), args.join(' ')).to.equal(2);
      expect(program.stdout).to.equal('');
    }
  });

  it('no leader, and no server: exit code 3 after --timeout', async () => {
    const nobody = writeClusterFile(await freePorts(2));
    const results = [
      runOn(nobody, 'get', 'k', '--timeout', '300ms'),
      runOn(nobody, 'append', 'k', 'v', '--timeout', '300ms'),
    ];
    await cluster.crash(...cluster.ids);
    results.push(run('get', 'k', '--timeout', '500ms'), run('put', 'k', 'v', '--timeout', '500ms'));
    for (const { status, stdout, stderr } of await Promise.all(results)) {
      expect({ status, stdout }).to.deep.equal({ status: 3, stdout: '' });
      expect(stderr).to.match(/^surfstore: no leader .*\n$/);
    }
    await cluster.heal();
    expect(await output('get', 'pets')).to.equal('["cat","dog","mouse"]\n');
  });
});
