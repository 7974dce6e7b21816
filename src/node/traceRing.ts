import { traceText, type TraceRecord } from '../raft/trace.js';
import type { LifecycleState } from './lifecycle.js';

/** An action of a server and its reason, for people. */
export interface TracedEvent {
  /** When, in milliseconds since 1970. */
  readonly atMs: number;
  /** Of a `TraceRecord`, or `lifecycle`. */
  readonly kind: TraceRecord['kind'] | 'lifecycle';
  readonly text: string;
}

interface Kept {
  readonly atMs: number;
  readonly what: TraceRecord | LifecycleState;
}

/**
 * The newest actions of one server and their reasons. It observes the node: `RaftCore` leaves the records, the ring
 * adds the time.
 */
export class TraceRing {
  private readonly kept: Kept[] = [];
  /** The position of the oldest once the ring is full. */
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
    for (const record of records) this.add(record);
  };

  readonly lifecycleChanged = (state: LifecycleState): void => this.add(state);

  /** All that is kept, the oldest first. It is put into words here: few of the records are ever read. */
  list(): TracedEvent[] {
    const ordered = [...this.kept.slice(this.oldest), ...this.kept.slice(0, this.oldest)];
    return ordered.map(({ atMs, what }) =>
      typeof what === 'string'
        ? { atMs, kind: 'lifecycle', text: what }
        : { atMs, kind: what.kind, text: traceText(what, this.tickMs) },
    );
  }

  private add(what: Kept['what']): void {
    const kept = { atMs: this.nowMs(), what };
    if (this.kept.length < this.size) {
      this.kept.push(kept);
      return;
    }
    this.kept[this.oldest] = kept;
    this.oldest = (this.oldest + 1) % this.size;
  }
}
