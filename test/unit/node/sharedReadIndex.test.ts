import { expect } from 'chai';
import type { PendingCall } from '../../../src/node/pendingRequests.js';
import { SharedReadIndex } from '../../../src/node/sharedReadIndex.js';
import { ManualClock } from '../../support/manualParts.js';

interface Asked {
  cancelled: boolean;
  resolve(index: number): void;
  reject(error: Error): void;
}

/** A leader that answers when the test says so. */
class Bench {
  readonly clock = new ManualClock();
  readonly asked: Asked[] = [];
  failAtOnce: Error | undefined;
  readonly shared = new SharedReadIndex(() => this.ask(), this.clock);

  /** Reads; gives how it has ended so far. */
  read(): { outcome: unknown; cancel: () => void } {
    const { promise, cancel } = this.shared.read();
    const watched: { outcome: unknown; cancel: () => void } = { outcome: 'waits', cancel };
    promise.then(
      (index) => (watched.outcome = index),
      (error: unknown) => (watched.outcome = error),
    );
    return watched;
  }

  async answer(call: number, index: number): Promise<void> {
    this.asked[call]?.resolve(index);
    await settled();
  }

  private ask(): PendingCall<number> {
    if (this.failAtOnce !== undefined) throw this.failAtOnce;
    const asked: Asked = { cancelled: false, resolve: () => undefined, reject: () => undefined };
    const promise = new Promise<number>((resolve, reject) => Object.assign(asked, { resolve, reject }));
    this.asked.push(asked);
    return { promise, cancel: () => (asked.cancelled = true) };
  }
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('shared read index', () => {
  it('asks at once for the first read', async () => {
    const bench = new Bench();
    const read = bench.read();
    expect(bench.asked).to.have.lengthOf(1);
    await bench.answer(0, 7);
    expect(read.outcome).to.equal(7);
  });

  it('a read that arrives while a call is under way is not answered by it: what it confirms may be older', async () => {
    const bench = new Bench();
    const [first, second, third] = [bench.read(), bench.read(), bench.read()];
    expect(bench.asked).to.have.lengthOf(1);
    await bench.answer(0, 7);
    expect([first.outcome, second.outcome, third.outcome]).to.deep.equal([7, 'waits', 'waits']);
    expect(bench.asked, 'one call for all that came meanwhile').to.have.lengthOf(2);
    const fourth = bench.read();
    await bench.answer(1, 9);
    expect([second.outcome, third.outcome, fourth.outcome]).to.deep.equal([9, 9, 'waits']);
  });

  it('an error is told to all who are in the call, and the next call is made', async () => {
    const bench = new Bench();
    const [first, second] = [bench.read(), bench.read()];
    const error = new Error('the leader is gone');
    bench.asked[0]?.reject(error);
    await settled();
    expect(first.outcome).to.equal(error);
    await bench.answer(1, 3);
    expect(second.outcome).to.equal(3);
  });

  it('an error before anything is asked is an error of the read, and holds up nobody', async () => {
    const bench = new Bench();
    bench.failAtOnce = new Error('no such peer');
    const first = bench.read();
    await settled();
    expect(first.outcome).to.equal(bench.failAtOnce);
    bench.failAtOnce = undefined;
    const second = bench.read();
    await bench.answer(0, 1);
    expect(second.outcome).to.equal(1);
  });

  it('a call that is not answered holds up the next one for a moment only', async () => {
    const bench = new Bench();
    const [first, second] = [bench.read(), bench.read()];
    bench.clock.pass(49);
    expect(bench.asked).to.have.lengthOf(1);
    bench.clock.pass(1);
    expect(bench.asked).to.have.lengthOf(2);
    await bench.answer(1, 5);
    expect([first.outcome, second.outcome]).to.deep.equal(['waits', 5]);
    const third = bench.read();
    expect(bench.asked).to.have.lengthOf(3);
    await bench.answer(0, 4);
    await bench.answer(2, 6);
    expect([first.outcome, third.outcome]).to.deep.equal([4, 6]);
  });

  it('a call for which nobody waits any more is cancelled, and makes room', async () => {
    const bench = new Bench();
    const [first, second] = [bench.read(), bench.read()];
    first.cancel();
    expect(bench.asked.map(({ cancelled }) => cancelled)).to.deep.equal([true, false]);
    await bench.answer(1, 2);
    expect([first.outcome, second.outcome]).to.deep.equal(['waits', 2]);
  });

  it('a call for which somebody still waits goes on', async () => {
    const bench = new Bench();
    bench.read();
    const [second, third] = [bench.read(), bench.read()];
    second.cancel();
    await bench.answer(0, 1);
    await bench.answer(1, 2);
    expect([second.outcome, third.outcome]).to.deep.equal(['waits', 2]);
    expect(bench.asked.some(({ cancelled }) => cancelled)).to.equal(false);
  });

  it('a call that has not left is not made when all who waited for it have gone', async () => {
    const bench = new Bench();
    bench.read();
    const second = bench.read();
    second.cancel();
    bench.clock.pass(1_000);
    await bench.answer(0, 1);
    expect(bench.asked).to.have.lengthOf(1);
    const third = bench.read();
    await bench.answer(1, 8);
    expect(third.outcome).to.equal(8);
  });
});
