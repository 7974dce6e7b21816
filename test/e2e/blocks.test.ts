import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { placementOf } from '../../src/blocks/placement.js';
import type { ParsedValue } from '../../src/xmlrpc/index.js';
import { FakeS3 } from '../support/fakeS3.js';
import { Cluster, quickElections, stopEverything } from './support/cluster.js';
import { DescribedApi, type ApiAnswer } from './support/describedApi.js';
import { mountSmallDisk, whyNoMounts } from './support/mounts.js';
import { until } from './support/waiting.js';

const hashOf = (block: Uint8Array): string => createHash('sha256').update(block).digest('hex');
const MIB = 1024 * 1024;
const SIZE = 3;

interface Stored {
  readonly epoch: number;
  readonly stored: readonly string[];
}

describe('blocks on real servers', function () {
  this.timeout(60_000);

  let api: DescribedApi;
  let cluster: Cluster;
  let drawn = 0;

  before(async () => {
    api = await DescribedApi.load();
    cluster = await Cluster.start(SIZE, { flags: quickElections, durable: true });
    await cluster.leader();
  });
  after(stopEverything);

  /** A block that no other test has. */
  const newBlock = (text = ''): { block: Buffer; hash: string; homes: number[] } => {
    drawn += 1;
    const block = Buffer.from(`block ${drawn} ${text}`);
    return { block, hash: hashOf(block), homes: placementOf(hashOf(block), cluster.ids).slice(0, 2) };
  };
  const url = (server: number, path: string): string => `http://127.0.0.1:${cluster.port(server)}${path}`;
  const put = (
    server: number,
    block: Uint8Array,
    hash = hashOf(block),
    headers: Record<string, string> = {},
  ): Promise<Response> =>
    fetch(url(server, `/blocks/${hash}`), { method: 'PUT', body: Buffer.from(block), headers });
  const get = (server: number, hash: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(url(server, `/blocks/${hash}`), { headers });
  const bytesOn = async (server: number, hash: string): Promise<Buffer> =>
    Buffer.from(await (await get(server, hash)).arrayBuffer());
  const ask = (server: number, body: unknown): Promise<ApiAnswer> =>
    api.ask(cluster.port(server), 'POST', '/blocks/stored', { body });
  const holds = async (server: number, hash: string): Promise<boolean> =>
    (await fetch(url(server, `/blocks/${hash}?local=1`))).status === 200;
  const fileOf = (server: number, hash: string): string =>
    join(cluster.dataDir(server), 'blocks', hash.slice(0, 2), hash);

  it('are stored on two servers and read from each', async () => {
    for (const server of cluster.ids) {
      const { block, hash, homes } = newBlock();
      const answer = await put(server, block);
      expect(answer.status).to.equal(201);
      expect(answer.headers.get('etag')).to.equal(`"${hash}"`);
      expect(answer.headers.get('surfstore-copies')).to.equal('2');
      expect((await put(server, block)).status).to.equal(204);
      for (const other of cluster.ids) {
        expect(await holds(other, hash)).to.equal(homes.includes(other));
        const read = await get(other, hash);
        expect(read.status).to.equal(200);
        expect(read.headers.get('content-length')).to.equal(String(block.length));
        expect(read.headers.get('etag')).to.equal(`"${hash}"`);
        expect(read.headers.get('accept-ranges')).to.equal('bytes');
        expect(read.headers.get('content-type')).to.equal('application/octet-stream');
        expect(Buffer.from(await read.arrayBuffer())).to.deep.equal(block);
      }
    }
  });

  it('are the same for the three calls of the course, on whichever server', async () => {
    const { block, hash } = newBlock();
    const missing = hashOf(Buffer.from('never stored'));
    const call = (server: number, method: string, value: Buffer | string | string[]): Promise<ParsedValue> =>
      cluster.call(server, method, [value]);
    expect(await call(0, 'putblock', block)).to.equal(true);
    for (const server of cluster.ids) {
      expect(await call(server, 'getblock', hash)).to.deep.equal(block);
      expect(await call(server, 'hasblocks', [missing, hash])).to.deep.equal([hash]);
      expect(await bytesOn(server, hash)).to.deep.equal(block);
      expect((await cluster.faultOf(server, 'getblock', [missing])).faultCode).to.equal(20);
    }
  });

  it('of 8 MiB come through, one byte more does not, and nothing does', async () => {
    const block = randomBytes(8 * MIB);
    expect((await put(1, block)).status).to.equal(201);
    for (const server of cluster.ids)
      expect((await bytesOn(server, hashOf(block))).equals(block)).to.equal(true);
    const larger = Buffer.concat([block, Buffer.of(0)]);
    expect((await put(1, larger)).status).to.equal(413);
    expect((await put(1, Buffer.alloc(0))).status).to.equal(201);
    expect(await bytesOn(2, hashOf(Buffer.alloc(0)))).to.deep.equal(Buffer.alloc(0));
  });

  it('must have the hash that they are stored under', async () => {
    const { block } = newBlock();
    const { hash: other } = newBlock();
    const answer = await put(0, block, other);
    expect(answer.status).to.equal(400);
    expect(await answer.text()).to.contain(hashOf(block));
    for (const server of cluster.ids) expect((await get(server, other)).status).to.equal(404);
    for (const wrong of ['kelp', other.toUpperCase(), `${other}0`, '..%2f..%2fowner']) {
      expect((await put(0, block, wrong)).status).to.equal(400);
      expect((await get(0, wrong)).status).to.equal(400);
    }
  });

  it('may be compressed on their way in', async () => {
    const { block, hash } = newBlock('kelp '.repeat(10_000));
    expect((await put(0, gzipSync(block), hash, { 'Content-Encoding': 'gzip' })).status).to.equal(201);
    expect(await bytesOn(1, hash)).to.deep.equal(block);
    expect((await put(0, block, hash, { 'Content-Encoding': 'gzip' })).status).to.equal(400);
    expect((await put(0, block, hash, { 'Content-Encoding': 'br' })).status).to.equal(415);
  });

  it('are read in parts', async () => {
    const { block, hash } = newBlock('0123456789'.repeat(5_000));
    await put(0, block);
    const size = block.length;
    const parts: readonly (readonly [string, number, number])[] = [
      ['bytes=0-0', 0, 0],
      ['bytes=5-20004', 5, 20_004],
      ['bytes=7-', 7, size - 1],
      ['bytes=-9', size - 9, size - 1],
      ['bytes=10-999999999', 10, size - 1],
      ['bytes=-999999999', 0, size - 1],
    ];
    for (const [range, from, to] of parts) {
      const answer = await get(1, hash, { Range: range });
      expect(answer.status, range).to.equal(206);
      expect(answer.headers.get('content-range')).to.equal(`bytes ${from}-${to}/${size}`);
      expect(Buffer.from(await answer.arrayBuffer())).to.deep.equal(block.subarray(from, to + 1));
    }
    for (const range of [`bytes=${size}-`, 'bytes=-0']) {
      const answer = await get(1, hash, { Range: range });
      expect(answer.status, range).to.equal(416);
      expect(answer.headers.get('content-range')).to.equal(`bytes */${size}`);
    }
    for (const range of ['bytes=0-1,3-4', 'bytes=9-3', 'lines=1-2', 'bytes=-', ''])
      expect((await get(1, hash, { Range: range })).status, range).to.equal(200);
  });

  it('are looked up without being sent', async () => {
    const { block, hash } = newBlock();
    await put(0, block);
    const head = await fetch(url(1, `/blocks/${hash}`), { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).to.deep.equal([200, String(block.length)]);
    expect(await head.text()).to.equal('');
    expect((await fetch(url(1, `/blocks/${'ab'.repeat(32)}`), { method: 'HEAD' })).status).to.equal(404);
    const known = await get(1, hash, { 'If-None-Match': `"${hash}"` });
    expect([known.status, await known.text()]).to.deep.equal([304, '']);
    expect((await get(1, hash, { 'If-None-Match': '"other"' })).status).to.equal(200);
  });

  it('are asked for in batches', async () => {
    const blocks = Array.from({ length: 6 }, () => newBlock());
    await Promise.all(blocks.map(({ block }, at) => put(at % SIZE, block)));
    const hashes = blocks.map(({ hash }) => hash);
    const missing = Array.from({ length: 994 }, (_, i) => hashOf(Buffer.from(`missing ${i}`)));
    const answer = await ask(2, { hashes: [...missing, ...hashes] });
    expect(answer.json()).to.deep.equal({ epoch: 0, stored: hashes } satisfies Stored);
    expect((await ask(0, { hashes: [] })).json()).to.deep.equal({ epoch: 0, stored: [] });
    const wrong: readonly unknown[] = [
      {},
      { hashes: 'x' },
      { hashes: ['x'] },
      { hashes: [...missing, ...hashes, 'ab'.repeat(32)] },
      [],
    ];
    for (const body of [...wrong, 'no json']) expect((await ask(0, body)).status).to.equal(400);
  });

  it('that are damaged on a disk are read from the other one, and are whole again', async () => {
    const { block, hash, homes } = newBlock();
    const [home = -1] = homes;
    await put(home, block);
    writeFileSync(fileOf(home, hash), 'something else');
    expect(await bytesOn(home, hash)).to.deep.equal(block);
    await until('the block is repaired', () => holds(home, hash));
    expect(readFileSync(fileOf(home, hash))).to.deep.equal(block);
    expect(readdirSync(join(cluster.dataDir(home), 'blocks', 'damaged'))).to.deep.equal([hash]);
    const usage = (await api.ask(cluster.port(home), 'GET', '/blocks')).json();
    expect(usage).to.include({ damaged: 1, shared: false, epoch: 0 });
  });

  it('of a server that was killed and of one that is crashed are still there; a crashed one refuses', async () => {
    const { block, hash, homes } = newBlock();
    const [first = -1, second = -1] = homes;
    const third = cluster.ids.find((id) => !homes.includes(id)) ?? -1;
    await put(third, block);
    await cluster.call(first, 'crash');
    for (const path of [`/blocks/${hash}`, '/blocks', '/changes?since=0']) {
      const answer = await api.ask(cluster.port(first), 'GET', path);
      expect([answer.status, answer.text.split(':')[0]]).to.deep.equal([503, 'isCrashed']);
    }
    expect((await put(first, block)).status).to.equal(503);
    expect((await ask(first, { hashes: [hash] })).status).to.equal(503);
    expect((await cluster.faultOf(first, 'getblock', [hash])).faultCode).to.equal(2);
    for (const server of [second, third]) expect(await bytesOn(server, hash)).to.deep.equal(block);
    const { block: late, hash: lateHash } = newBlock();
    expect((await put(third, late)).headers.get('surfstore-copies')).to.equal('2');
    const missing = await api.ask(cluster.port(third), 'GET', `/blocks/${'cd'.repeat(32)}`);
    expect([missing.status, missing.text.split(':')[0]]).to.deep.equal([503, 'blockUnavailable']);
    await cluster.call(first, 'restore');
    await cluster.kill(second);
    expect(await bytesOn(first, lateHash)).to.deep.equal(late);
    await cluster.restart(second);
    for (const server of cluster.ids) expect(await bytesOn(server, hash)).to.deep.equal(block);
  });

  it('do not come over a link that is cut', async () => {
    const { block, hash, homes } = newBlock();
    const third = cluster.ids.find((id) => !homes.includes(id)) ?? -1;
    await put(third, block);
    await cluster.call(third, 'makeUnreachableFrom', [homes]);
    expect((await get(third, hash)).status).to.equal(503);
    await cluster.call(third, 'makeUnreachableFrom', [[]]);
    await until('the block comes', async () => (await get(third, hash)).status === 200);
  });

  it('name the methods that exist', async () => {
    for (const [path, method, allow] of [
      [`/blocks/${'ab'.repeat(32)}`, 'DELETE', 'GET, HEAD, PUT'],
      ['/blocks/stored', 'GET', 'POST'],
      ['/blocks', 'POST', 'GET, HEAD'],
      ['/blocks/collection', 'GET', 'POST'],
      ['/changes?since=0', 'POST', 'GET, HEAD'],
    ] as const) {
      const answer = await fetch(url(0, path), { method });
      expect([answer.status, answer.headers.get('allow')], path).to.deep.equal([405, allow]);
    }
  });

  it('of all servers can lie in one object store', async () => {
    const fake = await FakeS3.start();
    try {
      const url = `s3://bucket/blocks?endpoint=${fake.endpoint}`;
      const env = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret' };
      const shared = await Cluster.start(2, { flags: [...quickElections, '--blocks', url], env });
      const { block, hash } = newBlock();
      expect(await shared.call(0, 'putblock', [block])).to.equal(true);
      expect(await shared.call(1, 'getblock', [hash])).to.deep.equal(block);
      expect(await shared.call(1, 'hasblocks', [[hash]])).to.deep.equal([hash]);
      expect([...fake.objects.keys()]).to.deep.equal([`blocks/${hash.slice(0, 2)}/${hash}`]);
      const body = { step: 'begin', collection: 'a-collection' };
      const refused = await api.ask(shared.port(0), 'POST', '/blocks/collection', { body });
      expect(refused.status).to.equal(409);
    } finally {
      await fake.close();
    }
  });

  it('that find a full disk are refused, and the server continues', async function () {
    const whyNot = whyNoMounts();
    if (whyNot !== undefined) {
      console.log(`    disks cannot be mounted here: ${whyNot}`);
      this.skip();
    }
    const single = await Cluster.prepareDurable(1, quickElections);
    mountSmallDisk(single.dataDir(0), 16);
    await single.startServer(0);
    await single.leader();
    const send = (block: Buffer): Promise<Response> =>
      fetch(`http://127.0.0.1:${single.port(0)}/blocks/${hashOf(block)}`, { method: 'PUT', body: block });
    const statuses: number[] = [];
    for (let sent = 0; sent < 20; sent += 1) statuses.push((await send(randomBytes(MIB))).status);
    expect(new Set(statuses)).to.deep.equal(new Set([201, 507]));
    expect(statuses.filter((status) => status === 201).length).to.be.within(8, 15);
    const fault = await single.faultOf(0, 'putblock', [randomBytes(MIB)]);
    expect(fault.faultCode).to.equal(21);
    expect(await single.update(0, 'a file', 1)).to.equal(true);
    expect(single.running).to.deep.equal([0]);
  });
});
