import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';

/** How often the loop is asked whether it is late. */
const RESOLUTION_MS = 20;
/** Nobody has looked for so long: it is not measured any more. */
const UNWATCHED_MS = 10_000;
/** A reading tells of the time since the last one that is at least so old, so that several readers disturb each other little. */
const SPAN_MS = 1_000;

/** Measures how late the event loop is, while somebody looks. */
export class EventLoopWatch {
  private histogram: IntervalHistogram | undefined;
  private timer: NodeJS.Timeout | undefined;
  private since = 0;
  private lastMs = 0;

  /** The worst delay of the last one to two seconds; null at the first look. */
  look(): number | null {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.stop(), UNWATCHED_MS).unref();
    if (this.histogram === undefined) {
      this.histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
      this.histogram.enable();
      this.since = performance.now();
      this.lastMs = 0;
      return null;
    }
    // An idle loop shows the resolution itself.
    const delayMs = this.histogram.count === 0 ? 0 : this.histogram.max / 1e6 - RESOLUTION_MS;
    const worstMs = Math.max(0, delayMs);
    if (performance.now() - this.since < SPAN_MS) return Math.max(worstMs, this.lastMs);
    this.histogram.reset();
    this.since = performance.now();
    this.lastMs = worstMs;
    return worstMs;
  }

  stop(): void {
    clearTimeout(this.timer);
    this.histogram?.disable();
    this.histogram = undefined;
  }
}
