import { expect } from 'chai';
import { defaultRaftConfig } from '../../src/raft/config.js';
import type { InstallSnapshot } from '../../src/raft/types.js';
import {
  accept,
  chunkOf,
  CoreHarness,
  entryOf,
  haveSnapshot,
  only,
  reject,
  sentOf,
  snapshotOf,
  wantChunk,
  type CoreSetup,
  type Outcome,
} from '../support/coreHarness.js';

const HEARTBEAT = defaultRaftConfig.heartbeatTicks;
const SNAPSHOT = snapshotOf(2, 10);

/** Its log begins after entry 10 of term 2, which its snapshot ends with; leading, it will have entries 11 to 13. */
const compacted = {
  term: 4,
  base: SNAPSHOT.last,
  log: [3, 4],
  snapshot: SNAPSHOT,
  applied: 10,
} satisfies CoreSetup;

/** A new leader of term 5, and the first chunk on its way to server 1, whose log ends with entry 2. */
function lagging(setup: CoreSetup = {}): { harness: CoreHarness; first: InstallSnapshot; won: Outcome } {
  const harness = new CoreHarness({ ...compacted, ...setup });
  const won = harness.elect();
  const outcome = harness.receive(reject(only(won, 'appendEntries', 1), 0, 3));
  return { harness, first: only(outcome, 'installSnapshot', 1), won };
}

/** The chunk that follows from an answer. */
const nextOf = (outcome: Outcome): InstallSnapshot => only(outcome, 'installSnapshot', 1);

/** The message that server 1 receives at the next heartbeat. */
const atHeartbeat = (harness: CoreHarness): InstallSnapshot =>
  only(harness.tick(HEARTBEAT), 'installSnapshot', 1);

describe('7 and figure 13 InstallSnapshot: the leader', () => {
  it('sends the snapshot in place of entries when the follower’s next entry is compacted away', () => {
    const { harness, first } = lagging();
    expect(first).to.deep.equal({
      ...chunkOf({ id: 1, term: 5 }, 0, SNAPSHOT, 0),
      sequence: 2,
      readRound: 0,
    });
    expect(harness.peer(1)).to.include({ matchIndex: 0, nextIndex: 3 });
  });

  it('sends entries as long as its log reaches: the entry before the first one is enough to compare', () => {
    const harness = new CoreHarness(compacted);
    const probe = only(harness.elect(), 'appendEntries', 1);
    const next = only(harness.receive(reject(probe, 0, 11)), 'appendEntries', 1);
    expect(next).to.deep.include({ prevLogIndex: 10, prevLogTerm: 2, entries: [entryOf(3, 11)] });
  });

  it('sends the snapshot also when that entry itself is in conflict', () => {
    const harness = new CoreHarness(compacted);
    const probe = only(harness.elect(), 'appendEntries', 1);
    const again = only(harness.receive(reject(probe, 0, 11)), 'appendEntries', 1);
    expect(nextOf(harness.receive(reject(again, 2, 10))).last).to.deep.equal(SNAPSHOT.last);
  });

  it('sends one chunk at a time, in order, each when the one before was answered', () => {
    const { harness, first } = lagging();
    expect(sentOf(harness.tick(HEARTBEAT), 'installSnapshot')).to.deep.equal([]);
    const second = nextOf(harness.receive(wantChunk(first, 1)));
    const third = nextOf(harness.receive(wantChunk(second, 2)));
    expect([first, second, third].map(({ chunk, data }) => [chunk, data])).to.deep.equal([
      [0, '2.10/0'],
      [1, '2.10/1'],
      [2, '2.10/2'],
    ]);
    expect(third.sequence).to.be.above(second.sequence);
  });

  it('while the follower installs it is asked at each heartbeat how that goes, and not in between', () => {
    const { harness, first } = lagging();
    const second = nextOf(harness.receive(wantChunk(first, 1)));
    const third = nextOf(harness.receive(wantChunk(second, 2)));
    expect(sentOf(harness.receive(wantChunk(third, 3)), 'installSnapshot')).to.deep.equal([]);
    harness.propose();
    expect(sentOf(harness.tick(HEARTBEAT - 1), 'installSnapshot', 1)).to.deep.equal([]);
    for (let beat = 0; beat < 3; beat += 1) {
      const question = only(harness.tick(beat === 0 ? 1 : HEARTBEAT), 'installSnapshot', 1);
      expect(question).to.include({ chunk: 3, chunkCount: 3, data: '' });
      expect(sentOf(harness.receive(wantChunk(question, 3)), 'installSnapshot')).to.deep.equal([]);
    }
  });

  it('goes on with the entries after the snapshot, all of them, once the follower has it', () => {
    const { harness, first } = lagging();
    const rest = only(harness.receive(haveSnapshot(first)), 'appendEntries', 1);
    expect(harness.peer(1)).to.include({ matchIndex: 10, nextIndex: 11 });
    expect(rest).to.include({ prevLogIndex: 10, prevLogTerm: 2 });
    expect(rest.entries.map(({ index }) => index)).to.deep.equal([11, 12, 13]);
    harness.receive(accept(rest));
    expect(harness.peer(1)).to.include({ matchIndex: 13, nextIndex: 14 });
  });

  it('counts a follower that got the snapshot for the commit of the entries after it only', () => {
    const { harness, first } = lagging();
    const rest = only(harness.receive(haveSnapshot(first)), 'appendEntries', 1);
    expect(harness.status.commitIndex).to.equal(10);
    harness.receive(accept(rest));
    expect(harness.status.commitIndex).to.equal(13);
  });

  describe('after a lost message', () => {
    it('sends the same chunk again, at the next heartbeat', () => {
      const { harness, first } = lagging();
      const second = nextOf(harness.receive(wantChunk(first, 1)));
      expect(harness.step({ type: 'unreachable', peer: 1 }).messages).to.deep.equal([]);
      expect(harness.propose().messages.filter(({ to }) => to === 1)).to.deep.equal([]);
      expect(atHeartbeat(harness)).to.deep.equal({ ...second, sequence: second.sequence + 1 });
    });

    it('takes a chunk without an answer for lost after so many ticks', () => {
      const { harness, first } = lagging({ config: { inFlightTicksMax: HEARTBEAT } });
      expect(atHeartbeat(harness)).to.include({ chunk: first.chunk, sequence: first.sequence + 1 });
    });

    it('resumes at the chunk that the follower asks for, at the next heartbeat', () => {
      const { harness, first } = lagging();
      const second = nextOf(harness.receive(wantChunk(first, 1)));
      // Its answer to chunk 1 was lost; asked again, the follower wants the one after it.
      harness.step({ type: 'unreachable', peer: 1 });
      const again = atHeartbeat(harness);
      expect(again.chunk).to.equal(second.chunk);
      expect(nextOf(harness.receive(wantChunk(again, 2))).chunk).to.equal(2);
    });

    it('starts over, at the next heartbeat, with a follower that has forgotten what it got', () => {
      const { harness, first } = lagging();
      const second = nextOf(harness.receive(wantChunk(first, 1)));
      expect(sentOf(harness.receive(wantChunk(second, 0)), 'installSnapshot')).to.deep.equal([]);
      const again = atHeartbeat(harness);
      expect(again).to.include({ chunk: 0, data: '2.10/0' });
      expect(nextOf(harness.receive(wantChunk(again, 1))).chunk).to.equal(1);
    });

    it('starts over with a follower that could make nothing of it, when it is asked how it goes', () => {
      const { harness, first } = lagging({ snapshot: snapshotOf(2, 10, 1) });
      harness.receive(wantChunk(first, 1));
      const question = atHeartbeat(harness);
      expect(question.chunk).to.equal(1);
      expect(sentOf(harness.receive(wantChunk(question, 0)), 'installSnapshot')).to.deep.equal([]);
      expect(atHeartbeat(harness).chunk).to.equal(0);
    });
  });

  describe('is not misled by', () => {
    it('an answer to a chunk long past: it moves nothing', () => {
      const { harness, first } = lagging();
      const second = nextOf(harness.receive(wantChunk(first, 1)));
      expect(harness.receive(wantChunk(first, 0)).messages).to.deep.equal([]);
      expect(nextOf(harness.receive(wantChunk(second, 2))).chunk).to.equal(2);
    });

    it('a rejection of the append that was in flight before the snapshot', () => {
      const { harness, won } = lagging();
      const probe = only(won, 'appendEntries', 1);
      expect(harness.receive(reject(probe, 0, 11)).messages).to.deep.equal([]);
      expect(harness.peer(1).nextIndex).to.equal(3);
    });

    it('an answer that claims more than is committed: it is nonsense, and waits for the next heartbeat', () => {
      const { harness, first } = lagging();
      const boast = wantChunk(first, 3, { matchIndex: 11, commitIndex: 11 });
      expect(harness.receive(boast).messages).to.deep.equal([]);
      expect(harness.peer(1)).to.include({ matchIndex: 0, nextIndex: 3 });
      expect(harness.status.commitIndex).to.equal(10);
      expect(atHeartbeat(harness).chunk).to.equal(0);
    });

    it('a wish for a chunk beyond the last: that is the last wish there can be', () => {
      const { harness, first } = lagging();
      harness.receive(wantChunk(first, 99));
      expect(atHeartbeat(harness)).to.include({ chunk: 3, data: '' });
    });

    it('an answer when no snapshot is on its way', () => {
      const harness = CoreHarness.leader(compacted);
      const before = harness.peer(1);
      const forged = chunkOf({ id: 1, term: 5 }, 0, SNAPSHOT, 0, { sequence: 99 });
      expect(harness.receive(wantChunk(forged, 1)).messages).to.deep.equal([]);
      expect(harness.receive(haveSnapshot(forged)).messages).to.deep.equal([]);
      expect(harness.peer(1)).to.include({
        matchIndex: before.matchIndex,
        nextIndex: before.nextIndex,
      });
    });
  });

  it('counts the answers as signs of life', () => {
    const { electionMaxTicks } = defaultRaftConfig;
    const { harness, first } = lagging({ config: { checkQuorum: true } });
    harness.receive(wantChunk(first, 3));
    for (let ticks = 0; ticks < 3 * electionMaxTicks; ticks += HEARTBEAT) {
      harness.receive(wantChunk(atHeartbeat(harness), 3));
    }
    expect(harness.status.role).to.equal('leader');
    expect(harness.peer(1).contactTicks).to.be.below(HEARTBEAT);
  });

  it('steps down when an answer is of a later term', () => {
    const { harness, first } = lagging();
    harness.receive({ ...wantChunk(first, 0), term: 9 });
    expect(harness.status).to.include({ role: 'follower', term: 9 });
  });

  it('knows from the answer what the follower knows to be committed', () => {
    const { harness, first } = lagging({ log: [] });
    const boast = { ...haveSnapshot(first), commitIndex: 99 };
    const rest = only(harness.receive(boast), 'appendEntries', 1);
    expect(harness.status.acknowledged).to.equal(10);
    const told = only(harness.receive(accept(rest)), 'appendEntries', 1);
    expect([told.leaderCommit, harness.status.acknowledged]).to.deep.equal([11, 10]);
    expect(harness.receive(accept(told)).acknowledged).to.equal(11);
  });

  describe('8 reads', () => {
    /** A leader of five whose no-op is committed by servers 2 to 4, while server 1 installs the snapshot. */
    function reading(): { harness: CoreHarness; question: () => InstallSnapshot } {
      const { harness, first, won } = lagging({ size: 5 });
      harness.replicate(won, [2, 3, 4]);
      harness.receive(wantChunk(first, 3));
      return { harness, question: () => atHeartbeat(harness) };
    }

    it('a read round goes out with the chunks and is confirmed by their answers', () => {
      const { harness, question } = reading();
      const asked = harness.read(7);
      expect(harness.receive(accept(only(asked, 'appendEntries', 2))).readable).to.deep.equal([]);
      const chunk = question();
      expect(chunk.readRound).to.equal(1);
      expect(harness.receive(wantChunk(chunk, 3)).readable).to.deep.equal([{ request: 7, index: 13 }]);
    });

    it('an answer to a chunk that left before the read does not confirm it', () => {
      const { harness } = reading();
      const beat = harness.tick(HEARTBEAT);
      harness.replicate({ messages: beat }, [2, 3, 4]);
      harness.receive(accept(only(harness.read(7), 'appendEntries', 2)));
      const late = wantChunk(only(beat, 'installSnapshot', 1), 3);
      expect(harness.receive(late).readable).to.deep.equal([]);
      const next = harness.tick(HEARTBEAT);
      const voice = wantChunk(only(next, 'installSnapshot', 1), 3);
      expect(harness.receive(voice).readable).to.deep.equal([{ request: 7, index: 13 }]);
    });

    it('a round that was never sent confirms nothing', () => {
      const { harness, question } = reading();
      harness.receive(accept(only(harness.read(7), 'appendEntries', 2)));
      expect(harness.receive({ ...wantChunk(question(), 3), readRound: 99 }).readable).to.deep.equal([]);
    });
  });

  it('keeps to the snapshot that a transfer began with when a newer one is taken', () => {
    const { harness, first, won } = lagging({ size: 5, config: { tailEntriesMax: 0 } });
    harness.replicate(won, [2, 3, 4]);
    harness.staged(snapshotOf(5, 13, 2));
    expect(harness.status).to.include({ snapshotIndex: 13 });
    const second = nextOf(harness.receive(wantChunk(first, 1)));
    expect(second).to.deep.include({ last: SNAPSHOT.last, chunk: 1, chunkCount: 3, data: '2.10/1' });
    const rest = only(harness.receive(haveSnapshot(second)), 'appendEntries', 1);
    expect(rest.entries.map(({ index }) => index)).to.deep.equal([11, 12, 13]);
  });

  it('takes the newest one for a follower that begins anew, and no longer holds its log for the old one', () => {
    const { harness, first, won } = lagging({ size: 5, config: { tailEntriesMax: 0 } });
    harness.replicate(won, [2, 3, 4]);
    harness.staged(snapshotOf(5, 13, 2));
    expect(harness.status.firstIndex).to.equal(11);
    const second = nextOf(harness.receive(wantChunk(first, 1)));
    harness.receive(wantChunk(second, 0));
    const messages = harness.tick(HEARTBEAT);
    const again = only(messages, 'installSnapshot', 1);
    expect(again).to.deep.include({ last: { term: 5, index: 13 }, chunk: 0, chunkCount: 2 });
    harness.replicate({ messages }, [2, 3, 4]);
    harness.replicate(harness.propose(), [2, 3, 4]);
    harness.staged(snapshotOf(5, 14, 2));
    expect(harness.status.firstIndex).to.equal(14);
  });

  it('takes the newest one when the log behind the old one is gone: the follower had been silent', () => {
    const silent = { tailEntriesMax: 0, inFlightTicksMax: HEARTBEAT, silentTicksMax: HEARTBEAT };
    const { harness, first, won } = lagging({ size: 5, config: silent });
    harness.replicate(won, [2, 3, 4]);
    harness.receive(wantChunk(first, 1));
    harness.tick(4 * HEARTBEAT);
    harness.staged(snapshotOf(5, 13, 2));
    expect(harness.status.firstIndex).to.equal(14);
    expect(atHeartbeat(harness)).to.deep.include({ last: { term: 5, index: 13 }, chunk: 0 });
  });

  it('begins with its newest snapshot', () => {
    const harness = CoreHarness.leader({ ...compacted, config: { tailEntriesMax: 0 } });
    harness.staged(snapshotOf(5, 13, 2));
    const beat = only(harness.tick(HEARTBEAT), 'appendEntries', 1);
    const first = nextOf(harness.receive(reject(beat, 0, 1)));
    expect(first).to.deep.include({ last: { term: 5, index: 13 }, chunk: 0, chunkCount: 2 });
  });

  it('t46 sends it also to a follower that lost what it had acknowledged (openraft#898)', () => {
    const harness = CoreHarness.leader(compacted);
    expect(harness.peer(1).matchIndex).to.equal(13);
    const beat = only(harness.tick(HEARTBEAT), 'appendEntries', 1);
    expect(nextOf(harness.receive(reject(beat, 0, 1))).chunk).to.equal(0);
    expect(harness.peer(1)).to.include({ matchIndex: 0, nextIndex: 1 });
  });

  it('a new leader starts the transfer anew', () => {
    const { harness, first } = lagging();
    harness.receive(wantChunk(first, 1));
    harness.step({ type: 'unreachable', peer: 1 });
    harness.receive({ ...wantChunk(first, 0), term: 9 });
    const probe = only(harness.elect(), 'appendEntries', 1);
    expect(nextOf(harness.receive(reject(probe, 0, 3)))).to.include({ term: 10, chunk: 0 });
  });
});
