import type { RaftConfig } from '../raft/config.js';
import { RaftCore } from '../raft/core.js';
import type { LogTail } from '../raft/log.js';
import { answersRequest, NOTHING, type Input, type Output } from '../raft/output.js';
import { initialStatus, type CoreStatus } from '../raft/status.js';
import {
  isRequest,
  type Message,
  type NodeId,
  type RequestMessage,
  type ResponseMessage,
} from '../raft/types.js';
import type { StoredState } from '../storage/storage.js';
import type { PeerRequestHandler, Transport } from '../transport/transport.js';
import { errorOf, notTaken, ServiceError, type ErrorKind } from './errors.js';
import { noNodeEvents, type NodeEvents } from './events.js';
import { Lifecycle } from './lifecycle.js';
import type { NodeStatus, RaftNodeOptions } from './nodeOptions.js';
import { isFailureNews, PeerChannel, PeerHealth } from './peers.js';
import { PendingRequests, type PendingCall } from './pendingRequests.js';
import { PersistQueue } from './persistQueue.js';
import { Snapshots } from './snapshots.js';

/** A write that takes longer than this (a second, at the usual tick) keeps a cluster from electing a leader in time. */
const DISK_SLOW_TICKS = 100;

type Reply = (response: ResponseMessage | null) => void;

interface QueuedInput {
  readonly input: Input;
  readonly reply?: Reply;
}

/**
 * Drives one core: feeds it inputs one at a time and executes each step's output in the order persist, send, apply,
 * settle, without ever waiting inside a step.
 */
export class RaftNode<Result> implements PeerRequestHandler {
  private readonly events: NodeEvents;
  private readonly lifecycle = new Lifecycle();
  private readonly pending: PendingRequests<Result>;
  private readonly persistQueue: PersistQueue;
  private readonly snapshots: Snapshots;
  private readonly health: PeerHealth;
  private readonly channels = new Map<NodeId, PeerChannel>();
  /** A chaos hook: messages from these peers are dropped. */
  private unreachable: ReadonlySet<NodeId> = new Set();
  /** Peers whose request has been taken in and waits for its answer. */
  private readonly openReplies = new Set<Reply>();
  private queue: QueuedInput[] = [];
  private draining = false;
  private core: RaftCore | undefined;
  private lastStatus: CoreStatus;
  private lastTail: LogTail = { base: { term: 0, index: 0 }, entries: [] };
  private leading = false;
  /** Remaining ticks in which this process does not vote, because it may have forgotten a vote. */
  private voteDelayTicks: number;

  constructor(private readonly options: RaftNodeOptions<Result>) {
    const { raft, storage, transport, observer, events = noNodeEvents } = options;
    this.events = events;
    this.pending = new PendingRequests(options.waitingCallsMax, options.replyAfter, events);
    this.health = new PeerHealth(observer);
    this.persistQueue = new PersistQueue(
      storage,
      {
        persisted: ({ number, last }) => this.post({ type: 'persisted', batch: number, last }),
        failed: (error) => this.fail(error),
      },
      events,
    );
    this.snapshots = new Snapshots(
      { ...options, policy: options.snapshots },
      {
        staged: (snapshot) => this.post({ type: 'snapshotStaged', snapshot }),
        unusable: () => this.post({ type: 'snapshotUnusable' }),
        failed: (error) => this.fail(error),
      },
    );
    for (const peer of raft.servers.filter((id) => id !== raft.id))
      this.channels.set(peer, this.channelTo(peer, transport));
    this.lastStatus = initialStatus(raft.id);
    this.voteDelayTicks = raft.voteDelayTicks;
  }

  /**
   * Reads the storage and begins to take part in the cluster.
   * @param presumeLeader whether there may be a leader already, which this server must not help to replace at once
   * @param ready called when it takes part, or with the error that prevents it; possibly before this returns
   */
  start(presumeLeader = false, ready: (error: Error | null) => void = () => undefined): void {
    this.load(this.options.raft, presumeLeader, ready);
  }

  get isCrashed(): boolean {
    return this.lifecycle.isCrashed;
  }

  /** Whether this server believes that it leads; never while crashed. */
  get isLeader(): boolean {
    return this.lifecycle.state === 'running' && this.leading;
  }

  /** The leader, if this server knows it; null while it is down. */
  get knownLeader(): NodeId | null {
    return this.core?.status.leader ?? null;
  }

  /** Whether messages of this peer are accepted. */
  acceptsFrom(peer: NodeId): boolean {
    return !this.unreachable.has(peer);
  }

  /** @throws ServiceError when this server is down, for any reason */
  requireRunning(): void {
    this.lifecycle.requireRunning();
  }

  /** The last entry in the state machine. */
  get lastApplied(): number {
    return this.options.stateMachine.lastApplied;
  }

  /** The end of its log; of a server that is down as it was then. */
  get logTail(): LogTail {
    return this.core?.logTail ?? this.lastTail;
  }

  get status(): NodeStatus {
    return {
      lifecycle: this.lifecycle.state,
      core: this.core?.status ?? this.lastStatus,
      lastApplied: this.lastApplied,
      waitingCalls: this.pending.size,
      oldestCall: this.pending.oldest,
      unreachableFrom: [...this.unreachable].sort((a, b) => a - b),
      reachablePeers: [...this.channels.keys()].filter((peer) => this.health.isReachable(peer)),
    };
  }

  /**
   * Replicates a command; resolves to the state machine's result. Without a majority it waits, with no limit, until
   * there is one.
   *
   * @throws ServiceError at once or as a rejection; its `outcome` tells whether the command may take effect
   */
  propose(command: string): PendingCall<Result> {
    return this.publishRefusal('write', () => {
      this.requireRunning();
      const propose = (): PendingCall<Result> => {
        const { request, ...call } = this.pending.openWrite();
        this.post({ type: 'propose', request, command });
        return call;
      };
      return (this.isLeader ? this.options.stateLimit : undefined)?.admit(command, propose) ?? propose();
    });
  }

  /**
   * Resolves when the local state machine may be read: it then holds everything that was acknowledged before
   * this call, and a majority has confirmed it. Waits without a limit for that majority.
   *
   * @throws ServiceError at once or as a rejection
   */
  read(): PendingCall<void> {
    return this.publishRefusal('read', () => {
      this.requireRunning();
      const { request, promise, cancel } = this.pending.openRead('read');
      this.post({ type: 'read', request });
      return { promise, cancel };
    });
  }

  /**
   * Resolves when everything up to `index` is applied here. With an index that the leader has confirmed for a read, the
   * local state machine may then be read as though it were the leader's.
   *
   * @throws ServiceError at once or as a rejection
   */
  whenApplied(index: number): PendingCall<void> {
    this.requireRunning();
    const { request, promise, cancel } = this.pending.openRead('whenApplied');
    this.pending.confirmRead(request, index);
    this.pending.settle(this.lastApplied);
    return { promise, cancel };
  }

  /** @throws ServiceError when this server is down, for any reason */
  receive(request: RequestMessage, reply: Reply): void {
    if (this.unreachable.has(request.from)) return;
    this.requireRunning();
    if (this.channels.has(request.from)) this.health.called(request.from);
    this.post({ type: 'receive', message: request }, reply);
  }

  /** There is evidence that this peer is down; it matters only when it leads. */
  leaderLost(peer: NodeId): void {
    if (this.lifecycle.state === 'running') this.post({ type: 'leaderLost', leader: peer });
  }

  /** Starts an election as though the timeout had passed. */
  campaign(): void {
    if (this.lifecycle.state === 'running') this.post({ type: 'campaign' });
  }

  /**
   * The assignment's crash: the core is discarded, storage and state machine stay. Work under way is ended or
   * discarded. No effect on a server that is down already.
   */
  crash(): void {
    this.takeDown('crashed', 'crashedWhileWaiting', 'this server was crashed while the call waited');
  }

  /**
   * Comes back as a follower with the stored term, vote and log, and a fresh election timeout. No effect on a
   * server that is up.
   */
  restore(): void {
    if (!this.lifecycle.enter('restoring')) return;
    this.options.observer.lifecycleChanged('restoring');
    // It still has its vote, so it need not wait to vote; but it must presume a leader that it has not heard yet.
    this.load({ ...this.options.raft, voteDelayTicks: this.voteDelayTicks }, true, () => undefined);
  }

  /**
   * A chaos hook: from now on every request and every answer of these peers is dropped, and of no others. One server by
   * itself makes a link work in one direction only. It outlasts `crash` and `restore`, as a broken network does.
   */
  makeUnreachableFrom(peers: readonly NodeId[]): void {
    this.unreachable = new Set(peers);
  }

  /** Ends the node for good; waiting calls fail. */
  stop(): void {
    this.takeDown('stopped', 'stoppedWhileWaiting', 'this server is shutting down');
  }

  private fail(error: Error): void {
    if (this.takeDown('failed', 'failedWhileWaiting', `this server cannot go on: ${error.message}`))
      this.options.observer.failed(error);
  }

  private takeDown(state: 'crashed' | 'failed' | 'stopped', kind: ErrorKind, explanation: string): boolean {
    if (!this.lifecycle.enter(state)) return false;
    this.options.ticker.stop();
    this.lastTail = this.logTail;
    if (this.core !== undefined)
      this.lastStatus = { ...this.core.status, role: 'follower', leader: null, peers: [] };
    this.voteDelayTicks = this.core?.voteDelayTicksLeft ?? this.voteDelayTicks;
    this.core = undefined;
    this.leading = false;
    this.queue = [];
    this.persistQueue.reset();
    this.snapshots.cancel();
    for (const channel of this.channels.values()) channel.reset();
    // As at the end of the process: the peers notice at once, without a timeout.
    this.options.transport.disconnect();
    this.pending.failAll(() => new ServiceError(kind, explanation));
    for (const reply of this.openReplies) reply(null);
    this.openReplies.clear();
    this.options.observer.lifecycleChanged(state);
    return true;
  }

  private load(raft: RaftConfig, presumeLeader: boolean, ready: (error: Error | null) => void): void {
    const { epoch } = this.lifecycle;
    const end = (error: Error | null): void => {
      if (error !== null) this.fail(error);
      ready(error);
    };
    this.options.storage.load((error, stored) => {
      if (epoch !== this.lifecycle.epoch) return;
      if (error !== null) end(error);
      else
        this.snapshots.recover(stored, (unreadable) =>
          end(unreadable ?? this.run(raft, stored, presumeLeader)),
        );
    });
  }

  /** Starts to take part; returns an error when the stored state contradicts itself. */
  private run(raft: RaftConfig, stored: StoredState, presumeLeader: boolean): Error | null {
    const { drawElectionTicks, drawId, ticker, observer } = this.options;
    const past = { ...stored, applied: this.lastApplied, presumeLeader };
    try {
      this.core = new RaftCore(raft, past, drawElectionTicks, drawId);
    } catch (error) {
      return errorOf(error);
    }
    this.lifecycle.enter('running');
    observer.lifecycleChanged('running');
    ticker.start(() => this.tick());
    // The only server of a cluster does not wait: no other leader can be alive, and no vote can be split.
    if (raft.servers.length === 1) this.post({ type: 'campaign' });
    return null;
  }

  private tick(): void {
    if (this.persistQueue.tick() === DISK_SLOW_TICKS) this.options.observer.diskSlow(DISK_SLOW_TICKS);
    this.post({ type: 'tick' });
  }

  private post(input: Input, reply?: Reply): void {
    if (reply !== undefined) this.openReplies.add(reply);
    this.queue.push(reply === undefined ? { input } : { input, reply });
    if (!this.draining) this.drain();
  }

  private drain(): void {
    this.draining = true;
    for (let item = this.queue.shift(); item !== undefined; item = this.queue.shift()) {
      const { input, reply } = item;
      this.guard(() => this.step(input, reply));
    }
    this.draining = false;
  }

  private step(input: Input, reply: Reply | undefined): void {
    if (this.core === undefined) return;
    const output = this.core.step(input);
    if (output === NOTHING) return;
    const deliver = (message: Message): void => {
      if (isRequest(message)) this.channels.get(message.to)?.send(message);
      else this.answer(reply, message);
    };
    // Messages that wait for the batch are sent outside this step.
    this.persistQueue.add(output, (message) => this.guard(() => deliver(message)));
    // A storage that fails at once has ended this node.
    if (this.lifecycle.state !== 'running') return;
    output.messages.forEach(deliver);
    if (reply !== undefined && !answersRequest(output)) this.answer(reply, null);
    this.applyAndSettle(output);
    if (input.type === 'snapshotStaged') this.snapshots.settled(input.snapshot);
  }

  private applyAndSettle(output: Output): void {
    const { pending, options } = this;
    for (const { request, entry } of output.accepted) pending.accepted(request, entry);
    this.snapshots.onOutput(output);
    for (const entry of output.committed) pending.entryApplied(entry, options.stateMachine.apply(entry));
    if (output.committed.length > 0) this.events.applied(output.committed.length);
    this.snapshots.applied(output.committed);
    if (output.acknowledged !== null) pending.acknowledged(output.acknowledged);
    for (const { request, index } of output.readable) pending.confirmRead(request, index);
    pending.settle(this.lastApplied);
    for (const { request, reason, leader } of output.dropped)
      pending.fail(request, notTaken(reason, options.raft.id, leader));
    for (const estrangement of output.estranged) options.observer.peerEstranged(estrangement);
    if (output.identity !== null) options.observer.identityChanged(output.identity);
    if (output.trace.length > 0) options.observer.traced(output.trace);
    if (output.role === null) return;
    if (this.leading)
      pending.failWrites(
        () => new ServiceError('steppedDown', 'this server stopped leading while the call waited'),
      );
    this.leading = output.role.role === 'leader';
    options.observer.roleChanged(output.role);
  }

  private answer(reply: Reply | undefined, response: ResponseMessage | null): void {
    if (reply !== undefined && this.openReplies.delete(reply)) reply(response);
  }

  /** A broken invariant or storage ends this node alone, not the process. */
  private guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.fail(errorOf(error));
    }
  }

  private channelTo(peer: NodeId, transport: Transport): PeerChannel {
    const failed = (request: RequestMessage, reason: string): void => {
      this.health.failed(peer, reason);
      if (isFailureNews(request)) this.post({ type: 'unreachable', peer });
    };
    const answered = (request: RequestMessage, response: ResponseMessage): void => {
      if (this.unreachable.has(peer)) {
        failed(request, 'made unreachable on purpose');
        return;
      }
      this.health.answered(peer);
      this.post({ type: 'receive', message: response });
    };
    const late = (response: ResponseMessage): void => {
      if (!this.unreachable.has(peer)) this.post({ type: 'receive', message: response });
    };
    return new PeerChannel(transport, { answered, failed, late }, this.events);
  }

  private publishRefusal<T>(kind: 'write' | 'read', ask: () => T): T {
    try {
      return ask();
    } catch (error) {
      this.events.callRefused(kind, error);
      throw error;
    }
  }
}
