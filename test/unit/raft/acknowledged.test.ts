import { expect } from 'chai';
import type { Message, NodeId } from '../../../src/raft/types.js';
import { accept, CoreHarness, sentOf } from '../../support/coreHarness.js';

/** A leader that has committed entry 2 with the help of all; and the appends that tell each follower so. */
function committed(size: number): { harness: CoreHarness; notices: Map<NodeId, Message> } {
  const harness = CoreHarness.leader({ size });
  const notices = new Map<NodeId, Message>();
  for (const append of sentOf(harness.propose(), 'appendEntries')) {
    for (const next of sentOf(harness.receive(accept(append)), 'appendEntries')) notices.set(next.to, next);
  }
  expect(harness.status).to.include({ commitIndex: 2, acknowledged: 1 });
  return { harness, notices };
}

describe('acknowledged', () => {
  for (const size of [2, 3, 4, 5]) {
    it(`of ${size} servers a majority knows of the commit, whichever followers those are`, () => {
      for (let chosen = 0; chosen < 2 ** (size - 1); chosen += 1) {
        const { harness, notices } = committed(size);
        const informed = [...notices].filter(([peer]) => (chosen & (1 << (peer - 1))) !== 0);
        for (const [, notice] of informed) harness.receive(accept(notice));
        const isMajority = 2 * (1 + informed.length) > size;
        const who = informed.map(([peer]) => peer).join(' ');
        expect(harness.status.acknowledged, `known to the leader and ${who}`).to.equal(isMajority ? 2 : 1);
      }
    });
  }

  it('a follower that claims more than the leader has committed is believed only so far', () => {
    const { harness, notices } = committed(3);
    for (const [, notice] of notices) harness.receive(accept(notice));
    const [ahead] = sentOf(harness.propose(), 'appendEntries');
    if (ahead === undefined) throw new Error('nothing was sent');
    harness.receive(accept(ahead, { commitIndex: 3 }));
    expect(harness.status).to.include({ commitIndex: 3, acknowledged: 2 });
  });

  it('a late answer counts for no more than what it has matched', () => {
    const { harness, notices } = committed(3);
    for (const [, notice] of notices)
      harness.receive(accept(notice, { matchIndex: 1, commitIndex: 2, sequence: 0 }));
    expect(harness.status).to.include({ commitIndex: 2, acknowledged: 1 });
  });
});
