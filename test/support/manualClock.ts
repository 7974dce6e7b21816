import type { Clock } from '../../src/node/clock.js';

/** Time that passes when told to. */
export class ManualClock implements Clock {
  private nowMs = 0;
  private timers: { readonly dueMs: number; readonly run: () => void }[] = [];

  now(): number {
    return this.nowMs;
  }

  schedule(delayMs: number, run: () => void): () => void {
    const timer = { dueMs: this.nowMs + delayMs, run };
    this.timers.push(timer);
    return () => (this.timers = this.timers.filter((other) => other !== timer));
  }

  /** Timers that have not run and were not called off. */
  get size(): number {
    return this.timers.length;
  }

  /** So much time passes; what is due meanwhile happens, the earliest first. */
  pass(ms: number): void {
    const endMs = this.nowMs + ms;
    for (;;) {
      const [next] = this.timers.filter(({ dueMs }) => dueMs <= endMs).sort((a, b) => a.dueMs - b.dueMs);
      if (next === undefined) break;
      this.timers = this.timers.filter((other) => other !== next);
      this.nowMs = next.dueMs;
      next.run();
    }
    this.nowMs = endMs;
  }
}
