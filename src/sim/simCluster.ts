import { defaultRaftConfig, majorityOf } from '../raft/config.js';
import type { EntryId, Message, NodeId, RequestMessage } from '../raft/types.js';
import { describeMessage, messageNumbers, type Trace } from './trace.js';
import { checkSnapshot, Effects } from './effects.js';
import { beginFault, healAll, type FaultScene } from './faults.js';
import type { Fault, Plan } from './plan.js';
import { Prng } from './prng.js';
import { Safety, SafetyViolation } from './safety.js';
import { SimDisk, type DiskCopy } from './simDisk.js';
import { SimNetwork } from './simNetwork.js';
import { SimServer, type SimServerEvents, type SimServerSettings } from './simServer.js';
import type { VirtualTime } from './simHost.js';

const TICK_MS = 10;
const ELECTION_MIN_TICKS = 60;
const RPC_TIMEOUT_MS = 500;
const NOTHING_COMMITTED: EntryId = { term: 0, index: 0 };

/** Counts of a cluster's events, for the summary. */
export interface ClusterCounts {
  elections: number;
  messages: number;
  /** Snapshots taken, and state machines replaced by one. */
  snapshots: number;
  installed: number;
  readonly faults: Map<string, number>;
}

/** The servers, the network between them, and the watch over their safety. */
export class SimCluster implements FaultScene {
  readonly servers: readonly SimServer[];
  readonly network: SimNetwork;
  readonly safety: Safety;
  readonly effects: Effects;
  /** The first broken rule, once there is one. */
  violation: Error | undefined;
  /** Told of every message that leaves a server. */
  onSent: (message: Message) => void = () => undefined;
  /** Told of every request that reaches one. */
  onDelivered: (request: RequestMessage) => void = () => undefined;
  /** Told of the snapshots that servers take themselves and get from the leader, by the last index in them. */
  onSnapshot: (id: NodeId, kind: 'taken' | 'installed', index: number) => void = () => undefined;
  /** Told that a link, a disk or a server has changed. */
  onChange: () => void = () => undefined;
  readonly counts: ClusterCounts = {
    elections: 0,
    messages: 0,
    snapshots: 0,
    installed: 0,
    faults: new Map(),
  };
  private readonly ends = new Set<() => void>();
  private readonly copies = new Map<Fault, readonly DiskCopy[]>();
  /** When a majority last took part; the present while one does. */
  private majorityUntilMs = Number.NEGATIVE_INFINITY;
  private hasMajority = false;

  constructor(
    private readonly plan: Plan,
    private readonly time: VirtualTime,
    private readonly trace: Trace,
    /** In place of what the plan and the program have. */
    own: Partial<SimServerSettings> = {},
  ) {
    const random = new Prng(plan.seed);
    this.network = new SimNetwork(time, random.fork(1), plan.network, {
      sent: (message) => {
        this.safety.sent(message);
        this.onSent(message);
        this.noteMessage('send', message.from, message);
      },
      delivered: (request) => {
        this.onDelivered(request);
        this.noteMessage('receive', request.to, request);
      },
      lost: (message) => this.noteMessage('lost', null, message),
      linksChanged: () => this.onChange(),
    });
    const events = this.events();
    const settings = { ...settingsOf(plan), ...own };
    this.servers = Array.from({ length: plan.servers }, (_, id) => {
      const disk = new SimDisk(random.fork(100 + id), plan.disk, plan.syncMs?.[id]);
      disk.onHandedOver = (batch) => this.safety.handedOver(id, batch);
      disk.committed = () => this.safety.committedEntries;
      const clockRate = 1 + plan.clockSkew * (2 * random.fork(200 + id).next() - 1);
      return new SimServer(id, disk, time, this.network, random.fork(300 + id), clockRate, settings, events);
    });
    this.safety = new Safety(this.servers);
    this.effects = new Effects(plan.sessionsMax);
  }

  startAll(): void {
    for (const server of this.servers) server.start();
    this.noteMajority();
  }

  currentLeader(): SimServer | undefined {
    return this.servers.find((server) => server.process?.node.isLeader === true);
  }

  get lastCommitted(): EntryId {
    return this.safety.committedEntries.at(-1) ?? NOTHING_COMMITTED;
  }

  copyFor(fault: Fault, { id }: SimServer): DiskCopy | undefined {
    return this.copies.get(fault)?.[id];
  }

  /** Schedules a fault and its end. */
  schedule(fault: Fault): void {
    if (fault.kind === 'rollback') {
      this.time.after(fault.atMs - fault.agoMs - this.time.nowMs, () =>
        this.copies.set(
          fault,
          this.servers.map(({ disk }) => disk.copy()),
        ),
      );
    }
    this.time.after(fault.atMs - this.time.nowMs, () => {
      this.counts.faults.set(fault.kind, (this.counts.faults.get(fault.kind) ?? 0) + 1);
      this.trace.note('fault', null, [], () => JSON.stringify(fault));
      const makeGood = beginFault(this, fault);
      const end = (): void => {
        if (!this.ends.delete(end)) return;
        this.trace.note('repair', null, [], () => fault.kind);
        makeGood();
        this.noteMajority();
      };
      this.ends.add(end);
      this.noteMajority();
      this.time.after(fault.forMs, end);
    });
  }

  /** Ends all faults, whatever their plan; the network is perfect from now on. */
  heal(): void {
    this.trace.note('heal', null, [], () => 'all faults end');
    this.ends.clear();
    this.network.setBehaviour({
      ...this.plan.network,
      loss: 0,
      duplication: 0,
      tail: 0,
      latencyMaxMs: 2,
      latencyMinMs: 0.1,
    });
    healAll(this);
    this.noteMajority();
  }

  /** Nobody may be told anything that a majority has had no part in. */
  checkAnswer(server: number, arrivedMs: number): void {
    if (this.hasMajority || this.majorityUntilMs >= arrivedMs) return;
    this.violation ??= new SafetyViolation(
      'no reply without a majority',
      `server ${server} answers a call of ${arrivedMs.toFixed(3)} ms; a majority was last up at ${this.majorityUntilMs.toFixed(3)} ms`,
    );
  }

  private noteMajority(): void {
    this.onChange();
    const alive = this.servers.filter((server) => server.isAlive).length;
    if (this.hasMajority) this.majorityUntilMs = this.time.nowMs;
    this.hasMajority = alive >= majorityOf(this.servers.length);
  }

  private noteMessage(kind: string, server: number | null, message: Message): void {
    this.counts.messages += kind === 'send' ? 1 : 0;
    this.trace.note(kind, server, messageNumbers(message), () => describeMessage(message));
  }

  private events(): SimServerEvents {
    return {
      role: (id, role, term) => {
        this.trace.note('role', id, [term], () => `${role} in term ${term}`);
        if (role !== 'leader') return;
        this.counts.elections += 1;
        this.safety.becameLeader(id, term);
      },
      applying: (id, entry, term) => {
        this.trace.note(
          'apply',
          id,
          [entry.index, entry.term],
          () => `${entry.index}/${entry.term} ${entry.command}`,
        );
        this.safety.appliedEntry(id, entry, term);
      },
      applied: (id, entry, result) => this.effects.applied(id, entry, result),
      installed: (id, index, state) => {
        this.trace.note('install', id, [index], () => `snapshot up to ${index}`);
        this.counts.installed += 1;
        this.safety.installedSnapshot(id, index);
        checkSnapshot(id, state, this.plan.sessionsMax, this.safety.committedEntries.slice(0, index));
      },
      snapshotTaken: (id, index) => {
        this.trace.note('snapshot', id, [index], () => `up to ${index}`);
        this.counts.snapshots += 1;
        this.onSnapshot(id, 'taken', index);
      },
      snapshotReceived: (id, index) => this.onSnapshot(id, 'installed', index),
      started: (id) => this.safety.startedAnew(id),
      lifecycle: (id, state) => {
        this.trace.note('lifecycle', id, [], () => state);
        this.noteMajority();
      },
      changed: () => this.noteMajority(),
      broken: (error) => (this.violation ??= error),
    };
  }
}

function settingsOf(plan: Plan): SimServerSettings {
  return {
    serverCount: plan.servers,
    raft: {
      ...defaultRaftConfig,
      voteDelayTicks: plan.voteDelayTicks ?? defaultRaftConfig.voteDelayTicks,
      tailEntriesMax: plan.snapshots.tailEntriesMax,
    },
    tickMs: TICK_MS,
    electionMinTicks: ELECTION_MIN_TICKS,
    exchange: { timeoutMs: RPC_TIMEOUT_MS },
    waitingCallsMax: plan.waitingCallsMax,
    snapshots: { ...plan.snapshots, bytesMax: Number.POSITIVE_INFINITY },
    sessionsMax: plan.sessionsMax,
  };
}
