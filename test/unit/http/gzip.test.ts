import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import fc from 'fast-check';
import { gzipped } from '../../../src/http/gzip.js';

describe('http: pieces as one gzip stream', () => {
  it('inflate to the pieces, whatever their lengths', async () => {
    const piece = fc
      .tuple(fc.uint8Array({ minLength: 1, maxLength: 50 }), fc.integer({ min: 0, max: 200 }))
      .map(([bytes, times]) => Buffer.concat(Array.from({ length: times }, () => bytes)));
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 6 }), async (pieces) => {
        expect(gunzipSync(Buffer.concat(await gzipped(pieces))).equals(Buffer.concat(pieces))).to.equal(true);
      }),
      { numRuns: 200 },
    );
  });

  it('are compressed once, however many streams they are a part of', async () => {
    const [shared, other] = [Buffer.alloc(100_000, 'ab'), Buffer.alloc(5_000, 'cd')];
    const [one, two] = [await gzipped([shared]), await gzipped([other, shared])];
    expect(one[1]?.length).to.be.lessThan(10_000);
    expect(two[2]).to.equal(one[1]);
  });
});
