/**
 * Load generator, in a process of its own: reads jobs from its parent, one at a time, and answers each with what
 * it measured. Speaks all protocols over plain sockets with prepared requests, so that it costs the machine as
 * little as possible beside the servers.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection, type Endpoint } from './connection.js';
import { closedLoop, Observations, openLoop, type Window, quantile } from './loops.js';
import { conversationOf, type Operation } from './operations.js';
import { cpuMicros } from './processes.js';

/** One measurement: `clients` connections, each with one call at a time, for `durationMs` after `warmUpMs`. */
export interface Job {
  readonly server: Endpoint;
  readonly operation: Operation;
  readonly clients: number;
  readonly warmUpMs: number;
  readonly durationMs: number;
  /** Calls are due at this rate, of all clients together; as fast as they are answered when it is absent. */
  readonly ratePerSecond?: number;
  /** Names what is written: client 3 writes to the key or file `LABEL-3`. */
  readonly label: string;
  /** The processes whose CPU time is measured. */
  readonly pids: readonly number[];
}

/** Latencies in milliseconds. */
export interface Measurement {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
  /** Replies other than the expected one. */
  readonly failed: number;
  /** Calls without a reply, which only an open loop gives up. */
  readonly unanswered: number;
  /** CPU time per operation of each of the processes, in microseconds. */
  readonly cpuMicros: readonly number[];
}

async function measure(job: Job): Promise<Measurement> {
  const connections = await Promise.all(
    Array.from({ length: job.clients }, (_, client) =>
      Connection.open(job.server, conversationOf(job.operation, `${job.label}-${client}`)),
    ),
  );
  try {
    return await measureOn(connections, job);
  } finally {
    await Promise.all(connections.map((connection) => connection.close()));
  }
}

async function measureOn(connections: readonly Connection[], job: Job): Promise<Measurement> {
  const startMs = performance.now();
  const fromMs = startMs + job.warmUpMs;
  const window: Window = { startMs, fromMs, endMs: fromMs + job.durationMs };
  const seen = new Observations();
  const { ratePerSecond } = job;
  const [cpuUsed] = await Promise.all([
    cpuWithin(window, job.pids),
    ratePerSecond === undefined
      ? closedLoop(connections, window, seen)
      : openLoop(connections, ratePerSecond, window, seen),
  ]);
  return measurementOf(job, seen, cpuUsed);
}

function measurementOf(job: Job, seen: Observations, cpuUsed: readonly number[]): Measurement {
  const sorted = seen.latenciesMs.toSorted((a, b) => a - b);
  return {
    perSecond: seen.replies / (job.durationMs / 1000),
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
    p999Ms: quantile(sorted, 0.999),
    maxMs: quantile(sorted, 1),
    failed: seen.failed,
    unanswered: seen.unanswered,
    cpuMicros: cpuUsed.map((micros) => micros / seen.replies),
  };
}

/** The CPU time that each process takes while calls count. */
async function cpuWithin({ fromMs, endMs }: Window, pids: readonly number[]): Promise<number[]> {
  await sleep(fromMs - performance.now());
  const before = pids.map(cpuMicros);
  await sleep(endMs - performance.now());
  return pids.map((pid, index) => cpuMicros(pid) - (before[index] ?? 0));
}

process.on('message', (job: Job) => {
  measure(job).then(
    (measurement) => process.send?.(measurement),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
