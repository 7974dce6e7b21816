import type { TraceRecord } from '../../raft/trace.js';
import type { Entry, Message, NodeId, Role } from '../../raft/types.js';
import type { JsonValue } from '../../stateMachine/command.js';

/** The five properties of figure 3, and the promise to clients that they are for. */
export type Property =
  | 'electionSafety'
  | 'leaderAppendOnly'
  | 'logMatching'
  | 'leaderCompleteness'
  | 'stateMachineSafety'
  | 'linearizability';

/** A message under way. */
export interface Flight {
  /** Messages and their copies are numbered in the order in which they were sent. */
  readonly number: number;
  readonly message: Message;
  readonly leftMs: number;
  readonly arrivesMs: number;
  /** Since when its user has held it back; null while it goes on. */
  readonly heldMs: number | null;
  readonly isCopy: boolean;
}

/** The part of a server's state that the rules change. */
export interface ServerState {
  readonly role: Role;
  readonly term: number;
  readonly votedFor: NodeId | null;
  readonly commitIndex: number;
  readonly lastIndex: number;
}

/** Something worth a line in the list of events. */
export interface Happening {
  readonly position: number;
  readonly atMs: number;
  readonly kind: TraceRecord['kind'] | 'fault' | 'lost' | 'call' | 'answer' | 'commit' | 'snapshotTaken';
  readonly server: NodeId | null;
  readonly text: string;
  readonly record?: TraceRecord;
  /** The server's state before the event and after it, when the event changed it. */
  change?: { readonly before: ServerState; readonly after: ServerState };
}

/** `crashed` is the hook of the assignment, `stopped` has no process, `paused` has one that gets no time,
 * `halted` was ended by the watch over the rules. */
type ServerCondition = 'running' | 'paused' | 'crashed' | 'stopped' | 'halted';

/** A server at one moment, as it is drawn. */
export interface ServerPicture extends ServerState {
  readonly id: NodeId;
  readonly condition: ServerCondition;
  readonly leader: NodeId | null;
  readonly lastApplied: number;
  readonly timeoutMs: number;
  readonly elapsedMs: number;
  /** Entry i at position i - 1, also those that a snapshot stands for. */
  readonly log: readonly Entry[];
  /** The first entry that the log still holds; those before it are in the snapshot alone. */
  readonly firstIndex: number;
  readonly snapshotIndex: number;
  /** The contents of the state machine under the one key of the clients. */
  readonly value: JsonValue | undefined;
  /** How many entries of the log are on the disk already. */
  readonly durable: number;
  /** A leader's progress of the others. */
  readonly peers: readonly { readonly id: NodeId; readonly match: number; readonly next: number }[];
  readonly waitingCalls: number;
}

const messageNames: Readonly<Record<Message['type'], string>> = {
  preVote: 'the request for a pre-vote',
  preVoteResponse: 'the answer to the request for a pre-vote',
  requestVote: 'the request for a vote',
  requestVoteResponse: 'the answer to the request for a vote',
  appendEntries: 'the append',
  appendEntriesResponse: 'the answer to the append',
  heartbeat: 'the heartbeat',
  heartbeatResponse: 'the answer to the heartbeat',
  installSnapshot: 'the piece of a snapshot',
  installSnapshotResponse: 'the answer to the piece of a snapshot',
  refusal: 'the refusal',
};

/** A message by its kind, for a sentence. */
export function messageWords(message: Message): string {
  const count = message.type === 'appendEntries' ? message.entries.length : 0;
  return count === 0
    ? messageNames[message.type]
    : `the append of ${count === 1 ? '1 entry' : `${count} entries`}`;
}
