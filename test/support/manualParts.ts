import type { Clock, Ticker } from '../../src/node/clock.js';
import type { SnapshotPolicy } from '../../src/node/snapshots.js';

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

/** Ticks when told to. */
export class ManualTicker implements Ticker {
  private onTick: (() => void) | undefined;

  get isRunning(): boolean {
    return this.onTick !== undefined;
  }

  start(onTick: () => void): void {
    this.onTick = onTick;
  }

  stop(): void {
    this.onTick = undefined;
  }

  tick(): void {
    this.onTick?.();
  }
}

/** Long work that goes on when told to, piece by piece. */
export class ManualDefer {
  private waiting: (() => void)[] = [];

  readonly defer = (run: () => void): (() => void) => {
    const piece = (): void => run();
    this.waiting.push(piece);
    return () => (this.waiting = this.waiting.filter((other) => other !== piece));
  };

  /** Pieces that wait for their turn. */
  get size(): number {
    return this.waiting.length;
  }

  /** Does `count` pieces, one after another; false when there were fewer. */
  work(count = 1): boolean {
    for (let done = 0; done < count; done += 1) {
      const piece = this.waiting.shift();
      if (piece === undefined) return false;
      piece();
    }
    return true;
  }

  workAll(): void {
    while (this.work());
  }
}

/** For nodes whose snapshots are not the subject. */
export const noSnapshots: SnapshotPolicy = { entriesMax: Infinity, bytesMax: Infinity, chunkChars: 1 };
