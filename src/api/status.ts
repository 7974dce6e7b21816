import { addressOf } from '../net/address.js';
import { type LeaderAddress, estrangementText } from '../node/errors.js';
import type { RaftNode } from '../node/raftNode.js';
import type { TracedEvent } from '../node/traceRing.js';
import type { XmlRpcValue } from '../xmlrpc/index.js';

/** How much the state machine holds. */
export interface StateCounts {
  readonly files: number;
  readonly keys: number;
  /** Clients whose last request is remembered. */
  readonly sessions: number;
  /** About what files and keys take in memory, and what this server lets them take while it leads. */
  readonly stateBytes: number;
  readonly stateBytesMax: number;
}

/** What a status is made from. */
export interface StatusSource {
  readonly id: number;
  readonly servers: readonly LeaderAddress[];
  readonly node: Pick<RaftNode<unknown>, 'status' | 'isCrashed'>;
  readonly tickMs: number;
  readonly version: string;
  counts(): StateCounts;
  /** Seconds since the process started. */
  uptimeSeconds(): number;
}

/**
 * The status of one server as an XML-RPC struct. Integers throughout; -1 stands for "not known" (leader, vote)
 * and "never" (last contact). `peers` is filled in by the leader alone.
 */
export function statusStruct(source: StatusSource): XmlRpcValue {
  const { id, servers, node, tickMs, version } = source;
  const { core, lifecycle, lastApplied, waitingCalls, unreachableFrom } = node.status;
  const peers = core.peers.map((peer) =>
    struct({
      id: peer.id,
      address: addressOrNothing(servers[peer.id]),
      matchIndex: peer.matchIndex,
      nextIndex: peer.nextIndex,
      lastContactMs: peer.contactTicks === undefined ? -1 : peer.contactTicks * tickMs,
    }),
  );
  return struct({
    id,
    address: addressOrNothing(servers[id]),
    role: core.role,
    crashed: node.isCrashed,
    lifecycle,
    term: core.term,
    leader: core.leader ?? -1,
    votedFor: core.votedFor ?? -1,
    commitIndex: core.commitIndex,
    lastApplied,
    lastIndex: core.lastIndex,
    snapshotIndex: core.snapshotIndex,
    logLength: core.lastIndex - core.firstIndex + 1,
    waitingCalls,
    unreachableFrom,
    cluster: core.cluster ?? '',
    standing: core.standing ?? '',
    learners: [...core.learners],
    estranged: [...core.estranged].map(([peer, reason]) =>
      struct({ id: peer, reason: estrangementText(peer, reason) }),
    ),
    ...source.counts(),
    uptimeSeconds: source.uptimeSeconds(),
    version,
    peers,
  });
}

/** An event of the trace as an XML-RPC struct. */
export function traceStruct({ atMs, kind, text }: TracedEvent): XmlRpcValue {
  return struct({ time: new Date(atMs).toISOString(), kind, text });
}

function struct(members: Readonly<Record<string, XmlRpcValue>>): XmlRpcValue {
  return new Map(Object.entries(members));
}

/** Where a server listens, nothing for one that is not known. */
export function addressOrNothing(server: LeaderAddress | undefined): string {
  return server === undefined ? '' : addressOf(server);
}
