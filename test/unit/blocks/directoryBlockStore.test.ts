import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { mkdir, open as openFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { BlockStoreFullError } from '../../../src/blocks/blockStore.js';
import { DirectoryBlockStore, type DiskSpace } from '../../../src/blocks/directoryBlockStore.js';
import { blockStoreSuite } from './suite.js';

const folders: string[] = [];

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'blocks-'));
  folders.push(path);
  return path;
}

const kelp = Buffer.from('kelp');
const hash = createHash('sha256').update(kelp).digest('hex');
const MIB = 1024 * 1024;

blockStoreSuite('DirectoryBlockStore', (limits) =>
  DirectoryBlockStore.open(join(folder(), 'blocks'), { limits }),
);

describe('DirectoryBlockStore', () => {
  let root: string;
  let damaged: string[];
  const open = (more: { space?: () => Promise<DiskSpace> } = {}): Promise<DirectoryBlockStore> =>
    DirectoryBlockStore.open(root, { onDamaged: (each) => damaged.push(each), ...more });
  const pathOf = (key: string): string => join(root, key.slice(0, 2), key);

  beforeEach(() => {
    root = join(folder(), 'blocks');
    damaged = [];
  });
  after(() => folders.forEach((path) => rmSync(path, { recursive: true })));

  it('keeps a block in ab/abcd..., and nothing else', async () => {
    await (await open()).put(kelp);
    expect(readdirSync(root)).to.deep.equal([hash.slice(0, 2)]);
    expect(readdirSync(join(root, hash.slice(0, 2)))).to.deep.equal([hash]);
    expect(statSync(pathOf(hash)).size).to.equal(4);
  });

  it('gives a block its name when its bytes are synced, and acknowledges it when its name is', async () => {
    const store = await open();
    await store.put(Buffer.from('makes the folder'));
    await mkdir(join(root, hash.slice(0, 2)), { recursive: true });
    const handle = await openFile(root);
    const prototype = Object.getPrototypeOf(handle) as { sync: (this: unknown) => Promise<void> };
    await handle.close();
    const { sync } = prototype;
    const named: boolean[] = [];
    prototype.sync = async function (this: unknown) {
      await sync.call(this);
      named.push(existsSync(pathOf(hash)));
    };
    try {
      await store.put(kelp);
    } finally {
      prototype.sync = sync;
    }
    expect(named).to.deep.equal([false, true]);
  });

  it('has its blocks again after a restart, and counts them', async () => {
    await (await open()).put(kelp);
    const again = await open();
    expect(await again.get(hash)).to.deep.equal(new Uint8Array(kelp));
    expect(await again.usage()).to.deep.equal({ blocks: 1, bytes: 4, damaged: 0 });
  });

  it('counts a block once that is put while it counts what is there', async () => {
    const first = await open();
    const many = Array.from({ length: 12 }, (_, i) => Buffer.from(`block ${i}`));
    for (const block of many.slice(0, 6)) await first.put(block);
    const second = await open();
    await Promise.all(many.map((block) => second.put(block)));
    expect(await second.usage()).to.include({ blocks: 12 });
  });

  it('removes files that an earlier process did not finish, and leaves all others alone', async () => {
    await mkdir(join(root, 'ab'), { recursive: true });
    await writeFile(join(root, 'ab', `${'ab'.repeat(32)}.0123456789ab.7.new`), 'half');
    await writeFile(join(root, 'ab', 'README'), 'hands off');
    await (await open()).usage();
    expect(readdirSync(join(root, 'ab'))).to.deep.equal(['README']);
  });

  for (const [what, contents] of [
    ['changed', 'kelq'],
    ['cut off', 'kel'],
    ['emptied', ''],
  ] as const) {
    it(`does not give back a block that was ${what}, sets it aside, and takes it again`, async () => {
      const store = await open();
      await store.put(kelp);
      writeFileSync(pathOf(hash), contents);
      expect(await store.get(hash)).to.equal(undefined);
      expect(damaged).to.deep.equal([hash]);
      expect(existsSync(pathOf(hash))).to.equal(false);
      expect(readdirSync(join(root, 'damaged'))).to.deep.equal([hash]);
      expect(await store.usage()).to.include({ blocks: 0, damaged: 1 });
      expect(await store.put(kelp)).to.have.property('isNew', true);
      expect(await store.get(hash)).to.deep.equal(new Uint8Array(kelp));
      expect(await store.usage()).to.include({ blocks: 1 });
    });
  }

  it('replaces a damaged block when it is put again', async () => {
    const store = await open();
    await store.put(kelp);
    writeFileSync(pathOf(hash), 'kelq');
    expect(await store.put(kelp)).to.have.property('isNew', true);
    expect(await store.get(hash)).to.deep.equal(new Uint8Array(kelp));
    expect(damaged).to.deep.equal([hash]);
  });

  it('sets a damaged block aside once, however many read it and whoever puts it meanwhile', async () => {
    const store = await open();
    await store.put(kelp);
    writeFileSync(pathOf(hash), 'kelq');
    await Promise.all([
      ...Array.from({ length: 5 }, () => store.get(hash)),
      store.put(kelp),
      store.get(hash),
    ]);
    expect(damaged).to.deep.equal([hash]);
    expect(await store.get(hash)).to.deep.equal(new Uint8Array(kelp));
  });

  it('is full when its disk is nearly full, leaves the rest to the log, and keeps what it has', async () => {
    let free = 1_000 * MIB;
    const store = await open({ space: () => Promise.resolve({ size: 10_000 * MIB, free }) });
    await store.put(kelp);
    free = 256 * MIB + 3;
    const error = await store.put(Buffer.from('surf')).catch((refusal: unknown) => refusal);
    expect(error).to.be.instanceOf(BlockStoreFullError);
    expect((error as Error).message).to.contain('268435456 stay free for the log');
    expect(await store.get(hash)).to.deep.equal(new Uint8Array(kelp));
    expect(await store.put(kelp)).to.have.property('isNew', false);
    expect(await store.usage()).to.deep.equal({ blocks: 1, bytes: 4, damaged: 0 });
    free = 256 * MIB + 4;
    expect(await store.put(Buffer.from('surf'))).to.have.property('isNew', true);
  });

  it('leaves a tenth of a small disk free', async () => {
    const store = await open({ space: () => Promise.resolve({ size: 1_000, free: 103 }) });
    expect(await store.put(Buffer.from('abc')).catch(() => 'full')).to.have.property('isNew', true);
    expect(await store.put(Buffer.from('abcd')).catch(() => 'full')).to.equal('full');
  });

  it('fails when a block cannot be written, and counts nothing', async () => {
    const store = await open();
    await mkdir(root, { recursive: true });
    await writeFile(join(root, hash.slice(0, 2)), '');
    const error = await store.put(kelp).catch((refusal: unknown) => refusal);
    expect(error).to.be.instanceOf(Error).and.not.instanceOf(BlockStoreFullError);
    expect(await store.usage()).to.include({ blocks: 0, bytes: 0 });
  });

  it('renews the age of a block that is asked for or put again', async () => {
    const store = await open();
    await store.put(kelp);
    const ageOf = (): number => Date.now() - statSync(pathOf(hash)).mtimeMs;
    for (const use of [() => store.has([hash]), () => store.put(kelp)]) {
      utimesSync(pathOf(hash), 1_000, 1_000);
      await store.get(hash);
      expect(ageOf()).to.be.above(1_000_000);
      await use();
      expect(ageOf()).to.be.below(60_000);
    }
  });
});
