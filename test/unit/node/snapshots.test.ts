import { expect } from 'chai';
import { noopObserver } from '../../../src/node/events.js';
import { RaftNode } from '../../../src/node/raftNode.js';
import { defaultRaftConfig } from '../../../src/raft/config.js';
import type { Entry, RequestMessage, ResponseMessage, Snapshot } from '../../../src/raft/types.js';
import { encodeUpdateFile, type CommandResult } from '../../../src/stateMachine/command.js';
import { ServiceState } from '../../../src/stateMachine/serviceState.js';
import { append, chunkOf } from '../../support/coreHarness.js';
import { ManualDefer, ManualTicker } from '../../support/manualParts.js';
import { viewsKept } from '../../support/viewsKept.js';
import { ManualStorage } from '../../support/manualStorage.js';

/** The leader's snapshot: files g1 to g3 after entry 9. Loading takes four pieces: one a chunk, and the end. */
const SNAPSHOT: Snapshot = {
  last: { term: 1, index: 9 },
  chunks: [1, 2, 3].map((file) => `[["g${file}",1,["h"]]]`),
};
const LOADING = 4;
const ME = { id: 0, term: 1 };

function update(index: number): Entry {
  return { term: 1, index, kind: 'command', command: encodeUpdateFile(`f${index}`, 1, ['h']) };
}

/** One process: node 0 of three, a follower of server 1 in term 1, on a disk that outlives it. */
class Process {
  readonly state = new ServiceState();
  readonly turns = new ManualDefer();
  readonly ticker = new ManualTicker();
  readonly events: string[] = [];
  readonly replies: (ResponseMessage | null)[] = [];
  readonly node: RaftNode<CommandResult>;

  constructor(readonly storage = new ManualStorage()) {
    storage.disk.committed = () => Array.from({ length: 99 }, (_, k) => update(k + 1));
    this.node = new RaftNode({
      raft: { ...defaultRaftConfig, id: 0, servers: [0, 1, 2], tailEntriesMax: 0 },
      storage,
      transport: { send: () => () => undefined, disconnect: () => undefined, close: () => undefined },
      stateMachine: this.state,
      ticker: this.ticker,
      defer: this.turns.defer,
      snapshots: { entriesMax: 4, bytesMax: Infinity, chunkChars: 1 },
      drawElectionTicks: () => 80,
      replyAfter: 'majority',
      waitingCallsMax: 5,
      observer: {
        ...noopObserver,
        roleChanged: () => undefined,
        lifecycleChanged: () => undefined,
        peerUnreachable: () => undefined,
        peerReachable: () => undefined,
        snapshotTaken: ({ index }) => this.events.push(`taken ${index}`),
        snapshotInstalled: ({ index }, chunks) => this.events.push(`installed ${index} of ${chunks}`),
        snapshotUnusable: ({ name }) => this.events.push(`unusable: ${name}`),
        failed: ({ message }) => this.events.push(`failed: ${message}`),
      },
    });
    this.node.start(false, (error) =>
      this.events.push(error === null ? 'started' : `not started: ${error.message}`),
    );
  }

  get lastReply(): ResponseMessage | null | undefined {
    return this.replies.at(-1);
  }

  get names(): string[] {
    return this.state.files.list().map(([name]) => name);
  }

  receive(request: RequestMessage): void {
    this.node.receive(request, (reply) => this.replies.push(reply));
  }

  /** The leader appends entries `from` to `to`, all of them committed. */
  append(from: number, to: number): void {
    const entries = Array.from({ length: to - from + 1 }, (_, k) => update(from + k));
    const prev = { prevLogIndex: from - 1, prevLogTerm: from === 1 ? 0 : 1 };
    this.receive(append(ME, 1, { ...prev, entries, leaderCommit: to }) as RequestMessage);
  }

  /** The leader sends all chunks. */
  send(snapshot = SNAPSHOT): void {
    for (const chunk of [...snapshot.chunks].keys()) this.receive(chunkOf(ME, 1, snapshot, chunk));
  }

  /** The leader asks how the installation goes. */
  ask(snapshot = SNAPSHOT): void {
    this.receive(chunkOf(ME, 1, snapshot, snapshot.chunks.length));
  }

  crashAndRestore(): void {
    this.node.crash();
    this.node.restore();
  }

  /** The last indexes of the snapshots that batches have named. */
  get named(): number[] {
    return this.storage.batches.flatMap(({ snapshot }) => (snapshot === null ? [] : [snapshot.index]));
  }
}

describe('a node’s own snapshots', () => {
  it('are taken, staged, then named in a batch that drops the log', () => {
    const process = new Process();
    process.append(1, 4);
    expect(process.named).to.deep.equal([]);
    process.turns.workAll();
    expect(process.named).to.deep.equal([4]);
    expect(process.events).to.deep.equal(['started', 'taken 4']);
    expect(process.storage.durable.snapshot?.chunks).to.have.length(4);
    expect(process.node.status.core).to.include({ snapshotIndex: 4, firstIndex: 5, lastIndex: 4 });
  });

  it('are named only when all of it is durable', () => {
    const process = new Process();
    process.append(1, 4);
    process.storage.disk.hold();
    process.turns.workAll();
    expect([process.named, process.storage.disk.writesUnderWay]).to.deep.equal([[], 1]);
    process.storage.disk.complete(Infinity);
    expect(process.named).to.deep.equal([4]);
  });

  it('the node works on meanwhile', () => {
    const process = new Process();
    process.append(1, 4);
    process.turns.work(2);
    process.append(5, 6);
    expect(process.lastReply).to.include({ matchIndex: 6 });
    process.turns.workAll();
    expect(process.named).to.deep.equal([4]);
    expect(process.node.status.core).to.include({ firstIndex: 5, lastIndex: 6 });
  });

  for (const pieces of [0, 2, 4]) {
    it(`t28 nothing comes of one that a crash interrupts after ${pieces} pieces`, () => {
      const process = new Process();
      process.append(1, 4);
      process.turns.work(pieces);
      process.node.crash();
      expect([process.turns.size, viewsKept(process.state)]).to.deep.equal([0, 0]);
      process.node.restore();
      process.turns.workAll();
      expect(process.named).to.deep.equal([]);
      process.append(5, 5);
      process.turns.workAll();
      expect(process.named, 'the next one').to.deep.equal([5]);
    });
  }

  it('t28 nor of one that is being staged, though the storage ends that later', () => {
    const process = new Process();
    process.append(1, 4);
    process.storage.disk.hold();
    process.turns.workAll();
    process.crashAndRestore();
    process.storage.disk.complete(Infinity);
    expect([process.named, process.storage.durable.snapshot]).to.deep.equal([[], null]);
    expect(process.node.status).to.include({ lifecycle: 'running', lastApplied: 4 });
  });

  it('t28 nor when the storage ends that after the restore', () => {
    const process = new Process();
    process.append(1, 4);
    process.storage.disk.hold();
    process.turns.workAll();
    process.storage.load = (done) => done(null, process.storage.durable);
    process.crashAndRestore();
    process.storage.disk.complete(Infinity);
    expect(process.named).to.deep.equal([]);
    expect(process.node.status).to.include({ lifecycle: 'running', lastApplied: 4 });
  });

  it('t47 a storage that fails while it stages one ends the node', () => {
    const process = new Process();
    process.append(1, 4);
    process.storage.disk.breakDown();
    process.turns.workAll();
    expect(process.events).to.deep.equal(['started', 'failed: the disk failed']);
    expect(process.node.status.lifecycle).to.equal('failed');
  });
});

describe('a leader’s snapshot', () => {
  it('is installed when it is staged and loaded, named in the batch that replaces the log', () => {
    const process = new Process();
    process.append(1, 2);
    process.send();
    process.turns.workAll();
    expect(process.events).to.deep.equal(['started', 'installed 9 of 3']);
    expect(process.storage.batches.at(-1)).to.deep.include({
      snapshot: SNAPSHOT.last,
      truncateFrom: 1,
      compactTo: SNAPSHOT.last,
    });
    expect([process.names, process.state.lastApplied]).to.deep.equal([['g1', 'g2', 'g3'], 9]);
    process.append(10, 11);
    expect(process.names).to.deep.equal(['g1', 'g2', 'g3', 'f10', 'f11']);
  });

  it('tester view: at no moment is half of it to be seen', () => {
    const process = new Process();
    process.append(1, 2);
    const seen = new Set<string>();
    const look = (): unknown => seen.add(`${process.state.lastApplied}: ${process.names.join()}`);
    for (const chunk of [...SNAPSHOT.chunks].keys()) {
      process.receive(chunkOf(ME, 1, SNAPSHOT, chunk));
      look();
    }
    while (process.turns.work()) look();
    expect([...seen]).to.deep.equal(['2: f1,f2', '9: g1,g2,g3']);
  });

  it('is reported to the leader only when the batch that names it is durable', () => {
    const process = new Process();
    process.send();
    process.storage.disk.hold();
    process.turns.workAll();
    const before = process.replies.length;
    process.ask();
    expect(process.replies).to.have.length(before);
    process.storage.disk.complete(Infinity);
    expect(process.lastReply).to.include({ matchIndex: 9, commitIndex: 9 });
  });

  it('ends a snapshot of its own that is being taken', () => {
    const process = new Process();
    process.append(1, 4);
    process.turns.work(2);
    process.send();
    expect(viewsKept(process.state)).to.equal(0);
    process.turns.workAll();
    expect(process.named).to.deep.equal([9]);
  });

  it('makes an own one, staged before it and named after it, unwanted', () => {
    const process = new Process();
    process.append(1, 4);
    process.storage.disk.hold();
    process.turns.workAll();
    process.send();
    process.turns.workAll();
    process.storage.disk.complete(Infinity);
    expect(process.storage.durable.snapshot?.last).to.deep.equal(SNAPSHOT.last);
    expect(process.named.at(-1)).to.equal(9);
    expect(process.node.status).to.include({ lifecycle: 'running', lastApplied: 9 });
  });

  it('only the entries after it count for the next own one', () => {
    const process = new Process();
    process.append(1, 2);
    process.send();
    process.turns.workAll();
    process.append(10, 12);
    expect(process.turns.size).to.equal(0);
    process.append(13, 13);
    process.turns.workAll();
    expect(process.named).to.deep.equal([9, 13]);
  });

  for (let pieces = 0; pieces < LOADING; pieces += 1) {
    it(`t28 a crash after ${pieces} pieces forgets it; sent again, it is installed`, () => {
      const process = new Process();
      process.append(1, 2);
      process.send();
      process.turns.work(pieces);
      process.node.crash();
      expect(process.turns.size).to.equal(0);
      process.node.restore();
      expect([process.names, process.named]).to.deep.equal([['f1', 'f2'], []]);
      process.ask();
      expect(process.lastReply).to.include({ matchIndex: 0, nextChunk: 0 });
      process.send();
      process.turns.workAll();
      expect([process.names, process.named]).to.deep.equal([['g1', 'g2', 'g3'], [9]]);
    });
  }

  it('t28 a crash while the storage stages it: what the storage says later changes nothing', () => {
    const process = new Process();
    process.storage.disk.hold();
    process.send();
    process.turns.workAll();
    process.crashAndRestore();
    process.storage.disk.complete(Infinity);
    expect([process.names, process.named]).to.deep.equal([[], []]);
    expect(process.node.status).to.include({ lifecycle: 'running', lastApplied: 0 });
  });

  it('t28 a crash between two chunks forgets those that came', () => {
    const process = new Process();
    process.receive(chunkOf(ME, 1, SNAPSHOT, 0));
    process.crashAndRestore();
    process.receive(chunkOf(ME, 1, SNAPSHOT, 1));
    expect(process.lastReply).to.include({ nextChunk: 0 });
  });

  it('t28 a crash right after the installation takes nothing back', () => {
    const process = new Process();
    process.append(1, 2);
    process.storage.disk.hold();
    process.send();
    process.turns.workAll();
    process.storage.disk.complete();
    expect(process.names).to.deep.equal(['g1', 'g2', 'g3']);
    process.crashAndRestore();
    process.storage.disk.free();
    expect(process.node.status.core).to.include({ snapshotIndex: 9, commitIndex: 9, firstIndex: 10 });
    process.append(10, 10);
    expect(process.names).to.deep.equal(['g1', 'g2', 'g3', 'f10']);
  });

  it('t54 one that makes no sense is reported, changes nothing, and may be sent again', () => {
    const process = new Process();
    process.append(1, 2);
    process.send({ ...SNAPSHOT, chunks: ['[["g1",1,["h"]]]', '{}', '[]'] });
    process.turns.workAll();
    expect(process.events).to.deep.equal(['started', 'unusable: SnapshotError']);
    expect([process.names, process.named]).to.deep.equal([['f1', 'f2'], []]);
    process.ask();
    expect(process.lastReply).to.include({ matchIndex: 0, nextChunk: 0 });
    process.send();
    process.turns.workAll();
    expect([process.names, process.named]).to.deep.equal([['g1', 'g2', 'g3'], [9]]);
  });

  it('t47 a storage that fails while it stages one ends the node', () => {
    const process = new Process();
    process.append(1, 2);
    process.storage.disk.breakDown();
    process.send();
    expect(process.events).to.deep.equal(['started', 'failed: the disk failed']);
    process.turns.workAll();
    expect([process.names, process.node.status.lifecycle]).to.deep.equal([['f1', 'f2'], 'failed']);
  });

  it('the storage may say that it is staged while it takes the next batch', () => {
    const process = new Process();
    process.storage.disk.hold();
    process.send();
    process.turns.workAll();
    // From now on it ends all its writes, the oldest first, within the call that brings the next.
    process.storage.disk.free();
    process.append(1, 2);
    expect(process.events).to.deep.equal(['started', 'installed 9 of 3']);
    expect(process.names).to.deep.equal(['g1', 'g2', 'g3']);
  });

  it('when the log overtakes it the entries count, and the next one is received like any other', () => {
    const process = new Process();
    process.send();
    process.append(1, 11);
    process.turns.workAll();
    expect(process.state.lastApplied).to.equal(11);
    expect(process.names.at(-1)).to.equal('f11');
    const next = { ...SNAPSHOT, last: { term: 1, index: 30 } };
    process.send(next);
    process.turns.workAll();
    expect(process.events.at(-1)).to.equal('installed 30 of 3');
  });
});

describe('a new process on a storage with a snapshot', () => {
  /** The storage of a process that installed the snapshot and received two entries after it. */
  function leftBehind(): ManualStorage {
    const process = new Process();
    process.send();
    process.turns.workAll();
    process.append(10, 11);
    process.storage.disk.loseProcess();
    return process.storage;
  }

  it('takes part when its state machine is the snapshot, not before; nobody sees half of it', () => {
    const process = new Process(leftBehind());
    for (let piece = 0; piece < LOADING; piece += 1) {
      expect(process.node.status).to.include({ lifecycle: 'starting', lastApplied: 0 });
      expect([process.names, process.ticker.isRunning]).to.deep.equal([[], false]);
      expect(() => process.ask()).to.throw('still starting');
      process.turns.work();
    }
    expect(process.events).to.deep.equal(['started']);
    expect(process.node.status).to.include({ lifecycle: 'running', lastApplied: 9 });
    expect(process.names).to.deep.equal(['g1', 'g2', 'g3']);
    expect(process.node.status.core).to.include({ snapshotIndex: 9, commitIndex: 9, lastIndex: 11 });
  });

  it('goes on with the entries after it when they are committed again', () => {
    const process = new Process(leftBehind());
    process.turns.workAll();
    const prev = { prevLogIndex: 11, prevLogTerm: 1 };
    process.receive(append(ME, 1, { ...prev, leaderCommit: 11 }) as RequestMessage);
    expect(process.names).to.deep.equal(['g1', 'g2', 'g3', 'f10', 'f11']);
  });

  for (let pieces = 0; pieces < LOADING; pieces += 1) {
    it(`t28 a crash after ${pieces} pieces, then a restore: it begins again`, () => {
      const process = new Process(leftBehind());
      process.turns.work(pieces);
      process.node.crash();
      expect(process.turns.size).to.equal(0);
      expect([process.node.status.lifecycle, process.names]).to.deep.equal(['crashed', []]);
      process.node.restore();
      process.turns.workAll();
      expect(process.node.status).to.include({ lifecycle: 'running', lastApplied: 9 });
      expect(process.names).to.deep.equal(['g1', 'g2', 'g3']);
    });
  }

  it('stopped while it recovers, it stays stopped', () => {
    const process = new Process(leftBehind());
    process.turns.work();
    process.node.stop();
    process.turns.workAll();
    expect([process.node.status.lifecycle, process.state.files.size]).to.deep.equal(['stopped', 0]);
  });

  it('a restored node, whose state machine has all that the snapshot covers, needs no loading', () => {
    const process = new Process(leftBehind());
    process.turns.workAll();
    process.crashAndRestore();
    expect([process.node.status.lifecycle, process.turns.size]).to.deep.equal(['running', 0]);
  });

  it('t54 a stored snapshot that the state machine can make nothing of ends the node, and says so', () => {
    const storage = new ManualStorage();
    storage.load = (done) =>
      done(null, {
        identity: null,
        hardState: { term: 1, votedFor: null },
        snapshot: { last: SNAPSHOT.last, chunks: ['not a chunk'] },
        base: SNAPSHOT.last,
        entries: [],
      });
    const process = new Process(storage);
    process.turns.workAll();
    const [failed, notStarted] = process.events;
    expect(failed).to.match(/^failed: .*not JSON/);
    expect(notStarted).to.match(/^not started: .*not JSON/);
    expect([process.node.status.lifecycle, process.state.files.size]).to.deep.equal(['failed', 0]);
  });
});
