import type { ReplyAfter } from '../../src/node/pendingRequests.js';
import type { SnapshotPolicy } from '../../src/node/snapshots.js';
import { defaultRaftConfig, type RaftConfig } from '../../src/raft/config.js';
import type { NodeId } from '../../src/raft/types.js';
import { encodeUpdateFile } from '../../src/stateMachine/command.js';
import { Calls, type Call } from './calls.js';
import { noSnapshots } from './noSnapshots.js';
import { Safety } from './safety.js';
import { VirtualNetwork } from './virtualNetwork.js';
import { VirtualServer } from './virtualServer.js';

export const TICK_MS = 10;

export interface ClusterOptions {
  readonly raft?: Partial<Omit<RaftConfig, 'id' | 'servers'>>;
  readonly replyAfter?: ReplyAfter;
  readonly waitingCallsMax?: number;
  readonly rpcTimeoutMs?: number;
  /** Else no server takes a snapshot. */
  readonly snapshots?: SnapshotPolicy;
  /** A new election timeout of a server, in ticks; else server I always draws 600 + 60 I milliseconds. */
  readonly drawElectionTicks?: (id: NodeId) => number;
}

/**
 * N production nodes in one virtual world: time passes only in `advance`, packets travel in a fixed order, and
 * after everything that reaches a server the safety rules are checked across all of them.
 */
export class VirtualCluster {
  readonly servers: readonly VirtualServer[];
  readonly network: VirtualNetwork;
  readonly safety = new Safety();
  readonly calls = new Calls(() => this.nowMs);
  /** Something to do at each tick, before the servers' own. */
  onTick: () => void = () => undefined;
  nowMs = 0;

  constructor(size: number, options: ClusterOptions = {}) {
    this.network = new VirtualNetwork(() => this.nowMs, options.rpcTimeoutMs ?? 400);
    this.network.onDelivered = () => this.check();
    const draw = options.drawElectionTicks ?? ((id) => 60 + 6 * id);
    const ids = Array.from({ length: size }, (_, id) => id);
    this.servers = ids.map(
      (id) =>
        new VirtualServer(
          id,
          {
            raft: { ...defaultRaftConfig, ...options.raft, id, servers: ids },
            replyAfter: options.replyAfter ?? 'majority',
            waitingCallsMax: options.waitingCallsMax ?? 10_000,
            drawElectionTicks: () => draw(id),
            snapshots: options.snapshots ?? noSnapshots,
          },
          this.network,
          this.safety,
        ),
    );
  }

  server(id: NodeId): VirtualServer {
    const server = this.servers[id];
    if (server === undefined) throw new Error(`there is no server ${id}`);
    return server;
  }

  /** Whoever leads the highest term, as far as it knows itself. */
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
    for (const id of ids) this.server(id).restore();
  }

  /** Cuts a server off from all others, both ways. */
  isolate(id: NodeId): void {
    for (const other of this.servers) if (other.id !== id) this.network.cut(id, other.id);
  }

  /** Cuts all links between the groups; a server in no group stays linked to all. */
  partition(...groups: readonly (readonly NodeId[])[]): void {
    for (const group of groups) {
      const others = groups.filter((other) => other !== group).flat();
      for (const a of group) for (const b of others) this.network.cut(a, b);
    }
  }

  /** The server campaigns now, and all talk that follows from it happens. */
  async campaign(id: NodeId): Promise<void> {
    this.server(id).node.campaign();
    await this.settle();
  }

  /** Everything that can happen without time passing happens. */
  async settle(): Promise<void> {
    this.check();
    do this.network.deliverDue();
    while (this.servers.some((server) => server.runDeferred()));
    await flush();
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

  check(): void {
    for (const server of this.servers) server.check();
  }

  private async tick(): Promise<void> {
    this.nowMs += TICK_MS;
    this.onTick();
    this.network.expire();
    for (const server of this.servers) {
      server.ticker.tick();
      server.check();
    }
    await this.settle();
  }
}

/** Lets the calls that were settled note it. */
async function flush(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await Promise.resolve();
}
