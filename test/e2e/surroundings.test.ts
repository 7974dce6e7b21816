import { expect } from 'chai';
import { XmlRpcClient } from '../../src/xmlrpc/index.js';
import { stopEverything, writeClusterFile } from './support/cluster.js';
import { freePorts } from './support/ports.js';
import { Program, root, surfstore, surfstoreCommand, type ProgramOptions } from './support/program.js';
import { until, within } from './support/waiting.js';

/** Whether the server on this port answers. */
async function answers(port: number): Promise<boolean> {
  const client = new XmlRpcClient({ host: '127.0.0.1', port, keepAlive: false });
  return client.call('surfstore.ping', [], { timeoutMs: 1_000 }).then(
    () => true,
    () => false,
  );
}

/** The command behind a line of shell that prepares what it runs in; `"$@"` stands for it. */
function inShell(line: string, command: readonly string[], options?: ProgramOptions): Program {
  return new Program(['bash', '-c', line, 'bash', ...command], options);
}

describe('a process in bad surroundings', function () {
  this.timeout(60_000);

  after(stopEverything);

  it('says what to raise when it may open too few files', async () => {
    for (const command of [
      [...surfstoreCommand, 'version', '--help'],
      [`${root}/run-server.sh`, 'myconfig.txt', '0'],
    ]) {
      const program = inShell('ulimit -n 64; exec "$@"', command);
      expect(await within(program.closed, 20_000, 'the end')).to.equal(1);
      expect(program.stderr).to.match(/^surfstore: .*only 64 files.*ulimit -n/);
      expect(program.stderr.trim().split('\n')).to.have.length(1);
    }
  });

  it('serves on when its log cannot be written', async () => {
    const [port = 0] = await freePorts(1);
    const server = [...surfstoreCommand, 'server', writeClusterFile([port]), '0', '--log-level', 'trace'];
    const program = inShell('exec "$@" 2>/dev/full', server);
    await program.firstLine();
    await until('an answer', () => answers(port));
    expect(program.hasEnded).to.equal(false);
    program.signal('SIGTERM');
    expect(await within(program.closed, 5_000, 'the end')).to.equal(0);
  });

  it('serves on when stdout is full; a command whose answer is lost fails, and says so', async () => {
    const [port = 0] = await freePorts(1);
    const config = writeClusterFile([port]);
    const server = inShell('exec "$@" >/dev/full', [...surfstoreCommand, 'server', config, '0']);
    await until('an answer', () => answers(port));
    const status = inShell('exec "$@" >/dev/full', [...surfstoreCommand, 'status', config]);
    expect(await within(status.closed, 20_000, 'the end')).to.equal(1);
    expect(status.stderr).to.match(/^surfstore: cannot write the answer to stdout: .*no space/i);
    expect(server.hasEnded).to.equal(false);
  });

  it('stops in good order when its terminal is closed', async () => {
    const [port = 0] = await freePorts(1);
    const server = surfstore(['server', writeClusterFile([port]), '0']);
    await server.firstLine();
    server.signal('SIGHUP');
    expect(await within(server.closed, 5_000, 'the end')).to.equal(0);
  });

  it('lives on under nohup', async () => {
    const [port = 0] = await freePorts(1);
    const script = [`${root}/run-server.sh`, writeClusterFile([port]), '0'];
    const server = new Program(['nohup', ...script]);
    await server.firstLine();
    server.signal('SIGHUP');
    await until('an answer', () => answers(port));
    expect(server.hasEnded).to.equal(false);
    server.signal('SIGTERM');
    expect(await within(server.closed, 5_000, 'the end')).to.equal(0);
  });
});
