import { setTimeout as sleep } from 'node:timers/promises';
import type { FileState } from '../src/verify/index.js';
import { areEqual } from './checks/replicasEqual.js';
import type { IdleTraffic, Replica, Replicas } from './checks/facts.js';
import { Client } from './clients/client.js';
import type { ClientLog } from './clients/clientLog.js';
import type { Server } from './calls/server.js';
import type { Cluster } from './cluster/cluster.js';

const EQUAL_MS = 10_000;
const LOOK_EVERY_MS = 100;
const IDLE_MS = 3_000;
const READ_OPTIONS = { patienceMs: 5_000, retryMs: 7_000 };

/** The map as the leader gives it; part of the history. Undefined: nobody gave it. */
export async function lastRead(
  cluster: Cluster,
  log: ClientLog,
  files: readonly string[],
): Promise<Readonly<Record<string, FileState>> | undefined> {
  const client = new Client('last read', cluster.servers, log, READ_OPTIONS);
  const map = await client.read(files);
  client.hangUp();
  return map;
}

/** Looks at what all servers have applied until it is the same, for 10 s at most. */
export async function lastReplicas(servers: readonly Server[], files: readonly string[]): Promise<Replicas> {
  const since = performance.now();
  for (;;) {
    const replicas = await Promise.all(
      servers.map((server) => replicaOf(server, files).catch(() => undefined)),
    );
    const afterMs = performance.now() - since;
    if (areEqual(replicas) || afterMs >= EQUAL_MS) return { afterMs, replicas };
    await sleep(LOOK_EVERY_MS);
  }
}

async function replicaOf(server: Server, files: readonly string[]): Promise<Replica> {
  const { commitIndex, lastApplied } = await server.status();
  const versions: Record<string, number> = {};
  for (const file of files) versions[file] = await server.version(file);
  return { server: server.id, commitIndex, lastApplied, versions };
}

/** Counts what the servers send each other while nobody calls; undefined where that cannot be counted. */
export async function countIdle(cluster: Cluster): Promise<IdleTraffic | undefined> {
  const before = cluster.messageCounts();
  if (before === undefined) return undefined;
  const since = performance.now();
  await sleep(IDLE_MS);
  const after = cluster.messageCounts() ?? before;
  const received = cluster.servers.map(({ id }) => (after.get(id) ?? 0) - (before.get(id) ?? 0));
  return { durationMs: performance.now() - since, received };
}
