import { expect } from 'chai';
import { ReadIndex } from '../../../src/raft/readIndex.js';
import { accept, CoreHarness, only } from '../../support/coreHarness.js';

describe('rounds of reads', () => {
  it('t33 a number is never used again, though no read waits any more (etcd#20418)', () => {
    const reads = new ReadIndex();
    const seen: number[] = [];
    for (let request = 1; request <= 5; request += 1) {
      reads.add(request, 0);
      seen.push(reads.round);
      reads.takeReady(reads.round, 0);
    }
    expect(seen).to.deep.equal([1, 2, 3, 4, 5]);
  });

  it('t33 what confirmed an answered read does not confirm the next one (etcd#20418)', () => {
    const harness = CoreHarness.leader();
    const first = only(harness.read(1), 'appendEntries', 1);
    expect(harness.receive(accept(first)).readable).to.have.length(1);
    expect(harness.read(2).readable).to.deep.equal([]);
    expect(harness.receive(accept(first)).readable, 'the same answer, delivered again').to.deep.equal([]);
  });
});
