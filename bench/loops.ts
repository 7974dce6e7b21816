import type { Connection } from './connection.js';

/** Moments of a measurement, as `performance.now()` has them. Calls count from `fromMs` until `endMs`. */
export interface Window {
  readonly startMs: number;
  readonly fromMs: number;
  readonly endMs: number;
}

/** Latencies and outcomes of the calls that count. */
export class Observations {
  readonly latenciesMs: number[] = [];
  /** Replies that came within the window. */
  replies = 0;
  /** Replies, of all calls, that were not the expected ones. */
  failed = 0;
  /** Calls that had no reply when the patience for them was over. */
  unanswered = 0;
}

/** An open loop waits this long for the calls that are still under way at its end. */
const PATIENCE_MS = 10_000;

/** The longest sleep between two looks at the clock shortly before a call is due. */
const NAP_MS = 0.1;

/** Timers wake up to a millisecond late, and so are set that much earlier. */
const TIMER_LAG_MS = 2;

/** Every connection makes its next call as soon as the last one is answered. */
export async function closedLoop(
  connections: readonly Connection[],
  window: Window,
  seen: Observations,
): Promise<void> {
  await Promise.all(
    connections.map(
      (connection) =>
        new Promise<void>((resolve, reject) => {
          let sentAt = 0;
          const next = (): void => {
            sentAt = performance.now();
            connection.call();
          };
          connection.onFailure = reject;
          connection.onReply = (isExpected) => {
            const now = performance.now();
            if (!isExpected) seen.failed += 1;
            if (now >= window.fromMs && now < window.endMs) {
              seen.replies += 1;
              seen.latenciesMs.push(now - sentAt);
            }
            if (now < window.endMs) next();
            else resolve();
          };
          next();
        }),
    ),
  );
}

/**
 * Calls are due at a fixed rate, whether earlier ones are answered or not, on one connection after the other. Their
 * latency counts from the moment at which they were due: a call that waits because its connection is busy shows the
 * time that its client waited, which a closed loop leaves out.
 */
export async function openLoop(
  connections: readonly Connection[],
  ratePerSecond: number,
  window: Window,
  seen: Observations,
): Promise<void> {
  const loop = new OpenLoop(connections, ratePerSecond, window, seen);
  await loop.run();
}

class OpenLoop {
  /** For each connection, which of its calls is the next to be answered or sent, counted from 0. */
  private readonly turns: number[];
  private readonly isBusy: boolean[];
  private readonly total: number;
  private due = 0;
  private answered = 0;
  private readonly nap = new Int32Array(new SharedArrayBuffer(4));

  constructor(
    private readonly connections: readonly Connection[],
    private readonly ratePerSecond: number,
    private readonly window: Window,
    private readonly seen: Observations,
  ) {
    this.turns = connections.map(() => 0);
    this.isBusy = connections.map(() => false);
    this.total = Math.round(((window.endMs - window.startMs) * ratePerSecond) / 1000);
  }

  async run(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const giveUp = setTimeout(resolve, this.window.endMs - performance.now() + PATIENCE_MS);
      for (const [index, connection] of this.connections.entries()) {
        connection.onFailure = reject;
        connection.onReply = (isExpected) => {
          this.settle(index, isExpected);
          if (this.answered < this.total) return;
          clearTimeout(giveUp);
          resolve();
        };
      }
      this.pace();
    });
    this.countUnanswered();
  }

  /** Sends what is due and comes back in time for the next call. */
  private pace = (): void => {
    const now = performance.now();
    for (; this.due < this.total && this.dueAt(this.due) <= now; this.due += 1)
      this.offer(this.due % this.connections.length, now);
    if (this.due === this.total) return;
    const waitMs = this.dueAt(this.due) - performance.now();
    if (waitMs > TIMER_LAG_MS) {
      setTimeout(this.pace, waitMs - TIMER_LAG_MS);
      return;
    }
    // Timers count in milliseconds. A sleep is exact, and leaves the core to the servers meanwhile.
    if (waitMs > 0) Atomics.wait(this.nap, 0, 0, Math.min(waitMs, NAP_MS));
    setImmediate(this.pace);
  };

  /** Makes the next call of a connection, if it is due and nothing is under way there. */
  private offer(index: number, now: number): void {
    const call = this.callOf(index);
    if (this.isBusy[index] === true || call >= this.total || this.dueAt(call) > now) return;
    this.isBusy[index] = true;
    this.connections[index]?.call();
  }

  private settle(index: number, isExpected: boolean): void {
    const now = performance.now();
    const { seen, window } = this;
    if (!isExpected) seen.failed += 1;
    if (now >= window.fromMs && now < window.endMs) seen.replies += 1;
    this.count(this.callOf(index), now);
    this.answered += 1;
    this.turns[index] = this.turn(index) + 1;
    this.isBusy[index] = false;
    this.offer(index, now);
  }

  /** They have waited at least until now. */
  private countUnanswered(): void {
    const now = performance.now();
    for (const index of this.connections.keys()) {
      for (let call = this.callOf(index); call < this.total; call += this.connections.length) {
        this.seen.unanswered += 1;
        this.count(call, now);
      }
    }
  }

  private count(call: number, now: number): void {
    const dueAt = this.dueAt(call);
    if (dueAt >= this.window.fromMs) this.seen.latenciesMs.push(now - dueAt);
  }

  private dueAt(call: number): number {
    return this.window.startMs + (call * 1000) / this.ratePerSecond;
  }

  /** The number, among all calls, of the next one of a connection. */
  private callOf(index: number): number {
    return this.turn(index) * this.connections.length + index;
  }

  private turn(index: number): number {
    return this.turns[index] ?? 0;
  }
}

/** Of values that are sorted; NaN when there are none. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
