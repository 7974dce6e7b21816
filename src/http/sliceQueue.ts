/** How long one turn of the event loop may spend on slices, in milliseconds. */
const TURN_MS_MAX = 5;
/** How much of that one piece of work gets in the turn in which it begins; small ones are complete within it. */
const FIRST_MS_MAX = 1;

/** Does a little of some long work, well under a millisecond. False when the work is complete. Must not throw. */
type Slice = () => boolean;

/**
 * Shares the time that the event loop has for long work: however many pieces of work are waiting, or begin in one turn,
 * together they take one bounded slice of each turn, in round-robin order, so that timers and sockets are served in
 * between.
 */
export class SliceQueue {
  private waiting: Slice[] = [];
  private isScheduled = false;
  /** Milliseconds that this turn has left for work that begins in it. */
  private firstMsLeft = TURN_MS_MAX;

  /** @param now in milliseconds; for tests */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Begins a piece of work: here and now as far as this turn has time for it, and the rest in later turns. */
  begin(slice: Slice): void {
    if (this.firstMsLeft <= 0) {
      this.add(slice);
      return;
    }
    this.schedule();
    const beganAt = this.now();
    const more = this.runFor(slice, Math.min(FIRST_MS_MAX, this.firstMsLeft));
    this.firstMsLeft -= this.now() - beganAt;
    if (more) this.add(slice);
  }

  /** Leaves all of a piece of work to later turns. */
  add(slice: Slice): void {
    this.waiting.push(slice);
    this.schedule();
  }

  private schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    setImmediate(() => this.turn());
  }

  private turn(): void {
    this.isScheduled = false;
    this.firstMsLeft = TURN_MS_MAX;
    const endsAt = this.now() + TURN_MS_MAX;
    const round = this.waiting;
    const again: Slice[] = [];
    this.waiting = [];
    let taken = 0;
    for (const slice of round) {
      taken += 1;
      if (this.runFor(slice, endsAt - this.now())) again.push(slice);
      if (this.now() >= endsAt) break;
    }
    const added = this.waiting;
    this.waiting = [...round.slice(taken), ...again, ...added];
    if (this.waiting.length > 0) this.schedule();
  }

  /** Repeats the slice until it is complete, which gives false, or the time is up, which gives true. */
  private runFor(slice: Slice, budgetMs: number): boolean {
    const deadline = this.now() + budgetMs;
    while (slice()) {
      if (this.now() >= deadline) return true;
    }
    return false;
  }
}

/** The one queue of this process: it stands for the one event loop. */
export const sliceQueue = new SliceQueue();
