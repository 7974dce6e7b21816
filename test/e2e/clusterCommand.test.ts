import { expect } from 'chai';
import { XmlRpcClient } from '../../src/xmlrpc/index.js';
import { atEnd, quickElections, stopEverything, writeClusterFile } from './support/cluster.js';
import { freePorts, occupyPort } from './support/ports.js';
import { surfstore, type Program } from './support/program.js';
import { until, within } from './support/waiting.js';
import { apartFromLeaders } from './support/logLines.js';

describe('surfstore cluster', function () {
  this.timeout(30_000);

  let ports: number[];
  let program: Program;

  beforeEach(async () => {
    ports = await freePorts(3);
    program = surfstore(['cluster', writeClusterFile(ports), ...quickElections]);
  });
  after(stopEverything);

  async function table(): Promise<string> {
    await until('the table', () => program.stdout.includes('Ctrl-C'), 15_000);
    return program.stdout;
  }

  /** Whether the server on this port answers. */
  async function answers(port: number): Promise<boolean> {
    const client = new XmlRpcClient({ host: '127.0.0.1', port, keepAlive: false });
    return client.call('surfstore.ping', [], { timeoutMs: 1_000 }).then(
      () => true,
      () => false,
    );
  }

  it('starts every server of the file, and prints who listens where and who leads', async () => {
    const text = await table();
    for (const [id, port] of ports.entries()) expect(text).to.match(new RegExp(`${id} .*localhost:${port} `));
    expect(text.match(/\bleader\b/g)).to.have.length(1);
    expect(text.match(/\bfollower\b/g)).to.have.length(2);
    expect(text).to.include(`\nDashboard: http://localhost:${ports[0]}/ui/\n`);
    expect(text, 'no colours in a pipe').not.to.contain('\u001b');
    expect(await Promise.all(ports.map(answers))).to.deep.equal([true, true, true]);
    expect(apartFromLeaders(program.stderr)).to.deep.equal([]);
  });

  it('stops all servers on Ctrl-C, which the terminal sends to each of them, and exits with 0', async () => {
    await table();
    process.kill(-program.pid, 'SIGINT');
    expect(await within(program.closed, 5_000, 'the end of all processes')).to.equal(0);
    expectOutagesOnly(program.stderr);
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`stops all servers on a ${signal} of its own, and exits with 0`, async () => {
      await table();
      program.signal(signal);
      expect(await within(program.closed, 5_000, 'the end of all processes')).to.equal(0);
      expectOutagesOnly(program.stderr);
    });
  }

  it('stops all servers also when it is told to before they are ready', async () => {
    await until('a server', async () => (await Promise.all(ports.map(answers))).includes(true));
    program.signal('SIGINT');
    expect(await within(program.closed, 5_000, 'the end of all processes')).to.equal(0);
  });

  it('leaves no orphan when it is killed', async () => {
    await table();
    program.signal('SIGKILL');
    expect(await program.ended).to.equal('SIGKILL');
    await within(program.closed, 5_000, 'the end of all processes');
    expect(await Promise.all(ports.map(answers))).to.deep.equal([false, false, false]);
  });

  it('ends with one line and exit code 1 when one of the servers cannot start', async () => {
    await program.kill();
    atEnd((await occupyPort(ports[1])).close);
    program = surfstore(['cluster', writeClusterFile(ports), ...quickElections]);
    const status = await within(program.closed, 10_000, 'the end of all processes');
    expect(status).to.equal(1);
    expect(program.stderr).to.match(new RegExp(`port ${ports[1] ?? ''}.*in use`));
    expect(await Promise.all(ports.map(answers))).to.deep.equal([false, false, false]);
  });
});

/** Servers end one after another: one may have the time to see, and to say, that another is gone. */
function expectOutagesOnly(stderr: string): void {
  for (const line of apartFromLeaders(stderr)) expect(line).to.include({ msg: 'peer is unreachable' });
}
