import type { Counted, Timed } from './tallies.js';

/** Milliseconds from any fixed origin. */
export type Now = () => number;

/** The outcome of a call whose client did not wait for it. */
export const ABANDONED = 'abandoned';

/** Counts the calls of one kind by what became of them, and times those that came to an end of their own. */
export class CallMeter {
  /** @param countOf gives the counter of an outcome; of a bounded set, since each is kept */
  constructor(
    private readonly countOf: (outcome: string) => Counted,
    private readonly durations: Timed,
    private readonly now: Now,
  ) {}

  begin(): MeteredCall {
    return new MeteredCall(this.countOf, this.durations, this.now);
  }
}

/** One call: the first word about it counts, whatever is said after that. */
export class MeteredCall {
  private readonly startedAt: number;
  private isOver = false;

  constructor(
    private readonly countOf: (outcome: string) => Counted,
    private readonly durations: Timed,
    private readonly now: Now,
  ) {
    this.startedAt = now();
  }

  /** It took its time and was answered. */
  answered(outcome: string): void {
    if (this.isOver) return;
    this.ended(outcome);
    this.durations.observe((this.now() - this.startedAt) / 1000);
  }

  /** It ended in a way that says nothing of how long calls take. */
  ended(outcome: string): void {
    if (this.isOver) return;
    this.isOver = true;
    this.countOf(outcome).inc();
  }
}

/** Makes something once for each name; for names of a bounded set only. */
export function onceForEach<Name extends string | number, T>(make: (name: Name) => T): (name: Name) => T {
  const made = new Map<Name, T>();
  return (name) => {
    const found = made.get(name);
    if (found !== undefined) return found;
    const item = make(name);
    made.set(name, item);
    return item;
  };
}
