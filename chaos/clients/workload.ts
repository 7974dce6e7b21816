import { setTimeout as sleep } from 'node:timers/promises';
import type { Prng } from '../../src/sim/prng.js';

/** Between two operations of a client. */
const PAUSE_MS_MIN = 30;
const PAUSE_MS_MAX = 150;

/** A client with what it is to do. */
export interface Worker {
  readonly prng: Prng;
  /** One operation, from its beginning to whatever comes of it. */
  work(): Promise<void>;
  /** Gives up an operation that waits. */
  hangUp(): void;
}

/** Clients at work until they are told to end. */
export class Workload {
  private readonly work: readonly Promise<void>[];
  private isEnding = false;

  constructor(private readonly workers: readonly Worker[]) {
    this.work = workers.map((worker) => this.run(worker));
  }

  /**
   * No more operations begin. Calls that wait are given this long to be answered; then they are given up, their outcome unknown.
   */
  async end(graceMs: number): Promise<void> {
    this.isEnding = true;
    const timer = setTimeout(() => this.hangUp(), graceMs);
    await Promise.all(this.work);
    clearTimeout(timer);
    this.hangUp();
  }

  private hangUp(): void {
    for (const worker of this.workers) worker.hangUp();
  }

  private async run(worker: Worker): Promise<void> {
    while (!this.isEnding) {
      await worker.work();
      await sleep(worker.prng.between(PAUSE_MS_MIN, PAUSE_MS_MAX));
    }
  }
}
