import { expect } from 'chai';
import { ServiceError } from '../../../src/node/errors.js';
import { PendingRequests, type ReplyAfter } from '../../../src/node/pendingRequests.js';
import { entryOf } from '../../support/coreHarness.js';

/** What a promise came to, so far. */
async function stateOf(promise: Promise<unknown>): Promise<unknown> {
  return Promise.race([promise, new Promise((resolve) => setImmediate(() => resolve('waits')))]).catch(
    (error: unknown) => (error instanceof ServiceError ? error.kind : error),
  );
}

function pendingRequests(waitingMax = 10, replyAfter: ReplyAfter = 'commit'): PendingRequests<string> {
  return new PendingRequests<string>(waitingMax, replyAfter);
}

describe('pending requests', () => {
  it('a write is answered with the result of its entry once that is applied', async () => {
    const pending = pendingRequests();
    const { request, promise } = pending.openWrite();
    pending.accepted(request, { term: 2, index: 5 });
    pending.settle(4);
    expect(await stateOf(promise)).to.equal('waits');
    pending.entryApplied(entryOf(2, 5), 'done');
    pending.settle(5);
    expect(await promise).to.equal('done');
    expect(pending.size).to.equal(0);
  });

  it('t39 an entry of another term at its index is not its own: superseded (PySyncObj compares terms)', async () => {
    const pending = pendingRequests();
    const { request, promise } = pending.openWrite();
    pending.accepted(request, { term: 2, index: 5 });
    pending.entryApplied(entryOf(3, 5), 'somebody else’s');
    pending.settle(5);
    expect(await stateOf(promise)).to.equal('superseded');
  });

  it('entries of nobody here are no trouble', async () => {
    const pending = pendingRequests();
    const { promise } = pending.openWrite();
    pending.entryApplied(entryOf(2, 1), 'x');
    pending.settle(1);
    expect(await stateOf(promise)).to.equal('waits');
  });

  it('writes are answered each with its own result', async () => {
    const pending = pendingRequests();
    const writes = [1, 2, 3].map((index) => {
      const { request, promise } = pending.openWrite();
      pending.accepted(request, { term: 1, index });
      return promise;
    });
    for (const index of [1, 2, 3]) pending.entryApplied(entryOf(1, index), `result ${index}`);
    pending.settle(3);
    expect(await Promise.all(writes)).to.deep.equal(['result 1', 'result 2', 'result 3']);
  });

  it('by the assignment’s rule a write waits until a majority is known to have committed it', async () => {
    const pending = pendingRequests(10, 'majority');
    const { request, promise } = pending.openWrite();
    pending.accepted(request, { term: 1, index: 2 });
    pending.entryApplied(entryOf(1, 2), 'done');
    pending.acknowledged(1);
    pending.settle(2);
    expect(await stateOf(promise)).to.equal('waits');
    pending.acknowledged(2);
    pending.settle(2);
    expect(await stateOf(promise)).to.equal('done');
  });

  it('and an acknowledgement that comes before the entry is applied does not answer it early', async () => {
    const pending = pendingRequests(10, 'majority');
    const { request, promise } = pending.openWrite();
    pending.accepted(request, { term: 1, index: 2 });
    pending.acknowledged(2);
    pending.settle(1);
    expect(await stateOf(promise)).to.equal('waits');
    pending.entryApplied(entryOf(1, 2), 'done');
    pending.settle(2);
    expect(await stateOf(promise)).to.equal('done');
  });

  it('t35 a read is answered once its index is applied (etcd#13464)', async () => {
    const pending = pendingRequests();
    const { request, promise } = pending.openRead('read');
    pending.confirmRead(request, 7);
    pending.settle(6);
    expect(await stateOf(promise)).to.equal('waits');
    pending.settle(7);
    expect(await stateOf(promise)).to.equal(undefined);
  });

  it('reads are answered in the order of their indexes, in whatever order these became known', async () => {
    const pending = pendingRequests();
    const reads = [9, 7, 8, 7].map((index) => {
      const { request, promise } = pending.openRead('read');
      pending.confirmRead(request, index);
      return promise;
    });
    const states = (): Promise<unknown[]> => Promise.all(reads.map(stateOf));
    pending.settle(7);
    expect(await states()).to.deep.equal(['waits', undefined, 'waits', undefined]);
    pending.settle(8);
    expect(await states()).to.deep.equal(['waits', undefined, undefined, undefined]);
    pending.settle(9);
    expect(await states()).to.deep.equal([undefined, undefined, undefined, undefined]);
    expect(pending.size).to.equal(0);
  });

  it('t51 refuses calls when as many wait as may (etcd MaxUncommittedEntriesSize)', () => {
    const pending = pendingRequests(2);
    pending.openWrite();
    const read = pending.openRead('read');
    expect(() => pending.openWrite()).to.throw(ServiceError, 'overloaded');
    expect(() => pending.openRead('read')).to.throw(ServiceError, 'overloaded');
    read.cancel();
    expect(pending.size).to.equal(1);
    expect(() => pending.openRead('read')).not.to.throw();
  });

  it('a cancelled call is never settled, and its entry is nobody’s', async () => {
    const pending = pendingRequests();
    const { request, promise, cancel } = pending.openWrite();
    pending.accepted(request, { term: 1, index: 1 });
    cancel();
    pending.entryApplied(entryOf(1, 1), 'done');
    pending.settle(1);
    pending.failAll(() => new ServiceError('crashed', 'x'));
    expect(await stateOf(promise)).to.equal('waits');
  });

  it('a request that was dropped fails with its reason, once', async () => {
    const pending = pendingRequests();
    const { request, promise } = pending.openWrite();
    pending.fail(request, new ServiceError('notLeader', 'x', 2));
    pending.fail(request, new ServiceError('overloaded', 'x'));
    expect(await stateOf(promise)).to.equal('notLeader');
    expect(pending.size).to.equal(0);
  });

  it('t38 when this server stops leading all writes are told, reads are left to the core (openraft PR#500)', async () => {
    const pending = pendingRequests(10, 'majority');
    const accepted = pending.openWrite();
    pending.accepted(accepted.request, { term: 1, index: 1 });
    const applied = pending.openWrite();
    pending.accepted(applied.request, { term: 1, index: 2 });
    pending.entryApplied(entryOf(1, 2), 'done');
    const queued = pending.openWrite();
    const read = pending.openRead('read');
    pending.failWrites(() => new ServiceError('steppedDown', 'x'));
    const states = [accepted, applied, queued].map(({ promise }) => stateOf(promise));
    expect(await Promise.all(states)).to.deep.equal(['steppedDown', 'steppedDown', 'steppedDown']);
    expect(await stateOf(read.promise)).to.equal('waits');
  });

  it('what was known of an earlier leadership answers nothing in a later one', async () => {
    const pending = pendingRequests(10, 'majority');
    pending.acknowledged(9);
    pending.failWrites(() => new ServiceError('steppedDown', 'x'));
    const { request, promise } = pending.openWrite();
    pending.accepted(request, { term: 3, index: 5 });
    pending.entryApplied(entryOf(3, 5), 'done');
    pending.settle(5);
    expect(await stateOf(promise)).to.equal('waits');
  });

  it('a crash ends everything: writes, reads, and reads that waited to be applied', async () => {
    const pending = pendingRequests();
    const write = pending.openWrite();
    const read = pending.openRead('read');
    const confirmed = pending.openRead('read');
    pending.confirmRead(confirmed.request, 9);
    pending.failAll(() => new ServiceError('crashedWhileWaiting', 'x'));
    for (const { promise } of [write, read, confirmed]) {
      expect(await stateOf(promise)).to.equal('crashedWhileWaiting');
    }
    expect(pending.size).to.equal(0);
    pending.settle(9);
  });
});
