/**
 * Loaded into a server beside its program: measures how long its event loop is held up from the moment it says that it is
 * ready, and writes what it has seen since the last time to the file LOOP_DELAY_FILE at each SIGUSR2.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';

/** In milliseconds; `gcMaxMs` is the longest pause for garbage collection, which is part of the delays. */
export interface LoopDelay {
  readonly maxMs: number;
  readonly p99Ms: number;
  readonly gcMaxMs: number;
  /** Processor time used. */
  readonly cpuMs: number;
}

const RESOLUTION_MS = 5;
const file = process.env['LOOP_DELAY_FILE'];

if (file !== undefined) {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  let gcMaxMs = 0;
  const say = process.stdout.write.bind(process.stdout);
  process.stdout.write = ((...words: Parameters<typeof say>) => {
    delays.enable();
    gcMaxMs = 0;
    return say(...words);
  }) as typeof say;
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) gcMaxMs = Math.max(gcMaxMs, duration);
  }).observe({ entryTypes: ['gc'] });
  let usedBefore = process.cpuUsage();
  process.on('SIGUSR2', () => {
    const { user, system } = process.cpuUsage(usedBefore);
    const seen: LoopDelay = {
      maxMs: Math.max(0, delays.max / 1e6 - RESOLUTION_MS),
      p99Ms: Math.max(0, delays.percentile(99) / 1e6 - RESOLUTION_MS),
      gcMaxMs,
      cpuMs: (user + system) / 1000,
    };
    delays.reset();
    gcMaxMs = 0;
    usedBefore = process.cpuUsage();
    writeFileSync(`${file}.new`, JSON.stringify(seen));
    renameSync(`${file}.new`, file);
  });
}
