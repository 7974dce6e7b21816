import { traceText, type TraceRecord } from '../raft/trace.js';
import type { LifecycleState } from './lifecycle.js';

/** Something that a server did, and why, as people read it. */
export interface TracedEvent {
  /** When, in milliseconds since 1970. */
  readonly atMs: number;
  /** Of a `TraceRecord`, or `lifecycle`. */
  readonly kind: TraceRecord['kind'] | 'lifecycle';
  readonly text: string;
}

/**
 * The newest of what one server did and why. An observer of its node: `RaftCore` leaves the records, the ring gives them a time.
 */
export class TraceRing {
  private readonly events: TracedEvent[] = [];
  /** Where the oldest stands once the ring is full. */
  private oldest = 0;

  /**
   * @param size most events that are kept
   * @param nowMs the time, in milliseconds since 1970
   */
  constructor(
    private readonly size: number,
    private readonly tickMs: number,
    private readonly nowMs: () => number,
  ) {}

  readonly traced = (records: readonly TraceRecord[]): void => {
    for (const record of records) this.add(record.kind, traceText(record, this.tickMs));
  };

  readonly lifecycleChanged = (state: LifecycleState): void => this.add('lifecycle', state);

  /** All that is kept, the oldest first. */
  list(): TracedEvent[] {
    return [...this.events.slice(this.oldest), ...this.events.slice(0, this.oldest)];
  }

  private add(kind: TracedEvent['kind'], text: string): void {
    const event = { atMs: this.nowMs(), kind, text };
    if (this.events.length < this.size) {
      this.events.push(event);
      return;
    }
    this.events[this.oldest] = event;
    this.oldest = (this.oldest + 1) % this.size;
  }
}
