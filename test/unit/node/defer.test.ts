import { expect } from 'chai';
import { inPieces, systemDefer } from '../../../src/node/clock.js';
import { ManualDefer } from '../../support/manualParts.js';

describe('work in pieces', () => {
  it('does nothing at once, then a piece at each turn, until the last', () => {
    const turns = new ManualDefer();
    let done = 0;
    inPieces(turns.defer, () => {
      done += 1;
      return done < 3;
    });
    expect([done, turns.size]).to.deep.equal([0, 1]);
    turns.work();
    expect([done, turns.size]).to.deep.equal([1, 1]);
    turns.work(2);
    expect([done, turns.size]).to.deep.equal([3, 0]);
  });

  for (const before of [0, 1, 2]) {
    it(`ends when it is called off after ${before} pieces`, () => {
      const turns = new ManualDefer();
      let done = 0;
      const cancel = inPieces(turns.defer, () => {
        done += 1;
        return true;
      });
      turns.work(before);
      cancel();
      cancel();
      turns.workAll();
      expect([done, turns.size]).to.deep.equal([before, 0]);
    });
  }

  it('can be called off after its end', () => {
    const turns = new ManualDefer();
    const cancel = inPieces(turns.defer, () => false);
    turns.workAll();
    cancel();
    expect(turns.size).to.equal(0);
  });

  it('two works take turns', () => {
    const turns = new ManualDefer();
    const order: string[] = [];
    for (const name of ['a', 'b']) inPieces(turns.defer, () => order.push(name) < 4);
    turns.workAll();
    expect(order).to.deep.equal(['a', 'b', 'a', 'b', 'a']);
  });

  it('of the system lets what waits already have its turn first, and can be called off', async () => {
    const order: string[] = [];
    setImmediate(() => order.push('was waiting'));
    const ended = new Promise<void>((resolve) => {
      systemDefer(() => {
        order.push('deferred');
        resolve();
      });
    });
    const cancel = systemDefer(() => order.push('called off'));
    cancel();
    order.push('now');
    await ended;
    await new Promise(setImmediate);
    expect(order).to.deep.equal(['now', 'was waiting', 'deferred']);
  });
});
