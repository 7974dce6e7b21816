import type { ReplyAfter } from '../../src/node/pendingRequests.js';
import type { SnapshotPolicy } from '../../src/node/snapshots.js';
import { defaultRaftConfig, type RaftConfig } from '../../src/raft/config.js';
import { isRequest, type Entry, type NodeId, type RequestMessage } from '../../src/raft/types.js';
import { noSnapshots, SESSIONS_PLENTY } from '../../src/sim/drawPlan.js';
import type { Plan } from '../../src/sim/plan.js';
import { SimCluster } from '../../src/sim/simCluster.js';
import type { SimNetwork } from '../../src/sim/simNetwork.js';
import { Trace } from '../../src/sim/trace.js';
import { VirtualTime } from '../../src/sim/simHost.js';
import { encodeUpdateFile } from '../../src/stateMachine/command.js';
import { Calls, type Call } from './calls.js';
import { ManualServer } from './manualServer.js';

const TICK_MS = 10;
/** More links than any chain of promises from the log to a caller has. */
const LINKS_MAX = 5;
const settled = Promise.resolve();

interface ClusterOptions {
  readonly raft?: Partial<Omit<RaftConfig, 'id' | 'servers'>>;
  readonly replyAfter?: ReplyAfter;
  readonly waitingCallsMax?: number;
  readonly rpcTimeoutMs?: number;
  /** @default no server takes one */
  readonly snapshots?: SnapshotPolicy;
  /** A new election timeout of a server, in ticks. @default server I always draws 600 + 60 I milliseconds */
  readonly drawElectionTicks?: (id: NodeId) => number;
}

/**
 * A cluster in the simulator's world in which nothing is drawn: messages and writes take no time, and are held back,
 * lost or slow only when a test says so. Its safety is watched as in every simulated run.
 */
export class ManualCluster {
  readonly servers: readonly ManualServer[];
  readonly network: SimNetwork;
  readonly calls = new Calls(() => this.nowMs);
  /** Something to do before the servers' next ticks. */
  onTick: () => void = () => undefined;
  /** Told of every request as it leaves. */
  onSent: (request: RequestMessage) => void = () => undefined;
  /** Told of every request as it arrives. */
  onDelivered: (request: RequestMessage) => void = () => undefined;
  private readonly sim: SimCluster;
  private readonly time = new VirtualTime();

  constructor(size: number, options: ClusterOptions = {}) {
    this.sim = new SimCluster(planFor(size), this.time, new Trace(() => this.nowMs, 1), {
      raft: { ...defaultRaftConfig, ...options.raft },
      exchange: { timeoutMs: options.rpcTimeoutMs ?? 400 },
      waitingCallsMax: options.waitingCallsMax ?? 10_000,
      snapshots: options.snapshots ?? { ...noSnapshots, bytesMax: Infinity },
      replyAfter: options.replyAfter ?? 'majority',
      hasDirectory: false,
      drawElectionTicks: options.drawElectionTicks ?? ((id) => 60 + 6 * id),
      defer: (id, host, run) => this.server(id).defer(host, run),
    });
    const { sim } = this;
    this.network = sim.network;
    this.servers = sim.servers.map((server) => new ManualServer(server, () => sim.lastCommitted));
    sim.onSent = (message) => {
      if (isRequest(message)) this.onSent(message);
    };
    sim.onDelivered = (request) => this.onDelivered(request);
    sim.onSnapshot = (id, kind, index) => this.server(id).snapshotReports.push(`${kind} ${index}`);
    sim.startAll();
  }

  get nowMs(): number {
    return this.time.nowMs;
  }

  get committedEntries(): readonly Entry[] {
    return this.sim.safety.committedEntries;
  }

  server(id: NodeId): ManualServer {
    const server = this.servers[id];
    if (server === undefined) throw new Error(`there is no server ${id}`);
    return server;
  }

  /** The server that leads the highest term, as far as it knows itself. */
  get leader(): NodeId | undefined {
    const leaders = this.servers.filter(({ isRunning, node }) => isRunning && node.isLeader);
    return leaders.sort((a, b) => b.status.term - a.status.term)[0]?.id;
  }

  update(server: NodeId, name: string, version: number): Call {
    return this.calls.make(
      server,
      `update ${name} ${version}`,
      () => this.server(server).node.propose(encodeUpdateFile(name, version, ['h'])),
      (result) => result === 'applied',
    );
  }

  /** A confirmed read of one file's version. */
  read(server: NodeId, name: string): Call {
    // Those of the process that took the call: the next process has others.
    const { files } = this.server(server);
    return this.calls.make(
      server,
      `read ${name}`,
      () => this.server(server).node.read(),
      () => files.versionOf(name),
    );
  }

  crash(...ids: readonly NodeId[]): void {
    for (const id of ids) this.server(id).node.crash();
  }

  restore(...ids: readonly NodeId[]): void {
    for (const id of ids) this.server(id).node.restore();
  }

  cut(a: NodeId, b: NodeId): void {
    this.network.cutLink(a, b);
    this.network.cutLink(b, a);
  }

  /** Cuts a server off from all others, both ways. */
  isolate(id: NodeId): void {
    for (const other of this.servers) if (other.id !== id) this.cut(id, other.id);
  }

  /** Cuts all links between the groups; a server in no group stays linked to all. */
  partition(...groups: readonly (readonly NodeId[])[]): void {
    for (const group of groups) {
      const others = groups.filter((other) => other !== group).flat();
      for (const a of group) for (const b of others) this.network.cutLink(a, b);
    }
  }

  /** The server campaigns now, and all talk that follows from it happens. */
  async campaign(id: NodeId): Promise<void> {
    this.server(id).node.campaign();
    await this.settle();
  }

  /** Everything that can happen without time passing happens. */
  async settle(): Promise<void> {
    await this.passUntil(this.nowMs);
  }

  async advance(ms: number): Promise<void> {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs;) await this.tick();
  }

  /** Advances until `holds`; fails after `limitMs`. Returns how long it took. */
  async until(holds: () => boolean, limitMs: number, what = 'it'): Promise<number> {
    const startMs = this.nowMs;
    while (!holds()) {
      if (this.nowMs - startMs >= limitMs) throw new Error(`${what} did not happen within ${limitMs} ms`);
      await this.tick();
    }
    return this.nowMs - startMs;
  }

  private async tick(): Promise<void> {
    this.onTick();
    await this.passUntil(this.nowMs + TICK_MS);
  }

  private async passUntil(untilMs: number): Promise<void> {
    do {
      for (let link = 0; link < LINKS_MAX; link += 1) await settled;
      if (this.sim.violation !== undefined) throw this.sim.violation;
    } while (this.time.step(untilMs));
  }
}

function planFor(servers: number): Plan {
  return {
    seed: 0,
    servers,
    chaosMs: 0,
    network: {
      latencyMinMs: 0,
      latencyMaxMs: 0,
      tail: 0,
      tailMs: 0,
      loss: 0,
      duplication: 0,
      hidesEnds: true,
    },
    disk: { writeMinMs: 0, writeMaxMs: 0 },
    clockSkew: 0,
    files: 0,
    keys: 0,
    itemChars: 0,
    sessionsMax: SESSIONS_PLENTY,
    waitingCallsMax: 0,
    snapshots: noSnapshots,
    clients: [],
    faults: [],
  };
}
