import { expect } from 'chai';
import {
  mkdtemp,
  mkdir,
  readdir,
  readFile,
  rm,
  symlink,
  utimes,
  writeFile,
  rename,
  appendFile,
  lstat,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeFileSystem } from '../../../src/sync/nodeFileSystem.js';
import { syncFolder, type SyncOptions, type SyncResult } from '../../../src/sync/syncFolder.js';
import { MemoryStore } from '../../sync/memoryStore.js';

/** A folder and the client on it. */
class Folder {
  private ids = 0;

  constructor(
    readonly path: string,
    readonly store: MemoryStore,
    private readonly host: string,
  ) {}

  sync(changes: Partial<SyncOptions> = {}): Promise<SyncResult> {
    return syncFolder({
      files: new NodeFileSystem(this.path),
      store: this.store,
      profile: 'classic',
      blockSize: 4,
      host: this.host,
      allowed: new Set(),
      isDryRun: false,
      isIgnored: () => false,
      trashDays: 30,
      servers: [],
      registry: undefined,
      nowMs: () => Date.now(),
      newId: () => `${this.host}-${(this.ids += 1)}`,
      emit: () => undefined,
      isStopping: () => false,
      ...changes,
    });
  }

  write(name: string, text: string): Promise<void> {
    return writeFile(join(this.path, name), text);
  }

  /** The files a user sees, without the index. */
  async contents(): Promise<Record<string, string>> {
    const names = (await readdir(this.path)).filter((name) => !name.startsWith('.') && name !== 'index.txt');
    const texts = await Promise.all(names.map((name) => readFile(join(this.path, name), 'utf8')));
    return Object.fromEntries(names.map((name, index) => [name, texts[index] ?? '']));
  }

  /** Every file in it with its bytes, also the client's own. */
  async everything(): Promise<string[]> {
    const entries = await readdir(this.path, { recursive: true, withFileTypes: true });
    return Promise.all(
      entries.map(async (entry) => {
        const path = join(entry.parentPath, entry.name);
        return `${path} ${entry.isFile() ? await readFile(path, 'base64') : ''} ${(await lstat(path)).mtimeMs}`;
      }),
    );
  }
}

const kindsOf = ({ operations }: SyncResult): string[] =>
  operations.map(({ kind, name }) => `${kind} ${name}`).sort();

describe('the client of a folder', () => {
  let root: string;
  let store: MemoryStore;
  let a: Folder;
  let b: Folder;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'surfstore-sync-'));
    store = new MemoryStore();
    a = new Folder(join(root, 'a'), store, 'hostA');
    b = new Folder(join(root, 'b'), store, 'hostB');
    await mkdir(a.path);
    await mkdir(b.path);
  });

  afterEach(() => rm(root, { recursive: true }));

  it('brings files to the store and from there to another folder, empty ones and deletions too', async () => {
    await a.write('one.txt', 'hello world');
    await a.write('empty', '');
    expect(kindsOf(await a.sync())).to.deep.equal(['upload empty', 'upload one.txt']);
    await b.sync();
    expect(await b.contents()).to.deep.equal({ 'one.txt': 'hello world', empty: '' });
    await rm(join(b.path, 'one.txt'));
    await b.sync();
    expect(store.read('one.txt')).to.equal(null);
    await a.sync();
    expect(await a.contents()).to.deep.equal({ empty: '' });
    expect(store.lists.get('one.txt')).to.deep.equal({ version: 2, hashList: ['0'] });
    expect(store.lists.get('empty')).to.deep.equal({ version: 1, hashList: [] });
    expect(kindsOf(await a.sync())).to.deep.equal([]);
  });

  it('writes the index file of the course, and takes over that of another client', async () => {
    await a.write('one two.txt', 'hello');
    await a.sync();
    const index = await readFile(join(a.path, 'index.txt'), 'utf8');
    expect(index).to.match(/^one two\.txt 1 [0-9a-f]{64} [0-9a-f]{64}\n$/);
    await rm(join(a.path, '.surfstore'), { recursive: true });
    await a.write('one two.txt', 'changed');
    expect(kindsOf(await a.sync())).to.deep.equal(['upload one two.txt']);
  });

  it('keeps both when both sides edit, and tells of it', async () => {
    await a.write('n.txt', 'base');
    await a.sync();
    await b.sync();
    await a.write('n.txt', 'from a');
    await b.write('n.txt', 'from b');
    await a.sync();
    const result = await b.sync();
    await a.sync();
    const contents = await a.contents();
    expect(Object.values(contents).sort()).to.deep.equal(['from a', 'from b']);
    expect(contents['n.txt']).to.equal('from a');
    expect(Object.keys(contents).find((name) => name !== 'n.txt')).to.match(
      /^n \(conflict, hostB, \d{4}-\d\d-\d\d \d\d\.\d\d, v2\)\.txt$/,
    );
    expect(await b.contents()).to.deep.equal(contents);
    expect(kindsOf(result)[0]).to.equal('conflict n.txt');
  });

  it('sees no conflict in the same bytes, even when they were cut into other blocks', async () => {
    await a.write('n.txt', 'the same bytes');
    await b.write('n.txt', 'the same bytes');
    await a.sync();
    await b.sync({ blockSize: 5 });
    expect(await b.contents()).to.deep.equal({ 'n.txt': 'the same bytes' });
    expect(kindsOf(await b.sync({ blockSize: 5 }))).to.deep.equal([]);
    expect(kindsOf(await a.sync({ blockSize: 3 }))).to.deep.equal([]);
  });

  it('cuts a very large file into larger blocks: the list of their hashes must fit into a request', async () => {
    await a.write('large', 'x'.repeat(4 * 65_536));
    await a.write('larger', 'x'.repeat(4 * 65_536 + 1));
    await a.sync();
    const blocksOf = (name: string): number => (store.lists.get(name)?.hashList as unknown[]).length;
    expect([blocksOf('large'), blocksOf('larger')]).to.deep.equal([65_536, 32_769]);
    await b.sync();
    expect(await b.contents()).to.deep.equal(await a.contents());
    expect(kindsOf(await b.sync())).to.deep.equal([]);
  });

  it('goes on without a file that the store refuses, and takes it up when the store does', async () => {
    await a.write('refused', 'too large');
    await a.write('taken', 'small');
    store.refusals.set('refused', 'it is too large');
    for (const expected of [['upload taken'], []]) {
      const result = await a.sync();
      expect(kindsOf(result)).to.deep.equal(expected);
      expect(result.left).to.deep.equal([{ name: 'refused', reason: 'it is too large' }]);
    }
    store.refusals.clear();
    expect(kindsOf(await a.sync())).to.deep.equal(['upload refused']);
  });

  it('transfers nothing for a renamed file', async () => {
    await a.write('old.txt', 'many bytes, in several blocks');
    await a.sync();
    await b.sync();
    await rename(join(a.path, 'old.txt'), join(a.path, 'new.txt'));
    store.calls.length = 0;
    await a.sync();
    await b.sync();
    expect(store.calls.filter((call) => /^(?:put|get) /.test(call))).to.deep.equal([]);
    expect(await b.contents()).to.deep.equal({ 'new.txt': 'many bytes, in several blocks' });
  });

  it('sends only the blocks that changed, and each block once', async () => {
    await a.write('f', 'aaaabbbbaaaacccc');
    await a.sync();
    const puts = (): number => store.calls.filter((call) => call.startsWith('put ')).length;
    expect(puts()).to.equal(3);
    await a.write('f', 'aaaabbbbaaaaDDDD');
    await a.sync();
    expect(puts()).to.equal(4);
  });

  it('moves what it replaces or deletes to the trash', async () => {
    await a.write('f', 'first');
    await a.sync();
    await b.sync();
    await a.write('f', 'second');
    await a.sync();
    await b.sync();
    const day = new Date().toISOString().slice(0, 10);
    expect(await readFile(join(b.path, '.surfstore/trash', day, 'f'), 'utf8')).to.equal('first');
    await rm(join(a.path, 'f'));
    await a.sync({ allowed: new Set(['empty-folder']) });
    await b.sync();
    expect(await readFile(join(b.path, '.surfstore/trash', day, 'f.2'), 'utf8')).to.equal('second');
    await b.sync({ nowMs: () => Date.now() + 31 * 86_400_000 });
    expect(await readdir(join(b.path, '.surfstore/trash'))).to.deep.equal([]);
  });

  it('a dry run says what it would do and changes nothing on either side', async () => {
    await a.write('f', 'first');
    await a.sync();
    await b.write('g', 'other');
    const before = await b.everything();
    store.calls.length = 0;
    expect(kindsOf(await b.sync({ isDryRun: true }))).to.deep.equal(['download f', 'upload g']);
    expect(await b.everything()).to.deep.equal(before);
    expect(store.calls).to.deep.equal(['clusterId', 'readMap']);
  });

  it('stops before it deletes more than half of the files, unless it may', async () => {
    for (let index = 0; index < 22; index += 1) await a.write(`f${index}`, 'x');
    await a.sync();
    for (let index = 0; index < 12; index += 1) await rm(join(a.path, `f${index}`));
    const { brakes, operations } = await a.sync();
    expect(brakes.map(({ kind }) => kind)).to.deep.equal(['mass-deletion']);
    expect(operations).to.deep.equal([]);
    expect((await a.sync({ allowed: new Set(['mass-deletion']) })).operations).to.have.length(12);
  });

  it('stops before another store, and with leave makes the union', async () => {
    await a.write('f', 'x');
    await a.sync();
    const other = new MemoryStore();
    other.write('g', 'y');
    const kinds = (result: SyncResult): string[] => result.brakes.map(({ kind }) => kind);
    expect(kinds(await a.sync({ store: other }))).to.deep.equal(['other-cluster', 'rollback']);
    expect(other.read('f')).to.equal(undefined);
    await a.sync({ store: other, allowed: new Set(['other-cluster', 'rollback']) });
    expect(await a.contents()).to.deep.equal({ f: 'x', g: 'y' });
    expect(other.read('f')).to.equal('x');
  });

  it('stops when the base is damaged or missing, and with leave deletes nothing', async () => {
    await a.write('f', 'x');
    await a.sync();
    await writeFile(join(a.path, '.surfstore/base'), '{"format":1\n');
    await rm(join(a.path, 'f'));
    expect((await a.sync()).brakes.map(({ kind }) => kind)).to.deep.equal(['lost-base']);
    await a.sync({ allowed: new Set(['lost-base']) });
    expect(await a.contents()).to.deep.equal({ f: 'x' });
    await rm(join(a.path, '.surfstore/base'));
    expect((await a.sync()).brakes.map(({ kind }) => kind)).to.deep.equal(['lost-base']);
  });

  it('stops when the folder is not the one that was here last time', async () => {
    let id: string | undefined;
    const registry = {
      lookUp: () => Promise.resolve(id),
      record: (now: string) => {
        id = now;
        return Promise.resolve();
      },
    };
    await a.write('f', 'x');
    await a.sync({ registry });
    await rm(a.path, { recursive: true });
    await mkdir(a.path);
    expect((await a.sync({ registry })).brakes.map(({ kind }) => kind)).to.deep.equal(['other-folder']);
    await a.sync({ registry, allowed: new Set(['other-folder']) });
    expect(await a.contents()).to.deep.equal({ f: 'x' });
    expect((await a.sync({ registry })).brakes).to.deep.equal([]);
  });

  it('syncs subfolders when it is told to, and follows no link on the way', async () => {
    const tree = { profile: 'tree' } as const;
    await mkdir(join(a.path, 'docs/deep'), { recursive: true });
    await a.write('docs/deep/n.txt', 'text');
    await a.write('.profile', 'hidden');
    await a.sync(tree);
    await b.sync(tree);
    expect(await readFile(join(b.path, 'docs/deep/n.txt'), 'utf8')).to.equal('text');
    expect(await readFile(join(b.path, '.profile'), 'utf8')).to.equal('hidden');
    await mkdir(join(root, 'outside'));
    await symlink(join(root, 'outside'), join(b.path, 'link'));
    store.write('link/evil', 'x');
    const { left } = await b.sync(tree);
    expect(left.map(({ name }) => name).sort()).to.deep.equal(['link', 'link/evil']);
    expect(await readdir(join(root, 'outside'))).to.deep.equal([]);
    expect(await a.sync(tree).then(({ left: other }) => other)).to.deep.equal([]);
  });

  it('writes no hostile name, and reports each', async () => {
    store.write('../evil', 'x');
    store.write('/tmp/evil', 'x');
    store.write('CON', 'x');
    store.write('good', 'x');
    const { left } = await a.sync();
    expect(left.map(({ name }) => name).sort()).to.deep.equal(['../evil', '/tmp/evil', 'CON']);
    expect(await a.contents()).to.deep.equal({ good: 'x' });
    expect((await readdir(root)).sort()).to.deep.equal(['a', 'b']);
  });

  it('leaves alone what is no file here, what no client of this kind wrote, and what is ignored', async () => {
    await symlink('/etc', join(a.path, 'link'));
    await mkdir(join(a.path, 'folder'));
    store.write('link', 'x');
    store.write('folder', 'x');
    store.write('skip.tmp', 'x');
    store.lists.set('numbers', { version: 1, hashList: [1, 2, 3] });
    const { left, operations } = await a.sync({ isIgnored: (name) => name.endsWith('.tmp') });
    expect(operations).to.deep.equal([]);
    expect(left.map(({ name }) => name).sort()).to.deep.equal(['folder', 'link', 'numbers']);
  });

  it('reads what clients of the course write: ["-1"] for an empty file', async () => {
    store.lists.set('empty', { version: 1, hashList: ['-1'] });
    await a.sync();
    expect(await a.contents()).to.deep.equal({ empty: '' });
    expect(kindsOf(await a.sync())).to.deep.equal([]);
  });

  it('replaces nothing that changes while it is fetched', async () => {
    await a.write('f', 'first');
    await a.sync();
    store.write('f', 'second');
    store.before = async (call) => {
      if (call.startsWith('get ')) await appendFile(join(a.path, 'f'), '!');
    };
    const { left } = await a.sync();
    expect(left).to.deep.equal([{ name: 'f', reason: 'it is being changed at this moment' }]);
    expect((await a.contents())['f']).to.match(/^first!+$/);
    store.before = () => undefined;
    await a.sync();
    expect(Object.values(await a.contents()).some((text) => text.startsWith('first!'))).to.equal(true);
    expect((await a.contents())['f']).to.equal('second');
  });

  it('replaces nothing that changes while it is fetched and looks as before', async () => {
    const path = join(a.path, 'f');
    await a.write('f', 'first');
    await a.sync();
    store.write('f', 'second');
    const changedAt = new Date('2026-11-28T14:03:00.010Z');
    await utimes(path, changedAt, changedAt);
    store.before = async (call) => {
      if (!call.startsWith('get ')) return;
      await writeFile(path, 'FIRST');
      await utimes(path, changedAt, changedAt);
    };
    const { left } = await a.sync({ nowMs: () => changedAt.getTime() + 20 });
    expect(left).to.deep.equal([{ name: 'f', reason: 'it is being changed at this moment' }]);
    expect((await a.contents())['f']).to.equal('FIRST');
  });

  it('goes on when a file is taken away before it is sent', async () => {
    await a.write('f', 'first');
    await a.write('g', 'other');
    store.before = async (call) => {
      if (call.startsWith('stored ')) await rm(join(a.path, 'f'), { force: true });
    };
    const { operations, left } = await a.sync();
    expect(operations.map(({ kind, name }) => `${kind} ${name}`)).to.deep.equal(['upload g']);
    expect(left).to.deep.equal([]);
  });

  it('does not send a file that changes while it is sent', async () => {
    await a.write('f', 'first');
    store.before = async (call) => {
      if (call.startsWith('put ')) await appendFile(join(a.path, 'f'), '!');
    };
    const { left } = await a.sync();
    expect(left).to.have.length(1);
    expect(store.read('f')).to.equal(undefined);
  });

  it('takes damaged and missing blocks for no file, and keeps what it has', async () => {
    await a.write('f', 'mine');
    await a.sync();
    store.write('f', 'other bytes');
    const [damaged = ''] = [...store.blocks.keys()].slice(-1);
    store.blocks.set(damaged, Buffer.from('wrong'));
    const { left } = await a.sync();
    expect(left[0]?.reason).to.equal('block 2 of 3 is on no server that answers');
    expect(await a.contents()).to.deep.equal({ f: 'mine' });
    expect(await readdir(join(a.path, '.surfstore/tmp'))).to.deep.equal([]);
  });

  it('asks for its blocks again when garbage was collected meanwhile', async () => {
    await a.write('f', 'text');
    store.before = (call) => {
      if (!call.startsWith('update') || store.epoch !== 1) return;
      store.epoch = 2;
      store.blocks.clear();
    };
    await a.sync();
    expect(store.read('f')).to.equal('text');
    expect(store.calls.filter((call) => call.startsWith('put '))).to.have.length(2);
  });

  it('plans again when somebody was faster', async () => {
    await a.write('f', 'mine');
    let isFirst = true;
    store.before = (call) => {
      if (!call.startsWith('update') || !isFirst) return;
      isFirst = false;
      store.write('f', 'theirs');
    };
    await a.sync();
    const contents = await a.contents();
    expect(contents['f']).to.equal('theirs');
    expect(Object.values(contents)).to.include('mine');
  });

  it('settles an update of unknown outcome after a restart: no conflict with its own version', async () => {
    await a.write('f', 'mine');
    store.after = (call) => {
      if (call.startsWith('update')) throw new Error('the connection was lost');
    };
    let error = '';
    await a.sync().catch((reason: unknown) => (error = String(reason)));
    expect(error).to.include('the connection was lost');
    store.after = () => undefined;
    // Somebody has seen our version, and replaced it.
    store.write('f', 'theirs');
    expect(kindsOf(await a.sync())).to.deep.equal(['download f']);
    expect(await a.contents()).to.deep.equal({ f: 'theirs' });
  });

  it('notices a change that leaves size and time as they were, when it came right after the sync', async () => {
    const changedAt = Date.now();
    const path = join(a.path, 'f');
    await a.write('f', 'one');
    await utimes(path, changedAt / 1000, changedAt / 1000);
    await a.sync({ nowMs: () => changedAt + 10 });
    await a.write('f', 'two');
    await utimes(path, changedAt / 1000, changedAt / 1000);
    expect(kindsOf(await a.sync())).to.deep.equal(['upload f']);
  });

  it('finishes the file in hand when it is to stop, and the rest next time', async () => {
    for (let index = 0; index < 30; index += 1) await a.write(`f${index}`, `text ${index}`);
    let done = 0;
    const first = await a.sync({
      emit: ({ kind }) => {
        if (kind === 'done') done += 1;
      },
      isStopping: () => done >= 5,
    });
    expect(first.isStopped).to.equal(true);
    expect(first.operations.length).to.be.within(5, 12);
    expect((await a.sync()).operations).to.have.length(30 - first.operations.length);
  });
});
