import type { ServedCalls, ExchangeSettings, SimNetwork } from './simNetwork.js';
import { LeaderRouter } from '../node/leaderRouter.js';
import type { NodeEvents, NodeObserver } from '../node/events.js';
import type { PendingCall, ReplyAfter } from '../node/pendingRequests.js';
import { RaftNode } from '../node/raftNode.js';
import type { SnapshotPolicy } from '../node/snapshots.js';
import { GridTicker } from '../node/clock.js';
import type { RaftConfig } from '../raft/config.js';
import type { TraceRecord } from '../raft/trace.js';
import type { Entry, EntryId, NodeId } from '../raft/types.js';
import type { CommandResult } from '../stateMachine/command.js';
import { ServiceState } from '../stateMachine/serviceState.js';
import type { StateMachine } from '../stateMachine/stateMachine.js';
import type { Prng } from './prng.js';
import type { WatchedServer } from './safety.js';
import { DISK_FAILURE, type DiskCopy, type SimDisk } from './simDisk.js';
import { SimHost, type VirtualTime } from './simHost.js';
import { SimLeaderCalls } from './simLeaderCalls.js';

/** Settings shared by all servers of a run. */
export interface SimServerSettings {
  readonly serverCount: number;
  readonly raft: Omit<RaftConfig, 'id' | 'servers'>;
  readonly tickMs: number;
  readonly electionMinTicks: number;
  readonly exchange: ExchangeSettings;
  readonly waitingCallsMax: number;
  readonly snapshots: SnapshotPolicy;
  readonly sessionsMax: number;
  /** @default majority */
  readonly replyAfter?: ReplyAfter;
  /** Told of what happens to the calls on any server. @default nobody listens */
  readonly calls?: NodeEvents;
  /** Whether it stores whose directory it has, and so knows one that was emptied. @default true */
  readonly hasDirectory?: boolean;
  /** A new election timeout of a server. @default drawn */
  readonly drawElectionTicks?: (id: NodeId) => number;
  /** Lets a piece of long work of a server wait for its turn. @default it waits for a drawn time */
  readonly defer?: (id: NodeId, host: SimHost, run: () => void) => () => void;
}

/** A piece of a snapshot is written or read after at most so long. */
const PIECE_MS_MAX = 3;
/** The draws for it are none of those for elections. */
const PIECE_FORK = 1;
const CALLS_FORK = 2;
/** From here on: each life of a process draws ids of its own. */
const IDS_FORK = 1000;

/** Told of what happens in a server. */
export interface SimServerEvents {
  role(id: NodeId, role: string, term: number): void;
  /** Why its core did what it did. */
  traced?(id: NodeId, records: readonly TraceRecord[]): void;
  /** An entry is going to be applied, and then has been, with this result. */
  applying(id: NodeId, entry: Entry, term: number): void;
  applied(id: NodeId, entry: Entry, result: CommandResult): void;
  /** The state machine was replaced by a snapshot up to `index`. */
  installed(id: NodeId, index: number, state: ServiceState): void;
  /** A snapshot up to `index` is going to be stored in place of the log. */
  snapshotTaken(id: NodeId, index: number): void;
  /** A snapshot up to `index` that came from the leader is stored and in use. */
  snapshotReceived?(id: NodeId, index: number): void;
  started(id: NodeId): void;
  lifecycle(id: NodeId, state: string): void;
  /** It may take part now, or not any more. */
  changed(): void;
  /** The server stopped itself because a rule is broken. */
  broken(error: Error): void;
}

/** One life of a server: the production driver, core and state machine on a simulated process. */
export interface SimProcess {
  readonly host: SimHost;
  readonly node: RaftNode<CommandResult>;
  readonly state: ServiceState;
  readonly router: LeaderRouter<CommandResult>;
}

/** A server: a disk that stays, and a process that comes and goes. */
export class SimServer implements WatchedServer {
  private current: SimProcess | undefined;
  /** The entry that it must hold again before it counts, after its disk was lost. */
  private lost: EntryId | undefined;
  private isBlank = false;
  /** Whether its process was started on a disk that belonged to no cluster. */
  private startedNew = false;
  private starts = 0;

  constructor(
    readonly id: NodeId,
    readonly disk: SimDisk,
    private readonly time: VirtualTime,
    private readonly network: SimNetwork,
    private readonly random: Prng,
    private readonly clockRate: number,
    private readonly settings: SimServerSettings,
    private readonly events: SimServerEvents,
  ) {}

  get process(): SimProcess | undefined {
    return this.current;
  }

  get log(): readonly Entry[] {
    return this.disk.log;
  }

  get durableLog(): readonly Entry[] {
    return this.disk.durableLog;
  }

  get durableTerm(): number {
    return this.disk.durableHardState.term;
  }

  get durableVote(): NodeId | null {
    return this.disk.durableHardState.votedFor;
  }

  get isDown(): boolean {
    return this.current === undefined || this.current.node.isCrashed;
  }

  /** Whether it takes part at this moment: it has a process that runs and is not held down. */
  get isAlive(): boolean {
    return this.current?.node.status.lifecycle === 'running' && !this.current.host.isPaused;
  }

  /**
   * Whether its disk was emptied or put back, and it has not yet caught up with what was committed then, or is not
   * taken back by its cluster.
   */
  get isLost(): boolean {
    if (this.lost === undefined) return false;
    const { index, term } = this.lost;
    if (index > 0 && this.hasDirectory && this.disk.durableStanding !== 'voter') return true;
    if (index > 0 && this.durableLog[index - 1]?.term !== term) return true;
    this.lost = undefined;
    return false;
  }

  /** Whether its disk belonged to no cluster when its process started, and has not become that of a voter yet. */
  get isNewcomer(): boolean {
    return this.startedNew && this.hasDirectory && this.disk.durableStanding !== 'voter';
  }

  /** Whether a majority may need it: it takes part, and has forgotten nothing. */
  get isMember(): boolean {
    return this.isAlive && !this.isLost && !(this.isNewcomer && this.disk.durableStanding === 'learner');
  }

  /**
   * Puts another disk in place of its own, while it has no process.
   *
   * @param copy undefined: an empty one
   * @param committed the last entry that is committed so far
   */
  replaceDisk(copy: DiskCopy | undefined, committed: EntryId): void {
    if (this.current !== undefined) throw new Error(`server ${this.id} still uses its disk`);
    this.disk.wipe();
    if (copy !== undefined) this.disk.putBack(copy);
    this.isBlank = copy === undefined;
    this.lost = committed;
  }

  pause(): void {
    this.current?.host.pause();
    this.events.changed();
  }

  resume(): void {
    this.current?.host.resume();
    this.events.changed();
  }

  /** Starts a process on the disk, unless there is one. */
  start(): void {
    if (this.current !== undefined) return;
    const { settings, random } = this;
    const host = new SimHost(this.time, this.clockRate);
    const pieces = random.fork(PIECE_FORK);
    const ids = random.fork(IDS_FORK + this.starts);
    this.starts += 1;
    const state = new ServiceState(settings.sessionsMax);
    // The router comes after the node whose changes it follows.
    let follow = (): void => undefined;
    const node = new RaftNode<CommandResult>({
      raft: {
        ...settings.raft,
        // As the program does it: a server that finds nothing may have forgotten a vote.
        ...(this.isBlank ? { voteDelayTicks: settings.raft.electionMaxTicks } : {}),
        hasDirectory: this.hasDirectory,
        id: this.id,
        servers: Array.from({ length: settings.serverCount }, (_, id) => id),
      },
      storage: this.disk.open(host),
      transport: this.network.transportFor(this.id, host, settings.exchange),
      stateMachine: this.watched(state),
      ticker: new GridTicker(settings.tickMs, host.clock),
      defer: (run) => settings.defer?.(this.id, host, run) ?? host.after(PIECE_MS_MAX * pieces.next(), run),
      snapshots: settings.snapshots,
      drawId: () => `${this.id}.${ids.between(0, 1e9)}`,
      drawElectionTicks: () =>
        settings.drawElectionTicks?.(this.id) ??
        random.between(settings.electionMinTicks, settings.raft.electionMaxTicks),
      replyAfter: settings.replyAfter ?? 'majority',
      ...(settings.calls === undefined ? {} : { events: settings.calls }),
      waitingCallsMax: settings.waitingCallsMax,
      observer: this.observer(() => follow()),
    });
    const leaderCalls = new SimLeaderCalls(this.id, host, this.network, random.fork(CALLS_FORK));
    const router = new LeaderRouter(node, leaderCalls, host.clock, {
      callsMax: settings.waitingCallsMax,
      charsMax: Number.POSITIVE_INFINITY,
    });
    follow = () => router.reconsider();
    this.current = { host, node, state, router };
    this.network.connect(this.id, { host, handler: node, calls: callsOn(node), node });
    this.events.started(this.id);
    this.isBlank = false;
    this.startedNew = this.disk.durableStanding !== 'voter';
    node.start();
  }

  /** Ends the process at once, as `kill -9` does. */
  kill(): void {
    if (this.current === undefined) return;
    const { host } = this.current;
    this.current = undefined;
    this.network.connect(this.id, undefined);
    this.disk.loseProcess();
    host.kill();
    this.network.closeConnections(this.id);
    this.events.changed();
  }

  private get hasDirectory(): boolean {
    return this.settings.hasDirectory ?? true;
  }

  private observer(follow: () => void): NodeObserver {
    return {
      roleChanged: ({ role, term }) => {
        this.events.role(this.id, role, term);
        follow();
      },
      traced: (records) => this.events.traced?.(this.id, records),
      lifecycleChanged: (state) => {
        this.events.lifecycle(this.id, state);
        follow();
      },
      peerUnreachable: () => undefined,
      peerReachable: () => undefined,
      peerEstranged: () => undefined,
      identityChanged: () => undefined,
      diskSlow: () => undefined,
      snapshotTaken: ({ index }) => this.events.snapshotTaken(this.id, index),
      snapshotInstalled: ({ index }) => this.events.snapshotReceived?.(this.id, index),
      snapshotUnusable: (error) => this.events.broken(error),
      failed: (error) => {
        // A disk is made to fail on purpose; anything else would be a broken rule of the core.
        if (error.message !== DISK_FAILURE) this.events.broken(error);
      },
    };
  }

  private watched(state: ServiceState): StateMachine<CommandResult> {
    const { id, events } = this;
    const currentTerm = (): number => this.current?.node.status.core.term ?? this.durableTerm;
    return {
      get lastApplied() {
        return state.lastApplied;
      },
      apply(entry) {
        events.applying(id, entry, currentTerm());
        const result = state.apply(entry);
        events.applied(id, entry, result);
        return result;
      },
      snapshot: (chunkChars) => state.snapshot(chunkChars),
      load: () => {
        const loader = state.load();
        return {
          add: (chunk) => loader.add(chunk),
          install: (lastApplied) => {
            loader.install(lastApplied);
            events.installed(id, lastApplied, state);
          },
        };
      },
    };
  }
}

/** The calls that a server answers for the others, as `surfstore.propose` and `surfstore.readIndex` do. */
function callsOn(node: RaftNode<CommandResult>): ServedCalls {
  return {
    propose: (command) => node.propose(command),
    readIndex: (): PendingCall<number> => {
      const { promise, cancel } = node.read();
      return { promise: promise.then(() => node.status.lastApplied), cancel };
    },
  };
}
