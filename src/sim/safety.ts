import { majorityOf } from '../raft/config.js';
import type { StorageBatch } from '../raft/output.js';
import type { Entry, EntryId, Message, NodeId } from '../raft/types.js';

/** Thrown when the servers together break one of the properties of the paper's figure 3, or one that follows from them. */
export class SafetyViolation extends Error {
  override readonly name = 'SafetyViolation';

  constructor(
    /** The rule that is broken, in a few stable words. */
    readonly rule: string,
    detail: string,
  ) {
    super(`${rule}: ${detail}`);
  }
}

/** The watched parts of a server, which survive its process. */
export interface WatchedServer {
  readonly id: NodeId;
  /** The log with all that was handed to the disk, and the part of it that is durable; entry i at position i - 1. */
  readonly log: readonly Entry[];
  readonly durableLog: readonly Entry[];
  readonly durableTerm: number;
  readonly durableVote: NodeId | null;
  /** Whether its crash hook holds it down, or it has no process. */
  readonly isDown: boolean;
  /** Whether its disk was lost, and it has not caught up since. */
  readonly isLost: boolean;
}

/**
 * An entry as it was first written, with the term of the one before: by induction this is the Log Matching Property.
 */
interface Written {
  readonly command: string;
  readonly previousTerm: number;
}

/**
 * Watches all servers at once, after every event, and remembers everything, also across crashes and restarts.
 * Each check costs only what the event has changed.
 */
export class Safety {
  private readonly leaders = new Map<number, NodeId>();
  private readonly votes = new Map<string, NodeId>();
  private readonly written = new Map<string, Written>();
  private readonly committed: Entry[] = [];
  /** For each committed entry, the term in which it first was known to be. */
  private readonly committedIn: number[] = [];
  private readonly applied = new Map<NodeId, number>();

  constructor(private readonly servers: readonly WatchedServer[]) {}

  /** Everything committed so far, in order. */
  get committedEntries(): readonly Entry[] {
    return this.committed;
  }

  /** The servers begin with these entries committed, in this term or earlier. */
  beginsWith(committed: readonly Entry[], term: number): void {
    for (const entry of committed) {
      this.committed.push(entry);
      this.committedIn.push(term);
    }
  }

  /** Election Safety and Leader Completeness. */
  becameLeader(id: NodeId, term: number): void {
    const other = this.leaders.get(term);
    this.require(
      other === undefined || other === id,
      'election safety',
      `servers ${other ?? ''} and ${id} lead term ${term}`,
    );
    this.leaders.set(term, id);
    // A candidate asks for votes while its own is written; it counts, and so must be durable, once it has won.
    this.noteVote(this.server(id), term, id);
    const { log } = this.server(id);
    this.committed.forEach((entry, position) => {
      if ((this.committedIn[position] ?? term) >= term) return;
      const holds = log[position]?.term === entry.term;
      this.require(
        holds,
        'leader completeness',
        `leader ${id} of term ${term} lacks committed entry ${entry.index}`,
      );
    });
  }

  /** A batch goes to a disk: Log Matching, and nothing committed is ever overwritten. */
  handedOver(id: NodeId, { snapshot, truncateFrom, compactTo, appended }: StorageBatch): void {
    const server = this.server(id);
    this.require(!server.isDown, 'a crashed server changes nothing', `server ${id} writes while it is down`);
    if (truncateFrom !== null) {
      const applied = Math.min(this.applied.get(id) ?? 0, this.committed.length);
      const lost = applied >= truncateFrom && applied > (compactTo?.index ?? 0);
      this.require(
        !lost,
        'committed entries are immutable',
        `server ${id} truncates at ${truncateFrom}, which it has applied`,
      );
    }
    if (snapshot !== null) this.checkCovered(id, snapshot);
    if (compactTo !== null) this.checkCovered(id, compactTo);
    for (const entry of appended) this.noteWritten(id, entry, server.log[entry.index - 2]?.term ?? 0);
  }

  /** A message leaves: what it promises must be durable, one vote per term, and its commit index must be true. */
  sent(message: Message): void {
    const sender = this.server(message.from);
    this.require(
      !sender.isDown,
      'a crashed server sends nothing',
      `server ${message.from} sends ${message.type}`,
    );
    switch (message.type) {
      case 'requestVoteResponse':
        if (message.granted) this.noteVote(sender, message.term, message.to);
        break;
      case 'appendEntries':
        this.noteCommitted(sender, message.leaderCommit, message.term);
        break;
      case 'heartbeat':
        this.noteCommitted(sender, message.commit.index, message.term);
        break;
      case 'appendEntriesResponse':
        if (message.success) this.checkAcknowledgement(sender, message.matchIndex);
        break;
      case 'installSnapshot':
        this.checkCovered(message.from, message.last);
        break;
      case 'installSnapshotResponse':
        this.checkAcknowledgement(sender, message.matchIndex);
        break;
      case 'refusal':
      case 'preVote':
      case 'preVoteResponse':
      case 'requestVote':
      case 'heartbeatResponse':
        break;
    }
  }

  /** State Machine Safety: every server applies the same entries in the same order, without gaps. */
  appliedEntry(id: NodeId, entry: Entry, term: number): void {
    const last = this.applied.get(id) ?? 0;
    this.require(
      entry.index === last + 1,
      'state machine safety',
      `server ${id} applies ${entry.index} after ${last}`,
    );
    this.applied.set(id, entry.index);
    this.noteCommitted(this.server(id), entry.index, term);
    const known = this.committed[entry.index - 1];
    const same = known?.term === entry.term && known.command === entry.command;
    this.require(same, 'state machine safety', `server ${id} applies another entry ${entry.index}`);
  }

  /** A state machine becomes a snapshot: of nothing but committed entries, and no step back. */
  installedSnapshot(id: NodeId, index: number): void {
    const last = this.applied.get(id) ?? 0;
    this.require(
      index >= last && index <= this.committed.length,
      'state machine safety',
      `server ${id}, at ${last}, becomes a snapshot up to ${index} of ${this.committed.length} committed entries`,
    );
    this.applied.set(id, index);
  }

  /** A new process begins with an empty state machine. */
  startedAnew(id: NodeId): void {
    this.applied.set(id, 0);
  }

  /** Entries that a snapshot covers, or that are compacted away, must be committed. */
  private checkCovered(id: NodeId, { term, index }: EntryId): void {
    this.require(
      this.committed[index - 1]?.term === term,
      'a snapshot covers committed entries only',
      `server ${id} has one up to entry ${index} of term ${term}`,
    );
  }

  private noteVote({ id, durableTerm, durableVote }: WatchedServer, term: number, candidate: NodeId): void {
    const key = `${id} ${term}`;
    const earlier = this.votes.get(key) ?? candidate;
    this.require(
      earlier === candidate,
      'one vote per term',
      `server ${id} votes for ${earlier} and ${candidate} in term ${term}`,
    );
    this.votes.set(key, candidate);
    const durable = durableTerm > term || (durableTerm === term && durableVote === candidate);
    this.require(durable, 'a vote is durable before it leaves', `server ${id} votes in term ${term}`);
  }

  private checkAcknowledgement({ id, durableLog }: WatchedServer, matchIndex: number): void {
    const holds = durableLog.length >= matchIndex;
    this.require(
      holds,
      'an acknowledgement is durable before it leaves',
      `server ${id} acknowledges ${matchIndex}, has ${durableLog.length}`,
    );
  }

  /** Whoever calls an entry committed must hold it, and so must the disks of a majority. */
  private noteCommitted({ id, log }: WatchedServer, index: number, term: number): void {
    for (let next = this.committed.length + 1; next <= index; next += 1) {
      const entry = log[next - 1];
      if (entry === undefined)
        throw new SafetyViolation(
          'committed entries are held',
          `server ${id} commits ${next} without having it`,
        );
      // What one of them acknowledged before its disk was lost still counts at the leader.
      const holders = this.servers.filter(
        ({ durableLog, isLost }) => isLost || durableLog[next - 1]?.term === entry.term,
      ).length;
      const enough = holders >= majorityOf(this.servers.length);
      this.require(
        enough,
        'committed entries are on a majority',
        `entry ${next} of term ${entry.term} is durable on ${holders}`,
      );
      this.committed.push(entry);
      this.committedIn.push(term);
    }
  }

  private noteWritten(id: NodeId, entry: Entry, previousTerm: number): void {
    const key = `${entry.term} ${entry.index}`;
    const known = this.written.get(key);
    if (known === undefined) {
      this.written.set(key, { command: entry.command, previousTerm });
      return;
    }
    const same = known.command === entry.command && known.previousTerm === previousTerm;
    this.require(
      same,
      'log matching',
      `server ${id} writes another entry ${entry.index} of term ${entry.term}`,
    );
  }

  private server(id: NodeId): WatchedServer {
    const server = this.servers[id];
    if (server === undefined) throw new Error(`there is no server ${id}`);
    return server;
  }

  private require(holds: boolean, rule: string, detail: string): void {
    if (!holds) throw new SafetyViolation(rule, detail);
  }
}
