import type { TraceRecord } from './trace.js';
import {
  isRequest,
  type Entry,
  type EntryId,
  type HardState,
  type Identity,
  type Message,
  type NodeId,
  type RefusalReason,
  type Role,
  type Snapshot,
} from './types.js';

/** The driver's number for a proposal or a read; the core only hands it back. */
export type RequestNumber = number;

/** Everything that can happen to a core. */
export type Input =
  | { readonly type: 'tick' }
  | { readonly type: 'receive'; readonly message: Message }
  /** An append to `peer` got no answer, or an answer that is not one. */
  | { readonly type: 'unreachable'; readonly peer: NodeId }
  | { readonly type: 'propose'; readonly request: RequestNumber; readonly command: string }
  | { readonly type: 'read'; readonly request: RequestNumber }
  /** Storage batch `batch`, with the log's last entry then, is durable; so are all batches before it. */
  | { readonly type: 'persisted'; readonly batch: number; readonly last: EntryId }
  /**
   * The storage has durably staged this snapshot: one of the own state machine, or one that was `received` and that the
   * state machine is ready to become.
   */
  | { readonly type: 'snapshotStaged'; readonly snapshot: Snapshot }
  /** The snapshot that was `received` makes no sense to the state machine. */
  | { readonly type: 'snapshotUnusable' }
  /** As though the election timeout had passed. */
  | { readonly type: 'campaign' }
  /** There is evidence that this server is down: its connections have closed, and it refuses new ones. */
  | { readonly type: 'leaderLost'; readonly leader: NodeId };

/** Why a request ended without a result. */
type DropReason = 'notLeader' | 'overloaded';

/** What must become durable, at once or not at all, in the order of `number`. */
export interface StorageBatch {
  readonly number: number;
  readonly hardState: HardState | null;
  /** Whose directory it is, when that has changed. */
  readonly identity: Identity | null;
  /** The staged snapshot that ends with this entry replaces the one before; null: nothing changes. */
  readonly snapshot: EntryId | null;
  /** Drop this index and all after it, before appending; null: nothing to drop. */
  readonly truncateFrom: number | null;
  /** After dropping, before appending: the log begins after this entry, which it may not have held; null: it stays. */
  readonly compactTo: EntryId | null;
  readonly appended: readonly Entry[];
  /** The log's last entry after this batch. */
  readonly last: EntryId;
}

/** A change of role, term or known leader. */
export interface RoleChange {
  readonly role: Role;
  readonly term: number;
  readonly leader: NodeId | null;
}

/** A server and this one have nothing to do with each other, and why; null: they have again. */
export interface Estrangement {
  readonly peer: NodeId;
  readonly reason: RefusalReason | null;
}

/** All that one step asks of the driver, which works through the fields in this order. */
export interface Output {
  /** Null when nothing needs to be stored. */
  readonly batch: StorageBatch | null;
  /** May leave at once. */
  readonly messages: readonly Message[];
  /** Votes and acknowledgements: only when this batch and all before it are durable. */
  readonly messagesAfterPersist: readonly Message[];
  /** Proposals that are in the log now, and where. */
  readonly accepted: readonly { readonly request: RequestNumber; readonly entry: EntryId }[];
  /** All of a leader's snapshot is here: to be staged in the storage and made ready in the state machine. */
  readonly received: Snapshot | null;
  /** The state machine becomes this snapshot, now, in place of all that it holds. */
  readonly installed: Snapshot | null;
  /** Newly committed and locally durable entries, to be applied in order. */
  readonly committed: readonly Entry[];
  /** The highest index whose commit is known on a majority; null when unchanged. */
  readonly acknowledged: number | null;
  /** Reads that may be answered once `index` is applied. */
  readonly readable: readonly { readonly request: RequestNumber; readonly index: number }[];
  /** Requests that had no effect and never will. `leader` is who leads as far as known. */
  readonly dropped: readonly {
    readonly request: RequestNumber;
    readonly reason: DropReason;
    readonly leader: NodeId | null;
  }[];
  readonly role: RoleChange | null;
  readonly estranged: readonly Estrangement[];
  /** What this directory is to the cluster, when that has changed. */
  readonly identity: Identity | null;
  /** Why the core did what it did. */
  readonly trace: readonly TraceRecord[];
}

/** The output of a step in which nothing happened. */
export const NOTHING: Output = Object.freeze({ batch: null, ...emptyDraftFields() });

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };

/** An output under construction. */
export type OutputDraft = Mutable<Omit<Output, 'batch'>> & {
  hardStateChanged: boolean;
  identityChanged: boolean;
  snapshot: EntryId | null;
  truncateFrom: number | null;
  compactTo: EntryId | null;
  appended: Entry[];
};

export function emptyDraft(): OutputDraft {
  return {
    hardStateChanged: false,
    identityChanged: false,
    snapshot: null,
    truncateFrom: null,
    compactTo: null,
    appended: [],
    ...emptyDraftFields(),
  };
}

function emptyDraftFields(): Mutable<Omit<Output, 'batch'>> {
  return {
    messages: [],
    messagesAfterPersist: [],
    accepted: [],
    received: null,
    installed: null,
    committed: [],
    acknowledged: null,
    readable: [],
    dropped: [],
    role: null,
    estranged: [],
    identity: null,
    trace: [],
  };
}

/** Whether the step answers the request that caused it, now or once its batch is durable. */
export function answersRequest({ messages, messagesAfterPersist }: Output): boolean {
  return !(messages.every(isRequest) && messagesAfterPersist.every(isRequest));
}
