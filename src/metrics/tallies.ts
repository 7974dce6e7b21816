import { Counter, type Metric, type Registry } from 'prom-client';

/** Milliseconds from any fixed origin. */
export type Now = () => number;

/** A counter with its labels. */
export interface CheapCounter {
  /** @param by 1 unless said otherwise */
  inc(by?: number): void;
}

/** A histogram with its labels; in seconds. */
export interface CheapHistogram {
  observe(seconds: number): void;
}

/** Calls or requests of one kind: how many had which outcome, and how long those took that were answered. */
export interface Series {
  readonly countOf: (outcome: string) => CheapCounter;
  readonly durations: CheapHistogram;
}

/** What is known of a metric before anything has happened. */
interface Description {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly string[];
}

/*
 * prom-client finds the values of a metric by a hash over its labels, anew at every change, which costs more than most of
 * what is counted here. So counting is an addition to a number, and prom-client is told at each scrape.
 */

/** A counter of prom-client; each combination of labels, of a bounded set, is asked for once and kept. */
export class CheapCounters {
  private readonly tallies = new Map<string, { count: number; readonly labels: Record<string, string> }>();
  private readonly labelNames: readonly string[];

  constructor({ name, help, labelNames = [] }: Description, registry: Registry) {
    this.labelNames = labelNames;
    const { tallies } = this;
    new Counter({
      name,
      help,
      labelNames: [...labelNames],
      registers: [registry],
      collect() {
        this.reset();
        for (const { labels, count } of tallies.values()) this.inc(labels, count);
      },
    });
  }

  /** The same counter for the same values, in the order of the names. */
  labels(...values: readonly string[]): CheapCounter {
    const tally = this.tallies.get(keyOf(values)) ?? { count: 0, labels: labelsOf(this.labelNames, values) };
    this.tallies.set(keyOf(values), tally);
    return {
      inc: (by = 1) => {
        tally.count += by;
      },
    };
  }
}

interface HistogramSeries {
  readonly labels: Record<string, string>;
  /** How many values were in each bucket and in none below it; the last is for those beyond all. */
  readonly counts: number[];
  sum: number;
}

interface Sample {
  readonly metricName: string;
  readonly labels: Record<string, string | number>;
  readonly value: number;
}

/** A histogram that a registry of prom-client takes for one of its own. */
export class TallyHistogram {
  readonly type = 'histogram';
  readonly aggregator = 'sum';
  readonly name: string;
  readonly help: string;
  private readonly labelNames: readonly string[];
  private readonly series = new Map<string, HistogramSeries>();

  /** @param bounds the upper bounds of the buckets, rising, in seconds */
  constructor(
    { name, help, labelNames = [] }: Description,
    private readonly bounds: readonly number[],
    registry: Registry,
  ) {
    this.name = name;
    this.help = help;
    this.labelNames = labelNames;
    // A registry asks a metric for nothing but what is here; its type names the library's own classes only.
    registry.registerMetric(this as unknown as Metric);
  }

  /** The same histogram for the same values, in the order of the names. */
  labels(...values: readonly string[]): CheapHistogram {
    const { bounds } = this;
    const series = this.series.get(keyOf(values)) ?? {
      labels: labelsOf(this.labelNames, values),
      counts: Array.from({ length: bounds.length + 1 }, () => 0),
      sum: 0,
    };
    this.series.set(keyOf(values), series);
    return {
      observe: (seconds) => {
        let bucket = 0;
        while (bucket < bounds.length && seconds > (bounds[bucket] ?? Infinity)) bucket += 1;
        series.counts[bucket] = (series.counts[bucket] ?? 0) + 1;
        series.sum += seconds;
      },
    };
  }

  get(): Promise<object> {
    const { name, help, type, aggregator } = this;
    const values = [...this.series.values()].flatMap((series) => this.samplesOf(series));
    return Promise.resolve({ name, help, type, aggregator, values });
  }

  /** A bucket counts all values up to its bound, those of the buckets before it too. */
  private samplesOf({ labels, counts, sum }: HistogramSeries): Sample[] {
    let total = 0;
    const buckets = counts.map((count, bucket) => {
      total += count;
      const le = this.bounds[bucket] ?? '+Inf';
      return { metricName: `${this.name}_bucket`, labels: { ...labels, le }, value: total };
    });
    return [
      ...buckets,
      { metricName: `${this.name}_sum`, labels, value: sum },
      { metricName: `${this.name}_count`, labels, value: total },
    ];
  }
}

function keyOf(values: readonly string[]): string {
  return values.join('\n');
}

function labelsOf(names: readonly string[], values: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name, position) => [name, values[position] ?? '']));
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
