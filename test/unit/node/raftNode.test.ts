import { expect } from 'chai';
import { noopObserver } from '../../../src/node/events.js';
import { systemDefer } from '../../../src/node/clock.js';
import { RaftNode } from '../../../src/node/raftNode.js';
import { defaultRaftConfig } from '../../../src/raft/config.js';
import type { RequestMessage, ResponseMessage } from '../../../src/raft/types.js';
import { encodeUpdateFile, type CommandResult } from '../../../src/stateMachine/command.js';
import { ServiceState } from '../../../src/stateMachine/serviceState.js';
import { nothingStored } from '../../../src/storage/storage.js';
import type { SendOutcome } from '../../../src/transport/transport.js';
import { entriesOf } from '../../support/coreHarness.js';
import { noSnapshots, ManualTicker } from '../../support/manualParts.js';
import { ManualStorage } from '../../support/manualStorage.js';

const ELECTION_TICKS = 80;

/** Node 0 of three with hand-driven everything. */
class Bench {
  readonly storage = new ManualStorage();
  readonly ticker = new ManualTicker();
  readonly state = new ServiceState();
  readonly sent: { request: RequestMessage; done: (outcome: SendOutcome) => void }[] = [];
  readonly events: string[] = [];
  readonly replies: (ResponseMessage | null)[] = [];
  readonly node: RaftNode<CommandResult>;
  draws = 0;
  givenUp = 0;
  disconnects = 0;

  constructor() {
    this.node = new RaftNode({
      raft: { ...defaultRaftConfig, id: 0, servers: [0, 1, 2] },
      storage: this.storage,
      transport: {
        send: (request, done) => {
          this.sent.push({ request, done });
          return () => {
            this.givenUp += 1;
          };
        },
        disconnect: () => (this.disconnects += 1),
        close: () => undefined,
      },
      stateMachine: this.state,
      ticker: this.ticker,
      defer: systemDefer,
      snapshots: noSnapshots,
      drawElectionTicks: () => {
        this.draws += 1;
        return ELECTION_TICKS;
      },
      replyAfter: 'majority',
      waitingCallsMax: 5,
      observer: {
        ...noopObserver,
        roleChanged: ({ role, term }) => this.events.push(`${role} ${term}`),
        lifecycleChanged: (state) => this.events.push(state),
        peerUnreachable: (peer) => this.events.push(`down ${peer}`),
        peerReachable: (peer) => this.events.push(`up ${peer}`),
        snapshotTaken: ({ index }) => this.events.push(`snapshot ${index}`),
        snapshotInstalled: ({ index }) => this.events.push(`installed ${index}`),
        snapshotUnusable: () => this.events.push('unusable'),
        failed: (error) => this.events.push(`failed: ${error.message}`),
      },
    });
  }

  static started(): Bench {
    const bench = new Bench();
    bench.node.start();
    return bench;
  }

  tick(count: number): void {
    for (let tick = 0; tick < count; tick += 1) this.ticker.tick();
  }

  receive(fields: Partial<RequestMessage> & Pick<RequestMessage, 'type'>): void {
    const address = { from: 1, to: 0, term: 1 };
    const request =
      fields.type === 'appendEntries'
        ? { prevLogIndex: 0, prevLogTerm: 0, entries: [], leaderCommit: 0, sequence: 1, readRound: 0 }
        : { lastLogIndex: 0, lastLogTerm: 0 };
    this.node.receive({ ...address, ...request, ...fields } as RequestMessage, (reply) =>
      this.replies.push(reply),
    );
  }
}

function granted(request: RequestMessage): ResponseMessage {
  const { from: to, to: from, term, type } = request;
  if (type !== 'preVote') throw new Error(`${type} is not expected`);
  return { type: 'preVoteResponse', from, to, term, granted: true };
}

const append = (count: number, leaderCommit = 0): Parameters<Bench['receive']>[0] => ({
  type: 'appendEntries',
  entries: entriesOf(Array<number>(count).fill(1)),
  leaderCommit,
});

describe('node', () => {
  it('serves nobody before it is started', () => {
    const { node } = new Bench();
    expect(() => node.propose('x')).to.throw('stopped');
    expect(() => node.read()).to.throw('stopped');
    expect(node).to.include({ isLeader: false, isCrashed: false });
  });

  it('has its clock run from the start on', () => {
    const bench = Bench.started();
    expect(bench.ticker.isRunning).to.equal(true);
    bench.tick(ELECTION_TICKS);
    expect(bench.sent.map(({ request }) => request.type)).to.deep.equal(['preVote', 'preVote']);
  });

  it('answers each request of a peer exactly once', () => {
    const bench = Bench.started();
    bench.receive({ type: 'preVote', term: 1 });
    bench.receive({ type: 'requestVote' });
    bench.receive(append(1));
    expect(bench.replies.map((reply) => reply?.type)).to.deep.equal([
      'preVoteResponse',
      'requestVoteResponse',
      'appendEntriesResponse',
    ]);
  });

  it('answers null to what deserves no answer: a term from nowhere, a stranger', () => {
    const bench = Bench.started();
    bench.receive({ type: 'requestVote', term: Number.MAX_SAFE_INTEGER });
    bench.receive({ type: 'requestVote', from: 9 });
    expect(bench.replies).to.deep.equal([null, null]);
    expect(bench.node.status.core.term).to.equal(0);
  });

  describe('made unreachable from a peer', () => {
    it('drops its requests without an answer, and hears the others', () => {
      const bench = Bench.started();
      bench.node.makeUnreachableFrom([1]);
      bench.receive({ type: 'requestVote', term: 5 });
      bench.receive({ type: 'preVote', from: 2 });
      expect(bench.node.status.core.term).to.equal(0);
      expect(bench.replies.map((reply) => reply?.to)).to.deep.equal([2]);
    });

    it('drops its answers, but still sends to it', () => {
      const bench = Bench.started();
      bench.node.makeUnreachableFrom([1, 2]);
      bench.tick(ELECTION_TICKS);
      for (const { request, done } of bench.sent) done({ response: granted(request) });
      expect(bench.sent).to.have.length(2);
      expect(bench.node.status.core.role).to.equal('preCandidate');
      bench.node.makeUnreachableFrom([]);
      bench.tick(ELECTION_TICKS);
      for (const { request, done } of bench.sent.slice(2)) done({ response: granted(request) });
      expect(bench.node.status.core.role).to.equal('candidate');
    });

    it('stays so through a crash and a restore', () => {
      const bench = Bench.started();
      bench.node.makeUnreachableFrom([2, 1]);
      bench.node.crash();
      bench.receive({ type: 'preVote' });
      bench.node.restore();
      bench.receive({ type: 'preVote' });
      expect(bench.replies).to.deep.equal([]);
      expect(bench.node.status.unreachableFrom).to.deep.equal([1, 2]);
    });
  });

  describe('with a slow disk', () => {
    it('t17 a vote is given only when it is durable (hashicorp#661, willemt PR#47)', () => {
      const bench = Bench.started();
      bench.storage.disk.hold();
      bench.receive({ type: 'requestVote' });
      expect(bench.replies).to.deep.equal([]);
      bench.storage.disk.complete();
      expect(bench.replies[0]).to.include({ granted: true, term: 1 });
      expect(bench.storage.durable.hardState).to.deep.equal({ term: 1, votedFor: 1 });
    });

    it('entries are acknowledged only when they are durable', () => {
      const bench = Bench.started();
      bench.storage.disk.hold();
      bench.receive(append(2));
      expect(bench.replies).to.deep.equal([]);
      bench.storage.disk.complete();
      expect(bench.replies[0]).to.include({ success: true, matchIndex: 2 });
    });

    it('the answer to a repeated append waits for the write that the first one began', () => {
      const bench = Bench.started();
      bench.storage.disk.hold();
      bench.receive(append(2));
      bench.receive(append(2));
      expect(bench.storage.disk.writesUnderWay).to.equal(1);
      expect(bench.replies).to.deep.equal([]);
      bench.storage.disk.complete();
      expect(bench.replies).to.have.length(2);
    });

    it('t16 a committed entry is applied only when it is durable here (qdrant PR#1172)', () => {
      const bench = Bench.started();
      bench.storage.disk.hold();
      bench.receive(append(2, 2));
      expect(bench.state.lastApplied).to.equal(0);
      bench.storage.disk.complete();
      expect(bench.state.lastApplied).to.equal(2);
    });

    it('a candidate asks for votes at once, but leads only when its own vote is durable', () => {
      const bench = Bench.started();
      bench.storage.disk.hold();
      bench.node.campaign();
      const [preVote] = bench.sent;
      preVote?.done({ response: { type: 'preVoteResponse', from: 1, to: 0, term: 1, granted: true } });
      const asked = bench.sent.filter(({ request }) => request.type === 'requestVote');
      expect(asked).to.have.length(2);
      for (const { request, done } of asked)
        done({ response: { type: 'requestVoteResponse', from: request.to, to: 0, term: 1, granted: true } });
      expect(bench.node.status.core.role).to.equal('candidate');
      bench.storage.disk.complete();
      expect(bench.node.status.core.role).to.equal('leader');
    });
  });

  describe('t47 when its storage fails (hashicorp#503, tarantool PR#9606)', () => {
    function broken(): Bench {
      const bench = Bench.started();
      bench.storage.disk.breakDown();
      bench.receive({ type: 'requestVote' });
      return bench;
    }

    it('it has failed: it says so once, answers the peer with nothing, and its clock stops', () => {
      const bench = broken();
      expect(bench.events.filter((event) => event.startsWith('failed'))).to.deep.equal([
        'failed',
        'failed: the disk failed',
      ]);
      expect(bench.replies).to.deep.equal([null]);
      expect(bench.ticker.isRunning).to.equal(false);
    });

    it('it never writes again, whatever is asked of it', () => {
      const bench = broken();
      const { length } = bench.storage.batches;
      expect(() => bench.node.propose('x')).to.throw('failed');
      expect(() => bench.node.read()).to.throw('failed');
      expect(() => bench.receive({ type: 'requestVote', term: 5 })).to.throw('failed');
      bench.node.crash();
      bench.node.restore();
      bench.node.campaign();
      expect(bench.storage.batches).to.have.length(length);
      expect(bench.node.status.lifecycle).to.equal('failed');
      expect(bench.node.isCrashed).to.equal(false);
    });

    it('a storage that cannot be read ends it too', () => {
      const bench = new Bench();
      bench.storage.load = (done) => done(new Error('not a log'), nothingStored);
      bench.node.start();
      expect(bench.events).to.deep.equal(['failed', 'failed: not a log']);
    });
  });

  it('a broken rule of Raft ends the node and is reported, but never thrown at a peer', () => {
    const bench = new Bench();
    bench.state.apply({ term: 1, index: 1, kind: 'noop', command: '' });
    bench.node.start();
    expect(bench.events[0]).to.equal('failed');
    expect(bench.events[1]).to.match(/^failed: commit 1 beyond/);
  });

  it('stop ends it for good', () => {
    const bench = Bench.started();
    bench.node.stop();
    bench.node.restore();
    bench.node.crash();
    expect(bench.node.status.lifecycle).to.equal('stopped');
    expect(() => bench.node.propose(encodeUpdateFile('a', 1, []))).to.throw('stopped');
    expect(bench.ticker.isRunning).to.equal(false);
  });
});

describe('node: crash and restore', () => {
  it('t44 a crashed node takes nothing from peers or clients, and its clock stands still', () => {
    const bench = Bench.started();
    bench.receive(append(1));
    bench.node.crash();
    const before = bench.storage.batches.length;
    expect(() => bench.receive({ type: 'requestVote', term: 9 })).to.throw('isCrashed');
    expect(() => bench.receive(append(2))).to.throw('isCrashed');
    expect(() => bench.node.propose('x')).to.throw('isCrashed');
    bench.node.campaign();
    expect(bench.ticker.isRunning).to.equal(false);
    expect(bench.storage.batches).to.have.length(before);
    expect(bench.node).to.include({ isCrashed: true, isLeader: false });
    expect(bench.node.status.core).to.include({ role: 'follower', term: 1, lastIndex: 1 });
  });

  it('a crash closes the connections to the peers, as the end of the process would', () => {
    const bench = new Bench();
    bench.node.start();
    bench.node.crash();
    expect(bench.disconnects).to.equal(1);
  });

  it('a restored node has its term, vote and log, follows, and draws a fresh election timeout', () => {
    const bench = Bench.started();
    bench.receive({ type: 'requestVote', term: 3 });
    bench.tick(ELECTION_TICKS - 1);
    bench.node.crash();
    const { draws } = bench;
    bench.node.restore();
    expect(bench.node.status.core).to.include({ role: 'follower', term: 3, votedFor: 1, leader: null });
    expect(bench.draws).to.equal(draws + 1);
    bench.tick(ELECTION_TICKS - 1);
    expect(bench.sent).to.deep.equal([]);
    bench.tick(1);
    expect(bench.sent).to.have.length(2);
  });

  it('what was applied before the crash is not applied again', () => {
    const bench = Bench.started();
    bench.receive(append(2, 2));
    bench.node.crash();
    bench.node.restore();
    expect(bench.state.lastApplied).to.equal(2);
    bench.receive(append(2, 2));
    expect(bench.node.status).to.include({ lastApplied: 2, lifecycle: 'running' });
  });

  it('t28 what was in flight at the crash is given up, and blocks nothing after the restore', () => {
    const bench = Bench.started();
    bench.node.campaign();
    bench.node.crash();
    expect(bench.givenUp).to.equal(2);
    bench.node.restore();
    bench.node.campaign();
    expect(bench.sent).to.have.length(4);
  });

  it('t48 a write that ends after the crash answers nobody and counts for nothing (openraft PR#1964)', () => {
    const bench = Bench.started();
    bench.storage.disk.hold();
    bench.receive({ type: 'requestVote' });
    bench.node.crash();
    expect(bench.replies).to.deep.equal([null]);
    bench.storage.disk.complete();
    expect(bench.replies).to.deep.equal([null]);
    expect(bench.node.status.core.votedFor).to.equal(1);
  });

  it('t48 nor do the answers of the restored node wait for it', () => {
    const bench = Bench.started();
    bench.storage.disk.hold();
    bench.receive({ type: 'requestVote' });
    bench.node.crash();
    bench.storage.load = (done) => done(null, { ...nothingStored, hardState: { term: 1, votedFor: 1 } });
    bench.node.restore();
    bench.receive({ type: 'requestVote', from: 2 });
    expect(bench.storage.disk.writesUnderWay).to.equal(1);
    expect(bench.replies[1]).to.include({ granted: false, term: 1 });
  });

  it('a request that waits for the disk when the node crashes gets no answer rather than a wrong one', () => {
    const bench = Bench.started();
    bench.storage.disk.hold();
    bench.receive(append(1));
    bench.node.crash();
    bench.node.restore();
    bench.storage.disk.complete(Infinity);
    expect(bench.replies).to.deep.equal([null]);
  });

  it('t53 tells of an outage of a peer once (consul#566)', () => {
    const bench = Bench.started();
    for (let round = 0; round < 5; round += 1) {
      bench.tick(ELECTION_TICKS);
      for (const { done } of bench.sent.splice(0)) done({ failure: 'refused' });
    }
    expect(bench.events.filter((event) => event.startsWith('down'))).to.deep.equal(['down 1', 'down 2']);
  });
});
