/** How long to wait between rounds of attempts. */
export interface BackoffOptions {
  /** @default 50 */
  readonly minMs: number;
  /** @default 1000 */
  readonly maxMs: number;
  /** A number from 0 to 1. @default Math.random */
  readonly random: () => number;
}

/** Exponential backoff with jitter: half of each delay is drawn, so that many clients do not come back together. */
export class Backoff {
  private attempts = 0;

  constructor(private readonly options: BackoffOptions) {}

  /** The next delay in milliseconds, longer each time up to the maximum. */
  nextMs(): number {
    const { minMs, maxMs, random } = this.options;
    const ceiling = Math.min(maxMs, minMs * 2 ** this.attempts);
    this.attempts += 1;
    return ceiling / 2 + (ceiling / 2) * random();
  }
}
