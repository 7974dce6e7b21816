/** Lets bytes through at a steady rate: each amount waits until those before it have had their time. */
export class Limiter {
  private freeAtMs = 0;

  /** @param bytesPerSecond undefined: no limit */
  constructor(
    private readonly bytesPerSecond: number | undefined,
    private readonly nowMs: () => number,
    private readonly sleep: (ms: number) => Promise<void>,
  ) {}

  async pass(bytes: number): Promise<void> {
    if (this.bytesPerSecond === undefined) return;
    const now = this.nowMs();
    const startsAt = Math.max(now, this.freeAtMs);
    this.freeAtMs = startsAt + (bytes / this.bytesPerSecond) * 1_000;
    if (this.freeAtMs > now) await this.sleep(this.freeAtMs - now);
  }
}
