import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import xmlrpc from 'xmlrpc';
import { Cluster, stopEverything } from './support/cluster.js';
import { Program } from './support/program.js';
import { python } from './support/python.js';
import { OpenCall, until, within } from './support/waiting.js';

describe('clients of other makers', function () {
  this.timeout(30_000);

  let cluster: Cluster;
  let leader: number;

  before(async () => {
    cluster = await Cluster.start(3);
  });
  beforeEach(async () => {
    leader = await cluster.heal();
  });
  after(stopEverything);

  const follower = (): number => cluster.others(leader)[0] ?? -1;

  describe('the npm package xmlrpc', () => {
    function call(server: number, method: string, ...params: readonly unknown[]): Promise<unknown> {
      const client = xmlrpc.createClient({ host: 'localhost', port: cluster.port(server), path: '/RPC2' });
      return new Promise((resolve, reject) => {
        client.methodCall(`surfstore.${method}`, [...params], (error: unknown, value: unknown) => {
          if (error instanceof Error) reject(error);
          else resolve(value);
        });
      });
    }

    it('pings, updates and lists, with every type of hash', async () => {
      expect(await call(leader, 'ping')).to.equal(true);
      const hashes = ['h', 1, Buffer.from([0, 255]), ['nested', []]];
      expect(await call(leader, 'updatefile', 'npm.txt', 1, hashes)).to.equal(true);
      expect(await call(leader, 'updatefile', 'npm.txt', 1, hashes)).to.equal(false);
      expect(await call(leader, 'getfileinfomap')).to.have.deep.property('npm.txt', [1, hashes]);
      expect(await call(leader, 'tester_getversion', 'npm.txt')).to.equal(1);
    });

    it('crashes and restores, and is told the fault of a crashed server and of a follower', async () => {
      const id = follower();
      expect(await call(id, 'isLeader')).to.equal(false);
      expect(await new OpenCall(call(id, 'updatefile', 'npm.txt', 2, [])).error(5_000)).to.include({
        faultCode: 1,
      });
      expect(await call(id, 'crash')).to.equal(true);
      expect(await call(id, 'isCrashed')).to.equal(true);
      expect(await new OpenCall(call(id, 'getfileinfomap')).error(5_000)).to.include({ faultCode: 2 });
      expect(await call(id, 'restore')).to.equal(true);
      expect(await call(id, 'isCrashed')).to.equal(false);
    });

    it('waits for its answer while there is no majority', async () => {
      const crashed = cluster.others(leader);
      await cluster.crash(...crashed);
      const update = new OpenCall(call(leader, 'updatefile', 'npm waits', 1, []));
      await until('the call waits', async () => (await cluster.waitingCalls(leader)) === 1);
      await cluster.restore(...crashed);
      expect(await update.value(1_000)).to.equal(true);
    });

    it('stores and reads blocks', async () => {
      const block = Buffer.from('a block of bytes \0\xff', 'latin1');
      const hash = createHash('sha256').update(block).digest('hex');
      expect(await call(leader, 'putblock', block)).to.equal(true);
      expect(await call(leader, 'hasblocks', [hash, '0'.repeat(64)])).to.deep.equal([hash]);
      expect(await call(leader, 'getblock', hash)).to.deep.equal(block);
    });
  });

  describe('xmlrpc-c', () => {
    it('calls by its library, with arrays as arguments', async function () {
      const notice = await python('xmlrpc_c.py', cluster.addresses).catch((error: unknown) => {
        if (String(error).includes('ended with 77')) return String(error);
        throw error;
      });
      if (notice === '') return;
      console.log(`      skipped: ${notice.split('\n')[1] ?? ''}`);
      this.skip();
    });

    it('calls by its command xmlrpc, with arrays as arguments', async function () {
      if (!onPath('xmlrpc')) {
        console.log('      skipped: the command xmlrpc of xmlrpc-c is not installed');
        this.skip();
      }
      const run = async (server: number, ...args: readonly string[]): Promise<string> => {
        const program = new Program(['xmlrpc', `http://localhost:${cluster.port(server)}/RPC2`, ...args]);
        const status = await within(program.closed, 10_000, 'the end of xmlrpc');
        return `${status} ${program.stdout}${program.stderr}`;
      };
      expect(await run(leader, 'surfstore.ping')).to.match(/^0 .*Boolean: TRUE/is);
      expect(await run(leader, 'surfstore.isLeader')).to.match(/^0 .*Boolean: TRUE/is);
      expect(await run(follower(), 'surfstore.isLeader')).to.match(/^0 .*Boolean: FALSE/is);
      const update = ['surfstore.updatefile', 's/command.txt', 'i/1', 'array/(s/h1,s/h2)'];
      expect(await run(leader, ...update)).to.match(/^0 .*Boolean: TRUE/is);
      expect(await run(leader, ...update)).to.match(/^0 .*Boolean: FALSE/is);
      expect(await run(follower(), ...update)).to.match(/^[1-9].*notLeader/s);
      const map = (await cluster.call(leader, 'getfileinfomap')) as Map<string, unknown>;
      // Versions of the command that know no arrays take the argument for a string.
      expect(map.get('command.txt')).to.be.deep.oneOf([
        [1, ['h1', 'h2']],
        [1, 'array/(s/h1,s/h2)'],
      ]);
    });
  });
});

function onPath(command: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, command)));
}
