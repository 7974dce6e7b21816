import type { CallReading, Latency, Readings, ServerRates } from './sample.js';

/** Two readings that are further apart say nothing of now. */
const SPAN_MS_MAX = 15_000;

/** Counters of one server, and when they were read, by its clock. */
export interface TimedReadings {
  readonly atMs: number;
  readonly uptimeSeconds: number;
  readonly readings: Readings;
}

/** Per second between two readings; null when the server started in between or they are too far apart. */
export function ratesBetween(before: TimedReadings | null, after: TimedReadings): ServerRates | null {
  if (before === null || !isPair(before, after)) return null;
  const seconds = (after.atMs - before.atMs) / 1000;
  const rate = (valueOf: (readings: Readings) => number): number =>
    Math.max(0, (valueOf(after.readings) - valueOf(before.readings)) / seconds);
  return {
    writes: rate(({ writes }) => writes.answered),
    reads: rate(({ reads }) => reads.answered),
    fromPeers: rate(({ fromPeers }) => fromPeers),
    fromClients: rate(({ fromClients }) => fromClients),
  };
}

/** How long the writes between two readings took; null when there were none. */
export function latencyBetween(before: TimedReadings | null, after: TimedReadings): Latency | null {
  if (before === null || !isPair(before, after)) return null;
  const counts = differences(before.readings.writes, after.readings.writes);
  const { boundsMs } = after.readings;
  const p50Ms = quantile(counts, boundsMs, 0.5);
  const p99Ms = quantile(counts, boundsMs, 0.99);
  return p50Ms === null || p99Ms === null ? null : { p50Ms, p99Ms };
}

function isPair(before: TimedReadings, after: TimedReadings): boolean {
  const spanMs = after.atMs - before.atMs;
  return spanMs > 0 && spanMs <= SPAN_MS_MAX && after.uptimeSeconds >= before.uptimeSeconds;
}

function differences(before: CallReading, after: CallReading): number[] {
  return after.buckets.map((count, bucket) => Math.max(0, count - (before.buckets[bucket] ?? 0)));
}

/**
 * The value below which this share of all lies, as though those of a bucket were spread evenly over it. Values beyond the last
 * bound count as that bound.
 */
export function quantile(
  counts: readonly number[],
  boundsMs: readonly number[],
  share: number,
): number | null {
  const all = counts.reduce((sum, count) => sum + count, 0);
  if (all === 0) return null;
  let left = share * all;
  for (const [bucket, count] of counts.entries()) {
    const from = boundsMs[bucket - 1] ?? 0;
    const to = boundsMs[bucket];
    if (to === undefined) return from;
    if (count >= left && count > 0) return from + (to - from) * (left / count);
    left -= count;
  }
  return boundsMs.at(-1) ?? null;
}
