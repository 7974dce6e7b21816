import { expect } from 'chai';
import { systemDefer } from '../../../src/node/clock.js';
import { noopObserver, observers, type NodeObserver } from '../../../src/node/events.js';
import { RaftNode } from '../../../src/node/raftNode.js';
import { defaultRaftConfig } from '../../../src/raft/config.js';
import type { CommandResult } from '../../../src/stateMachine/command.js';
import { ServiceState } from '../../../src/stateMachine/serviceState.js';
import { MemoryStorage } from '../../../src/storage/memoryStorage.js';
import { ManualTicker, noSnapshots } from '../../support/manualParts.js';

function nodeOf(
  servers: readonly number[],
  observer: Partial<NodeObserver>,
  send: () => () => void,
  observerThrew: (error: unknown) => void = () => undefined,
): { node: RaftNode<CommandResult>; ticker: ManualTicker } {
  const ticker = new ManualTicker();
  const node = new RaftNode({
    raft: { ...defaultRaftConfig, id: 0, servers },
    storage: new MemoryStorage(),
    transport: { send, disconnect: () => undefined, close: () => undefined },
    stateMachine: new ServiceState(),
    ticker,
    defer: systemDefer,
    snapshots: noSnapshots,
    drawElectionTicks: () => 3,
    replyAfter: 'majority',
    waitingCallsMax: 5,
    observer: observers([{ ...noopObserver, ...observer }], observerThrew),
  });
  node.start();
  return { node, ticker };
}

function broken(): never {
  throw new Error('broken');
}

describe('a node among parts that throw', () => {
  it('goes on when its observer throws, and says what was thrown', () => {
    const thrown: string[] = [];
    const { node } = nodeOf([0], { roleChanged: broken, lifecycleChanged: broken }, broken, (error) =>
      thrown.push(String(error)),
    );
    expect(node.isLeader).to.equal(true);
    node.crash();
    node.restore();
    expect(node.isLeader).to.equal(true);
    expect(thrown).to.include('Error: broken');
  });

  it('ends with the reason when a message cannot be sent, at once or once it is durable', () => {
    const failures: string[] = [];
    const { node, ticker } = nodeOf([0, 1, 2], { failed: ({ message }) => failures.push(message) }, broken);
    for (let tick = 0; tick < 5; tick += 1) ticker.tick();
    expect(node.status.lifecycle).to.equal('failed');
    expect(failures).to.deep.equal(['broken']);
  });
});
