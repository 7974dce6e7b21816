import { expect } from 'chai';
import { systemDefer } from '../../../src/node/clock.js';
import { noopObserver } from '../../../src/node/events.js';
import { RaftNode } from '../../../src/node/raftNode.js';
import { defaultRaftConfig } from '../../../src/raft/config.js';
import type { CommandResult } from '../../../src/stateMachine/command.js';
import { ServiceState } from '../../../src/stateMachine/serviceState.js';
import { nothingStored, type Storage, type StoredState } from '../../../src/storage/storage.js';
import { noSnapshots, ManualTicker } from '../../support/manualParts.js';

/** A disk on which writes and loads end when the test says so, in the order that it says. */
class HandDisk implements Storage {
  readonly writes: ((error: Error | null) => void)[] = [];
  readonly loads: ((error: Error | null, stored: StoredState) => void)[] = [];

  persist(_batch: unknown, done: (error: Error | null) => void): void {
    this.writes.push(done);
  }

  stage(): void {
    throw new Error('nobody takes a snapshot here');
  }

  load(done: (error: Error | null, stored: StoredState) => void): void {
    this.loads.push(done);
  }

  close(done: () => void): void {
    done();
  }

  /** The oldest load that has not ended finds a server of this term. */
  endLoad(term: number): void {
    this.loads.shift()?.(null, { ...nothingStored, hardState: { term, votedFor: null } });
  }
}

function nodeOn(disk: HandDisk): { node: RaftNode<CommandResult>; events: string[] } {
  const events: string[] = [];
  const node = new RaftNode({
    raft: { ...defaultRaftConfig, id: 0, servers: [0] },
    storage: disk,
    transport: { send: () => () => undefined, disconnect: () => undefined, close: () => undefined },
    stateMachine: new ServiceState(),
    ticker: new ManualTicker(),
    defer: systemDefer,
    snapshots: noSnapshots,
    drawElectionTicks: () => 3,
    replyAfter: 'majority',
    waitingCallsMax: 5,
    observer: {
      ...noopObserver,
      failed: ({ message }) => events.push(`failed: ${message}`),
    },
  });
  node.start();
  return { node, events };
}

describe('node, across crashes', () => {
  it('t28 a load that began before a second crash brings nothing up', () => {
    const disk = new HandDisk();
    const { node } = nodeOn(disk);
    disk.endLoad(1);
    node.crash();
    node.restore();
    node.crash();
    disk.endLoad(2);
    expect(node.status).to.include({ lifecycle: 'crashed' });
    node.restore();
    expect(node.status).to.include({ lifecycle: 'restoring' });
    disk.endLoad(3);
    // The third load's term, and one more: alone in its cluster it campaigns at once.
    expect(node.status).to.have.nested.property('core.term', 4);
    expect(node.status).to.include({ lifecycle: 'running' });
  });

  it('t28 of two loads under way only the one of the last restore counts', () => {
    const disk = new HandDisk();
    const { node } = nodeOn(disk);
    disk.endLoad(1);
    for (let times = 0; times < 2; times += 1) {
      node.crash();
      node.restore();
    }
    disk.endLoad(2);
    expect(node.status, 'after the first').to.include({ lifecycle: 'restoring' });
    disk.endLoad(3);
    expect(node.status, 'after the second').to.include({ lifecycle: 'running' });
  });

  it('t47 a disk that fails while its server is crashed has failed: no restore brings the server back', () => {
    const disk = new HandDisk();
    const { node, events } = nodeOn(disk);
    disk.endLoad(1);
    expect(disk.writes, 'writes under way').to.have.length(1);
    node.crash();
    disk.writes[0]?.(new Error('no space left'));
    expect(events).to.deep.equal(['failed: no space left']);
    node.restore();
    expect(node.status).to.include({ lifecycle: 'failed' });
    expect(disk.loads, 'loads begun by the restore').to.deep.equal([]);
  });

  it('t44 a crashed leader is shown as a follower of nobody, with the term, vote and log that it had', () => {
    const disk = new HandDisk();
    const { node } = nodeOn(disk);
    disk.endLoad(1);
    disk.writes[0]?.(null);
    expect(node.status.core).to.include({ role: 'leader', leader: 0, term: 2 });
    node.crash();
    expect(node.status.core).to.include({
      role: 'follower',
      leader: null,
      term: 2,
      votedFor: 0,
      lastIndex: 1,
    });
    expect(node.status.core.peers).to.deep.equal([]);
  });
});
