import { defaultRaftConfig, type RaftConfig } from '../../src/raft/config.js';
import { RaftCore } from '../../src/raft/core.js';
import type { Input, Output, StorageBatch } from '../../src/raft/output.js';
import type { CoreStatus, PeerStatus } from '../../src/raft/status.js';
import type {
  Entry,
  EntryId,
  InstallSnapshot,
  InstallSnapshotResponse,
  Message,
  NodeId,
  Snapshot,
} from '../../src/raft/types.js';
import { deepFreeze } from './overTheWire.js';

export interface CoreSetup {
  readonly id?: NodeId;
  readonly size?: number;
  readonly term?: number;
  readonly votedFor?: NodeId | null;
  /** Terms of the entries of its log. */
  readonly log?: readonly number[];
  /** The entry before the first one of its log. */
  readonly base?: EntryId;
  readonly snapshot?: Snapshot | null;
  /** The entries of its log, in place of `log`. */
  readonly entries?: readonly Entry[];
  readonly applied?: number;
  readonly config?: Partial<RaftConfig>;
  readonly drawElectionTicks?: () => number;
  /** Whether storage batches become durable within the step that writes them; else `persist` does it. */
  readonly isDiskFast?: boolean;
}

/** All that came of an input, the completion of its writes included. */
export type Outcome = Omit<Output, 'batch' | 'messagesAfterPersist'> & {
  /** Both those that may leave at once and those that wait for the disk. */
  readonly messages: readonly Message[];
  readonly batches: readonly StorageBatch[];
};

/** Election timeout of a core under test, in ticks. */
export const ELECTION_TICKS = 80;

/** The entry at `index`, as every core under test has it in that term. */
export function entryOf(term: number, index: number): Entry {
  return { term, index, kind: 'command', command: `${term}.${index}` };
}

/** Entries of these terms, from `firstIndex` on. */
export function entriesOf(terms: readonly number[], firstIndex = 1): Entry[] {
  return terms.map((term, offset) => entryOf(term, firstIndex + offset));
}

export function newCore(setup: CoreSetup = {}): RaftCore {
  const { id = 0, size = 3, term = 0, votedFor = null, log = [], applied = 0, config = {} } = setup;
  const { base = { term: 0, index: 0 }, snapshot = null } = setup;
  const entries = deepFreeze(setup.entries ?? entriesOf(log, base.index + 1));
  const servers = Array.from({ length: size }, (_, server) => server);
  return new RaftCore(
    { ...defaultRaftConfig, id, servers, ...config },
    { hardState: { term, votedFor }, base, entries, snapshot: deepFreeze(snapshot), applied },
    setup.drawElectionTicks ?? (() => ELECTION_TICKS),
  );
}

/** One core with hand-made inputs. */
export class CoreHarness {
  readonly core: RaftCore;
  readonly unwritten: StorageBatch[] = [];
  isDiskFast: boolean;

  constructor(setup: CoreSetup = {}) {
    this.core = newCore(setup);
    this.isDiskFast = setup.isDiskFast ?? true;
  }

  get status(): CoreStatus {
    return this.core.status;
  }

  /** Terms of the log's entries, as in the paper's figures. */
  get logTerms(): number[] {
    const { firstIndex, lastIndex } = this.status;
    return Array.from(
      { length: lastIndex - firstIndex + 1 },
      (_, k) => this.core.entryAt(firstIndex + k)?.term ?? -1,
    );
  }

  step(input: Input): Outcome {
    return this.follow(this.core.step(input));
  }

  receive(message: Message): Outcome {
    return this.step({ type: 'receive', message: deepFreeze(message) });
  }

  propose(request = 1, command = 'x'): Outcome {
    return this.step({ type: 'propose', request, command });
  }

  read(request = 1): Outcome {
    return this.step({ type: 'read', request });
  }

  /** The storage has staged this snapshot. */
  staged(snapshot: Snapshot): Outcome {
    return this.step({ type: 'snapshotStaged', snapshot: deepFreeze(snapshot) });
  }

  campaign(): Outcome {
    return this.step({ type: 'campaign' });
  }

  /** Ticks; returns all messages sent meanwhile. */
  tick(count = 1): Message[] {
    const messages: Message[] = [];
    for (let tick = 0; tick < count; tick += 1) messages.push(...this.step({ type: 'tick' }).messages);
    return messages;
  }

  /** The oldest write that is not durable yet becomes so. */
  persist(): Outcome {
    const batch = this.unwritten.shift();
    if (batch === undefined) throw new Error('nothing to persist');
    return this.step({ type: 'persisted', batch: batch.number, last: batch.last });
  }

  /** Wins pre-votes and votes of all others, and returns what the victory led to. */
  elect(): Outcome {
    let won = this.campaign();
    for (const peer of this.peers) {
      if (this.status.role !== 'preCandidate') break;
      this.receive(preVoteResponse(this.status, peer, { term: this.status.term + 1 }));
    }
    for (const peer of this.peers) {
      if (this.status.role !== 'candidate') break;
      won = this.receive(requestVoteResponse(this.status, peer));
    }
    if (this.status.role !== 'leader') throw new Error('not elected');
    return won;
  }

  /** Peers answer the appends they are sent, as though their logs agreed, until there is nothing more to say. */
  replicate(outcome: Pick<Outcome, 'messages'>, peers: readonly NodeId[] = this.peers): void {
    for (const message of outcome.messages) {
      if (message.type !== 'appendEntries' || !peers.includes(message.to)) continue;
      this.replicate(this.receive(accept(message)), peers);
    }
  }

  /** A leader whose no-op is committed and acknowledged by all. */
  static leader(setup: CoreSetup = {}): CoreHarness {
    const harness = new CoreHarness(setup);
    harness.replicate(harness.elect());
    return harness;
  }

  peer(id: NodeId): PeerStatus {
    const peer = this.status.peers.find((status) => status.id === id);
    if (peer === undefined) throw new Error(`server ${id} is not a peer of a leader`);
    return peer;
  }

  private get peers(): NodeId[] {
    return Array.from({ length: 10 }, (_, id) => id).filter((id) => id !== this.status.id);
  }

  private follow(output: Output): Outcome {
    const { batch, messagesAfterPersist, ...rest } = output;
    const outcome: Outcome = {
      ...rest,
      messages: [...output.messages, ...messagesAfterPersist],
      batches: batch === null ? [] : [batch],
    };
    if (batch === null) return outcome;
    this.unwritten.push(deepFreeze(batch));
    return this.isDiskFast ? joined(outcome, this.persist()) : outcome;
  }
}

function joined(first: Outcome, second: Outcome): Outcome {
  return {
    batches: [...first.batches, ...second.batches],
    messages: [...first.messages, ...second.messages],
    accepted: [...first.accepted, ...second.accepted],
    received: second.received ?? first.received,
    installed: second.installed ?? first.installed,
    committed: [...first.committed, ...second.committed],
    acknowledged: second.acknowledged ?? first.acknowledged,
    readable: [...first.readable, ...second.readable],
    dropped: [...first.dropped, ...second.dropped],
    role: second.role ?? first.role,
    estranged: [...first.estranged, ...second.estranged],
    identity: second.identity ?? first.identity,
    trace: [...first.trace, ...second.trace],
  };
}

type Receiver = Pick<CoreStatus, 'id' | 'term'>;
type Fields<T extends Message['type']> = Partial<Omit<Extract<Message, { type: T }>, 'type' | 'from' | 'to'>>;

export function preVote(to: Receiver, from: NodeId, fields: Fields<'preVote'> = {}): Message {
  return { type: 'preVote', from, to: to.id, term: to.term + 1, lastLogIndex: 0, lastLogTerm: 0, ...fields };
}

export function preVoteResponse(to: Receiver, from: NodeId, fields: Fields<'preVoteResponse'> = {}): Message {
  return { type: 'preVoteResponse', from, to: to.id, term: to.term, granted: true, ...fields };
}

export function requestVote(to: Receiver, from: NodeId, fields: Fields<'requestVote'> = {}): Message {
  return {
    type: 'requestVote',
    from,
    to: to.id,
    term: to.term + 1,
    lastLogIndex: 0,
    lastLogTerm: 0,
    ...fields,
  };
}

export function requestVoteResponse(
  to: Receiver,
  from: NodeId,
  fields: Fields<'requestVoteResponse'> = {},
): Message {
  return { type: 'requestVoteResponse', from, to: to.id, term: to.term, granted: true, ...fields };
}

export function append(to: Receiver, from: NodeId, fields: Fields<'appendEntries'> = {}): Message {
  return {
    type: 'appendEntries',
    from,
    to: to.id,
    term: to.term,
    prevLogIndex: 0,
    prevLogTerm: 0,
    entries: [],
    leaderCommit: 0,
    hasQuorum: true,
    sequence: 1,
    readRound: 0,
    ...fields,
  };
}

export function heartbeat(to: Receiver, from: NodeId, fields: Fields<'heartbeat'> = {}): Message {
  const commit = { term: 0, index: 0 };
  const address = { type: 'heartbeat', from, to: to.id, term: to.term } as const;
  return { ...address, commit, hasQuorum: true, sequence: 1, readRound: 0, ...fields };
}

/** The answer of a follower whose log agrees. */
export function accept(message: Message, fields: Fields<'appendEntriesResponse'> = {}): Message {
  if (message.type !== 'appendEntries') throw new Error(`${message.type} is no append`);
  const { from, to, term, prevLogIndex, entries, leaderCommit, sequence, readRound } = message;
  const matchIndex = prevLogIndex + entries.length;
  const answer = { type: 'appendEntriesResponse', from: to, to: from, term, sequence, readRound } as const;
  const commitIndex = Math.min(leaderCommit, matchIndex);
  return { ...answer, success: true, matchIndex, commitIndex, conflict: null, ...fields };
}

/** The answer of a follower whose log does not agree, with its hint. */
export function reject(message: Message, hintTerm: number, hintIndex: number): Message {
  const conflict = { term: hintTerm, index: hintIndex };
  return accept(message, { success: false, matchIndex: 0, commitIndex: 0, conflict });
}

/** A snapshot up to entry `index` of that term, whose chunks tell where they are from. */
export function snapshotOf(term: number, index: number, chunkCount = 3): Snapshot {
  const chunks = Array.from({ length: chunkCount }, (_, chunk) => `${term}.${index}/${chunk}`);
  return { last: { term, index }, chunks };
}

/** One chunk of a leader's snapshot; the one after the last asks how the installation goes. */
export function chunkOf(
  to: Receiver,
  from: NodeId,
  { last, chunks }: Snapshot,
  chunk: number,
  fields: Fields<'installSnapshot'> = {},
): InstallSnapshot {
  const address = { type: 'installSnapshot', from, to: to.id, term: to.term } as const;
  const piece = { last, chunk, chunkCount: chunks.length, data: chunks.at(chunk) ?? '', hasQuorum: true };
  return { ...address, ...piece, sequence: 1, readRound: 0, ...fields };
}

/** The answer of a follower that has not got the whole snapshot yet. */
export function wantChunk(
  { from, to, term, sequence, readRound }: InstallSnapshot,
  nextChunk: number,
  fields: Fields<'installSnapshotResponse'> = {},
): InstallSnapshotResponse {
  const answer = { type: 'installSnapshotResponse', from: to, to: from, term, sequence, readRound } as const;
  return { ...answer, matchIndex: 0, nextChunk, commitIndex: 0, ...fields };
}

/** The answer of a follower that has all that the snapshot covers. */
export function haveSnapshot(message: InstallSnapshot): InstallSnapshotResponse {
  const { index } = message.last;
  return wantChunk(message, message.chunkCount, { matchIndex: index, commitIndex: index });
}

/** The messages of one type among those sent, to one server if given. */
export function sentOf<T extends Message['type']>(
  outcome: Pick<Outcome, 'messages'> | readonly Message[],
  type: T,
  to?: NodeId,
): Extract<Message, { type: T }>[] {
  const messages = 'messages' in outcome ? outcome.messages : outcome;
  return messages.filter(
    (message): message is Extract<Message, { type: T }> =>
      message.type === type && (to === undefined || message.to === to),
  );
}

/** The only message of that type, to that server if given. */
export function only<T extends Message['type']>(
  outcome: Pick<Outcome, 'messages'> | readonly Message[],
  type: T,
  to?: NodeId,
): Extract<Message, { type: T }> {
  const [message, ...others] = sentOf(outcome, type, to);
  if (message === undefined || others.length > 0)
    throw new Error(`${others.length + (message ? 1 : 0)} messages of type ${type}`);
  return message;
}
