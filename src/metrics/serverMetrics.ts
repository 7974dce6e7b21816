import { setImmediate as nextTurn } from 'node:timers/promises';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { MetricsSource } from '../api/metricsPage.js';
import type { StatusSource } from '../api/status.js';
import type { Readings } from '../dashboard/sample.js';
import { BlockMetrics } from './blockMetrics.js';
import { CallMetrics } from './callMetrics.js';
import { NodeMetrics } from './nodeMetrics.js';
import { readingsOf } from './readings.js';
import { statusGauges } from './statusGauges.js';
import type { Now } from './tallies.js';

/** Milliseconds of the event loop that a scrape takes before other work has a turn. */
const TURN_MS_MAX = 1;
const LAG_RESOLUTION_MS = 10;

/** The metrics of one server; several servers in a process do not share any. */
export class ServerMetrics implements MetricsSource {
  readonly node: NodeMetrics;
  readonly calls: CallMetrics;
  readonly blocks: BlockMetrics;
  private readonly registry = new Registry();
  private update: () => void = () => undefined;
  private scrape: Promise<string> | undefined;

  /** @param now for tests */
  constructor(now: Now = performance.now.bind(performance)) {
    this.node = new NodeMetrics(this.registry, now);
    this.calls = new CallMetrics(this.registry, now);
    this.blocks = new BlockMetrics(this.registry);
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: LAG_RESOLUTION_MS });
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  /** Adds gauges for this status. To be called once. */
  watch(status: StatusSource): void {
    this.update = statusGauges(this.registry, status);
  }

  /** The page of metrics; calls during a scrape share its result. */
  text(): Promise<string> {
    this.scrape ??= this.collect().finally(() => (this.scrape = undefined));
    return this.scrape;
  }

  /** Those of the counters that the dashboard shows, without a scrape. */
  readings(): Promise<Readings> {
    return readingsOf(this.registry);
  }

  private async collect(): Promise<string> {
    this.update();
    const parts: string[] = [];
    let turnEndsAt = performance.now() + TURN_MS_MAX;
    for (const { name } of this.registry.getMetricsAsArray()) {
      if (performance.now() >= turnEndsAt) {
        await nextTurn();
        turnEndsAt = performance.now() + TURN_MS_MAX;
      }
      parts.push(await this.registry.getSingleMetricAsString(name));
    }
    // prom-client misspells what the lags are while nothing has been measured yet.
    return `${parts.join('\n\n').replaceAll(/ Nan$/gm, ' NaN')}\n`;
  }
}
