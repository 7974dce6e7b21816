import type { Clock } from '../node/clock.js';
import type { VirtualTime } from './virtualTime.js';

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

  /** What has waited happens now, one event after another. */
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
