import type { TraceRecord } from '../../raft/trace.js';
import type { Entry, Message, NodeId, Role } from '../../raft/types.js';
import { decodeCommand } from '../../stateMachine/command.js';

/** The five properties of figure 3. */
export type Property =
  'electionSafety' | 'leaderAppendOnly' | 'logMatching' | 'leaderCompleteness' | 'stateMachineSafety';

/** A message under way. */
export interface Flight {
  readonly message: Message;
  readonly leftMs: number;
  readonly arrivesMs: number;
}

/** Something worth a line in the list of events. */
export interface Happening {
  readonly position: number;
  readonly atMs: number;
  readonly kind: TraceRecord['kind'] | 'fault' | 'lost' | 'call' | 'answer' | 'commit';
  readonly server: NodeId | null;
  readonly text: string;
  readonly record?: TraceRecord;
}

/** A server at one moment, as it is drawn. `crashed` is the hook of the assignment, `stopped` has no process. */
export interface ServerPicture {
  readonly id: NodeId;
  readonly condition: 'running' | 'crashed' | 'stopped';
  readonly role: Role;
  readonly term: number;
  readonly votedFor: NodeId | null;
  readonly leader: NodeId | null;
  readonly commitIndex: number;
  readonly lastApplied: number;
  readonly timeoutMs: number;
  readonly elapsedMs: number;
  readonly log: readonly Entry[];
  /** How many entries of the log are on the disk already. */
  readonly durable: number;
  /** A leader's progress of the others. */
  readonly peers: readonly { readonly id: NodeId; readonly match: number; readonly next: number }[];
  readonly waitingCalls: number;
}

/** An entry in a few characters. */
export function entryLabel({ kind, command }: Entry): string {
  if (kind === 'noop') return 'no-op';
  if (kind === 'cluster') return 'found';
  if (kind === 'admit') return 'admit';
  const decoded = decodeCommand(command);
  return decoded?.type === 'kvPut'
    ? `${decoded.key}=${JSON.stringify(decoded.value)}`
    : (decoded?.type ?? '?');
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
