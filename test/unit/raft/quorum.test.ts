import { expect } from 'chai';
import fc from 'fast-check';
import { majorityOf, majorityReached } from '../../../src/raft/config.js';

/** Straight from the definition: the largest value that more than half of the servers have reached. */
function naive(values: readonly number[]): number {
  const reached = values.filter(
    (value) => values.filter((other) => other >= value).length * 2 > values.length,
  );
  return Math.max(...reached);
}

/** All lists of `length` numbers from 0 to `most`. */
function* lists(length: number, most: number): Generator<number[]> {
  if (length === 0) yield [];
  else for (const list of lists(length - 1, most)) for (let v = 0; v <= most; v += 1) yield [...list, v];
}

describe('quorum', () => {
  for (let size = 1; size <= 10; size += 1) {
    it(`t13 the majority of ${size} is more than half, and the least that is (goraft#118)`, () => {
      expect(majorityOf(size) * 2).to.be.above(size);
      expect((majorityOf(size) - 1) * 2).to.be.at.most(size);
    });

    it(`t13 of ${size} values it finds what a majority has reached, in whatever order (openraft#1802)`, () => {
      for (const values of lists(size, size <= 6 ? 3 : 1)) {
        const found = majorityReached(values);
        if (found !== naive(values)) expect.fail(`${found} for ${values.join()}`);
      }
    });
  }

  it('t13 compares numbers, not their digits', () => {
    expect(majorityReached([9, 10, 100])).to.equal(10);
  });

  it('t13 agrees with the naive count for any values', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 1, maxLength: 10 }), (values) => {
        expect(majorityReached(values)).to.equal(naive(values));
      }),
    );
  });

  it('leaves the values as they were', () => {
    const values = Object.freeze([1, 3, 2]);
    expect(majorityReached(values)).to.equal(2);
    expect(values).to.deep.equal([1, 3, 2]);
  });
});
