import { ClientError, type SurfStoreClient, type ServerStatus } from '../client/index.js';
import type { ClusterConfig, ServerAddress } from '../config/clusterFile.js';
import { addressOf } from '../net/address.js';
import { coloured, table } from './output.js';

/** How long a server may take to send its status. */
const STATUS_MS = 1_000;

/** One server of a cluster, and its status unless it does not answer. */
export interface ServerAnswer {
  readonly server: ServerAddress;
  readonly status: ServerStatus | undefined;
  /** Whether it answers at all: another implementation may lack the call. */
  readonly answers: boolean;
}

/** Asks all servers at the same time. */
export async function viewCluster(cluster: ClusterConfig, client: SurfStoreClient): Promise<ServerAnswer[]> {
  return Promise.all(
    cluster.servers.map(async (server): Promise<ServerAnswer> => {
      try {
        return { server, status: await client.status(server.id, { deadlineMs: STATUS_MS }), answers: true };
      } catch (error) {
        return {
          server,
          status: undefined,
          answers: !(error instanceof ClientError) || error.code === 'refused',
        };
      }
    }),
  );
}

/** The status of the server that leads: if several claim to lead, the one with the highest term. */
export function leaderOf(views: readonly ServerAnswer[]): ServerStatus | undefined {
  const leaders = views.flatMap(({ status }) =>
    status?.role === 'leader' && !status.crashed ? [status] : [],
  );
  return leaders.sort((a, b) => b.term - a.term)[0];
}

/** A table of all servers: the leader, each server's progress, and the time since the leader heard from it. */
export function clusterTable(views: readonly ServerAnswer[]): string {
  const leader = leaderOf(views);
  const heading = ['ID', 'ADDRESS', 'ROLE', 'TERM', 'COMMIT', 'APPLIED', 'LAG', 'CRASHED', 'LAST CONTACT'];
  return table(
    heading,
    views.map(({ server, status, answers }) => {
      const place = [String(server.id), addressOf(server)];
      if (status === undefined)
        return [...place, unknown(answers), '', '', '', '', '', lastContact(server.id, leader)];
      const lag = leader === undefined ? '' : String(Math.max(0, leader.commitIndex - status.lastApplied));
      return [
        ...place,
        role(status),
        String(status.term),
        String(status.commitIndex),
        String(status.lastApplied),
        lag,
        status.crashed ? coloured('red', 'yes') : 'no',
        lastContact(server.id, leader),
      ];
    }),
  );
}

function unknown(answers: boolean): string {
  return answers ? coloured('dim', 'answers, knows no status') : coloured('red', 'unreachable');
}

function role({ role: name, crashed }: ServerStatus): string {
  if (crashed) return coloured('dim', '-');
  return name === 'leader' ? coloured('green', name) : name;
}

function lastContact(id: number, leader: ServerStatus | undefined): string {
  if (leader === undefined || leader.id === id) return '';
  const peer = leader.peers.find((candidate) => candidate.id === id);
  if (peer === undefined || peer.lastContactMs < 0) return 'never';
  return peer.lastContactMs < 10_000
    ? `${peer.lastContactMs} ms ago`
    : `${Math.round(peer.lastContactMs / 1000)} s ago`;
}
