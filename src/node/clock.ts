/** Calls back at a fixed pace. The simulator brings its own. */
export interface Ticker {
  start(onTick: () => void): void;
  stop(): void;
}

/** The two functions of the host that a ticker needs; times in milliseconds from any fixed origin. */
export interface Clock {
  now(): number;
  /** Calls back once after `delayMs`; the returned function calls it off. */
  schedule(delayMs: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  schedule: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

/**
 * Ticks on a fixed grid, so that lateness does not add up. Ticks missed while the process was stalled are
 * skipped, not replayed: a burst of them would start an election at once although messages wait to be read.
 */
export class GridTicker implements Ticker {
  private cancel: (() => void) | undefined;

  constructor(
    private readonly tickMs: number,
    private readonly clock: Clock = systemClock,
  ) {}

  start(onTick: () => void): void {
    this.stop();
    this.schedule(this.clock.now() + this.tickMs, onTick);
  }

  stop(): void {
    this.cancel?.();
    this.cancel = undefined;
  }

  private schedule(dueMs: number, onTick: () => void): void {
    this.cancel = this.clock.schedule(Math.max(0, dueMs - this.clock.now()), () => {
      const missed = Math.max(0, Math.floor((this.clock.now() - dueMs) / this.tickMs));
      this.schedule(dueMs + (missed + 1) * this.tickMs, onTick);
      onTick();
    });
  }
}

/** Does something soon, after what is waiting already; the returned function calls it off. The simulator brings its own. */
export type Defer = (run: () => void) => () => void;

export const systemDefer: Defer = (run) => {
  const handle = setImmediate(run);
  return () => clearImmediate(handle);
};

/**
 * Long work in short pieces, so that everything else gets its turn in between.
 *
 * @param step does one piece; false when that was the last
 * @returns calls off what is left
 */
export function inPieces(defer: Defer, step: () => boolean): () => void {
  let cancel = (): void => undefined;
  const next = (): void => {
    cancel = defer(() => {
      if (step()) next();
    });
  };
  next();
  return () => cancel();
}
