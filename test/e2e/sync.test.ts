import { expect } from 'chai';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SurfStoreClient } from '../../src/client/index.js';
import { Cluster, stopEverything } from './support/cluster.js';
import { Program, surfstoreCommand, type ExitStatus } from './support/program.js';
import { python } from './support/python.js';
import { until, within } from './support/waiting.js';

interface Ended {
  readonly status: ExitStatus;
  readonly stdout: string;
  readonly stderr: string;
}

describe('surfstore sync', function () {
  this.timeout(60_000);

  let cluster: Cluster;
  let root: string;
  let client: SurfStoreClient;

  before(async () => {
    ({ cluster } = await Cluster.startWithLeader(3));
    root = mkdtempSync(join(tmpdir(), 'surfstore-sync-'));
    const servers = cluster.ports.map((port, id) => ({ id, host: 'localhost', port }));
    client = new SurfStoreClient({ servers });
    for (const name of ['a', 'b', 'course', 'empty']) mkdirSync(join(root, name));
  });

  after(async () => {
    client.close();
    await stopEverything();
    rmSync(root, { recursive: true });
  });

  async function sync(folder: string, ...flags: readonly string[]): Promise<Ended> {
    const [address = ''] = cluster.addresses.slice(folder === 'b' ? 1 : 0);
    const command = [
      ...surfstoreCommand,
      'sync',
      address,
      join(root, folder),
      '4096',
      '--deadline',
      '30s',
      ...flags,
    ];
    const program = new Program(command, { env: { XDG_STATE_HOME: join(root, 'state') } });
    const status = await within(program.closed, 40_000, 'the end of the sync');
    return { status, stdout: program.stdout, stderr: program.stderr };
  }

  function contents(folder: string): Record<string, string> {
    const names = readdirSync(join(root, folder)).filter(
      (name) => !name.startsWith('.') && name !== 'index.txt',
    );
    return Object.fromEntries(
      names.sort().map((name) => [name, readFileSync(join(root, folder, name), 'latin1')]),
    );
  }

  function write(folder: string, name: string, text: string): void {
    writeFileSync(join(root, folder, name), text, 'latin1');
  }

  it('carries edits, renames and deletions between two folders, and a leader that crashes does not matter', async () => {
    write('a', 'large', 'x'.repeat(50_000));
    write('a', 'notes.txt', 'first');
    write('a', 'empty', '');
    expect((await sync('a')).status).to.equal(0);
    expect((await sync('b')).status).to.equal(0);
    expect(contents('b')).to.deep.equal(contents('a'));
    const leader = await client.findLeader();
    await client.crash(leader.id);
    renameSync(join(root, 'b', 'large'), join(root, 'b', 'renamed'));
    rmSync(join(root, 'b', 'empty'));
    const moved = await sync('b');
    expect(moved.stdout).to.include('1 uploaded, 2 deleted in the store; 0 B sent');
    const fetched = await sync('a');
    expect(fetched.stdout).to.include('0 B received');
    expect(contents('a')).to.deep.equal(contents('b'));
    expect(Object.keys(contents('a'))).to.deep.equal(['notes.txt', 'renamed']);
    await client.restore(leader.id);
  });

  it('keeps both edits of a conflict and ends with 5', async () => {
    write('a', 'notes.txt', 'from a');
    write('b', 'notes.txt', 'from b');
    expect((await sync('a')).status).to.equal(0);
    const { status, stdout } = await sync('b');
    expect(status).to.equal(5);
    expect(stdout).to.match(/^kept both: notes\.txt; yours is notes \(conflict, /m);
    await sync('a');
    expect(contents('a')).to.deep.equal(contents('b'));
    expect(Object.values(contents('a'))).to.include.members(['from a', 'from b']);
  });

  it('shares the store with a client of the course', async () => {
    const [address = ''] = cluster.addresses.slice((await client.findLeader()).id);
    const course = (): Promise<string> => python('course_client.py', [address, join(root, 'course'), '4096']);
    write('a', 'from_ours', 'y'.repeat(10_000));
    write('course', 'from_course', 'z'.repeat(10_000));
    write('course', 'empty_there', '');
    await sync('a');
    await course();
    await sync('a');
    const ours = contents('a');
    expect(ours['from_course']).to.equal('z'.repeat(10_000));
    expect(ours['empty_there']).to.equal('');
    expect(contents('course')).to.include({ from_ours: 'y'.repeat(10_000) });
    rmSync(join(root, 'course', 'from_ours'));
    await course();
    await sync('a');
    expect(Object.keys(contents('a'))).not.to.include('from_ours');
    // A folder that their client has synced is taken over with its index.
    const { stdout } = await sync('course');
    expect(stdout).to.equal('in sync\n');
  });

  it('reports as lines of JSON, and says in a dry run what it would do', async () => {
    write('a', 'planned', 'text');
    const { status, stdout } = await sync('a', '--json', '--dry-run');
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(status).to.equal(0);
    expect(lines[0]).to.include({ event: 'planned', operations: 1, bytes: 4 });
    expect((await sync('a', '--dry-run')).stdout).to.include('upload planned v1');
  });

  it('stops at a brake with 4 and names the flag that lets it through', async () => {
    await sync('a');
    for (const name of Object.keys(contents('a'))) rmSync(join(root, 'a', name));
    const { status, stderr } = await sync('a');
    expect(status).to.equal(4);
    expect(stderr).to.match(/^surfstore: stopped: the folder is empty, .*--allow empty-folder\)\n$/);
    expect(contents('b')).to.have.property('renamed');
  });

  it('watches both sides with --watch, until Ctrl-C', async () => {
    mkdirSync(join(root, 'watched'));
    const [address = ''] = cluster.addresses;
    const command = [...surfstoreCommand, 'sync', address, join(root, 'watched'), '4096', '--watch'];
    const program = new Program(command, { env: { XDG_STATE_HOME: join(root, 'state') } });
    await program.firstLine();
    write('watched', 'from here', 'here');
    await until('the store has the new file', async () => (await client.getFileInfoMap()).has('from here'));
    await sync('b');
    expect(contents('b')).to.include({ 'from here': 'here' });
    write('b', 'from here', 'there');
    await sync('b');
    await until('the folder has the edit', () => contents('watched')['from here'] === 'there');
    program.signal('SIGINT');
    expect(await within(program.closed, 10_000, 'the end of the watch')).to.equal(130);
    // It may be in the middle of a sync, which then ends first.
    expect(program.stderr).to.match(/^(?:surfstore: the files in hand are finished; .*\n)?$/);
    expect((await sync('watched')).stdout).to.equal('in sync\n');
  });

  it('ends with 2 and one line when it is called wrongly', async () => {
    for (const flags of [
      ['--allow', 'everything'],
      ['--limit', 'fast'],
      ['--deadline', 'soon'],
    ]) {
      const { status, stderr } = await sync('a', ...flags);
      expect(status, stderr).to.equal(2);
      expect(stderr.trim().split('\n'), stderr).to.have.length(1);
    }
    const { status, stderr } = await sync('nowhere');
    expect(status).to.equal(2);
    expect(stderr).to.include('there is no folder');
  });

  it('says what it waits for, and ends with 3 at its deadline', async () => {
    for (const id of cluster.ids.slice(1)) await client.crash(id);
    const { status, stderr } = await sync('empty', '--deadline', '4s');
    expect(status).to.equal(3);
    expect(stderr).to.match(/waiting: no (?:majority|leader), 1 of 3 answer, for \d s/);
    for (const id of cluster.ids.slice(1)) await client.restore(id);
  });
});
