import { expect } from 'chai';
import type { StorageBatch } from '../../src/raft/output.js';
import type { AppendEntries, Entry, Message, NodeId } from '../../src/raft/types.js';
import { Safety, type WatchedServer, SafetyViolation } from '../../src/sim/safety.js';

/** A watched server whose state a test sets as it likes. */
class FakeServer implements WatchedServer {
  log: Entry[] = [];
  durableLog: Entry[] = [];
  durableTerm = 0;
  durableVote: NodeId | null = null;
  isDown = false;
  isLost = false;

  constructor(readonly id: NodeId) {}

  hold(...entries: Entry[]): void {
    this.log = [...entries];
    this.durableLog = [...entries];
  }
}

class Watch {
  readonly servers = [new FakeServer(0), new FakeServer(1), new FakeServer(2)] as const;
  readonly safety = new Safety(this.servers);

  /** All servers hold these entries, and server 0 has committed them in this term. */
  commit(term: number, ...entries: Entry[]): void {
    for (const server of this.servers) server.hold(...entries);
    this.safety.sent(append(term, entries.length));
  }
}

function entry(index: number, term: number, command = `c${index}`): Entry {
  return { index, term, kind: 'command', command };
}

function batch(truncateFrom: number | null, ...appended: Entry[]): StorageBatch {
  return {
    number: 1,
    last: appended.at(-1) ?? { term: 0, index: 0 },
    hardState: null,
    identity: null,
    snapshot: null,
    compactTo: null,
    truncateFrom,
    appended,
  };
}

function append(term: number, leaderCommit: number): AppendEntries {
  return {
    type: 'appendEntries',
    from: 0,
    to: 1,
    term,
    prevLogIndex: 0,
    prevLogTerm: 0,
    entries: [],
    leaderCommit,
    hasQuorum: true,
    sequence: 1,
    readRound: 0,
  };
}

function vote(from: NodeId, to: NodeId, term: number): Message {
  return { type: 'requestVoteResponse', from, to, term, granted: true };
}

function candidacy(from: NodeId, term: number): Message {
  return { type: 'requestVote', from, to: from === 0 ? 1 : 0, term, lastLogIndex: 0, lastLogTerm: 0 };
}

function acknowledgement(from: NodeId, matchIndex: number): Message {
  return {
    type: 'appendEntriesResponse',
    from,
    to: 0,
    term: 1,
    success: true,
    matchIndex,
    commitIndex: 0,
    sequence: 1,
    readRound: 0,
    conflict: null,
  };
}

/** A server comes to lead, with the votes that it needs. */
function leads({ servers, safety }: Watch, id: 0 | 1 | 2, term: number): void {
  Object.assign(servers[id], { durableTerm: term, durableVote: id });
  safety.becameLeader(id, term);
}

function ruleBrokenBy(action: () => void): string {
  try {
    action();
  } catch (error) {
    if (error instanceof SafetyViolation) return error.rule;
    throw error;
  }
  return 'none';
}

describe('the safety rules', () => {
  let watch: Watch;
  beforeEach(() => {
    watch = new Watch();
  });

  it('election safety: two servers lead one term', () => {
    leads(watch, 0, 3);
    leads(watch, 1, 4);
    expect(ruleBrokenBy(() => leads(watch, 1, 3))).to.equal('election safety');
  });

  it('leader completeness: a leader lacks what an earlier term committed', () => {
    watch.commit(1, entry(1, 1));
    leads(watch, 1, 2);
    watch.servers[2].hold();
    expect(ruleBrokenBy(() => leads(watch, 2, 3))).to.equal('leader completeness');
  });

  it('leader completeness: what a later term committed is not asked of a leader of an earlier one', () => {
    watch.commit(5, entry(1, 5));
    watch.servers[2].hold();
    expect(ruleBrokenBy(() => leads(watch, 2, 4))).to.equal('none');
  });

  it('log matching: one place and term with two commands', () => {
    watch.safety.handedOver(0, batch(null, entry(1, 1)));
    watch.safety.handedOver(1, batch(null, entry(1, 1)));
    const other = batch(null, entry(1, 1, 'another'));
    expect(ruleBrokenBy(() => watch.safety.handedOver(2, other))).to.equal('log matching');
  });

  it('log matching: the same entry after different ones', () => {
    watch.servers[0].log = [entry(1, 1), entry(2, 3)];
    watch.safety.handedOver(0, batch(null, entry(2, 3)));
    watch.servers[1].log = [entry(1, 2), entry(2, 3)];
    expect(ruleBrokenBy(() => watch.safety.handedOver(1, batch(null, entry(2, 3))))).to.equal('log matching');
  });

  it('committed entries are immutable: a server truncates what it has applied', () => {
    watch.commit(1, entry(1, 1), entry(2, 1));
    watch.safety.appliedEntry(1, entry(1, 1), 1);
    expect(ruleBrokenBy(() => watch.safety.handedOver(1, batch(2)))).to.equal('none');
    expect(ruleBrokenBy(() => watch.safety.handedOver(1, batch(1)))).to.equal(
      'committed entries are immutable',
    );
  });

  it('a crashed server changes nothing: it writes while it is down', () => {
    watch.servers[0].isDown = true;
    expect(ruleBrokenBy(() => watch.safety.handedOver(0, batch(null)))).to.equal(
      'a crashed server changes nothing',
    );
  });

  it('a crashed server sends nothing', () => {
    watch.servers[0].isDown = true;
    expect(ruleBrokenBy(() => watch.safety.sent(append(1, 0)))).to.equal('a crashed server sends nothing');
  });

  it('one vote per term: two candidates get a vote of one server, also across a restart', () => {
    const [, voter] = watch.servers;
    voter.durableTerm = 2;
    voter.durableVote = 0;
    watch.safety.sent(vote(1, 0, 2));
    watch.safety.startedAnew(1);
    voter.durableVote = 2;
    expect(ruleBrokenBy(() => watch.safety.sent(vote(1, 2, 2)))).to.equal('one vote per term');
  });

  it('one vote per term: a leader has voted for itself', () => {
    const [, voter] = watch.servers;
    voter.durableTerm = 2;
    voter.durableVote = 1;
    watch.safety.becameLeader(1, 2);
    expect(ruleBrokenBy(() => watch.safety.sent(vote(1, 0, 2)))).to.equal('one vote per term');
  });

  it('a vote is durable before it leaves', () => {
    watch.servers[1].durableTerm = 1;
    expect(ruleBrokenBy(() => watch.safety.sent(vote(1, 0, 2)))).to.equal(
      'a vote is durable before it leaves',
    );
    watch.safety.sent(candidacy(0, 2));
    expect(ruleBrokenBy(() => watch.safety.becameLeader(0, 2))).to.equal(
      'a vote is durable before it leaves',
    );
  });

  it('an acknowledgement is durable before it leaves', () => {
    const [, follower] = watch.servers;
    follower.log = [entry(1, 1), entry(2, 1)];
    follower.durableLog = [entry(1, 1)];
    watch.safety.sent(acknowledgement(1, 1));
    expect(ruleBrokenBy(() => watch.safety.sent(acknowledgement(1, 2)))).to.equal(
      'an acknowledgement is durable before it leaves',
    );
  });

  it('committed entries are held: a leader calls committed what it has not', () => {
    expect(ruleBrokenBy(() => watch.safety.sent(append(1, 1)))).to.equal('committed entries are held');
  });

  it('committed entries are on a majority', () => {
    watch.servers[0].hold(entry(1, 1));
    expect(ruleBrokenBy(() => watch.safety.sent(append(1, 1)))).to.equal(
      'committed entries are on a majority',
    );
    watch.servers[2].hold(entry(1, 1));
    expect(ruleBrokenBy(() => watch.safety.sent(append(1, 1)))).to.equal('none');
  });

  it('state machine safety: an entry is left out', () => {
    watch.commit(1, entry(1, 1), entry(2, 1));
    expect(ruleBrokenBy(() => watch.safety.appliedEntry(1, entry(2, 1), 1))).to.equal('state machine safety');
  });

  it('state machine safety: an entry is applied twice in one life', () => {
    watch.commit(1, entry(1, 1));
    watch.safety.appliedEntry(1, entry(1, 1), 1);
    expect(ruleBrokenBy(() => watch.safety.appliedEntry(1, entry(1, 1), 1))).to.equal('state machine safety');
    watch.safety.startedAnew(1);
    expect(ruleBrokenBy(() => watch.safety.appliedEntry(1, entry(1, 1), 1))).to.equal('none');
  });

  it('state machine safety: another entry is applied in its place', () => {
    watch.commit(1, entry(1, 1));
    expect(ruleBrokenBy(() => watch.safety.appliedEntry(1, entry(1, 1, 'another'), 1))).to.equal(
      'state machine safety',
    );
    expect(ruleBrokenBy(() => watch.safety.appliedEntry(2, entry(1, 2), 2))).to.equal('state machine safety');
  });

  it('remembers what is committed, in order', () => {
    watch.commit(1, entry(1, 1), entry(2, 1));
    expect(watch.safety.committedEntries.map(({ command }) => command)).to.deep.equal(['c1', 'c2']);
  });

  it('notices no fault in an ordinary course of events', () => {
    const [leader, follower] = watch.servers;
    const usual = (): void => {
      Object.assign(leader, { durableTerm: 1, durableVote: 0 });
      watch.safety.sent(candidacy(0, 1));
      Object.assign(follower, { durableTerm: 1, durableVote: 0 });
      watch.safety.sent(vote(1, 0, 1));
      leads(watch, 0, 1);
      leader.hold(entry(1, 1));
      watch.safety.handedOver(0, batch(null, entry(1, 1)));
      watch.safety.sent(append(1, 0));
      follower.hold(entry(1, 1));
      watch.safety.handedOver(1, batch(null, entry(1, 1)));
      watch.safety.sent(acknowledgement(1, 1));
      watch.safety.appliedEntry(0, entry(1, 1), 1);
      watch.safety.sent(append(1, 1));
      watch.safety.appliedEntry(1, entry(1, 1), 1);
    };
    expect(ruleBrokenBy(usual)).to.equal('none');
  });
});
