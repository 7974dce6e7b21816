import TinyQueue from 'tinyqueue';

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
