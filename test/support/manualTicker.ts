import type { Ticker } from '../../src/node/clock.js';

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
