import { readFileSync } from 'node:fs';
import { atEnd, type Cluster } from './cluster.js';

const STEP_MS = 100;
const KEPT = 100;

interface Sample {
  readonly at: number;
  /** How much later than it should the sample was taken: this process, and its relays, stood still for so long. */
  readonly lateMs: number;
  /** How long each server has waited for a core, in all, by its process id. */
  readonly waitedMs: ReadonlyMap<number, number>;
}

/**
 * How long the servers, and this process, had to wait for a core. A server that gets none is silent
 * as one that is lost, so an election proves a fault only where this was short. Servers are known
 * on Linux only.
 */
export class Starvation {
  /** The longest time for which this process stood still. */
  longestMs = 0;
  private readonly samples: Sample[] = [];
  private dueAt = performance.now() + STEP_MS;
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly cluster: Cluster) {
    this.timer = setInterval(() => this.sample(), STEP_MS);
    atEnd(() => clearInterval(this.timer));
  }

  /** In the last milliseconds before a moment of the wall clock, as text. */
  before(at: number, spanMs: number): string {
    const window = this.samples.filter(
      (sample) => sample.at >= at - spanMs - STEP_MS && sample.at <= at + STEP_MS,
    );
    const [first] = window;
    const last = window.at(-1);
    if (first === undefined || last === undefined) return 'unknown';
    const servers = this.cluster.running.map((id) => {
      const { pid } = this.cluster.process(id);
      const waited = (last.waitedMs.get(pid) ?? Number.NaN) - (first.waitedMs.get(pid) ?? Number.NaN);
      return `server ${id} ${Number.isNaN(waited) ? '?' : Math.round(waited)} ms`;
    });
    const late = Math.max(...window.map(({ lateMs }) => lateMs));
    return `waited for a core: ${servers.join(', ')}; the relays stood still for ${Math.round(late)} ms`;
  }

  private sample(): void {
    const now = performance.now();
    const lateMs = Math.max(0, now - this.dueAt);
    this.dueAt = now + STEP_MS;
    this.longestMs = Math.max(this.longestMs, lateMs);
    const pids = this.cluster.running.map((id) => this.cluster.process(id).pid);
    this.samples.push({ at: Date.now(), lateMs, waitedMs: new Map(pids.map((pid) => [pid, waitedMs(pid)])) });
    if (this.samples.length > KEPT) this.samples.shift();
  }
}

/** NaN where the system does not tell. */
function waitedMs(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
  } catch {
    return Number.NaN;
  }
}
