import type { Endpoint } from './connection.js';

/** The part of a server's /metrics that is about its runtime: garbage collection since its start, delays since the last look. */
interface RuntimeMetrics {
  readonly takenAtMs: number;
  readonly gcMs: number;
  readonly loopDelayMaxMs: number;
}

/** How long a server was held up during a measurement; NaN for one that serves no such metrics. */
export interface RuntimeDelays {
  /** Milliseconds of garbage collection in each second. */
  readonly gcMsPerSecond: number;
  /** The longest delay of the event loop, garbage collection included. */
  readonly loopDelayMaxMs: number;
}

/** The servers look at their event loop this often, and count the time between two looks as a delay. */
const RESOLUTION_MS = 10;

/** Watches one of our servers while something is measured. */
export class RuntimeWatch {
  private constructor(
    private readonly server: Endpoint,
    private readonly before: RuntimeMetrics,
  ) {}

  static async begin(server: Endpoint): Promise<RuntimeWatch> {
    return new RuntimeWatch(server, await read(server));
  }

  async end(): Promise<RuntimeDelays> {
    const after = await read(this.server);
    const seconds = (after.takenAtMs - this.before.takenAtMs) / 1000;
    return {
      gcMsPerSecond: (after.gcMs - this.before.gcMs) / seconds,
      loopDelayMaxMs: Math.max(0, after.loopDelayMaxMs - RESOLUTION_MS),
    };
  }
}

async function read({ host, port }: Endpoint): Promise<RuntimeMetrics> {
  const page = await fetch(`http://${host}:${port}/metrics`);
  return { takenAtMs: performance.now(), ...runtimeMetricsOf(await page.text()) };
}

/** @param page the text format of Prometheus */
export function runtimeMetricsOf(page: string): Omit<RuntimeMetrics, 'takenAtMs'> {
  const valuesOf = (name: string): number[] =>
    page
      .split('\n')
      .filter((line) => new RegExp(`^${name}[ {]`).test(line))
      .map((line) => Number(line.slice(line.lastIndexOf(' ') + 1)) * 1000);
  // One sum for each kind of collection; a kind that has not happened yet has none.
  const gcMs = valuesOf('nodejs_gc_duration_seconds_sum').reduce((sum, ms) => sum + ms, 0);
  const [loopDelayMaxMs = Number.NaN] = valuesOf('nodejs_eventloop_lag_max_seconds');
  return { gcMs, loopDelayMaxMs };
}
