import { majorityOf, type RaftConfig } from './config.js';
import { readFounding } from './founding.js';
import type { RaftLog } from './log.js';
import { emptyDraft, type Output, type OutputDraft } from './output.js';
import type { Progress } from './progress.js';
import { ReadIndex } from './readIndex.js';
import type { TraceRecord } from './trace.js';
import {
  InvariantViolation,
  type EntryId,
  type HardState,
  type Identity,
  type Message,
  type NodeId,
  type RefusalReason,
  type Role,
  type Sender,
  type Snapshot,
} from './types.js';

/**
 * A leader's snapshot, as far as it has arrived. Only chunks of the same leadership and the same snapshot are put together:
 * another server may have cut the same content elsewhere.
 */
export interface IncomingSnapshot {
  readonly from: NodeId;
  readonly term: number;
  readonly last: EntryId;
  readonly chunkCount: number;
  readonly chunks: string[];
}

/** The variables of figure 2, the timers, and the output of the step under way. Shared by the handlers of the core. */
export class RaftState {
  term: number;
  votedFor: NodeId | null;
  role: Role = 'follower';
  /** Who leads the current term, as far as known. */
  leader: NodeId | null = null;
  /** What the leader had committed when it was first heard. */
  leaderCommit = 0;
  private leaderCommitTerm = -1;
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
  /** Those who were asked for their vote in the current term and could not be reached, or whose answer was lost. */
  readonly votesUnanswered = new Set<NodeId>();
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
  /** The election timeout was shortened, because the leader is lost. */
  isHurried = false;
  /** This server asks for pre-votes in its turn, after the leader was lost. */
  isTurn = false;
  heartbeatElapsed = 0;
  /** What the trace has been told of this leader's majority. */
  hadQuorum = true;
  /** Where the log ended at the last heartbeat. */
  heartbeatLastIndex = 0;
  /** Ticks since the last word of a current leader that hears from a majority. */
  leaderContactTicks = Number.POSITIVE_INFINITY;
  ticksSinceStart = 0;
  /** The tick in which it was; null when there was no leader yet. For the trace alone. */
  leaderHeardAt: number | null = null;

  /** Whose directory this is; null without one. */
  identity: Identity | null = null;
  /** The newest life of this server that is durable: what it tells its peers of itself. */
  private life = { starts: 0, run: '' };
  private identityBatch = 0;
  /** Committed entries up to here have had their effect on the identity. */
  identityIndex: number;
  /** How far each server has acknowledged committed entries, by its leaders' word. */
  readonly acknowledgements = new Map<NodeId, number>();
  /** A leader's proposals to take servers back, by server. */
  readonly admissions = new Map<NodeId, { readonly directory: string; readonly index: number }>();
  /** The servers that this one has nothing to do with. */
  readonly estranged = new Map<NodeId, RefusalReason>();

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
    /** Gives a new id each time, for a cluster or a directory. */
    readonly drawId: () => string,
  ) {
    this.term = hardState.term;
    this.votedFor = hardState.votedFor;
    this.commitIndex = applied;
    this.handedIndex = applied;
    this.identityIndex = applied;
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
    this.isHurried = false;
  }

  /** The election timeout ends after so many ticks and a little more, unless it does before. */
  hurryElection(ticks: number): void {
    const jitter = this.drawElectionTicks() % 2;
    this.electionTimeout = Math.min(this.electionTimeout, this.electionElapsed + ticks + jitter);
    this.isHurried = true;
  }

  /** Another server campaigns in its turn: it gets two turns' time to win. */
  yieldTurn(): void {
    if (!this.isHurried) return;
    this.electionTimeout = Math.max(this.electionTimeout, this.electionElapsed + 2 * this.config.turnTicks);
  }

  send(message: Message): void {
    this.draft.messages.push(message);
  }

  sendAfterPersist(message: Message): void {
    this.draft.messagesAfterPersist.push(message);
  }

  /** What was stored about the directory is known to be durable. */
  recoverIdentity({ starts, run }: Identity): void {
    this.life = { starts, run };
  }

  /** All batches up to this one are durable. A life is told to nobody before: who forgot it would look like an older copy. */
  persisted(batch: number): void {
    this.persistedBatch = batch;
    if (this.identity === null || batch < this.identityBatch) return;
    const { starts, run } = this.identity;
    this.life = { starts, run };
  }

  setIdentity(identity: Identity): void {
    this.identity = identity;
    this.identityBatch = this.nextBatch;
    this.draft.identityChanged = true;
    this.draft.identity = identity;
  }

  /** Whether this server takes part in majorities: it has no directory that could be lost, or the cluster knows it. */
  get isVoter(): boolean {
    return this.identity?.standing !== 'learner';
  }

  /** What this server tells of itself; undefined when there is nothing to tell. */
  get sender(): Sender | undefined {
    const { identity } = this;
    const { roster } = this.config;
    if (identity === null)
      return roster === ''
        ? undefined
        : { roster, cluster: null, directory: '', standing: 'voter', ...this.life };
    const { directory, standing } = identity;
    return { roster, cluster: identity.cluster ?? this.foundingId, directory, standing, ...this.life };
  }

  /** The id in the founding entry of a log that is not compacted; null without one. */
  get foundingId(): string | null {
    const first = this.log.entryAt(1);
    return first?.kind === 'cluster' ? readFounding(first.command).cluster : null;
  }

  /** Messages leave with what their sender is at the end of the step that makes them. */
  private sign(messages: Message[]): void {
    const { sender } = this;
    if (sender === undefined) return;
    messages.forEach((message, position) => {
      messages[position] = { ...message, sender, ...this.knownOf(message) };
    });
  }

  /** What its addressee may have forgotten. */
  private knownOf(message: Message): Pick<Message, 'acknowledged' | 'met' | 'isFounder'> {
    const isFull = message.type === 'appendEntries' && message.entries.length > 0;
    // Who answers no append may be one that must hear of its other lives first.
    if (this.identity === null || (isFull && this.progress.get(message.to)?.isProbing !== true)) return {};
    const { met, founders } = this.identity;
    const acknowledged = this.acknowledgedBy(message.to);
    const life = met[message.to];
    return {
      ...(acknowledged > 0 ? { acknowledged } : {}),
      ...(life === undefined ? {} : { met: life }),
      ...(life === undefined || founders[message.to] !== life.directory ? {} : { isFounder: true }),
    };
  }

  /** How far that server has acknowledged committed entries, as far as this one knows. */
  acknowledgedBy(server: NodeId): number {
    const reported = this.acknowledgements.get(server) ?? 0;
    const progress = this.progress.get(server);
    if (!progress?.isVoter) return reported;
    return Math.max(reported, Math.min(progress.matchIndex, this.commitIndex));
  }

  /** Changes term and vote together; they are stored as one record. */
  setHardState(term: number, votedFor: NodeId | null): void {
    if (term !== this.term) this.forgetVotes();
    this.term = term;
    this.votedFor = votedFor;
    if (votedFor !== null) this.voteBatch = this.nextBatch;
    this.draft.hardStateChanged = true;
  }

  /**
   * Everything up to `index` is committed; a lower index than before changes nothing.
   *
   * @throws InvariantViolation when the log does not reach that far
   */
  commitTo(index: number): void {
    if (index > this.log.lastIndex)
      throw new InvariantViolation(`commit ${index} beyond the log's end ${this.log.lastIndex}`);
    this.commitIndex = Math.max(this.commitIndex, index);
  }

  /** Another server has committed this entry. If this log holds it, it holds all before it, too (Log Matching). */
  commitToEntry({ term, index }: EntryId): void {
    if (this.log.termAt(index) === term) this.commitTo(index);
  }

  forgetVotes(): void {
    this.votes.clear();
    this.votesUnanswered.clear();
  }

  /** Notes how far a leader says to have committed: the first time in its term it says what there is to catch up with. */
  noteLeaderCommit(term: number, index: number): void {
    if (term === this.leaderCommitTerm) return;
    this.leaderCommitTerm = term;
    this.leaderCommit = index;
  }

  /** Whether a vote of this server is on its way to the disk: until it arrives, its election cannot be decided. */
  get isVoting(): boolean {
    return this.voteBatch > this.persistedBatch;
  }

  /** Whether a majority, this leader included, has answered it within the last `ticks`. */
  hasQuorumWithin(ticks: number): boolean {
    let heard = 1;
    for (const { isVoter, silentTicks } of this.progress.values())
      if (isVoter && silentTicks < ticks) heard += 1;
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
    const change = { role: this.role, term: this.term, leader: this.leader };
    this.draft.role = change;
    this.trace({ kind: 'role', ...change });
  }

  trace(record: TraceRecord): void {
    this.draft.trace.push(record);
  }

  /** Ends the step: hands out what is committed and durable here, and returns the step's output. */
  takeOutput(): Output {
    const draft = this.draft;
    this.draft = emptyDraft();
    if (draft.messages.length > 0) this.sign(draft.messages);
    if (draft.messagesAfterPersist.length > 0) this.sign(draft.messagesAfterPersist);
    const applicable = Math.min(this.commitIndex, this.log.stableIndex);
    if (applicable > this.handedIndex) {
      draft.committed = this.log.slice(this.handedIndex + 1, applicable);
      this.handedIndex = applicable;
    }
    const { hardStateChanged, identityChanged, snapshot, truncateFrom, compactTo, appended, ...rest } = draft;
    const isLogUnchanged = truncateFrom === null && compactTo === null && appended.length === 0;
    if (!hardStateChanged && !identityChanged && snapshot === null && isLogUnchanged)
      return { batch: null, ...rest };
    this.batchNumber += 1;
    return {
      batch: {
        number: this.batchNumber,
        hardState: hardStateChanged ? { term: this.term, votedFor: this.votedFor } : null,
        identity: identityChanged ? this.identity : null,
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
