import { expect } from 'chai';
import { defaultRaftConfig } from '../../src/raft/config.js';
import type { InstallSnapshotResponse, Snapshot } from '../../src/raft/types.js';
import {
  append,
  chunkOf,
  CoreHarness,
  ELECTION_TICKS,
  entriesOf,
  only,
  preVote,
  preVoteResponse,
  sentOf,
  snapshotOf,
  type CoreSetup,
  type Outcome,
} from '../support/coreHarness.js';

const SNAPSHOT = snapshotOf(4, 5);

const answerOf = (outcome: Outcome): InstallSnapshotResponse => only(outcome, 'installSnapshotResponse');

/** A follower in term 8; `applied` of its log's entries are. */
function follower(log: readonly number[], applied = 0, setup: CoreSetup = {}): CoreHarness {
  return new CoreHarness({ term: 8, log, applied, ...setup });
}

/** Server 1 sends chunks `from` and on; the outcome of the last. */
function send(harness: CoreHarness, snapshot: Snapshot, from = 0, leader = 1): Outcome {
  const numbers = [...snapshot.chunks].map((_, chunk) => chunk).slice(from);
  const outcomes = numbers.map((chunk) => harness.receive(chunkOf(harness.status, leader, snapshot, chunk)));
  const last = outcomes.at(-1);
  if (last === undefined) throw new Error('nothing to send');
  return last;
}

/** Receives and installs a snapshot. */
function install(harness: CoreHarness, snapshot: Snapshot): Outcome {
  send(harness, snapshot);
  return harness.staged(snapshot);
}

describe('7 and figure 13 InstallSnapshot: the follower', () => {
  it('1 refuses at once what is of an old term: tells its own and nothing else', () => {
    const harness = follower([1]);
    harness.tick(ELECTION_TICKS - 1);
    const old = chunkOf(harness.status, 1, SNAPSHOT, 0, { term: 7, sequence: 5, readRound: 3 });
    const outcome = harness.receive(old);
    expect(answerOf(outcome)).to.include({ term: 8, matchIndex: 0, nextChunk: 0, sequence: 5, readRound: 0 });
    expect(harness.status.leader).to.equal(null);
    harness.tick(1);
    expect(harness.status.role, 'the timer went on').to.equal('preCandidate');
    send(harness, SNAPSHOT, 1);
    expect(answerOf(send(harness, SNAPSHOT, 2)).nextChunk, 'nothing was kept').to.equal(0);
  });

  it('2 3 4 collects the chunks in order, and asks for the next one each time', () => {
    const harness = follower([1]);
    for (const chunk of [0, 1]) {
      const message = chunkOf(harness.status, 1, SNAPSHOT, chunk, { sequence: 7 + chunk, readRound: 3 });
      const outcome = harness.receive(message);
      expect(answerOf(outcome)).to.deep.equal({
        type: 'installSnapshotResponse',
        from: 0,
        to: 1,
        term: 8,
        matchIndex: 0,
        nextChunk: chunk + 1,
        commitIndex: 0,
        sequence: 7 + chunk,
        readRound: 3,
      });
      expect(outcome.received).to.equal(null);
    }
    const complete = send(harness, SNAPSHOT, 2);
    expect(complete.received).to.deep.equal(SNAPSHOT);
    expect(answerOf(complete)).to.include({ matchIndex: 0, nextChunk: 3 });
  });

  it('changes nothing before the snapshot is staged: log, commit index, state machine stay', () => {
    const harness = follower([1, 1], 1);
    const outcome = send(harness, SNAPSHOT);
    expect(outcome).to.deep.include({ batches: [], installed: null, committed: [] });
    expect(harness.status).to.include({ lastIndex: 2, commitIndex: 1, snapshotIndex: 0 });
  });

  it('7 replaces a shorter log: snapshot, truncation and compaction in one batch, and the state with it', () => {
    const harness = follower([1, 4, 4], 2);
    const outcome = install(harness, SNAPSHOT);
    expect(outcome.batches).to.have.length(1);
    expect(outcome.batches[0]).to.deep.include({
      hardState: null,
      snapshot: SNAPSHOT.last,
      truncateFrom: 1,
      compactTo: SNAPSHOT.last,
      appended: [],
      last: SNAPSHOT.last,
    });
    expect(outcome.installed).to.deep.equal(SNAPSHOT);
    expect(outcome.committed, 'what the snapshot covers is not handed out').to.deep.equal([]);
    expect(harness.status).to.include({ snapshotIndex: 5, firstIndex: 6, lastIndex: 5, commitIndex: 5 });
  });

  it('7 replaces a log whose entry at that index is another, with all that follows it', () => {
    const harness = follower([1, 1, 3, 3, 3, 3, 3], 2);
    const [batch] = install(harness, SNAPSHOT).batches;
    expect(batch).to.deep.include({ truncateFrom: 1, compactTo: SNAPSHOT.last, last: SNAPSHOT.last });
    expect(harness.logTerms).to.deep.equal([]);
    expect(harness.status).to.include({ lastIndex: 5, lastTerm: 4 });
  });

  it('7 truncates what is left of a log that was compacted before', () => {
    const before = { base: { term: 1, index: 2 }, snapshot: snapshotOf(1, 2) };
    const harness = follower([4], 2, before);
    expect(install(harness, SNAPSHOT).batches[0]).to.deep.include({
      truncateFrom: 3,
      compactTo: SNAPSHOT.last,
    });
    const bare = follower([], 2, before);
    expect(install(bare, SNAPSHOT).batches[0]).to.deep.include({
      truncateFrom: null,
      compactTo: SNAPSHOT.last,
    });
  });

  it('7 an empty log has nothing to truncate', () => {
    const [batch] = install(follower([]), SNAPSHOT).batches;
    expect(batch).to.deep.include({ truncateFrom: null, compactTo: SNAPSHOT.last });
  });

  it('6 keeps its log, what follows included, when that holds the snapshot’s last entry: it is committed', () => {
    const harness = follower([1, 1, 4, 4, 4, 6, 6], 2);
    const outcome = harness.receive(chunkOf(harness.status, 1, SNAPSHOT, 0));
    expect(answerOf(outcome)).to.include({ matchIndex: 5, nextChunk: 3, commitIndex: 5 });
    expect(outcome.committed.map(({ index }) => index)).to.deep.equal([3, 4, 5]);
    expect(outcome).to.deep.include({ batches: [], received: null, installed: null });
    expect(harness.logTerms).to.deep.equal([1, 1, 4, 4, 4, 6, 6]);
  });

  it('6 says at once that it has what it has committed, whichever chunk comes', () => {
    const harness = follower([1, 1, 4, 4, 4, 6], 6);
    for (const chunk of [0, 2, 3]) {
      const outcome = harness.receive(chunkOf(harness.status, 1, SNAPSHOT, chunk));
      expect(answerOf(outcome)).to.include({ matchIndex: 5, commitIndex: 6 });
    }
  });

  it('6 keeps its log when that gets there while the snapshot is made ready', () => {
    const harness = follower([1]);
    send(harness, SNAPSHOT);
    const entries = entriesOf([1, 4, 4, 4, 8], 2);
    harness.receive(append(harness.status, 1, { prevLogIndex: 1, prevLogTerm: 1, entries }));
    expect(harness.status.commitIndex).to.equal(0);
    const outcome = harness.staged(SNAPSHOT);
    expect(outcome).to.deep.include({ batches: [], installed: null });
    expect(outcome.committed.map(({ index }) => index)).to.deep.equal([1, 2, 3, 4, 5]);
    expect(harness.logTerms).to.deep.equal([1, 1, 4, 4, 4, 8]);
  });

  it('8 hands out exactly the entries after the snapshot, once they are committed', () => {
    const harness = follower([1, 1], 1);
    install(harness, SNAPSHOT);
    const entries = entriesOf([4, 8, 8], 6);
    const outcome = harness.receive(
      append(harness.status, 1, { prevLogIndex: 5, prevLogTerm: 4, entries, leaderCommit: 7 }),
    );
    expect(outcome.committed).to.deep.equal(entries.slice(0, 2));
  });

  it('says that it has the snapshot when it is asked next, and only when that is durable', () => {
    const harness = follower([1], 0, { isDiskFast: false });
    send(harness, SNAPSHOT);
    const question = chunkOf(harness.status, 1, SNAPSHOT, 3);
    expect(answerOf(harness.receive(question))).to.include({ matchIndex: 0, nextChunk: 3 });
    harness.staged(SNAPSHOT);
    expect(harness.unwritten, 'the write that the answer waits for').to.have.length(1);
    const { messages, messagesAfterPersist } = harness.core.step({ type: 'receive', message: question });
    expect(messages).to.deep.equal([]);
    expect(only(messagesAfterPersist, 'installSnapshotResponse')).to.include({
      matchIndex: 5,
      commitIndex: 5,
    });
  });

  describe('chunks that come twice, early or late', () => {
    it('change nothing, and are answered with the chunk that is wanted', () => {
      const harness = follower([1]);
      const sent = [0, 2, 0, 1, 1, 0, 2].map((chunk) =>
        harness.receive(chunkOf(harness.status, 1, SNAPSHOT, chunk)),
      );
      expect(sent.map((outcome) => answerOf(outcome).nextChunk)).to.deep.equal([1, 1, 1, 2, 2, 2, 3]);
      expect(sent.map(({ received }) => received)).to.deep.equal([...Array<null>(6).fill(null), SNAPSHOT]);
    });

    it('do not have it received a second time while it is made ready', () => {
      const harness = follower([1]);
      send(harness, SNAPSHOT);
      for (const chunk of [0, 1, 2, 3]) {
        const outcome = harness.receive(chunkOf(harness.status, 1, SNAPSHOT, chunk));
        expect(outcome.received).to.equal(null);
        expect(answerOf(outcome)).to.include({ matchIndex: 0, nextChunk: 3 });
      }
    });

    it('change nothing once it is installed', () => {
      const harness = follower([1]);
      install(harness, SNAPSHOT);
      for (const chunk of [0, 1, 2, 3]) {
        const outcome = harness.receive(chunkOf(harness.status, 1, SNAPSHOT, chunk));
        expect(answerOf(outcome).matchIndex).to.equal(5);
        expect(outcome).to.deep.include({ batches: [], received: null, installed: null });
      }
    });

    it('the question how it goes, of a snapshot never begun, is answered with chunk 0', () => {
      const harness = follower([1]);
      expect(answerOf(harness.receive(chunkOf(harness.status, 1, SNAPSHOT, 3))).nextChunk).to.equal(0);
    });
  });

  describe('begins anew with a chunk', () => {
    const others: Record<string, (harness: CoreHarness) => ReturnType<typeof chunkOf>> = {
      'of a snapshot that ends elsewhere': ({ status }) => chunkOf(status, 1, snapshotOf(4, 9), 0),
      'of a snapshot that ends with an entry of another term': ({ status }) =>
        chunkOf(status, 1, snapshotOf(6, 5), 0),
      'of the same snapshot, cut in other pieces': ({ status }) => chunkOf(status, 1, snapshotOf(4, 5, 4), 0),
      'of another leader': ({ status }) => chunkOf(status, 2, SNAPSHOT, 0, { term: 9 }),
      'of the same leader in a later term': ({ status }) => chunkOf(status, 1, SNAPSHOT, 0, { term: 9 }),
    };
    for (const [what, chunk] of Object.entries(others)) {
      it(what, () => {
        const harness = follower([1]);
        harness.receive(chunkOf(harness.status, 1, SNAPSHOT, 0));
        harness.receive(chunkOf(harness.status, 1, SNAPSHOT, 1));
        const other = chunk(harness);
        const later = harness.receive({ ...other, chunk: 2, data: 'not this one' });
        expect(answerOf(later).nextChunk).to.equal(0);
        expect(answerOf(harness.receive(other)).nextChunk).to.equal(1);
      });
    }

    it('but makes one snapshot ready at a time: another waits until that is done', () => {
      const harness = follower([1]);
      send(harness, SNAPSHOT);
      const newer = snapshotOf(6, 9, 2);
      const asked = harness.receive(chunkOf(harness.status, 2, newer, 0, { term: 9 }));
      expect(answerOf(asked)).to.include({ matchIndex: 0, nextChunk: 2 });
      expect(harness.staged(SNAPSHOT).installed).to.deep.equal(SNAPSHOT);
      expect(answerOf(harness.receive(chunkOf(harness.status, 2, newer, 2))).nextChunk).to.equal(0);
      expect(send(harness, newer, 0, 2).received).to.deep.equal(newer);
      expect(harness.staged(newer).batches[0]).to.deep.include({ truncateFrom: null, compactTo: newer.last });
    });
  });

  describe('a chunk is word of the leader', () => {
    it('it resets the election timer', () => {
      const harness = follower([1]);
      for (const chunk of [0, 1, 2, 3, 3]) {
        harness.tick(ELECTION_TICKS - 1);
        expect(harness.status.role).to.equal('follower');
        harness.receive(chunkOf(harness.status, 1, SNAPSHOT, chunk));
      }
    });

    it('6 after it the follower helps nobody to replace the leader', () => {
      const harness = follower([]);
      harness.tick(defaultRaftConfig.stickyTicks);
      harness.receive(chunkOf(harness.status, 1, SNAPSHOT, 0));
      const asked = harness.receive(preVote(harness.status, 2, { lastLogIndex: 9, lastLogTerm: 8 }));
      expect(only(asked, 'preVoteResponse').granted).to.equal(false);
    });

    it('5.2 it ends a candidacy in the same term, and brings a later term', () => {
      const harness = follower([1]);
      harness.campaign();
      harness.receive(preVoteResponse(harness.status, 1, { term: 9 }));
      expect(harness.status).to.include({ role: 'candidate', term: 9 });
      harness.receive(chunkOf(harness.status, 2, SNAPSHOT, 0));
      expect(harness.status).to.include({ role: 'follower', leader: 2, term: 9 });
      const later = harness.receive(chunkOf(harness.status, 1, SNAPSHOT, 0, { term: 12 }));
      expect(harness.status).to.include({ role: 'follower', leader: 1, term: 12 });
      expect(later.batches[0]?.hardState).to.deep.equal({ term: 12, votedFor: null });
    });

    it('a leader has no leader: one of its own term was forged', () => {
      const harness = CoreHarness.leader({ term: 4, log: [1] });
      expect(harness.receive(chunkOf(harness.status, 1, SNAPSHOT, 0)).messages).to.deep.equal([]);
      expect(harness.status.role).to.equal('leader');
    });
  });

  describe('word of the driver', () => {
    it('that comes too late, when a newer snapshot is there, is ignored', () => {
      const harness = follower([1]);
      install(harness, snapshotOf(6, 9));
      const outcome = harness.staged(SNAPSHOT);
      expect(outcome).to.deep.include({ batches: [], installed: null });
      expect(harness.status).to.include({ snapshotIndex: 9, commitIndex: 9 });
    });

    it('of a snapshot that the core did not give it to make ready is ignored', () => {
      const harness = follower([1]);
      send(harness, SNAPSHOT);
      for (const other of [snapshotOf(4, 6), snapshotOf(3, 5)]) {
        expect(harness.staged(other)).to.deep.include({ batches: [], installed: null });
      }
      expect(harness.staged(SNAPSHOT).installed).to.deep.equal(SNAPSHOT);
    });

    it('before all chunks are there is ignored', () => {
      const harness = follower([1]);
      harness.receive(chunkOf(harness.status, 1, SNAPSHOT, 0));
      expect(harness.staged(SNAPSHOT)).to.deep.include({ batches: [], installed: null });
    });

    it('that comes when the server leads is ignored: its log has all that is committed', () => {
      const harness = follower([1]);
      send(harness, SNAPSHOT);
      const entries = entriesOf([1, 4, 4, 4], 2);
      harness.receive(append(harness.status, 1, { prevLogIndex: 1, prevLogTerm: 1, entries }));
      harness.elect();
      expect(harness.staged(SNAPSHOT)).to.deep.include({ batches: [], installed: null });
      expect(harness.status).to.include({ role: 'leader', lastIndex: 6 });
    });

    it('that the snapshot is unusable lets the leader send it again from its beginning', () => {
      const harness = follower([1]);
      send(harness, SNAPSHOT);
      harness.step({ type: 'snapshotUnusable' });
      const asked = harness.receive(chunkOf(harness.status, 1, SNAPSHOT, 3));
      expect(answerOf(asked)).to.include({ matchIndex: 0, nextChunk: 0 });
      expect(install(harness, SNAPSHOT).installed).to.deep.equal(SNAPSHOT);
    });
  });

  describe('a snapshot that the log overtook while it was made ready', () => {
    /** Received up to entry 5; then the log, of another leader, got to entry 6 and handed it out. */
    function overtaken(): CoreHarness {
      const harness = follower([1], 1);
      send(harness, SNAPSHOT);
      const entries = entriesOf([1, 4, 4, 4, 9], 2);
      const fields = { term: 9, prevLogIndex: 1, prevLogTerm: 1, entries, leaderCommit: 6 };
      harness.receive(append(harness.status, 2, fields));
      return harness;
    }

    it('is kept as though it were an own one: it is staged, and holds what was handed out', () => {
      const harness = overtaken();
      const outcome = harness.staged(SNAPSHOT);
      expect(outcome.installed).to.equal(null);
      expect(outcome.batches[0]).to.deep.include({ snapshot: SNAPSHOT.last, truncateFrom: null });
      expect(harness.status).to.include({ snapshotIndex: 5, lastIndex: 6, commitIndex: 6 });
    });

    it('does not stand in the way of the next one', () => {
      const harness = overtaken();
      harness.staged(SNAPSHOT);
      const next = snapshotOf(9, 20, 1);
      const outcome = harness.receive(chunkOf(harness.status, 2, next, 0));
      expect(outcome.received).to.deep.equal(next);
    });

    it('nor when the server leads meanwhile, and later lags behind another leader', () => {
      const harness = follower([1]);
      send(harness, SNAPSHOT);
      harness.elect();
      harness.staged(SNAPSHOT);
      const next = snapshotOf(9, 20, 1);
      const outcome = harness.receive(chunkOf(harness.status, 2, next, 0, { term: 20 }));
      expect(outcome.received).to.deep.equal(next);
    });
  });

  it('8 a leader that holds all that a snapshot covers takes no notice of it', () => {
    const harness = follower([1]);
    send(harness, SNAPSHOT);
    const { last } = SNAPSHOT;
    const entries = entriesOf([...Array<number>(last.index - 1).fill(1), last.term]);
    harness.receive(append(harness.status, 1, { entries }));
    harness.elect();
    const { commitIndex, uncommittedBytes } = harness.status;
    const outcome = harness.staged(SNAPSHOT);
    expect(outcome).to.deep.include({ installed: null, committed: [] });
    expect(harness.status).to.include({ role: 'leader', commitIndex, uncommittedBytes });
  });

  describe('t48 writes from before the installation, completed after it', () => {
    it('vouch for nothing, though the same entries have come back', () => {
      const harness = follower([], 0, { isDiskFast: false });
      // Entries 1 to 7, of which 6 and 7 will be there again after the snapshot.
      const terms = [3, 3, 3, 3, 3, 8, 8];
      harness.receive(append(harness.status, 1, { entries: entriesOf(terms) }));
      install(harness, SNAPSHOT);
      const again = append(harness.status, 1, {
        prevLogIndex: 5,
        prevLogTerm: 4,
        entries: entriesOf([8, 8], 6),
        leaderCommit: 7,
      });
      harness.receive(again);
      expect(harness.persist().committed, 'the old entries').to.deep.equal([]);
      expect(harness.persist().committed, 'the snapshot').to.deep.equal([]);
      expect(harness.persist().committed.map(({ index }) => index)).to.deep.equal([6, 7]);
    });
  });

  it('needs one chunk only for a snapshot that has only one', () => {
    const harness = follower([1]);
    const small = snapshotOf(4, 5, 1);
    expect(send(harness, small).received).to.deep.equal(small);
  });

  it('sends nothing of its own accord', () => {
    const harness = follower([1]);
    send(harness, SNAPSHOT);
    expect(sentOf(harness.staged(SNAPSHOT), 'installSnapshotResponse')).to.deep.equal([]);
    expect(harness.tick(ELECTION_TICKS - 1)).to.deep.equal([]);
  });
});
