import type { Subject } from './results.js';
import { writeFileSync } from 'node:fs';
import { KeyValueClient } from '../src/client/index.js';
import { chartSvg, type Series } from './chart.js';
import { BenchCluster } from './cluster.js';
import { DiskSyncs } from './diskSyncs.js';
import type { LoadProcess } from './loadProcess.js';
import { EtcdCluster } from './peers/etcd.js';
import { ZooKeeperCluster } from './peers/zookeeper.js';
import { BENCH_KEY, VALUE_BYTES, valueOf } from './protocols/conversation.js';
import type { Result, Results } from './results.js';
import { Rounds, type RoundSettings } from './rounds.js';
import {
  costColumns,
  figure,
  latencyColumns,
  legend,
  markdownTable,
  operationColumn,
  subjectTable,
  systemColumn,
} from './tables.js';

export interface ComparisonSettings extends RoundSettings {
  readonly servers: number;
  /** A file for a picture of the throughput of writes. */
  readonly svg?: string;
}

const WRITE = 'durable write';
const WRITE_IN_MEMORY = 'write';
const READ = 'linearizable read';

/** Clients write to the keys `client-0`, `client-1`, ... on every system. */
const LABEL = 'client';
/** Node.js and Java run code slowly until it has been called some thousand times. */
const warmUp = { clients: 64, seconds: 5 };

/** How the same operation is done on another system: all ways of it, of which the fastest counts. */
interface Peer {
  readonly name: string;
  readonly color: Series['color'];
  readonly subjects: readonly Subject[];
}

/** Measures durable clusters of this build, of etcd and of ZooKeeper in the same rounds, and relates them. */
export async function comparePeers(settings: ComparisonSettings, load: LoadProcess): Promise<string> {
  const own = await startOwn(settings);
  const peers = [...(await startEtcd(settings)), ...(await startZooKeeper(settings))];
  const subjects = [...own, ...peers.flatMap((peer) => peer.subjects)].toSorted(
    (a, b) => Number(a.name === READ) - Number(b.name === READ),
  );
  const rounds = new Rounds(settings, load, subjects);
  await rounds.warmUp(warmUp);
  const syncs = new DiskSyncs();
  const results = await rounds.run(() => syncs.measure());
  if (settings.svg !== undefined) writeFileSync(settings.svg, pictureOf(own, peers, settings, results));
  const columns = [operationColumn, systemColumn, ...latencyColumns(settings), ...costColumns];
  return [
    `clusters of ${settings.servers}, values of ${VALUE_BYTES} bytes, clients at the leader; ${legend(settings)}`,
    '',
    subjectTable(columns, subjects, settings.clients, results),
    '',
    ...(settings.openLoop === undefined ? [ratioTable(own, peers, settings, results), ''] : []),
    'A read of ZooKeeper is sync, then getData: sync makes a server catch up with its leader, but no majority confirms',
    'that this one still leads, as one does for a read of ours and of etcd.',
    '',
    `appending 300 bytes to a file and syncing it: median ${syncs.medianMs.toFixed(2)} ms`,
    '',
  ].join('\n');
}

async function startOwn({ servers }: ComparisonSettings): Promise<readonly Subject[]> {
  const start = async (durable: boolean): Promise<BenchCluster> => {
    const cluster = await BenchCluster.start({ servers, durable });
    const store = new KeyValueClient({ servers: cluster.addresses });
    await store.put(BENCH_KEY, [valueOf(0)]);
    store.close();
    return cluster;
  };
  const durable = { systemName: 'ours', system: await start(true), hasRuntimeMetrics: true, label: LABEL };
  const inMemory = { ...durable, systemName: 'ours, in memory', system: await start(false) };
  return [
    { ...durable, name: WRITE, operation: 'putValue' },
    { ...inMemory, name: WRITE_IN_MEMORY, operation: 'putValue' },
    { ...durable, name: READ, operation: 'getKey' },
  ];
}

async function startEtcd({ servers }: ComparisonSettings): Promise<readonly Peer[]> {
  if (isMissing('etcd', EtcdCluster.missing())) return [];
  const system = await EtcdCluster.start(servers);
  const gateway = { systemName: 'etcd, JSON gateway', system, hasRuntimeMetrics: false, label: LABEL };
  const grpc = { ...gateway, systemName: 'etcd, gRPC' };
  return [
    {
      name: 'etcd',
      color: 'orange',
      subjects: [
        { ...grpc, name: WRITE, operation: 'putOverGrpc' },
        { ...gateway, name: WRITE, operation: 'putThroughGateway' },
        { ...grpc, name: READ, operation: 'rangeOverGrpc' },
        { ...gateway, name: READ, operation: 'rangeThroughGateway' },
      ],
    },
  ];
}

async function startZooKeeper({ servers, clients }: ComparisonSettings): Promise<readonly Peer[]> {
  if (isMissing('ZooKeeper', ZooKeeperCluster.missing())) return [];
  const nodes = Array.from(
    { length: Math.max(warmUp.clients, ...clients) },
    (_, client) => `${LABEL}-${client}`,
  );
  const system = await ZooKeeperCluster.start(servers, nodes);
  const subject = { systemName: 'ZooKeeper', system, hasRuntimeMetrics: false, label: LABEL };
  return [
    {
      name: 'ZooKeeper',
      color: 'green',
      subjects: [
        { ...subject, name: WRITE, operation: 'setData' },
        { ...subject, name: READ, operation: 'syncAndGetData' },
      ],
    },
  ];
}

function isMissing(name: string, why: string | undefined): boolean {
  if (why !== undefined) process.stderr.write(`${name} is not measured: ${why}\n`);
  return why !== undefined;
}

/** A figure of ours as a share of the same figure of the fastest way of a peer. */
function ratioTable(
  own: readonly Subject[],
  peers: readonly Peer[],
  { clients }: ComparisonSettings,
  results: Results,
): string {
  const rows = [WRITE, READ].flatMap((name) =>
    clients.map((count) => {
      const ours = own.find((subject) => subject.name === name);
      const cells = peers.flatMap((peer) => {
        const best = fastest(peer.subjects, name, count, results);
        if (ours === undefined || best === undefined) return ['-', '-', '-'];
        return [
          figure(results.ratio(ours, best, count, perSecond), 2),
          figure(results.ratio(ours, best, count, cpuMicros), 2),
          best.systemName,
        ];
      });
      return [name, String(count), ...cells];
    }),
  );
  const heads = [
    { head: 'operation', isText: true },
    { head: 'clients' },
    ...peers.flatMap(({ name }) => [
      { head: `per second, ours / ${name}` },
      { head: `CPU of all servers, ours / ${name}` },
      { head: 'by', isText: true },
    ]),
  ];
  return markdownTable(heads, rows);
}

function fastest(
  subjects: readonly Subject[],
  name: string,
  clients: number,
  results: Results,
): Subject | undefined {
  const speed = (subject: Subject): number => results.median(subject, clients, perSecond);
  return subjects.filter((subject) => subject.name === name).toSorted((a, b) => speed(b) - speed(a))[0];
}

/** Writes per second over clients, of each system by its fastest way. */
function pictureOf(
  own: readonly Subject[],
  peers: readonly Peer[],
  { clients, servers }: ComparisonSettings,
  results: Results,
): string {
  const pointsOf = (subjectOf: (count: number) => Subject | undefined): Pick<Series, 'points'> => ({
    points: clients.flatMap((count) => {
      const subject = subjectOf(count);
      return subject === undefined ? [] : [{ x: count, y: results.median(subject, count, perSecond) }];
    }),
  });
  return chartSvg({
    title: `Writes of ${VALUE_BYTES} bytes, ${servers} servers`,
    xLabel: 'clients, one write at a time each',
    yLabel: 'writes per second',
    series: [
      {
        name: 'SurfStore, in memory',
        color: 'blue',
        isDashed: true,
        ...pointsOf(() => own.find(({ name }) => name === WRITE_IN_MEMORY)),
      },
      { name: 'SurfStore', color: 'blue', ...pointsOf(() => own.find(({ name }) => name === WRITE)) },
      ...peers.map(({ name, color, subjects }) => ({
        name,
        color,
        ...pointsOf((count) => fastest(subjects, WRITE, count, results)),
      })),
    ],
  });
}

function perSecond(result: Result): number {
  return result.perSecond;
}

function cpuMicros({ leaderCpuMicros, followersCpuMicros }: Result): number {
  return leaderCpuMicros + followersCpuMicros;
}
