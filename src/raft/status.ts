import type { RaftState } from './state.js';
import type { NodeId, Role } from './types.js';

/** A leader's view of one peer. `contactTicks` is undefined while the peer has never answered this leader. */
export interface PeerStatus {
  readonly id: NodeId;
  readonly matchIndex: number;
  readonly nextIndex: number;
  readonly contactTicks: number | undefined;
}

/** A core's state for people and monitors. `peers` is empty on a server that does not lead. */
export interface CoreStatus {
  readonly id: NodeId;
  readonly role: Role;
  readonly term: number;
  readonly votedFor: NodeId | null;
  readonly leader: NodeId | null;
  /** The last entry that the snapshot covers; 0 without one. */
  readonly snapshotIndex: number;
  readonly firstIndex: number;
  readonly lastIndex: number;
  readonly lastTerm: number;
  readonly commitIndex: number;
  readonly acknowledged: number;
  readonly uncommittedBytes: number;
  readonly electionTimeoutTicks: number;
  readonly peers: readonly PeerStatus[];
}

export function statusOf(state: RaftState): CoreStatus {
  const { id, role, term, votedFor, leader, log, commitIndex, acknowledged, uncommittedBytes } = state;
  const peers = [...state.progress].map(([peer, { matchIndex, nextIndex, contactTicks }]) => ({
    id: peer,
    matchIndex,
    nextIndex,
    contactTicks,
  }));
  return {
    id,
    role,
    term,
    votedFor,
    leader,
    snapshotIndex: state.snapshot?.last.index ?? 0,
    firstIndex: log.firstIndex,
    lastIndex: log.lastIndex,
    lastTerm: log.lastTerm,
    commitIndex,
    acknowledged,
    uncommittedBytes,
    electionTimeoutTicks: state.electionTimeout,
    peers,
  };
}

/** A core that has not begun. */
export function initialStatus(id: NodeId): CoreStatus {
  return {
    id,
    role: 'follower',
    term: 0,
    votedFor: null,
    leader: null,
    snapshotIndex: 0,
    firstIndex: 1,
    lastIndex: 0,
    lastTerm: 0,
    commitIndex: 0,
    acknowledged: 0,
    uncommittedBytes: 0,
    electionTimeoutTicks: 0,
    peers: [],
  };
}
