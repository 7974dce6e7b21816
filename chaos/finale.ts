import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerAddress } from '../src/config/clusterFile.js';
import type { FileState } from '../src/verify/index.js';
import { areEqual } from './checks/replicasEqual.js';
import { LAST_READER, type IdleTraffic, type Replica, type Replicas } from './checks/facts.js';
import { Prng } from '../src/sim/prng.js';
import { Client } from './clients/client.js';
import type { ClientLog } from './clients/clientLog.js';
import { KeyClient } from './clients/keyClient.js';
import { KeyServer } from './calls/keyServer.js';
import { Server, type Dialect } from './calls/server.js';
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
  const client = new Client(LAST_READER, cluster, log, READ_OPTIONS);
  const map = await client.read(files);
  client.hangUp();
  return map;
}

/** Has every server read every key, which it must do as well as the leader; part of the history. */
export async function lastKeyReads(cluster: Cluster, log: ClientLog, keys: readonly string[]): Promise<void> {
  await Promise.all(
    cluster.servers.map(async (address) => {
      const client = new KeyClient(LAST_READER, [address], log, {
        ...{ deadlineMs: 3_000, patienceMs: 5_000, retryMs: 2_000 },
        ...{ leader: () => undefined, prng: new Prng(0) },
      });
      for (const key of keys) if (!(await client.get(key))) break;
      client.hangUp();
    }),
  );
}

/** Looks at what all servers have applied until it is the same, for 10 s at most. Those that ended on their own are not waited for. */
export async function lastReplicas(
  cluster: Cluster,
  files: readonly string[],
  keys: readonly string[],
): Promise<Replicas> {
  const looks = cluster.servers.map((address) => new ReplicaLook(address, cluster.dialect));
  const since = performance.now();
  for (;;) {
    const states = await Promise.all(looks.map((look) => look.state(files).catch(() => undefined)));
    const afterMs = performance.now() - since;
    const there = states.filter((state) => state !== undefined);
    const isLastLook = afterMs >= EQUAL_MS;
    if (areEqual(there) || isLastLook) {
      const replicas = await Promise.all(
        looks.map((look, server) => look.withLists(states[server], keys).catch(() => undefined)),
      );
      const answering = replicas.filter((replica) => replica !== undefined);
      const someEnded = (cluster.processes?.deaths().length ?? 0) > 0;
      const areAllEqual = areEqual(someEnded ? answering : replicas);
      if (areAllEqual || isLastLook) {
        for (const look of looks) look.hangUp();
        return { afterMs, replicas };
      }
    }
    await sleep(LOOK_EVERY_MS);
  }
}

class ReplicaLook {
  private readonly server: Server;
  private readonly keyServer: KeyServer;

  constructor(address: ServerAddress, dialect: Dialect) {
    this.server = new Server(address, dialect);
    this.keyServer = new KeyServer(address);
  }

  async state(files: readonly string[]): Promise<Replica> {
    const { commitIndex, lastApplied } = await this.server.status();
    const versions: Record<string, number> = {};
    for (const file of files) versions[file] = await this.server.version(file);
    return { server: this.server.id, commitIndex, lastApplied, versions, lists: {} };
  }

  async withLists(state: Replica | undefined, keys: readonly string[]): Promise<Replica | undefined> {
    if (state === undefined) return undefined;
    const lists: Record<string, readonly string[] | null> = {};
    for (const key of keys) lists[key] = (await this.keyServer.localList(key)) ?? null;
    return { ...state, lists };
  }

  hangUp(): void {
    this.server.hangUp();
    this.keyServer.hangUp();
  }
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
