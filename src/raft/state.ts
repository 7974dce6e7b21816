import type { RaftConfig } from './config.js';
import type { IncomingSnapshot } from './followerSnapshot.js';
import type { RaftLog } from './log.js';
import { emptyDraft, type Output, type OutputDraft } from './output.js';
import type { Progress } from './progress.js';
import { majorityOf } from './quorum.js';
import { ReadIndex } from './readIndex.js';
import type { HardState, Message, NodeId, Role, Snapshot } from './types.js';

/** The variables of figure 2, the timers, and the output of the step under way. Shared by the handlers of the core. */
export class RaftState {
  term: number;
  votedFor: NodeId | null;
  role: Role = 'follower';
  /** Who leads the current term, as far as known. */
  leader: NodeId | null = null;
  commitIndex: number;
  /** Entries up to here have been handed out to be applied. */
  handedIndex: number;

  /** A snapshot that is arriving, or has arrived and is being made ready by the driver. */
  incoming: IncomingSnapshot | null = null;

  /** Who granted the pre-vote of the campaign under way. A set: a voter counts once. */
  readonly preVotes = new Set<NodeId>();
  /**
   * Who voted for this server in the current term, itself included once its vote is durable. They outlast a return to
   * pre-candidacy: a vote that a slow disk delays still counts in its term.
   */
  readonly votes = new Set<NodeId>();
  /** The storage batch that holds this server's newest vote, for itself or another; 0 when it was there at the start. */
  voteBatch = 0;
  /** All storage batches up to this one are durable. */
  persistedBatch = 0;

  /** A leader's view of its peers; empty in every other role. */
  readonly progress = new Map<NodeId, Progress>();
  /** Reads that wait for this leadership to be confirmed; new with every leadership, so that no old round counts. */
  reads = new ReadIndex();
  /** Index of the entry that opened this leader's term; reads wait for its commit. */
  termStartIndex = 0;
  acknowledged = 0;
  uncommittedBytes = 0;

  electionElapsed = 0;
  electionTimeout = 0;
  heartbeatElapsed = 0;
  /** Where the log ended at the last heartbeat. */
  heartbeatLastIndex = 0;
  /** Ticks since the last word of a current leader that hears from a majority. */
  leaderContactTicks = Number.POSITIVE_INFINITY;
  ticksSinceStart = 0;

  readonly peers: readonly NodeId[];
  readonly majority: number;
  draft: OutputDraft = emptyDraft();
  private batchNumber = 0;

  constructor(
    readonly config: RaftConfig,
    readonly log: RaftLog,
    hardState: HardState,
    /** The newest one that is stored, or will be with the batches handed over. */
    public snapshot: Snapshot | null,
    applied: number,
    private readonly drawElectionTicks: () => number,
  ) {
    this.term = hardState.term;
    this.votedFor = hardState.votedFor;
    this.commitIndex = applied;
    this.handedIndex = applied;
    this.peers = config.servers.filter((server) => server !== config.id);
    this.majority = majorityOf(config.servers.length);
    this.resetElectionTimer();
  }

  get id(): NodeId {
    return this.config.id;
  }

  /** Number of the storage batch that this step would write. */
  get nextBatch(): number {
    return this.batchNumber + 1;
  }

  /** Starts the election timeout afresh, with a new draw so that servers do not fall in step (section 5.2). */
  resetElectionTimer(): void {
    this.electionElapsed = 0;
    this.electionTimeout = this.drawElectionTicks();
  }

  send(message: Message): void {
    this.draft.messages.push(message);
  }

  sendAfterPersist(message: Message): void {
    this.draft.messagesAfterPersist.push(message);
  }

  /** Changes term and vote together; they are stored as one record. */
  setHardState(term: number, votedFor: NodeId | null): void {
    if (term !== this.term) this.votes.clear();
    this.term = term;
    this.votedFor = votedFor;
    if (votedFor !== null) this.voteBatch = this.nextBatch;
    this.draft.hardStateChanged = true;
  }

  /** Whether a vote of this server is on its way to the disk: until it arrives, its election cannot be decided. */
  get isVoting(): boolean {
    return this.voteBatch > this.persistedBatch;
  }

  /** Whether a majority, this leader included, has answered it within the last `ticks`. */
  hasQuorumWithin(ticks: number): boolean {
    let heard = 1;
    for (const progress of this.progress.values()) if (progress.silentTicks < ticks) heard += 1;
    return heard >= this.majority;
  }

  /** Whether this leader has heard from a majority within the shortest election timeout. */
  get hasQuorum(): boolean {
    return this.hasQuorumWithin(this.config.electionMinTicks);
  }

  /** Chunks that nobody will complete. A snapshot that is complete is with the driver, and comes back. */
  forgetPartialSnapshot(): void {
    if (this.incoming !== null && this.incoming.chunks.length < this.incoming.chunkCount)
      this.incoming = null;
  }

  noteRole(): void {
    this.draft.role = { role: this.role, term: this.term, leader: this.leader };
  }

  /** Ends the step: hands out what is committed and durable here, and returns the step's output. */
  takeOutput(): Output {
    const draft = this.draft;
    this.draft = emptyDraft();
    const applicable = Math.min(this.commitIndex, this.log.stableIndex);
    if (applicable > this.handedIndex) {
      draft.committed = this.log.slice(this.handedIndex + 1, applicable);
      this.handedIndex = applicable;
    }
    const { hardStateChanged, snapshot, truncateFrom, compactTo, appended, ...rest } = draft;
    const isLogUnchanged = truncateFrom === null && compactTo === null && appended.length === 0;
    if (!hardStateChanged && snapshot === null && isLogUnchanged) return { batch: null, ...rest };
    this.batchNumber += 1;
    return {
      batch: {
        number: this.batchNumber,
        hardState: hardStateChanged ? { term: this.term, votedFor: this.votedFor } : null,
        snapshot,
        truncateFrom,
        compactTo,
        appended,
        last: { term: this.log.lastTerm, index: this.log.lastIndex },
      },
      ...rest,
    };
  }
}
