import { expect } from 'chai';
import fc from 'fast-check';
import { Progress } from '../../../src/raft/progress.js';

describe('progress of a follower', () => {
  it('starts by looking for the point of agreement, just after the leader’s log', () => {
    const progress = new Progress(8);
    expect(progress).to.include({ nextIndex: 8, matchIndex: 0, isProbing: true, isReady: true });
  });

  it('has at most one append in flight', () => {
    const progress = new Progress(1);
    const sequence = progress.sent(0, 0, 0);
    expect(progress.isReady).to.equal(false);
    expect(progress.answered(sequence)).to.include({ lastIndex: 0 });
    expect(progress.isReady).to.equal(true);
  });

  it('t6 an answer belongs to the append in flight only with its sequence number, and only once', () => {
    const progress = new Progress(1);
    const first = progress.sent(0, 0, 0);
    progress.unreachable();
    progress.resume();
    const second = progress.sent(0, 0, 0);
    expect(second).to.be.above(first);
    expect(progress.answered(first)).to.equal(null);
    expect(progress.isReady).to.equal(false);
    expect(progress.answered(second)).to.include({ lastIndex: 0 });
    expect(progress.answered(second)).to.equal(null);
  });

  it('t42 is left alone after a failure until it is resumed, and then told again what it missed', () => {
    const progress = new Progress(1);
    progress.sent(0, 7, 3);
    progress.unreachable();
    expect(progress).to.include({ isReady: false, sentCommit: 0, sentRound: 0 });
    progress.resume();
    expect(progress.isReady).to.equal(true);
  });

  it('t42 an append without an answer is taken for lost after so many ticks', () => {
    const progress = new Progress(1);
    progress.sent(0, 0, 0);
    for (let tick = 1; tick < 20; tick += 1) progress.tick(20);
    progress.resume();
    expect(progress.isReady).to.equal(false);
    progress.tick(20);
    progress.resume();
    expect(progress.isReady).to.equal(true);
  });

  it('a follower that answers nothing is not taken for one that just answered', () => {
    const progress = new Progress(1);
    expect(progress.contactTicks).to.equal(undefined);
    progress.tick(20);
    expect(progress.contactTicks).to.equal(undefined);
    progress.answered(0);
    progress.tick(20);
    expect(progress.contactTicks).to.equal(1);
  });

  it('t4 a late answer lowers neither match nor next (raft.tla#18)', () => {
    const progress = new Progress(1);
    progress.matched(5);
    progress.matched(3);
    expect(progress).to.include({ matchIndex: 5, nextIndex: 6, isProbing: false });
  });

  it('a rejection makes it probe from where it is told', () => {
    const progress = new Progress(9);
    progress.rejected(4);
    expect(progress).to.include({ nextIndex: 4, matchIndex: 0, isProbing: true });
  });

  it('t46 a rejection at or below match forgets what a server without its storage had (openraft#898)', () => {
    const progress = new Progress(1);
    progress.matched(5);
    progress.commitIndex = 4;
    progress.rejected(2);
    expect(progress).to.include({ nextIndex: 2, matchIndex: 0, commitIndex: 0 });
  });

  it('t5 next stays above match, whatever happens in whatever order (etcd-io/raft PR#149, CCF#5341)', () => {
    const action = fc.oneof(
      fc.record({ what: fc.constant('matched' as const), index: fc.nat(20) }),
      fc.record({ what: fc.constant('rejected' as const), index: fc.nat(20) }),
      fc.record({ what: fc.constant('unreachable' as const), index: fc.constant(0) }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.array(action), (start, actions) => {
        const progress = new Progress(start);
        for (const { what, index } of actions) {
          progress[what](index);
          expect(progress.nextIndex).to.be.above(progress.matchIndex);
        }
      }),
    );
  });
});
