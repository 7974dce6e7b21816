import { expect } from 'chai';
import fc from 'fast-check';
import type { Message } from '../../src/raft/types.js';
import { CoreHarness, only, sentOf } from '../support/coreHarness.js';

/** Terms that never fall, all even or all odd, above `least`. */
function tail(parity: 0 | 1, least: number): fc.Arbitrary<number[]> {
  return fc
    .array(fc.nat(12), { maxLength: 30 })
    .map((terms) => terms.sort((a, b) => a - b).map((term) => least + 2 * term + 1 + parity));
}

/** Logs of a leader and a follower that agree up to some entry and have no term in common after it. */
const divergentLogs = fc.nat(20).chain((common) => {
  const prefix = Array.from({ length: common }, (_, k) => 1 + Math.floor(k / 4));
  const least = 1 + Math.floor(common / 4);
  return fc.tuple(tail(0, least), tail(1, least)).map(([ours, theirs]) => ({
    leaderLog: [...prefix, ...ours],
    followerLog: [...prefix, ...theirs],
    divergentTerms: new Set(theirs).size,
  }));
});

/** Lets the leader of term 101 and one follower talk until both fall silent; returns how many appends were rejected. */
function reconcile(leader: CoreHarness, follower: CoreHarness): number {
  let rejections = 0;
  let appends: Message[] = [only(leader.elect(), 'appendEntries', 1)];
  for (let round = 0; appends.length > 0; round += 1) {
    if (round > 100) throw new Error('they never agree');
    const answers = appends.flatMap((message) => sentOf(follower.receive(message), 'appendEntriesResponse'));
    rejections += answers.filter(({ success }) => !success).length;
    appends = answers.flatMap((answer) => sentOf(leader.receive(answer), 'appendEntries', 1));
  }
  return rejections;
}

describe('5.3 fast back-up', () => {
  it('t8 t9 any two logs are made equal, with at most one rejection for each term that only the follower has', () => {
    fc.assert(
      fc.property(divergentLogs, ({ leaderLog, followerLog, divergentTerms }) => {
        const leader = new CoreHarness({ term: 100, log: leaderLog });
        const follower = new CoreHarness({ id: 1, term: 100, log: followerLog });
        const rejections = reconcile(leader, follower);
        expect(follower.logTerms).to.deep.equal([...leaderLog, 101]);
        expect(follower.status.commitIndex).to.equal(leader.status.commitIndex);
        // One more when the follower's log is also too short to be probed at the leader's end.
        expect(rejections).to.be.at.most(divergentTerms + 1);
      }),
      { numRuns: 300 },
    );
  });

  it('t8 fifty followers with other logs, one after another, are all brought into line (openraft 6d53aa12)', () => {
    for (let entries = 0; entries < 50; entries += 1) {
      const followerLog = Array.from({ length: entries }, (_, k) => 1 + 2 * Math.floor(k / 3));
      const leader = new CoreHarness({ term: 100, log: [2, 2, 4, 4, 4, 60] });
      const follower = new CoreHarness({ id: 1, term: 100, log: followerLog });
      reconcile(leader, follower);
      expect(follower.logTerms).to.deep.equal([2, 2, 4, 4, 4, 60, 101]);
    }
  });
});
