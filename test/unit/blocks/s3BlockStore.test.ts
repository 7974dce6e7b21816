import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { BlockStoreFullError } from '../../../src/blocks/blockStore.js';
import { BlocksUnavailableError } from '../../../src/blocks/clusterBlocks.js';
import { S3BlockStore, type S3Location } from '../../../src/blocks/s3BlockStore.js';
import { blockLocationOf } from '../../../src/config/blockLocation.js';
import { ConfigError } from '../../../src/config/configError.js';
import { FakeS3 } from '../../support/fakeS3.js';
import { blockStoreSuite } from './suite.js';

const kelp = Buffer.from('kelp');
const hash = createHash('sha256').update(kelp).digest('hex');

describe('S3BlockStore', () => {
  let fake: FakeS3;
  let opened = 0;
  let damaged: string[];

  const locationOf = (prefix: string): S3Location => ({
    endpoint: fake.endpoint,
    bucket: 'bucket',
    prefix,
    region: 'us-east-1',
    accessKeyId: 'key',
    secretAccessKey: 'secret',
  });
  const open = (prefix: string): S3BlockStore =>
    new S3BlockStore(locationOf(prefix), { onDamaged: (each) => damaged.push(each), countedForMs: 0 });

  before(async () => {
    fake = await FakeS3.start();
  });
  beforeEach(() => {
    damaged = [];
    fake.isFull = false;
  });
  after(() => fake.close());

  // A real bucket when one is named, so that the same contract holds for a real engine.
  const real = process.env['SURFSTORE_TEST_BLOCKS'];
  blockStoreSuite(
    real === undefined ? 'S3BlockStore on a fake' : `S3BlockStore at ${real}`,
    () => {
      opened += 1;
      if (real === undefined) return open(`store ${opened}/`);
      const location = blockLocationOf(real, process.env);
      const prefix = `${location.prefix}${process.pid}-${opened}/`;
      return new S3BlockStore({ ...location, prefix }, { countedForMs: 0 });
    },
    'without limits',
  );

  it('keeps a block under its prefix as ab/abcd..., and lists pages of them', async () => {
    const store = open('a/');
    await store.put(kelp);
    expect([...fake.objects.keys()]).to.include(`a/${hash.slice(0, 2)}/${hash}`);
    for (let i = 0; i < 20; i += 1) await store.put(Buffer.from(`block ${i}`));
    await open('other/').put(kelp);
    expect(await store.usage()).to.include({ blocks: 21 });
  });

  it('does not give back an object that was changed, and repairs it when it is put again', async () => {
    const store = open('b/');
    await store.put(kelp);
    fake.objects.set(`b/${hash.slice(0, 2)}/${hash}`, Buffer.from('kelq'));
    expect(await store.get(hash)).to.equal(undefined);
    expect(damaged).to.deep.equal([hash]);
    await store.put(kelp);
    expect(await store.get(hash)).to.deep.equal(new Uint8Array(kelp));
  });

  it('is full when the object store has a quota, and unavailable when it is gone', async () => {
    const store = open('c/');
    fake.isFull = true;
    const full = await store.put(kelp).catch((error: unknown) => error);
    expect(full).to.be.instanceOf(BlockStoreFullError);
    const gone = new S3BlockStore({ ...locationOf('d/'), endpoint: 'http://127.0.0.1:1' });
    for (const action of [gone.put(kelp), gone.get(hash), gone.has([hash])])
      expect(await action.catch((error: unknown) => error)).to.be.instanceOf(BlocksUnavailableError);
  });
});

describe('the place of the blocks', () => {
  const env = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret' };

  it('is read from a URL and the environment', () => {
    expect(blockLocationOf('s3://blocks/a/b/?endpoint=http://localhost:7480&region=eu', env)).to.deep.equal({
      endpoint: 'http://localhost:7480',
      bucket: 'blocks',
      prefix: 'a/b/',
      region: 'eu',
      accessKeyId: 'key',
      secretAccessKey: 'secret',
    });
    expect(blockLocationOf('s3://blocks?endpoint=https://s3.example', env)).to.include({
      prefix: '',
      region: 'us-east-1',
    });
  });

  for (const wrong of [
    '',
    'blocks',
    's3://',
    's3://blocks',
    'http://blocks?endpoint=http://x',
    's3://b?endpoint=x',
  ])
    it(`is not ${JSON.stringify(wrong)}`, () => {
      expect(() => blockLocationOf(wrong, env)).to.throw(ConfigError, '--blocks must be of the form');
    });

  it('needs credentials', () => {
    expect(() => blockLocationOf('s3://b?endpoint=http://x', {})).to.throw(ConfigError, 'AWS_ACCESS_KEY_ID');
  });
});
