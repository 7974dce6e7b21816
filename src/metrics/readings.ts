import type { Registry } from 'prom-client';
import type { CallReading, Readings } from '../dashboard/sample.js';

/** The calls that servers make of each other. */
const PEER_METHODS: ReadonlySet<unknown> = new Set([
  'surfstore.appendEntries',
  'surfstore.installSnapshot',
  'surfstore.requestVote',
  'surfstore.propose',
  'surfstore.readIndex',
  'surfstore.sample',
  'surfstore.logTail',
]);

interface Value {
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string | number | undefined>>;
  readonly value: number;
}

/** A few of the counters in a registry, as the dashboard wants them. */
export async function readingsOf(registry: Registry): Promise<Readings> {
  const valuesOf = async (name: string): Promise<readonly Value[]> => {
    const metric = await registry.getSingleMetric(name)?.get();
    return metric?.values ?? [];
  };
  const [handled, writes, reads] = await Promise.all([
    valuesOf('surfstore_rpc_handled_total'),
    valuesOf('surfstore_server_proposal_duration_seconds'),
    valuesOf('surfstore_server_read_duration_seconds'),
  ]);
  const isFromPeer = ({ labels }: Value): boolean => PEER_METHODS.has(labels['method']);
  return {
    boundsMs: bucketsOf(writes).flatMap(({ bound }) => (Number.isFinite(bound) ? [bound * 1000] : [])),
    writes: callReading(writes),
    reads: callReading(reads),
    fromPeers: sumOf(handled.filter(isFromPeer)),
    fromClients: sumOf(handled.filter((value) => !isFromPeer(value))),
  };
}

function callReading(values: readonly Value[]): CallReading {
  const totals = bucketsOf(values).map(({ total }) => total);
  return {
    answered: totals.at(-1) ?? 0,
    buckets: totals.map((total, bucket) => total - (totals[bucket - 1] ?? 0)),
  };
}

/** The buckets of a histogram of one series; each counts all values up to its bound. */
function bucketsOf(values: readonly Value[]): { readonly bound: number; readonly total: number }[] {
  return values
    .filter(({ metricName }) => metricName?.endsWith('_bucket') === true)
    .map(({ labels, value }) => ({
      bound: labels['le'] === '+Inf' ? Infinity : Number(labels['le']),
      total: value,
    }));
}

function sumOf(values: readonly Value[]): number {
  return values.reduce((sum, { value }) => sum + value, 0);
}
