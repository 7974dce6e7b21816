import type { RaftState } from './state.js';
import type { NodeId, RefusalReason, Role, Standing } from './types.js';

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
  /** Whether a majority has answered this leader within the shortest election timeout; false on other servers. */
  readonly hasQuorum: boolean;
  /** What its leader had committed when this server was first in touch with it; a server is up to date from there on. */
  readonly leaderCommit: number;
  readonly uncommittedBytes: number;
  readonly electionTimeoutTicks: number;
  /** How much of the election timeout has passed; does not rise on a leader. */
  readonly electionElapsedTicks: number;
  /** What this server's directory is to its cluster; null without a directory. */
  readonly standing: Standing | null;
  /** The id of the cluster; null while it is not founded, and without a directory. */
  readonly cluster: string | null;
  /** The servers that this one has nothing to do with, and why. */
  readonly estranged: ReadonlyMap<NodeId, RefusalReason>;
  /** The servers whose directory the leader has not taken back yet; known to the leader alone. */
  readonly learners: readonly NodeId[];
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
    hasQuorum: role === 'leader' && state.hasQuorum,
    leaderCommit: state.leaderCommit,
    uncommittedBytes,
    electionTimeoutTicks: state.electionTimeout,
    electionElapsedTicks: state.electionElapsed,
    standing: state.identity?.standing ?? null,
    cluster: state.identity?.cluster ?? null,
    estranged: state.estranged,
    learners: [...state.progress].filter(([, { isVoter }]) => !isVoter).map(([peer]) => peer),
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
    hasQuorum: false,
    leaderCommit: 0,
    uncommittedBytes: 0,
    electionTimeoutTicks: 0,
    electionElapsedTicks: 0,
    standing: null,
    cluster: null,
    estranged: new Map(),
    learners: [],
    peers: [],
  };
}
