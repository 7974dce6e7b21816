import { expect } from 'chai';
import { SliceQueue } from '../../../src/http/sliceQueue.js';

describe('http: long work in slices', () => {
  let nowMs: number;
  let queue: SliceQueue;
  let done: number[];

  beforeEach(() => {
    nowMs = 0;
    queue = new SliceQueue(() => nowMs);
    done = [];
  });

  /** Work of so many slices, each of which takes this long. */
  function work(slices: number, sliceMs: number): () => boolean {
    let left = slices;
    return () => {
      nowMs += sliceMs;
      left -= 1;
      if (left === 0) done.push(slices);
      return left > 0;
    };
  }

  /** How much work each turn of the event loop did, in milliseconds, until this many pieces of it are done. */
  async function turnsUntil(count: number): Promise<number[]> {
    const turns: number[] = [];
    while (done.length < count) {
      const before = nowMs;
      await new Promise((resolve) => setImmediate(resolve));
      turns.push(nowMs - before);
    }
    return turns;
  }

  it('finishes small work in the turn in which it begins', () => {
    queue.begin(work(3, 0.25));
    expect(done).to.deep.equal([3]);
  });

  it('gives one piece of work a millisecond of the turn in which it begins', () => {
    queue.begin(work(100, 0.5));
    expect(nowMs).to.equal(1);
  });

  it('gives all the work that begins in one turn 5 ms of it, and of each turn after it', async () => {
    for (let piece = 0; piece < 10_000; piece += 1) queue.begin(work(2, 0.25));
    expect(nowMs).to.equal(5);
    const turns = await turnsUntil(10_000);
    // Two turns of the queue may fall between two looks.
    expect(Math.max(...turns)).to.be.at.most(10);
    expect(turns.length).to.be.at.least(500);
  });

  it('does many small pieces in one turn', async () => {
    for (let piece = 0; piece < 20; piece += 1) queue.add(work(1, 0.125));
    expect((await turnsUntil(20)).length).to.be.at.most(2);
  });

  it('lets small work pass beside long work', async () => {
    queue.add(work(1_000, 0.5));
    queue.add(work(2, 0.5));
    await turnsUntil(2);
    expect(done).to.deep.equal([2, 1_000]);
  });
});
