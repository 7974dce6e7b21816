import type { Subject } from './results.js';
import { KeyValueClient, SurfStoreClient } from '../src/client/index.js';
import { BenchCluster } from './cluster.js';
import { DiskSyncs } from './diskSyncs.js';
import type { LoadProcess } from './loadProcess.js';
import { BENCH_KEY } from './protocols/conversation.js';
import type { Result } from './results.js';
import { Rounds, type RoundSettings } from './rounds.js';
import {
  costColumns,
  figure,
  latencyColumns,
  legend,
  operationColumn,
  subjectTable,
  type Column,
} from './tables.js';

export interface OwnCaseSettings extends RoundSettings {
  readonly servers: number;
  readonly cases?: readonly string[];
  readonly against?: string;
  readonly cpuProfile?: string;
}

/** An operation on one of the clusters of a build. */
interface Case extends Pick<Subject, 'name' | 'operation' | 'throughFollower'> {
  readonly durable: boolean;
}

const PING: Case = { name: 'ping', operation: 'ping', durable: false };
const CASES: readonly Case[] = [
  PING,
  { name: 'updatefile', operation: 'updatefile', durable: false },
  { name: 'updatefile, durable', operation: 'updatefile', durable: true },
  { name: 'getfileinfomap', operation: 'getfileinfomap', durable: false },
  { name: 'PUT of a key', operation: 'putKey', durable: false },
  { name: 'PUT of a key, through a follower', operation: 'putKey', durable: false, throughFollower: true },
  { name: 'GET of a key', operation: 'getKey', durable: false },
  { name: 'GET of a key, from a follower', operation: 'getKey', durable: false, throughFollower: true },
];
const FILES = 100;

/** The same case on this build, and on the other one if there is one. */
interface MeasuredCase {
  readonly own: Subject;
  readonly other?: Subject;
}

/**
 * Measures a cluster of this build that has its state in memory, and one with data directories. Each case is related to
 * `ping` with as many clients, which is what HTTP and XML cost alone, and to the same case of another build.
 */
export async function measureOwnCases(settings: OwnCaseSettings, load: LoadProcess): Promise<string> {
  const { servers, against, clients } = settings;
  const own = await startBuild(settings, 'this build');
  const other = against === undefined ? undefined : await startBuild(settings, 'the other build', against);
  const measured = casesOf(settings).map((one): MeasuredCase => ({
    own: own(one),
    ...(other && { other: other(one) }),
  }));
  const subjects = measured.flatMap((one) => [one.own, ...(one.other ? [one.other] : [])]);
  const syncs = new DiskSyncs();
  const results = await new Rounds(settings, load, subjects).run(() => syncs.measure());
  const owns = measured.map((one) => one.own);
  return [
    `${servers} servers, ${FILES}+ files; ${legend(settings)}`,
    '',
    subjectTable(columnsOf(settings, measured), owns, clients, results),
    '',
    `appending 300 bytes to a file and syncing it: median ${syncs.medianMs.toFixed(2)} ms`,
    '',
  ].join('\n');
}

/** Starts the two clusters of a build; gives the subject of a case. */
async function startBuild(
  { servers, cpuProfile }: OwnCaseSettings,
  systemName: string,
  main?: string,
): Promise<(one: Case) => Subject> {
  const nodeFlags = cpuProfile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${cpuProfile}`];
  const start = async (durable: boolean): Promise<BenchCluster> => {
    const cluster = await BenchCluster.start({ servers, durable, nodeFlags, main });
    await fill(cluster);
    return cluster;
  };
  const inMemory = await start(false);
  const onDisk = await start(true);
  return ({ durable, ...rest }) => ({
    ...rest,
    systemName,
    system: durable ? onDisk : inMemory,
    hasRuntimeMetrics: true,
  });
}

/** Gives the cluster some files and a key. */
async function fill(cluster: BenchCluster): Promise<void> {
  const client = new SurfStoreClient({ servers: cluster.addresses });
  const store = new KeyValueClient({ servers: cluster.addresses });
  try {
    for (let file = 0; file < FILES; file += 1) await client.updateFile(`file-${file}`, 1, ['d'.repeat(64)]);
    await store.put(BENCH_KEY, ['d'.repeat(64)]);
  } finally {
    store.close();
    client.close();
  }
}

/** Those that were asked for; `ping` always, since the others are compared with it. */
function casesOf({ cases }: OwnCaseSettings): readonly Case[] {
  return cases === undefined ? CASES : CASES.filter(({ name }) => name === PING.name || cases.includes(name));
}

function columnsOf(settings: OwnCaseSettings, measured: readonly MeasuredCase[]): readonly Column[] {
  const perSecond = (result: Result): number => result.perSecond;
  const cpu = (result: Result): number => result.leaderCpuMicros + result.followersCpuMicros;
  const shareOf = (head: string, otherOf: (subject: Subject) => Subject | undefined): Column => ({
    head,
    cell: (subject, clients, results) => {
      const other = otherOf(subject);
      return other === undefined ? '-' : figure(results.ratio(subject, other, clients, perSecond), 2);
    },
  });
  const otherOf = (subject: Subject): Subject | undefined =>
    measured.find(({ own }) => own === subject)?.other;
  const columns = [operationColumn, ...latencyColumns(settings), ...costColumns];
  // In an open loop all cases are equally fast.
  if (settings.openLoop === undefined) columns.push(shareOf('of ping', () => measured[0]?.own));
  if (settings.against === undefined) return columns;
  return [
    ...columns,
    shareOf('of the other', otherOf),
    {
      head: 'its CPU µs',
      cell: (subject, clients, results) => {
        const other = otherOf(subject);
        return other === undefined ? '-' : figure(results.median(other, clients, cpu), 0);
      },
    },
  ];
}
