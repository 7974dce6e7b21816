/** How long one turn of the event loop may spend on slices, in milliseconds. */
const TURN_MS_MAX = 5;

/** Does a little of some long work, well under a millisecond. False when the work is complete. Must not throw. */
export type Slice = () => boolean;

/**
 * Shares the time that the event loop has for long work: however many pieces of work are waiting, together they take
 * one bounded slice of each turn, in round-robin order, so that timers and sockets are served in between.
 */
class SliceQueue {
  private readonly waiting: Slice[] = [];

  add(slice: Slice): void {
    this.waiting.push(slice);
    if (this.waiting.length === 1) this.schedule();
  }

  private schedule(): void {
    setImmediate(() => this.turn());
  }

  private turn(): void {
    const slice = this.waiting[0];
    if (slice === undefined) return;
    const more = runFor(slice, TURN_MS_MAX);
    this.waiting.shift();
    if (more) this.waiting.push(slice);
    if (this.waiting.length > 0) this.schedule();
  }
}

/** Repeats the slice until it is complete, which gives false, or the time is up, which gives true. */
export function runFor(slice: Slice, budgetMs: number): boolean {
  const deadline = performance.now() + budgetMs;
  while (slice()) {
    if (performance.now() >= deadline) return true;
  }
  return false;
}

/** The one queue of this process: it stands for the one event loop. */
export const sliceQueue = new SliceQueue();
