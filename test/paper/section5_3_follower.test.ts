import { expect } from 'chai';
import type { AppendEntriesResponse } from '../../src/raft/types.js';
import { append, CoreHarness, entriesOf, heartbeat, only, type Outcome } from '../support/coreHarness.js';

const answerOf = (outcome: Outcome): AppendEntriesResponse => only(outcome, 'appendEntriesResponse');

/** A follower in term 8 with a log of these terms, and server 1 for a leader. */
function follower(log: readonly number[], applied = 0): CoreHarness {
  return new CoreHarness({ term: 8, log, applied });
}

describe('5.3 log replication: the follower', () => {
  it('accepts entries after the one it agrees on, stores them and acknowledges them', () => {
    const harness = follower([1, 4]);
    const entries = entriesOf([4, 8], 3);
    const outcome = harness.receive(append(harness.status, 1, { prevLogIndex: 2, prevLogTerm: 4, entries }));
    expect(answerOf(outcome)).to.include({ success: true, matchIndex: 4, conflict: null, term: 8, to: 1 });
    expect(outcome.batches).to.have.length(1);
    expect(outcome.batches[0]).to.deep.include({
      truncateFrom: null,
      appended: entries,
      last: { term: 8, index: 4 },
    });
    expect(harness.logTerms).to.deep.equal([1, 4, 4, 8]);
  });

  const rejections = [
    { log: [1, 4], prev: [3, 4], hint: { term: 0, index: 3 }, why: 'the log is too short' },
    { log: [], prev: [5, 4], hint: { term: 0, index: 1 }, why: 'the log is empty' },
    { log: [1, 4, 4, 4], prev: [4, 5], hint: { term: 4, index: 2 }, why: 'the term differs' },
    { log: [2, 2, 2], prev: [3, 5], hint: { term: 2, index: 1 }, why: 'no term agrees' },
    { log: [1, 2, 7], prev: [2, 4], hint: { term: 2, index: 2 }, why: 'a term in the middle differs' },
  ] as const;
  for (const { log, prev, hint, why } of rejections) {
    it(`rejects an append when ${why}, and says where to look`, () => {
      const harness = follower(log);
      const [prevLogIndex, prevLogTerm] = prev;
      const entries = entriesOf([8], prevLogIndex + 1);
      const outcome = harness.receive(append(harness.status, 1, { prevLogIndex, prevLogTerm, entries }));
      expect(answerOf(outcome)).to.deep.include({ success: false, matchIndex: 0, conflict: hint });
      expect(harness.logTerms).to.deep.equal(log);
      expect(outcome.batches).to.deep.equal([]);
    });
  }

  it('t8 finds a conflict also when the append has no entries (openraft 6202138f)', () => {
    const harness = follower([1, 2, 3]);
    const outcome = harness.receive(
      append(harness.status, 1, { prevLogIndex: 3, prevLogTerm: 7, leaderCommit: 3 }),
    );
    expect(answerOf(outcome).success).to.equal(false);
    expect(harness.status.commitIndex).to.equal(0);
  });

  const merges = [
    { log: [1, 4, 5, 5], prev: [1, 1], terms: [4, 6], result: [1, 4, 6], cut: 3 },
    { log: [1, 1, 1, 2, 2, 2, 3], prev: [3, 1], terms: [4, 4, 5], result: [1, 1, 1, 4, 4, 5], cut: 4 },
    { log: [2], prev: [0, 0], terms: [1, 4], result: [1, 4], cut: 1 },
    { log: [1, 4], prev: [0, 0], terms: [1, 4, 4], result: [1, 4, 4], cut: null },
    { log: [], prev: [0, 0], terms: [1], result: [1], cut: null },
  ] as const;
  for (const { log, prev, terms, result, cut } of merges) {
    it(`turns [${log.join()}] into [${result.join()}] by [${terms.join()}] after index ${prev[0]}`, () => {
      const harness = follower(log);
      const entries = entriesOf(terms, prev[0] + 1);
      const outcome = harness.receive(
        append(harness.status, 1, { prevLogIndex: prev[0], prevLogTerm: prev[1], entries }),
      );
      expect(harness.logTerms).to.deep.equal(result);
      expect(outcome.batches[0]?.truncateFrom).to.equal(cut);
      expect(answerOf(outcome).matchIndex).to.equal(result.length);
    });
  }

  describe('t1 keeps what follows an append that does not contradict it (openraft 9540c904, PySyncObj)', () => {
    for (const count of [0, 1, 2]) {
      it(`an append of ${count} known entries`, () => {
        const harness = follower([1, 4, 4, 5]);
        const entries = entriesOf([4, 4], 2).slice(0, count);
        const outcome = harness.receive(
          append(harness.status, 1, { prevLogIndex: 1, prevLogTerm: 1, entries }),
        );
        expect(harness.logTerms).to.deep.equal([1, 4, 4, 5]);
        expect(outcome.batches).to.deep.equal([]);
        expect(answerOf(outcome).success).to.equal(true);
      });
    }
  });

  it('t3 acknowledges what the append covered, not its own last index (CCF PR#6016)', () => {
    const harness = follower([1, 4, 4, 5]);
    const entries = entriesOf([4], 2);
    const outcome = harness.receive(append(harness.status, 1, { prevLogIndex: 1, prevLogTerm: 1, entries }));
    expect(answerOf(outcome).matchIndex).to.equal(2);
  });

  it('t2 a heartbeat moves commit no further than the entry it was checked against (copycat#265)', () => {
    const harness = follower([1, 4, 5, 5]);
    const outcome = harness.receive(
      append(harness.status, 1, { prevLogIndex: 2, prevLogTerm: 4, leaderCommit: 4 }),
    );
    expect(harness.status.commitIndex).to.equal(2);
    expect(outcome.committed.map(({ index }) => index)).to.deep.equal([1, 2]);
  });

  it('t2 commit = min(leaderCommit, index of the last new entry)', () => {
    const harness = follower([1]);
    const entries = entriesOf([4, 4], 2);
    const message = append(harness.status, 1, { prevLogIndex: 1, prevLogTerm: 1, entries, leaderCommit: 2 });
    expect(answerOf(harness.receive(message)).commitIndex).to.equal(2);
    harness.receive(append(harness.status, 1, { prevLogIndex: 3, prevLogTerm: 4, leaderCommit: 9 }));
    expect(harness.status.commitIndex).to.equal(3);
  });

  it('t15 an older leaderCommit, arriving late, does not lower the commit index (etcd#1717)', () => {
    const harness = follower([1, 4, 4]);
    harness.receive(append(harness.status, 1, { prevLogIndex: 3, prevLogTerm: 4, leaderCommit: 3 }));
    harness.receive(append(harness.status, 1, { prevLogIndex: 3, prevLogTerm: 4, leaderCommit: 1 }));
    expect(harness.status.commitIndex).to.equal(3);
  });

  it('hands out each committed entry once, in order', () => {
    const harness = follower([1, 4, 4]);
    const commit = (leaderCommit: number): number[] => {
      const message = append(harness.status, 1, { prevLogIndex: 3, prevLogTerm: 4, leaderCommit });
      return harness.receive(message).committed.map(({ index }) => index);
    };
    expect([commit(1), commit(1), commit(3), commit(2)]).to.deep.equal([[1], [], [2, 3], []]);
  });

  describe('t7 reads an append that starts below its commit index as one that starts there (CCF PR#5982)', () => {
    it('and acknowledges the committed entries though nothing is new', () => {
      const harness = follower([1, 4, 4], 3);
      const message = append(harness.status, 1, {
        prevLogIndex: 1,
        prevLogTerm: 1,
        entries: entriesOf([4], 2),
      });
      expect(answerOf(harness.receive(message))).to.include({ success: true, matchIndex: 3, commitIndex: 3 });
    });

    it('and takes what goes beyond', () => {
      const harness = follower([1, 4, 4], 2);
      const message = append(harness.status, 1, { prevLogIndex: 0, entries: entriesOf([1, 4, 4, 8], 1) });
      expect(answerOf(harness.receive(message))).to.include({ success: true, matchIndex: 4 });
      expect(harness.logTerms).to.deep.equal([1, 4, 4, 8]);
    });

    it('and never cuts a committed entry, whatever the append says of it', () => {
      const harness = follower([1, 4, 4], 3);
      harness.receive(
        append(harness.status, 1, { prevLogIndex: 1, prevLogTerm: 1, entries: entriesOf([8, 8, 8], 2) }),
      );
      expect(harness.logTerms.slice(0, 3)).to.deep.equal([1, 4, 4]);
    });
  });

  it('a heartbeat commits what its log holds of the leader’s, and no entry of another term in that place', () => {
    const harness = follower([1, 4, 4]);
    harness.receive(heartbeat(harness.status, 1, { commit: { term: 8, index: 3 } }));
    expect(harness.status.commitIndex).to.equal(0);
    harness.receive(heartbeat(harness.status, 1, { commit: { term: 8, index: 9 } }));
    expect(harness.status.commitIndex).to.equal(0);
    harness.receive(heartbeat(harness.status, 1, { commit: { term: 4, index: 2 } }));
    expect(harness.status.commitIndex).to.equal(2);
  });

  it('reports its own commit index in every answer, and echoes sequence and read round, on rejection too', () => {
    const harness = follower([1, 4], 1);
    const good = append(harness.status, 1, { prevLogIndex: 2, prevLogTerm: 4, sequence: 7, readRound: 3 });
    expect(answerOf(harness.receive(good))).to.include({ commitIndex: 1, sequence: 7, readRound: 3 });
    const bad = append(harness.status, 1, { prevLogIndex: 9, prevLogTerm: 4, sequence: 8, readRound: 4 });
    expect(answerOf(harness.receive(bad))).to.include({ commitIndex: 1, sequence: 8, readRound: 4 });
  });

  it('an append that arrives a second time is answered the same and changes nothing', () => {
    const harness = follower([1]);
    const message = append(harness.status, 1, {
      prevLogIndex: 1,
      prevLogTerm: 1,
      entries: entriesOf([8, 8], 2),
    });
    const first = harness.receive(message);
    const second = harness.receive(message);
    expect(answerOf(second)).to.deep.equal(answerOf(first));
    expect(second.batches).to.deep.equal([]);
  });
});
