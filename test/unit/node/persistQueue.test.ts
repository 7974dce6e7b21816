import { expect } from 'chai';
import { PersistQueue } from '../../../src/node/persistQueue.js';
import { NOTHING, type Output, type StorageBatch } from '../../../src/raft/output.js';
import type { Message } from '../../../src/raft/types.js';
import { ManualStorage } from '../../support/manualStorage.js';

function batch(number: number): StorageBatch {
  const hardState = { term: number, votedFor: null };
  const last = { term: 0, index: 0 };
  return {
    number,
    hardState,
    identity: null,
    snapshot: null,
    truncateFrom: null,
    compactTo: null,
    appended: [],
    last,
  };
}

function vote(term: number): Message {
  return { type: 'requestVoteResponse', from: 0, to: 1, term, granted: true };
}

function output(number: number | null, ...terms: readonly number[]): Output {
  return { ...NOTHING, batch: number === null ? null : batch(number), messagesAfterPersist: terms.map(vote) };
}

function queueOn(storage: ManualStorage): {
  add: (output: Output) => void;
  queue: PersistQueue;
  events: string[];
} {
  const events: string[] = [];
  const queue = new PersistQueue(storage, {
    persisted: ({ number }) => events.push(`persisted ${number}`),
    failed: ({ message }) => events.push(`failed: ${message}`),
  });
  return { add: (item) => queue.add(item, ({ term }) => events.push(`sent ${term}`)), queue, events };
}

describe('persist queue', () => {
  it('keeps a step’s messages back until its batch is durable, and reports the batch first', () => {
    const storage = new ManualStorage();
    storage.disk.hold();
    const { add, events } = queueOn(storage);
    add(output(1, 10, 11));
    expect(events).to.deep.equal([]);
    storage.disk.complete();
    expect(events).to.deep.equal(['persisted 1', 'sent 10', 'sent 11']);
  });

  it('works with a storage that is done before it returns', () => {
    const { add, events } = queueOn(new ManualStorage());
    add(output(1, 10));
    expect(events).to.deep.equal(['persisted 1', 'sent 10']);
  });

  it('sends at once what waits for nothing', () => {
    const { add, events } = queueOn(new ManualStorage());
    add(output(null, 10));
    expect(events).to.deep.equal(['sent 10']);
  });

  it('t16 a message without a batch of its own waits for the newest one under way: it may speak of it', () => {
    const storage = new ManualStorage();
    storage.disk.hold();
    const { add, events } = queueOn(storage);
    add(output(1, 10));
    add(output(2));
    add(output(null, 30));
    storage.disk.complete();
    expect(events).to.deep.equal(['persisted 1', 'sent 10']);
    storage.disk.complete();
    expect(events).to.deep.equal(['persisted 1', 'sent 10', 'persisted 2', 'sent 30']);
  });

  it('t48 completions of an earlier life change nothing (openraft PR#1964)', () => {
    const storage = new ManualStorage();
    storage.disk.hold();
    const { add, queue, events } = queueOn(storage);
    add(output(1, 10));
    queue.reset();
    add(output(1, 20));
    storage.disk.complete();
    expect(events).to.deep.equal([]);
    storage.disk.complete();
    expect(events).to.deep.equal(['persisted 1', 'sent 20']);
  });

  it('t47 a failed write sends nothing and is reported (hashicorp#503)', () => {
    const storage = new ManualStorage();
    storage.disk.breakDown();
    const { add, events } = queueOn(storage);
    add(output(1, 10));
    expect(events).to.deep.equal(['failed: the disk failed']);
  });

  it('t47 a write of an earlier life that fails is reported as well: the disk has failed', () => {
    const storage = new ManualStorage();
    storage.disk.hold();
    const { add, queue, events } = queueOn(storage);
    add(output(1, 10));
    queue.reset();
    storage.disk.breakDown();
    storage.disk.complete();
    expect(events).to.deep.equal(['failed: the disk failed']);
  });
});
