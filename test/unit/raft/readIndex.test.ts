import { expect } from 'chai';
import { ReadIndex } from '../../../src/raft/readIndex.js';

describe('read index', () => {
  it('gives every read a round of its own', () => {
    const reads = new ReadIndex();
    expect([reads.round, reads.isWaiting]).to.deep.equal([0, false]);
    reads.add(10, 1);
    reads.add(11, 1);
    expect([reads.round, reads.isWaiting]).to.deep.equal([2, true]);
  });

  it('t33 releases the reads up to the confirmed round, in order, and no later one (etcd#20418)', () => {
    const reads = new ReadIndex();
    for (const request of [10, 11, 12]) reads.add(request, 4);
    expect(reads.takeReady(0, 9)).to.deep.equal([]);
    expect(reads.takeReady(2, 9)).to.deep.equal([
      { request: 10, index: 4 },
      { request: 11, index: 4 },
    ]);
    expect(reads.takeReady(2, 9)).to.deep.equal([]);
    expect(reads.takeReady(3, 9)).to.deep.equal([{ request: 12, index: 4 }]);
    expect(reads.isWaiting).to.equal(false);
  });

  it('t32 keeps a confirmed read until its index is committed (etcd#7331)', () => {
    const reads = new ReadIndex();
    reads.add(10, 5);
    expect(reads.takeReady(1, 4)).to.deep.equal([]);
    expect(reads.takeReady(1, 5)).to.deep.equal([{ request: 10, index: 5 }]);
  });

  it('t37 gives up all waiting reads at once, each once (etcd PR#6275)', () => {
    const reads = new ReadIndex();
    for (const request of [10, 11, 12]) reads.add(request, 1);
    reads.takeReady(1, 1);
    expect(reads.takeAll()).to.deep.equal([11, 12]);
    expect(reads.takeAll()).to.deep.equal([]);
    expect(reads.isWaiting).to.equal(false);
  });

  it('answers each of many reads exactly once, however they are released', () => {
    const reads = new ReadIndex();
    const answered: number[] = [];
    for (let request = 1; request <= 1000; request += 1) {
      reads.add(request, 0);
      if (request % 7 === 0) answered.push(...reads.takeReady(request - 3, 0).map((read) => read.request));
    }
    answered.push(...reads.takeReady(reads.round, 0).map((read) => read.request));
    expect(answered).to.deep.equal(Array.from({ length: 1000 }, (_, k) => k + 1));
  });
});
