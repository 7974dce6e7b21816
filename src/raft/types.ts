/** A server's number in the cluster file, from 0. */
export type NodeId = number;

/** Names one log entry for ever: no two entries share both (Log Matching, paper section 5.3). */
export interface EntryId {
  readonly term: number;
  readonly index: number;
}

/**
 * One slot of the replicated log.
 * - `noop` is what a leader appends at its election (section 8).
 * - `cluster` founds the cluster: its command is the cluster's id and the directories of the servers that the first leader has
 *   met by then, `ID SERVER:DIRECTORY SERVER:DIRECTORY ...`. That leader appends it in place of a no-op.
 * - `admit` takes a server with a new directory back among the voters: its command is `SERVER DIRECTORY`.
 * - `command` holds text which only the state machine can read.
 */
export interface Entry extends EntryId {
  readonly kind: 'noop' | 'cluster' | 'admit' | 'command';
  readonly command: string;
}

/**
 * What a data directory is to the cluster. A `founder` belongs to no cluster yet, and makes one with others like it; a
 * `learner` was new to a cluster that exists already, and neither votes nor counts until that has taken it in; a `voter` is a
 * full member.
 */
export type Standing = 'founder' | 'learner' | 'voter';

/**
 * One life of a server on a directory: how often it has been started on it, and an id of that start. An older copy of a
 * directory has other lives than the ones that its peers remember.
 */
export interface Life {
  readonly directory: string;
  readonly starts: number;
  readonly run: string;
}

/** Whose directory it is. Kept with term and vote; servers without a directory have none. */
export interface Identity {
  /** The id of the cluster; null while a founder has none. */
  readonly cluster: string | null;
  /** The id of this very directory: an emptied one gets another. */
  readonly directory: string;
  readonly standing: Standing;
  readonly starts: number;
  readonly run: string;
  /** The newest life of each peer, as far as it was met or the leader tells of it, by the peer's id. */
  readonly met: Readonly<Record<NodeId, Life>>;
  /** The directories that were there when the cluster was founded, by server, as far as this server knows. */
  readonly founders: Readonly<Record<NodeId, string>>;
}

/** The sender of a message, as its receiver judges it. */
export interface Sender extends Life {
  /** Stands for the list of servers that it was started with. */
  readonly roster: string;
  /** The id of its cluster, or the one that it is about to found; null without either, or without a directory. */
  readonly cluster: string | null;
  /** Without a directory its id is empty. */
  readonly standing: Standing;
}

/** The pieces of a snapshot, as an array of texts is; a piece may be made anew each time, always the same text. */
export interface SnapshotChunks extends Iterable<string> {
  readonly length: number;
  /** The length of all pieces together, where it is known without making them. */
  readonly chars?: number;
  at(index: number): string | undefined;
}

/**
 * Everything the state machine held once it had applied `last`, in pieces which only the state machine can read
 * (section 7). At least one piece; never changed.
 */
export interface Snapshot {
  readonly last: EntryId;
  readonly chunks: SnapshotChunks;
}

/** What must survive a crash besides the log (figure 2, "Persistent state"); written as one record. */
export interface HardState {
  readonly term: number;
  readonly votedFor: NodeId | null;
}

/** A pre-candidate asks whether it could win before it raises its term (Raft dissertation, section 9.6). */
export type Role = 'follower' | 'preCandidate' | 'candidate' | 'leader';

interface Addressed {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly term: number;
  /** Left out by servers that were started without a roster and a directory, as tests do. */
  readonly sender?: Sender;
  /** How far, to the sender's knowledge, the addressee has acknowledged entries that are committed; left out when 0. */
  readonly acknowledged?: number;
  /** The newest life of the addressee that the sender has met; left out without one, and with more entries than one. */
  readonly met?: Life;
  /** The directory in `met` was there when the cluster was founded. */
  readonly isFounder?: true;
}

/** `term` is the term the sender would campaign in, one above its own. */
export interface PreVote extends Addressed {
  readonly type: 'preVote';
  readonly lastLogIndex: number;
  readonly lastLogTerm: number;
}

/** Granted: `term` is the term asked for. Refused: `term` is the voter's own. */
export interface PreVoteResponse extends Addressed {
  readonly type: 'preVoteResponse';
  readonly granted: boolean;
}

/** Figure 2, RequestVote RPC. */
export interface RequestVote extends Addressed {
  readonly type: 'requestVote';
  readonly lastLogIndex: number;
  readonly lastLogTerm: number;
}

/** Figure 2, RequestVote RPC, results. */
export interface RequestVoteResponse extends Addressed {
  readonly type: 'requestVoteResponse';
  readonly granted: boolean;
}

/**
 * Figure 2, AppendEntries RPC; without entries it is a heartbeat, a commit notice or a read confirmation.
 * `sequence` counts what the sender has sent to this peer in this term, `readRound` is its read counter; both
 * come back in the response. Without `hasQuorum` the leader has not heard from a majority for an election timeout: the
 * receiver need not protect it from an election.
 */
export interface AppendEntries extends Addressed {
  readonly type: 'appendEntries';
  readonly prevLogIndex: number;
  readonly prevLogTerm: number;
  readonly entries: readonly Entry[];
  readonly leaderCommit: number;
  readonly hasQuorum: boolean;
  /** How far each server has acknowledged committed entries, by its id; left out with entries, and without directories. */
  readonly acknowledgements?: readonly number[];
  /** The newest lives of all servers that the leader has met, by server; left out when the follower has been told. */
  readonly lives?: Readonly<Record<NodeId, Life>>;
  readonly sequence: number;
  readonly readRound: number;
}

/**
 * Leaves beside an append in flight, so that a large entry or a slow disk never makes a leader look dead. It is answered without
 * the disk and vouches for no entry: `commit` names the leader's last committed entry, and a follower that holds this very
 * entry holds all before it, too (Log Matching).
 */
export interface Heartbeat extends Addressed {
  readonly type: 'heartbeat';
  readonly commit: EntryId;
  readonly hasQuorum: boolean;
  readonly sequence: number;
  readonly readRound: number;
}

/** `commitIndex` is what the follower has committed and stored. A refusal of an outdated term has `readRound` 0. */
export interface HeartbeatResponse extends Addressed {
  readonly type: 'heartbeatResponse';
  readonly commitIndex: number;
  readonly sequence: number;
  readonly readRound: number;
}

/** Where a follower's log departs from an append: the term in the way (0: the log is too short) and the first index to try. */
export interface ConflictHint {
  readonly term: number;
  readonly index: number;
}

/**
 * Figure 2, AppendEntries RPC, results. `matchIndex` is what this append proved, not the follower's last
 * index. `commitIndex` is the follower's own. `conflict` is there on a rejection by the consistency check;
 * a refusal of an outdated term has neither success nor conflict, and `readRound` 0.
 */
export interface AppendEntriesResponse extends Addressed {
  readonly type: 'appendEntriesResponse';
  readonly success: boolean;
  readonly matchIndex: number;
  readonly commitIndex: number;
  readonly sequence: number;
  readonly readRound: number;
  readonly conflict: ConflictHint | null;
}

/**
 * Figure 13, InstallSnapshot RPC: one chunk of the snapshot whose last entry is `last`, counted from 0. With `chunk` equal
 * to `chunkCount` it carries nothing and asks how the installation goes. It counts as a heartbeat, and confirms reads.
 */
export interface InstallSnapshot extends Addressed {
  readonly type: 'installSnapshot';
  readonly last: EntryId;
  readonly chunk: number;
  readonly chunkCount: number;
  readonly data: string;
  readonly hasQuorum: boolean;
  readonly sequence: number;
  readonly readRound: number;
}

/**
 * `matchIndex` is the snapshot's last index once the follower has all that the snapshot covers, 0 until then; `nextChunk`
 * is the chunk it wants next, the number of chunks while it installs. A refusal of an outdated term has `readRound` 0.
 */
export interface InstallSnapshotResponse extends Addressed {
  readonly type: 'installSnapshotResponse';
  readonly matchIndex: number;
  readonly nextChunk: number;
  readonly commitIndex: number;
  readonly sequence: number;
  readonly readRound: number;
}

/** What one server asks of another; every request is answered by at most one response. */
export type RequestMessage = PreVote | RequestVote | AppendEntries | Heartbeat | InstallSnapshot;

/** What comes back, over the same exchange. */
/** Why a server has nothing to do with another one: its list of servers, its cluster, or its log is another. */
export type RefusalReason = 'roster' | 'cluster' | 'history';

/** The answer to a request of a server that is none of this cluster's. It moves no term. */
interface Refusal extends Addressed {
  readonly type: 'refusal';
  readonly reason: RefusalReason;
}

export type ResponseMessage =
  | Refusal
  | PreVoteResponse
  | RequestVoteResponse
  | AppendEntriesResponse
  | HeartbeatResponse
  | InstallSnapshotResponse;

export type Message = RequestMessage | ResponseMessage;

export function isRequest(message: Message): message is RequestMessage {
  return (
    message.type === 'preVote' ||
    message.type === 'requestVote' ||
    message.type === 'appendEntries' ||
    message.type === 'heartbeat' ||
    message.type === 'installSnapshot'
  );
}

/** Thrown when the core's own state breaks a rule of Raft: a bug here, never a fault of the outside. The driver stops the server. */
export class InvariantViolation extends Error {
  override readonly name = 'InvariantViolation';
}
