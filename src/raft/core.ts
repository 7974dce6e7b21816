import {
  snapshotStaged,
  handleInstallSnapshot,
  refuseOutdatedSnapshot,
  handleInstallSnapshotResponse,
} from './snapshot.js';
import { TERM_JUMP_MAX, validateRaftConfig, type RaftConfig } from './config.js';
import {
  answerVote,
  campaign,
  handlePersistedVote,
  handlePreVote,
  handlePreVoteResponse,
  handleRequestVote,
  handleRequestVoteResponse,
  isSticky,
  leaderLost,
  mayHaveForgottenVote,
  tickCandidate,
  voteUnanswered,
} from './election.js';
import {
  handleAppendEntries,
  refuseOutdatedAppend,
  handleHeartbeat,
  handleHeartbeatResponse,
  refuseOutdatedHeartbeat,
  sendHeartbeat,
  advance,
  handleAppendEntriesResponse,
  propose,
  read,
  sendAppend,
} from './replication.js';
import { acceptsSender, followCommitted, identify } from './identity.js';
import { Invariants } from './invariants.js';
import { RaftLog, type LogTail } from './log.js';
import { NOTHING, type Input, type Output } from './output.js';
import { becomeFollower } from './roles.js';
import { RaftState } from './state.js';
import { statusOf, type CoreStatus } from './status.js';
import {
  isRequest,
  type Entry,
  type EntryId,
  type HardState,
  type Identity,
  type Message,
  type RequestMessage,
  type Snapshot,
} from './types.js';

/** The state from which a core starts: the contents of its storage, and the progress of its state machine. */
interface Recovered {
  readonly hardState: HardState;
  /** Whose directory it is; null for a new directory. @default null */
  readonly identity?: Identity | null;
  /** The entry before the first one kept; index 0, term 0 when the log is whole. */
  readonly base?: EntryId;
  readonly entries: readonly Entry[];
  /** @default null */
  readonly snapshot?: Snapshot | null;
  /** Index of the last applied entry, which is therefore committed; at least the last index of the snapshot. */
  readonly applied: number;
  /**
   * Whether a leader may exist that this server has not heard from yet, as when it comes back. It then must not help to
   * replace that leader at once. @default false
   */
  readonly presumeLeader?: boolean;
}

/**
 * Raft as a deterministic state machine: no I/O, no clock, no randomness of its own. The same recovered
 * state, inputs and draws give the same outputs.
 */
export class RaftCore {
  private readonly state: RaftState;
  private readonly invariants: Invariants;

  /**
   * @param drawElectionTicks gives a new election timeout, in ticks, each time it is called
   * @param drawId gives a new id each time, for a cluster or a directory; needed with a directory only
   * @throws Error when the configuration cannot work
   * @throws InvariantViolation when the recovered state contradicts itself
   */
  constructor(
    config: RaftConfig,
    recovered: Recovered,
    drawElectionTicks: () => number,
    drawId: () => string = () => '',
  ) {
    validateRaftConfig(config);
    const log = new RaftLog(recovered.entries, recovered.base);
    const { hardState, snapshot = null, applied } = recovered;
    this.state = new RaftState(config, log, hardState, snapshot, applied, drawElectionTicks, drawId);
    if (config.hasDirectory) identify(this.state, recovered.identity ?? null);
    if (recovered.presumeLeader === true) this.state.leaderContactTicks = 0;
    this.invariants = new Invariants(this.state);
  }

  /** A view for people and monitors; computed when asked for. */
  get status(): CoreStatus {
    return statusOf(this.state);
  }

  /** The number of ticks during which this server still neither votes nor campaigns. */
  get voteDelayTicksLeft(): number {
    return Math.max(0, this.state.config.voteDelayTicks - this.state.ticksSinceStart);
  }

  /** The entry at `index`, while the log holds it. */
  entryAt(index: number): Entry | undefined {
    return this.state.log.entryAt(index);
  }

  get logTail(): LogTail {
    return this.state.log.tail;
  }

  /** @throws InvariantViolation when a rule of Raft is broken: the caller must stop this server */
  step(input: Input): Output {
    const { state } = this;
    switch (input.type) {
      case 'tick':
        if (!this.tick()) return NOTHING;
        break;
      case 'receive':
        this.receive(input.message);
        break;
      case 'unreachable':
        state.progress.get(input.peer)?.unreachable();
        voteUnanswered(state, input.peer);
        break;
      case 'propose':
        propose(state, input.request, input.command);
        break;
      case 'read':
        read(state, input.request);
        break;
      case 'persisted':
        state.log.persisted(input.batch, input.last);
        handlePersistedVote(state, input.batch);
        break;
      case 'snapshotStaged':
        snapshotStaged(state, input.snapshot);
        break;
      case 'snapshotUnusable':
        state.incoming = null;
        break;
      case 'campaign':
        if (state.role !== 'leader' && state.isVoter && !mayHaveForgottenVote(state))
          campaign(state, 'requested');
        break;
      case 'leaderLost':
        leaderLost(state, input.leader);
        break;
    }
    if (state.role === 'leader') advance(state);
    followCommitted(state);
    const output = state.takeOutput();
    this.invariants.check();
    return output;
  }

  /** Most ticks only count; true when a timer has fired. */
  private tick(): boolean {
    const { state } = this;
    state.ticksSinceStart += 1;
    state.leaderContactTicks += 1;
    if (state.role === 'leader') return this.tickLeader();
    const hasAskedAgain = tickCandidate(state);
    // While its vote is being written the election cannot be decided: another campaign would only waste the term.
    if (mayHaveForgottenVote(state) || state.isVoting || !state.isVoter) return hasAskedAgain;
    state.electionElapsed += 1;
    if (state.electionElapsed < state.electionTimeout) return hasAskedAgain;
    campaign(state, 'electionTimeout');
    return true;
  }

  private tickLeader(): boolean {
    const { state } = this;
    for (const progress of state.progress.values()) progress.tick(state.config.inFlightTicksMax);
    if (state.config.checkQuorum && !state.hasQuorumWithin(state.config.electionMaxTicks)) {
      becomeFollower(state, state.term, null);
      return true;
    }
    state.heartbeatElapsed += 1;
    if (state.heartbeatElapsed < state.config.heartbeatTicks) return false;
    this.contactAll();
    return true;
  }

  /**
   * Runs once per heartbeat interval. Each follower without an append in flight receives one, even if it is empty; the
   * others receive a heartbeat beside it. So does a follower with a complete log while new entries wait for their
   * commit: an empty append in flight would delay the commit notice. Followers that could not be reached are tried
   * again.
   */
  private contactAll(): void {
    const { state } = this;
    const { lastIndex } = state.log;
    const isCommitNear = lastIndex > state.commitIndex && lastIndex > state.heartbeatLastIndex;
    const { hasQuorum, term } = state;
    if (hasQuorum !== state.hadQuorum) state.trace({ kind: 'quorum', term, hasQuorum });
    state.hadQuorum = hasQuorum;
    state.heartbeatElapsed = 0;
    state.heartbeatLastIndex = lastIndex;
    for (const [peer, progress] of state.progress) {
      const isUpToDate = isCommitNear && !progress.isPaused && progress.matchIndex === lastIndex;
      progress.resume();
      if (progress.isReady && !isUpToDate) sendAppend(state, peer, progress);
      else sendHeartbeat(state, peer, progress);
    }
  }

  /** The term is compared here, once, before any handler sees the message (figure 2, "Rules for Servers"). */
  private receive(message: Message): void {
    const { state } = this;
    if (message.to !== state.id || !state.peers.includes(message.from)) return;
    if (!acceptsSender(state, message)) return;
    if (message.term > state.term + TERM_JUMP_MAX) return;
    if (message.term < state.term) {
      this.receiveOutdated(message);
      return;
    }
    if (message.term > state.term && !isProspective(message)) {
      if (message.type === 'requestVote' && isSticky(state)) {
        answerVote(state, message, 'leaderAlive');
        return;
      }
      const { from, term, type } = message;
      state.trace({ kind: 'newerTerm', term, from, message: type, oldTerm: state.term });
      becomeFollower(state, term, null);
    }
    this.handle(message);
  }

  private handle(message: Message): void {
    const { state } = this;
    switch (message.type) {
      case 'refusal':
        break;
      case 'preVote':
        handlePreVote(state, message);
        break;
      case 'preVoteResponse':
        handlePreVoteResponse(state, message);
        break;
      case 'requestVote':
        handleRequestVote(state, message);
        break;
      case 'requestVoteResponse':
        handleRequestVoteResponse(state, message);
        break;
      case 'appendEntries':
        // One term cannot have two leaders (Election Safety): this message was forged.
        if (state.role !== 'leader') handleAppendEntries(state, message);
        break;
      case 'appendEntriesResponse':
        handleAppendEntriesResponse(state, message);
        break;
      case 'heartbeat':
        if (state.role !== 'leader') handleHeartbeat(state, message);
        break;
      case 'heartbeatResponse':
        handleHeartbeatResponse(state, message);
        break;
      case 'installSnapshot':
        if (state.role !== 'leader') handleInstallSnapshot(state, message);
        break;
      case 'installSnapshotResponse':
        handleInstallSnapshotResponse(state, message);
        break;
    }
  }

  /** A response of an earlier term is obsolete; a request is answered with the current term. */
  private receiveOutdated(message: Message): void {
    if (isRequest(message)) this.refuseOutdated(message);
  }

  private refuseOutdated(request: RequestMessage): void {
    const { state } = this;
    switch (request.type) {
      case 'preVote':
        handlePreVote(state, request);
        break;
      case 'requestVote':
        answerVote(state, request, 'olderTerm');
        break;
      case 'appendEntries':
        refuseOutdatedAppend(state, request);
        break;
      case 'heartbeat':
        refuseOutdatedHeartbeat(state, request);
        break;
      case 'installSnapshot':
        refuseOutdatedSnapshot(state, request);
        break;
    }
  }
}

/** Pre-votes and their grants name a term that no server has entered yet; they change no server's term. */
function isProspective(message: Message): boolean {
  return message.type === 'preVote' || (message.type === 'preVoteResponse' && message.granted);
}
