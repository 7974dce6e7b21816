import type { Roles } from '../results.js';
import type { System, SystemServer } from '../results.js';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Connection } from '../connection.js';
import { freePorts } from '../processes.js';
import { BENCH_KEY } from '../protocols/conversation.js';
import { putOverGrpc } from '../protocols/grpc.js';
import { rolesOf } from '../rounds.js';
import { startLogged, temporaryDirectory, whenReady } from './peerServers.js';

const HOST = '127.0.0.1';
const BINARY = '/usr/bin/etcd';

interface MaintenanceStatus {
  readonly header: { readonly member_id: string };
  readonly leader?: string;
}

/** A cluster of etcd with the settings that it has by default, on free ports of this machine. */
export class EtcdCluster implements System {
  private constructor(
    private readonly servers: readonly SystemServer[],
    private readonly logFile: string,
  ) {}

  /** Why it cannot be measured here; undefined when it can. */
  static missing(): string | undefined {
    return existsSync(BINARY) ? undefined : `there is no ${BINARY} (Debian: etcd-server)`;
  }

  /** Resolves when it has a leader and {@link BENCH_KEY} has a value. */
  static async start(size: number): Promise<EtcdCluster> {
    const directory = temporaryDirectory('etcd');
    const ports = await freePorts(2 * size);
    const members = Array.from({ length: size }, (_, id) => ({
      name: `etcd${id}`,
      client: ports[2 * id] ?? 0,
      peer: ports[2 * id + 1] ?? 0,
    }));
    const initialCluster = members.map(({ name, peer }) => `${name}=http://${HOST}:${peer}`).join(',');
    const logFileOf = (name: string): string => join(directory, `log-${name}`);
    const servers = members.map(({ name, client, peer }) => {
      const args = [
        ...['--name', name, '--data-dir', join(directory, name), '--logger', 'zap', '--log-level', 'warn'],
        ...['--listen-client-urls', `http://${HOST}:${client}`],
        ...['--advertise-client-urls', `http://${HOST}:${client}`],
        ...['--listen-peer-urls', `http://${HOST}:${peer}`],
        ...['--initial-advertise-peer-urls', `http://${HOST}:${peer}`],
        ...['--initial-cluster', initialCluster, '--initial-cluster-state', 'new'],
      ];
      const { pid } = startLogged(logFileOf(name), { name, program: BINARY, args });
      return { host: HOST, port: client, pid };
    });
    const cluster = new EtcdCluster(servers, logFileOf('etcd0'));
    const { leader } = await cluster.roles();
    await Connection.exchange(leader, putOverGrpc(BENCH_KEY), 1);
    return cluster;
  }

  /** Waits for a leader on which all servers agree. */
  roles(): Promise<Roles> {
    return whenReady('etcd', this.logFile, async () => {
      const statuses = await Promise.all(this.servers.map(statusOf));
      if (new Set(statuses.map(({ leader }) => leader)).size !== 1)
        throw new Error('the servers do not agree on a leader');
      return rolesOf(this.servers, (server) => {
        const status = statuses[this.servers.indexOf(server)];
        return status !== undefined && status.header.member_id === status.leader;
      });
    });
  }
}

async function statusOf({ host, port }: SystemServer): Promise<MaintenanceStatus> {
  const answer = await fetch(`http://${host}:${port}/v3/maintenance/status`, { method: 'POST', body: '{}' });
  return (await answer.json()) as MaintenanceStatus;
}
