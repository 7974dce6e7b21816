import { expect } from 'chai';
import { defaultRaftConfig, type RaftConfig } from '../../src/raft/config.js';
import type { StorageBatch } from '../../src/raft/output.js';
import type { EntryId } from '../../src/raft/types.js';
import {
  accept,
  append,
  CoreHarness,
  entriesOf,
  only,
  preVote,
  reject,
  requestVote,
  snapshotOf,
  wantChunk,
  type Outcome,
} from '../support/coreHarness.js';

const HEARTBEAT = defaultRaftConfig.heartbeatTicks;
const NO_TAIL = { tailEntriesMax: 0 };

/** The changes of snapshot and log in each batch. */
function changes(outcome: Outcome): Pick<StorageBatch, 'snapshot' | 'truncateFrom' | 'compactTo'>[] {
  return outcome.batches.map(({ snapshot, truncateFrom, compactTo }) => ({
    snapshot,
    truncateFrom,
    compactTo,
  }));
}

/** The stored changes when a server's own snapshot is adopted. */
const adopted = (snapshot: EntryId, compactTo: EntryId | null): ReturnType<typeof changes> => [
  { snapshot, truncateFrom: null, compactTo },
];

/** A follower that has applied all of this log. */
function server(log: readonly number[], config: Partial<RaftConfig> = {}): CoreHarness {
  return new CoreHarness({ term: 8, log, applied: log.length, config });
}

describe('7 log compaction: a server’s own snapshot', () => {
  it('takes the place of the log behind it, in one batch, once it is staged', () => {
    const harness = server([1, 4, 4, 5, 6], NO_TAIL);
    const outcome = harness.staged(snapshotOf(4, 3));
    expect(changes(outcome)).to.deep.equal(adopted({ term: 4, index: 3 }, { term: 4, index: 3 }));
    expect(outcome.batches[0]).to.deep.include({
      hardState: null,
      appended: [],
      last: { term: 6, index: 5 },
    });
    expect(harness.status).to.include({ snapshotIndex: 3, firstIndex: 4, lastIndex: 5 });
    expect(harness.logTerms).to.deep.equal([5, 6]);
  });

  it('does so on a leader as well, which goes on as before', () => {
    const harness = CoreHarness.leader({ log: [1, 1], term: 1, config: NO_TAIL });
    expect(changes(harness.staged(snapshotOf(2, 3)))).to.deep.equal(
      adopted({ term: 2, index: 3 }, { term: 2, index: 3 }),
    );
    const next = only(harness.propose(), 'appendEntries', 1);
    expect(next).to.include({ prevLogIndex: 3, prevLogTerm: 2 });
    harness.receive(accept(next));
    expect(harness.status).to.include({ role: 'leader', firstIndex: 4, commitIndex: 4 });
  });

  it('hands nothing out, and takes nothing back', () => {
    const harness = server([1, 4, 4], NO_TAIL);
    const outcome = harness.staged(snapshotOf(4, 3));
    expect(outcome).to.deep.include({ committed: [], received: null, installed: null, messages: [] });
    const more = append(harness.status, 1, {
      prevLogIndex: 3,
      prevLogTerm: 4,
      entries: entriesOf([8], 4),
      leaderCommit: 4,
    });
    expect(harness.receive(more).committed).to.deep.equal(entriesOf([8], 4));
  });

  describe('leaves a tail of the log for followers that are a little slow', () => {
    it('of so many entries', () => {
      const harness = server([1, 4, 4, 5, 6], { tailEntriesMax: 2 });
      const outcome = harness.staged(snapshotOf(5, 4));
      expect(changes(outcome)).to.deep.equal(adopted({ term: 5, index: 4 }, { term: 4, index: 2 }));
      expect(harness.logTerms).to.deep.equal([4, 5, 6]);
    });

    it('of so many bytes', () => {
      // Each entry counts 35.
      for (const [tailBytesMax, first] of [
        [34, 5],
        [35, 4],
        [69, 4],
        [70, 3],
      ] as const) {
        const harness = server([1, 4, 4, 5, 6], { tailBytesMax });
        harness.staged(snapshotOf(5, 4));
        expect(harness.status.firstIndex, `${tailBytesMax} bytes`).to.equal(first);
      }
    });

    it('or all of it: then only the snapshot changes', () => {
      const harness = server([1, 4, 4], { tailEntriesMax: 3 });
      expect(changes(harness.staged(snapshotOf(4, 3)))).to.deep.equal(adopted({ term: 4, index: 3 }, null));
      expect(harness.status).to.include({ snapshotIndex: 3, firstIndex: 1 });
    });

    it('which the next snapshot shortens', () => {
      const harness = server([1, 4, 4, 5, 6], { tailEntriesMax: 2 });
      harness.staged(snapshotOf(4, 3));
      const outcome = harness.staged(snapshotOf(6, 5));
      expect(changes(outcome)).to.deep.equal(adopted({ term: 6, index: 5 }, { term: 4, index: 3 }));
    });

    it('from which a slow follower gets its entries, not a snapshot', () => {
      const harness = CoreHarness.leader({ log: [1, 1, 1], term: 1, config: { tailEntriesMax: 2 } });
      harness.staged(snapshotOf(2, 4));
      const beat = only(harness.tick(HEARTBEAT), 'appendEntries', 1);
      const next = harness.receive(reject(beat, 0, 3));
      expect(only(next, 'appendEntries', 1)).to.include({ prevLogIndex: 2, prevLogTerm: 1 });
    });
  });

  it('never moves back: an older one, or the same again, changes nothing', () => {
    const harness = server([1, 4, 4, 5, 6], NO_TAIL);
    harness.staged(snapshotOf(5, 4));
    for (const index of [2, 3, 4]) {
      expect(harness.staged(snapshotOf(4, index)).batches, `entry ${index}`).to.deep.equal([]);
    }
    expect(harness.status).to.include({ snapshotIndex: 4, firstIndex: 5 });
  });

  it('is ignored when it holds more than was handed out here, and no leader has sent it', () => {
    const harness = new CoreHarness({ term: 8, log: [1, 4, 4, 5], applied: 2, config: NO_TAIL });
    for (const index of [3, 4, 9]) expect(harness.staged(snapshotOf(4, index)).batches).to.deep.equal([]);
    expect(harness.status).to.include({ snapshotIndex: 0, firstIndex: 1 });
  });

  it('is ignored when its entry is committed but not durable here yet, hence not handed out', () => {
    const harness = new CoreHarness({ term: 1, isDiskFast: false, config: NO_TAIL });
    harness.receive(append(harness.status, 1, { entries: entriesOf([1, 1]), leaderCommit: 2 }));
    expect(harness.staged(snapshotOf(1, 2)).batches).to.deep.equal([]);
    harness.persist();
    expect(harness.staged(snapshotOf(1, 2)).batches).to.have.length(1);
  });

  describe('while a follower is being sent an earlier one', () => {
    /** A leader of five that has entries 3 to 7, and has begun to give server 1 the snapshot up to entry 3. */
    function sending(): CoreHarness {
      const harness = CoreHarness.leader({ size: 5, log: [1, 1], term: 1, config: { tailEntriesMax: 1 } });
      harness.staged(snapshotOf(2, 3));
      const beat = harness.tick(HEARTBEAT);
      harness.replicate({ messages: beat }, [2, 3, 4]);
      const first = only(harness.receive(reject(only(beat, 'appendEntries', 1), 0, 1)), 'installSnapshot', 1);
      for (let request = 1; request <= 4; request += 1)
        harness.replicate(harness.propose(request), [2, 3, 4]);
      harness.receive(wantChunk(first, 1));
      expect(harness.status).to.include({ firstIndex: 3, commitIndex: 7 });
      return harness;
    }

    it('the log stays from the end of that one on', () => {
      const outcome = sending().staged(snapshotOf(2, 7));
      expect(changes(outcome)).to.deep.equal(adopted({ term: 2, index: 7 }, { term: 2, index: 3 }));
    });

    it('but a follower that has fallen silent is not waited for', () => {
      const harness = sending();
      harness.tick(defaultRaftConfig.inFlightTicksMax);
      const outcome = harness.staged(snapshotOf(2, 7));
      expect(changes(outcome)).to.deep.equal(adopted({ term: 2, index: 7 }, { term: 2, index: 6 }));
    });
  });
});

describe('7 and 5.4.1 a compacted log counts as long as it was', () => {
  const compacted = { term: 8, base: { term: 6, index: 20 }, snapshot: snapshotOf(6, 20), applied: 20 };

  it('a candidate names the last entry of its snapshot when nothing follows it', () => {
    const harness = new CoreHarness(compacted);
    const asked = harness.campaign();
    expect(only(asked, 'preVote', 1)).to.include({ lastLogIndex: 20, lastLogTerm: 6 });
    harness.elect();
    expect(harness.status).to.include({ role: 'leader', firstIndex: 21, lastIndex: 21 });
  });

  it('its first append follows that entry', () => {
    const harness = new CoreHarness(compacted);
    const probe = only(harness.elect(), 'appendEntries', 1);
    expect(probe).to.deep.include({
      prevLogIndex: 20,
      prevLogTerm: 6,
      entries: [{ term: 9, index: 21, kind: 'noop', command: '' }],
    });
  });

  for (const [lastLogTerm, lastLogIndex, granted] of [
    [6, 20, true],
    [7, 1, true],
    [6, 21, true],
    [6, 19, false],
    [5, 99, false],
  ] as const) {
    it(`a voter ${granted ? 'votes' : 'does not vote'} for a log that ends with entry ${lastLogIndex} of term ${lastLogTerm}`, () => {
      const harness = new CoreHarness(compacted);
      const ask = { lastLogTerm, lastLogIndex };
      const opinion = only(harness.receive(preVote(harness.status, 1, ask)), 'preVoteResponse');
      const vote = only(harness.receive(requestVote(harness.status, 1, ask)), 'requestVoteResponse');
      expect([opinion.granted, vote.granted]).to.deep.equal([granted, granted]);
    });
  }

  it('a follower takes entries that follow its snapshot', () => {
    const harness = new CoreHarness(compacted);
    const entries = entriesOf([8], 21);
    const outcome = harness.receive(append(harness.status, 1, { prevLogIndex: 20, prevLogTerm: 6, entries }));
    expect(only(outcome, 'appendEntriesResponse')).to.include({ success: true, matchIndex: 21 });
  });

  it('t7 and reads an append from before its snapshot as one that starts at its end', () => {
    const harness = new CoreHarness(compacted);
    const entries = entriesOf([6, 6, 8], 19);
    const outcome = harness.receive(append(harness.status, 1, { prevLogIndex: 18, prevLogTerm: 6, entries }));
    expect(only(outcome, 'appendEntriesResponse')).to.include({
      success: true,
      matchIndex: 21,
      commitIndex: 20,
    });
    expect(outcome.batches[0]?.appended).to.deep.equal(entriesOf([8], 21));
    const old = append(harness.status, 1, { prevLogIndex: 3, prevLogTerm: 1, entries: entriesOf([1], 4) });
    expect(only(harness.receive(old), 'appendEntriesResponse')).to.include({ success: true, matchIndex: 20 });
  });

  it('and rejects one beyond its end with the end as hint', () => {
    const harness = new CoreHarness(compacted);
    const outcome = harness.receive(append(harness.status, 1, { prevLogIndex: 25, prevLogTerm: 8 }));
    expect(only(outcome, 'appendEntriesResponse').conflict).to.deep.equal({ term: 0, index: 21 });
  });

  it('a server starts with everything up to its snapshot committed and handed out', () => {
    const harness = new CoreHarness({ ...compacted, log: [6, 7] });
    expect(harness.status).to.include({ commitIndex: 20, snapshotIndex: 20, firstIndex: 21, lastIndex: 22 });
    const beat = append(harness.status, 1, { prevLogIndex: 22, prevLogTerm: 7, leaderCommit: 22 });
    expect(harness.receive(beat).committed.map(({ index }) => index)).to.deep.equal([21, 22]);
  });
});
