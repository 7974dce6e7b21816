import { expect } from 'chai';
import fc from 'fast-check';
import { ChunkReader, recordsOf } from '../../../src/stateMachine/statePart.js';
import { SnapshotError } from '../../../src/stateMachine/stateMachine.js';

function chunksOf(records: readonly unknown[], chunkChars: number): string[] {
  const reader = new ChunkReader(records[Symbol.iterator](), chunkChars);
  const chunks: string[] = [];
  for (let step = reader.next(); step.done !== true; step = reader.next()) chunks.push(step.value);
  return chunks;
}

describe('chunks of a snapshot', () => {
  it('hold as many records as fit', () => {
    expect(chunksOf(['aa', 'bb', 'cc'], 13)).to.deep.equal(['["aa","bb"]', '["cc"]']);
    expect(chunksOf(['aa', 'bb', 'cc'], 14)).to.deep.equal(['["aa","bb","cc"]']);
    expect(chunksOf(['aa', 'bb', 'cc'], 1)).to.deep.equal(['["aa"]', '["bb"]', '["cc"]']);
  });

  it('a record that is longer than a chunk has one to itself', () => {
    const long = 'x'.repeat(100);
    expect(chunksOf([long, 'a', long], 10).map((chunk) => recordsOf(chunk))).to.deep.equal([
      [long],
      ['a'],
      [long],
    ]);
  });

  it('there is always one, if only an empty one', () => {
    expect(chunksOf([], 10)).to.deep.equal(['[]']);
  });

  it('no empty one follows when the last is just full', () => {
    expect(chunksOf(['aa', 'bb'], 9)).to.have.length(1);
  });

  it('are read one at a time: no more records are taken than that the next one shows to be too long', () => {
    let taken = 0;
    const records = {
      next: () => {
        taken += 1;
        return { done: false as const, value: 'aa' };
      },
    };
    const reader = new ChunkReader(records, 10);
    expect(taken).to.equal(0);
    reader.next();
    expect(taken).to.equal(3);
  });

  it('ending the reading early ends that of the records', () => {
    let ends = 0;
    const end = (): IteratorResult<unknown> => {
      ends += 1;
      return { done: true, value: undefined };
    };
    const reader = new ChunkReader({ next: () => ({ done: false, value: 1 }), return: end }, 10);
    reader.next();
    expect(reader.return()).to.deep.equal({ done: true, value: undefined });
    expect(ends).to.equal(1);
  });

  it('hold all records in their order, however they are cut', () => {
    const records = fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.nat()));
    fc.assert(
      fc.property(records, fc.integer({ min: 1, max: 200 }), (written, chunkChars) => {
        const chunks = chunksOf(written, chunkChars);
        expect(chunks.flatMap((chunk) => recordsOf(chunk))).to.deep.equal(written);
        for (const chunk of chunks)
          expect(recordsOf(chunk).length === 1 || chunk.length <= chunkChars + 2).to.equal(true);
      }),
    );
  });

  for (const chunk of ['', 'x', '[', '[1', '{}', 'null', '1', '"[]"', '[1]]']) {
    it(`t54 refuses what is no array: ${chunk}`, () => {
      expect(() => recordsOf(chunk)).to.throw(SnapshotError);
    });
  }
});
