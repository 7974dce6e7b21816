import TinyQueue from 'tinyqueue';
import type { Clock } from '../node/clock.js';

/** Something that will happen. */
interface Event {
  readonly atMs: number;
  readonly order: number;
  run: (() => void) | undefined;
}

/**
 * Time that passes only from event to event. Events at the same moment happen in the order in which they were
 * scheduled, so a run depends on nothing but its inputs.
 */
export class VirtualTime {
  private readonly events = new TinyQueue<Event>([], (a, b) => a.atMs - b.atMs || a.order - b.order);
  private current = 0;
  private scheduled = 0;

  /** Milliseconds since the run began. */
  get nowMs(): number {
    return this.current;
  }

  /** Calls `run` after `delayMs`; the returned function calls it off. */
  after(delayMs: number, run: () => void): () => void {
    const event: Event = { atMs: this.current + Math.max(0, delayMs), order: this.scheduled, run };
    this.scheduled += 1;
    this.events.push(event);
    return () => (event.run = undefined);
  }

  /** Lets the next event happen, if it is due by `untilMs`; false when there is none, and then it is `untilMs`. */
  step(untilMs: number): boolean {
    for (;;) {
      const next = this.events.peek();
      if (next === undefined || next.atMs > untilMs) {
        this.current = Math.max(this.current, untilMs);
        return false;
      }
      this.events.pop();
      if (next.run === undefined) continue;
      this.current = next.atMs;
      next.run();
      return true;
    }
  }
}

/**
 * The process that a server runs in, as far as time is concerned: it can be paused, in which case everything
 * that would happen to it waits, and killed, in which case nothing happens to it any more. Its clock may run a
 * little fast or slow.
 */
export class SimHost {
  private backlog: (() => void)[] = [];
  private paused = false;
  private killed = false;
  private readonly mourners = new Set<() => void>();

  /** @param rate its milliseconds per millisecond of true time */
  constructor(
    private readonly time: VirtualTime,
    private readonly rate: number,
  ) {}

  get isPaused(): boolean {
    return this.paused;
  }

  get isAlive(): boolean {
    return !this.killed;
  }

  /** The clock that the process sees. */
  readonly clock: Clock = {
    now: () => this.time.nowMs * this.rate,
    schedule: (delayMs, callback) => this.after(delayMs / this.rate, callback),
  };

  /** Does something in this process after `delayMs` of true time. */
  after(delayMs: number, run: () => void): () => void {
    let off = false;
    const guarded = (): void => {
      if (!off) run();
    };
    const cancel = this.time.after(delayMs, () => this.perform(guarded));
    return () => {
      off = true;
      cancel();
    };
  }

  /** Does something in this process now, or when it is no longer paused. */
  perform(run: () => void): void {
    if (this.killed) return;
    if (this.paused) this.backlog.push(run);
    else run();
  }

  pause(): void {
    this.paused = true;
  }

  /** Runs the events that have waited, one after another. */
  resume(): void {
    this.paused = false;
    const backlog = this.backlog;
    this.backlog = [];
    for (const run of backlog) this.time.after(0, () => this.perform(run));
  }

  kill(): void {
    this.killed = true;
    this.backlog = [];
    for (const mourn of this.mourners) mourn();
    this.mourners.clear();
  }

  /** Calls back when the process is killed; the returned function calls it off. */
  onKill(mourn: () => void): () => void {
    this.mourners.add(mourn);
    return () => this.mourners.delete(mourn);
  }
}
