import { expect } from 'chai';
import fc from 'fast-check';
import { Backoff } from '../../../src/client/operation.js';

function delays(
  count: number,
  options: { minMs?: number; maxMs?: number; random?: () => number } = {},
): number[] {
  const backoff = new Backoff({ minMs: 50, maxMs: 1_000, random: () => 1, ...options });
  return Array.from({ length: count }, () => backoff.nextMs());
}

describe('client: the pauses between rounds', () => {
  it('double up to the longest', () => {
    expect(delays(7)).to.deep.equal([50, 100, 200, 400, 800, 1_000, 1_000]);
  });

  it('are half fixed and half drawn', () => {
    expect(delays(3, { random: () => 0 })).to.deep.equal([25, 50, 100]);
    expect(delays(3, { random: () => 0.5 })).to.deep.equal([37.5, 75, 150]);
  });

  it('are each drawn anew', () => {
    let draws = 0;
    delays(5, { random: () => (draws += 0.1) });
    expect(draws).to.be.closeTo(0.5, 1e-9);
  });

  it('begin again with each operation', () => {
    expect(delays(1)).to.deep.equal(delays(1));
  });

  it('are never longer than the longest, also when the shortest is longer', () => {
    expect(delays(3, { minMs: 500, maxMs: 100 })).to.deep.equal([100, 100, 100]);
  });

  it('stay within their bounds however many there are', () => {
    const draw = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 1, max: 5_000 }),
        draw,
        (minMs, maxMs, value) => {
          for (const delay of delays(1_100, { minMs, maxMs, random: () => value })) {
            expect(delay).to.be.within(Math.min(minMs, maxMs) / 2, maxMs);
          }
        },
      ),
      { numRuns: 20 },
    );
  });
});
