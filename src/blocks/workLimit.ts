/** Work under way at a time; each may hold a block. */
const RUNNING_MAX = 16;
/** Work that may wait for its turn, and the bytes that it may hold meanwhile. */
const WAITING_MAX = 10_000;
const WAITING_BYTES_MAX = 256 * 1024 * 1024;

/** So much work waits already that no more is taken in. */
export class TooMuchWorkError extends Error {
  override readonly name = 'TooMuchWorkError';
}

/** Limits the work that is done at the same time; more of it waits its turn, up to a limit. */
export class WorkLimit {
  private running = 0;
  private waitingBytes = 0;
  private readonly waiting: (() => void)[] = [];

  /**
   * @param bytes held by the work while it waits
   * @throws TooMuchWorkError
   */
  async run<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    if (this.running >= RUNNING_MAX) await this.turn(bytes);
    else this.running += 1;
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.running -= 1;
      else next();
    }
  }

  /** Resolves when work that has ended leaves its place. */
  private async turn(bytes: number): Promise<void> {
    if (this.waiting.length >= WAITING_MAX || this.waitingBytes + bytes > WAITING_BYTES_MAX)
      throw new TooMuchWorkError(
        `${this.waiting.length} calls wait for their turn to store or read a block; try again later`,
      );
    this.waitingBytes += bytes;
    await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.waitingBytes -= bytes;
  }
}
