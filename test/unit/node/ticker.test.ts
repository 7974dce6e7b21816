import { expect } from 'chai';
import { GridTicker, systemClock, type Clock } from '../../../src/node/clock.js';

/** A clock whose time passes in `sleep`, and which calls back late by `latenessMs`. */
class TestClock implements Clock {
  latenessMs = 0;
  private nowMs = 1000;
  private timers: { dueMs: number; callback: () => void }[] = [];

  now(): number {
    return this.nowMs;
  }

  get timersSet(): number {
    return this.timers.length;
  }

  schedule(delayMs: number, callback: () => void): () => void {
    const timer = { dueMs: this.nowMs + delayMs + this.latenessMs, callback };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }

  /** The event loop runs for so long. */
  sleep(ms: number): void {
    const endMs = this.nowMs + ms;
    for (let next = this.nextDue(endMs); next !== undefined; next = this.nextDue(endMs)) {
      this.timers = this.timers.filter((timer) => timer !== next);
      this.nowMs = Math.max(this.nowMs, next.dueMs);
      next.callback();
    }
    this.nowMs = endMs;
  }

  /** The event loop stands still for so long. */
  stall(ms: number): void {
    this.nowMs += ms;
  }

  private nextDue(byMs: number): { dueMs: number; callback: () => void } | undefined {
    return this.timers.filter(({ dueMs }) => dueMs <= byMs).sort((a, b) => a.dueMs - b.dueMs)[0];
  }
}

function ticking(): { clock: TestClock; ticker: GridTicker; ticks: number[] } {
  const clock = new TestClock();
  const ticker = new GridTicker(10, clock);
  const ticks: number[] = [];
  ticker.start(() => ticks.push(clock.now() - 1000));
  return { clock, ticker, ticks };
}

describe('ticker', () => {
  it('ticks on a grid that begins when it is started', () => {
    const { clock, ticks } = ticking();
    clock.sleep(35);
    expect(ticks).to.deep.equal([10, 20, 30]);
  });

  it('does not let lateness add up: late callbacks still mean one tick per step of the grid', () => {
    const { clock, ticks } = ticking();
    clock.latenessMs = 3;
    clock.sleep(10_000);
    expect(ticks.length).to.be.within(999, 1000);
    expect(ticks.slice(-2).map((tick) => tick % 10)).to.deep.equal([3, 3]);
  });

  it('t52 skips what it missed in a stall: one tick, no burst, and the grid stays (openraft tick fix)', () => {
    const { clock, ticks } = ticking();
    clock.sleep(20);
    clock.stall(5005);
    clock.sleep(20);
    expect(ticks).to.deep.equal([10, 20, 5025, 5030, 5040]);
  });

  it('stops, also from within a tick', () => {
    const { clock, ticker, ticks } = ticking();
    clock.sleep(10);
    ticker.stop();
    clock.sleep(100);
    expect(ticks).to.deep.equal([10]);

    const inside: number[] = [];
    ticker.start(() => {
      inside.push(clock.now());
      ticker.stop();
    });
    clock.sleep(100);
    expect(inside).to.have.length(1);
    expect(clock.timersSet).to.equal(0);
  });

  it('started again, ticks for the new one only', () => {
    const { clock, ticker, ticks } = ticking();
    const others: number[] = [];
    clock.sleep(5);
    ticker.start(() => others.push(clock.now() - 1000));
    clock.sleep(25);
    expect(ticks).to.deep.equal([]);
    expect(others).to.deep.equal([15, 25]);
  });

  it('runs on the clock of this machine', async () => {
    const ticker = new GridTicker(2, systemClock);
    await new Promise<void>((resolve) => {
      let ticks = 0;
      ticker.start(() => {
        ticks += 1;
        if (ticks === 3) resolve();
      });
    });
    ticker.stop();
  });
});
