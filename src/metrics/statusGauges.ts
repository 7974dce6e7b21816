import { Gauge, type Registry } from 'prom-client';
import type { StateCounts, StatusSource } from '../api/status.js';
import type { NodeStatus } from '../node/nodeOptions.js';

/** A server's status at one time. */
interface Look {
  readonly source: StatusSource;
  readonly status: NodeStatus;
  readonly counts: StateCounts;
}

interface SimpleGauge {
  readonly name: string;
  readonly help: string;
  readonly read: (look: Look) => number;
}

const simpleGauges: readonly SimpleGauge[] = [
  {
    name: 'surfstore_server_has_leader',
    help: 'Whether this server knows who leads',
    read: ({ status }) => Number(status.core.leader !== null),
  },
  {
    name: 'surfstore_server_is_leader',
    help: 'Whether this server leads',
    read: ({ status }) => Number(status.lifecycle === 'running' && status.core.role === 'leader'),
  },
  {
    name: 'surfstore_server_crashed',
    help: 'Whether this server is held down by its crash hook',
    read: ({ source }) => Number(source.node.isCrashed),
  },
  {
    name: 'surfstore_server_id',
    help: 'Number of this server in the cluster file',
    read: ({ source }) => source.id,
  },
  {
    name: 'surfstore_server_waiting_calls',
    help: 'Proposals and reads that wait for a majority',
    read: ({ status }) => status.waitingCalls,
  },
  {
    name: 'surfstore_server_files',
    help: 'Files in the applied state',
    read: ({ counts }) => counts.files,
  },
  {
    name: 'surfstore_server_keys',
    help: 'Keys in the applied state',
    read: ({ counts }) => counts.keys,
  },
  {
    name: 'surfstore_server_sessions',
    help: 'Clients whose last request is remembered',
    read: ({ counts }) => counts.sessions,
  },
  {
    name: 'surfstore_server_state_bytes',
    help: 'About what files and keys take in memory, in bytes; the same on all servers',
    read: ({ counts }) => counts.stateBytes,
  },
  {
    name: 'surfstore_server_state_bytes_max',
    help: 'What files and keys may take while this server leads; what would exceed it is refused',
    read: ({ counts }) => counts.stateBytesMax,
  },
  { name: 'surfstore_raft_term', help: 'Current term', read: ({ status }) => status.core.term },
  {
    name: 'surfstore_raft_commit_index',
    help: 'Last entry that this server knows to be committed',
    read: ({ status }) => status.core.commitIndex,
  },
  {
    name: 'surfstore_raft_applied_index',
    help: 'Last entry applied to the state, or covered by the snapshot installed',
    read: ({ status }) => status.lastApplied,
  },
  {
    name: 'surfstore_raft_last_index',
    help: 'Last entry of the log',
    read: ({ status }) => status.core.lastIndex,
  },
  {
    name: 'surfstore_raft_first_index',
    help: 'First entry that the log still holds, or would',
    read: ({ status }) => status.core.firstIndex,
  },
  {
    name: 'surfstore_raft_snapshot_index',
    help: 'Last entry that the stored snapshot covers; 0 without one',
    read: ({ status }) => status.core.snapshotIndex,
  },
];

/** The gauges for a server's status.
 *
 * @returns brings all of them up to date, from one and the same status
 */
export function statusGauges(registry: Registry, source: StatusSource): () => void {
  const registers = [registry];
  const gauges = simpleGauges.map(({ name, help, read }) => ({
    gauge: new Gauge({ name, help, registers }),
    read,
  }));
  const reachable = new Gauge({
    name: 'surfstore_network_peer_reachable',
    help: 'Whether the peer answered the last request',
    labelNames: ['peer'],
    registers,
  });
  const matchIndex = new Gauge({
    name: 'surfstore_raft_peer_match_index',
    help: 'On the leader: last entry that the peer is known to hold',
    labelNames: ['peer'],
    registers,
  });
  new Gauge({
    name: 'surfstore_version_info',
    help: 'Always 1; the labels say which version of SurfStore and of Node.js runs',
    labelNames: ['version', 'node'],
    registers,
  }).set({ version: source.version, node: process.version }, 1);
  const peers = source.servers.map(({ id }) => id).filter((id) => id !== source.id);
  return () => {
    const { status } = source.node;
    const look: Look = { source, status, counts: source.counts() };
    for (const { gauge, read } of gauges) gauge.set(read(look));
    for (const peer of peers) reachable.set({ peer }, Number(status.reachablePeers.includes(peer)));
    matchIndex.reset();
    for (const peer of status.core.peers) matchIndex.set({ peer: peer.id }, peer.matchIndex);
  };
}
