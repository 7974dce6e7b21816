import { expect } from 'chai';
import {
  accept,
  append,
  CoreHarness,
  entriesOf,
  only,
  preVote,
  requestVote,
  sentOf,
} from '../support/coreHarness.js';

describe('5.4.1 election restriction', () => {
  const voter = [1, 2, 2];
  const candidates = [
    { last: [3, 2], granted: true, why: 'the same log' },
    { last: [4, 2], granted: true, why: 'a longer log' },
    { last: [1, 3], granted: true, why: 'a shorter log with a higher last term' },
    { last: [2, 2], granted: false, why: 'a shorter log with the same last term' },
    { last: [9, 1], granted: false, why: 'a longer log with a lower last term' },
    { last: [0, 0], granted: false, why: 'an empty log' },
  ] as const;
  for (const { last, granted, why } of candidates) {
    const [lastLogIndex, lastLogTerm] = last;
    it(`t20 a candidate with ${why} ${granted ? 'gets' : 'does not get'} the vote (openraft a48a3282)`, () => {
      const harness = new CoreHarness({ term: 3, log: voter });
      const outcome = harness.receive(requestVote(harness.status, 1, { lastLogIndex, lastLogTerm }));
      expect(only(outcome, 'requestVoteResponse').granted).to.equal(granted);
      expect(harness.status).to.include({ term: 4, votedFor: granted ? 1 : null });
    });

    it(`and the pre-vote likewise: ${why}`, () => {
      const harness = new CoreHarness({ term: 3, log: voter });
      const outcome = harness.receive(preVote(harness.status, 1, { lastLogIndex, lastLogTerm }));
      expect(only(outcome, 'preVoteResponse').granted).to.equal(granted);
    });
  }
});

describe('5.4.2 committing entries from previous terms', () => {
  it('t12 commits no entry of an older term by counting (logcabin#44)', () => {
    const harness = new CoreHarness({ size: 5, term: 3, log: [1, 2] });
    const won = harness.elect();
    for (const peer of [1, 2, 3, 4]) {
      const probe = only(won, 'appendEntries', peer);
      harness.receive(accept(probe, { matchIndex: 2 }));
    }
    expect(harness.status.commitIndex).to.equal(0);
  });

  it('t12 an entry of its own term commits all before it', () => {
    const harness = new CoreHarness({ size: 5, term: 3, log: [1, 2] });
    const won = harness.elect();
    harness.receive(accept(only(won, 'appendEntries', 1)));
    const { committed } = harness.receive(accept(only(won, 'appendEntries', 2)));
    expect(committed.map(({ term }) => term)).to.deep.equal([1, 2, 4]);
  });

  /** The paper's figure 8, with the logs of S1 to S5 as 0 to 4. */
  it('t12 figure 8: entry 2 on a majority is not committed, and S5 may still replace it', () => {
    const s1 = new CoreHarness({ id: 0, size: 5, term: 3, log: [1, 2] });
    const won = s1.elect();
    expect(s1.status.term).to.equal(4);
    for (const peer of [1, 2]) s1.receive(accept(only(won, 'appendEntries', peer), { matchIndex: 2 }));
    expect(s1.status.commitIndex).to.equal(0);

    const s3 = new CoreHarness({ id: 2, size: 5, term: 4, log: [1, 2] });
    const vote = s3.receive(requestVote(s3.status, 4, { term: 5, lastLogIndex: 2, lastLogTerm: 3 }));
    expect(only(vote, 'requestVoteResponse').granted).to.equal(true);
    s3.receive(append(s3.status, 4, { prevLogIndex: 1, prevLogTerm: 1, entries: entriesOf([3], 2) }));
    expect(s3.logTerms).to.deep.equal([1, 3]);
  });
});

describe('figure 3 leader append-only', () => {
  it('a new leader keeps everything in its log and adds a no-op of its term', () => {
    const harness = new CoreHarness({ term: 6, log: [1, 4, 4, 6] });
    harness.elect();
    expect(harness.logTerms).to.deep.equal([1, 4, 4, 6, 7]);
    expect(harness.core.entryAt(5)).to.deep.equal({ term: 7, index: 5, kind: 'noop', command: '' });
  });

  it('a leader’s entries bear its term, also when they follow older ones', () => {
    const harness = CoreHarness.leader({ term: 6, log: [1, 4] });
    harness.propose();
    expect(harness.logTerms).to.deep.equal([1, 4, 7, 7]);
  });
});

describe('5.5 and figure 2: commit index on the leader', () => {
  for (let size = 1; size <= 10; size += 1) {
    it(`t13 of ${size} servers a majority must have an entry (openraft#1802)`, () => {
      const harness = CoreHarness.leader({ size });
      const proposed = harness.propose();
      const appends = sentOf(proposed, 'appendEntries');
      const others = Math.floor(size / 2);
      const commits = [harness.status.commitIndex];
      for (const message of appends.slice(0, others)) {
        harness.receive(accept(message));
        commits.push(harness.status.commitIndex);
      }
      const expected = Array.from({ length: others + 1 }, (_, acks) => (acks === others ? 2 : 1));
      expect(commits).to.deep.equal(expected);
    });
  }
});
