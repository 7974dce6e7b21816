import { defaultRaftConfig } from '../../raft/config.js';
import { traceText, type TraceRecord } from '../../raft/trace.js';
import type { Message, NodeId } from '../../raft/types.js';
import { messageNumbers, Trace } from '../../sim/trace.js';
import { Effects } from '../../sim/effects.js';
import { Prng } from '../../sim/prng.js';
import { Safety, SafetyViolation } from '../../sim/safety.js';
import { SimDisk } from '../../sim/simDisk.js';
import { SimNetwork } from '../../sim/simNetwork.js';
import { SimServer, type SimServerEvents, type SimServerSettings } from '../../sim/simServer.js';
import { VirtualTime } from '../../sim/simHost.js';
import { CallBook, type ObservedCall } from './calls.js';
import { messageWords, type Flight, type Happening, type Property, type ServerPicture } from './view.js';

/** `shipped`: the servers as they are delivered. `paper`: elections and answers as in figure 2 of the paper. */
export type Mode = 'shipped' | 'paper';

/** All that decides a world, but for what its user does. */
export interface WorldSetup {
  readonly seed: number;
  readonly servers: number;
  readonly mode: Mode;
}

/** Something that the user does; links are cut in one direction. */
export type Action =
  | {
      readonly kind: 'crash' | 'restore' | 'stop' | 'start' | 'timeout' | 'request';
      readonly server: NodeId;
    }
  | { readonly kind: 'cut' | 'heal'; readonly from: NodeId; readonly to: NodeId };

const TICK_MS = 10;
/** Slow enough to be seen, and well below the shortest election timeout. */
const network = { latencyMinMs: 30, latencyMaxMs: 70, tail: 0, tailMs: 0, loss: 0, duplication: 0 };
const disk = { writeMinMs: 4, writeMaxMs: 12 };
/** Clocks differ by so much at most, so that no two servers tick at the same moment for long. */
const CLOCK_SKEW = 0.01;
const SESSIONS_MAX = 100;
const WAITING_CALLS_MAX = 100;

/** The rules of the simulator's watch, and the property of figure 3 that each belongs to. */
const propertyOfRule: Readonly<Record<string, Property>> = {
  'election safety': 'electionSafety',
  'one vote per term': 'electionSafety',
  'a vote is durable before it leaves': 'electionSafety',
  'leader append-only': 'leaderAppendOnly',
  'log matching': 'logMatching',
  'leader completeness': 'leaderCompleteness',
  'committed entries are held': 'leaderCompleteness',
  'committed entries are on a majority': 'leaderCompleteness',
};

/**
 * A cluster of the servers that ship, on the simulator's network and disks. Time passes from event to event, and the position in it is
 * the number of events so far: the same setup and the same actions at the same positions give the same world.
 */
export class World {
  /** How many events have happened. */
  position = 0;
  /** How often something happened that can be seen: clocks tick without it. */
  changes = 0;
  readonly happenings: Happening[] = [];
  readonly calls: CallBook;
  /** The property that is broken, and how; undefined while all hold. */
  violation: { readonly property: Property; readonly text: string } | undefined;
  private readonly time = new VirtualTime();
  private readonly trace = new Trace(() => this.time.nowMs, 1);
  private readonly network: SimNetwork;
  private readonly servers: readonly SimServer[];
  private readonly safety: Safety;
  private readonly effects = new Effects(SESSIONS_MAX);
  private flying: Flight[] = [];
  /** The commit index of a server when it was stopped: its process has forgotten it, its picture has not. */
  private readonly committedAtStop = new Map<NodeId, number>();

  constructor(readonly setup: WorldSetup) {
    const random = new Prng(setup.seed);
    this.network = new SimNetwork(this.time, random.fork(1), network, {
      sent: (message) => this.sent(message),
      travels: (message, arrivesMs) => this.flying.push({ message, leftMs: this.time.nowMs, arrivesMs }),
      delivered: () => undefined,
      lost: (message) => this.lost(message),
      linksChanged: () => undefined,
    });
    this.calls = new CallBook(
      () => this.time.nowMs,
      (call) => this.callEnded(call),
    );
    const settings = settingsOf(setup, this.calls);
    const events = this.events();
    this.servers = Array.from({ length: setup.servers }, (_, id) => {
      const own = new SimDisk(random.fork(100 + id), disk);
      const clockRate = 1 + CLOCK_SKEW * (2 * random.fork(200 + id).next() - 1);
      return new SimServer(
        id,
        own,
        this.time,
        this.network,
        random.fork(300 + id),
        clockRate,
        settings,
        events,
      );
    });
    this.safety = new Safety(this.servers);
    for (const server of this.servers) {
      server.disk.committed = () => this.safety.committedEntries;
      server.disk.onHandedOver = (batch) => {
        if (batch.truncateFrom !== null && server.process?.node.status.core.role === 'leader')
          throw new SafetyViolation('leader append-only', `leader ${server.id} truncates its log`);
        this.safety.handedOver(server.id, batch);
      };
    }
    for (const server of this.servers) server.start();
    this.beat();
  }

  get nowMs(): number {
    return this.time.nowMs;
  }

  /** The messages that are under way. */
  get flights(): readonly Flight[] {
    return this.flying;
  }

  get committedCount(): number {
    return this.safety.committedEntries.length;
  }

  isCut(from: NodeId, to: NodeId): boolean {
    return this.network.isCut(from, to);
  }

  views(): ServerPicture[] {
    return this.servers.map((server) => this.view(server));
  }

  /** Lets the next event happen. There always is one. */
  next(): void {
    this.time.step(Number.POSITIVE_INFINITY);
    this.position += 1;
    if (this.flying.length > 0) this.flying = this.flying.filter(({ arrivesMs }) => arrivesMs > this.nowMs);
  }

  /** Does it at this very moment; what makes no sense now has no effect, as a restore of a server that is up. */
  perform(action: Action): void {
    this.changes += 1;
    this.trace.note(action.kind, 'server' in action ? action.server : null, this.numbersOf(action), () => '');
    if ('from' in action) this.changeLink(action);
    else this.actOn(action.kind, this.server(action.server));
  }

  /** Stands for everything that has happened, and for what it has come to. */
  get hash(): string {
    const state = JSON.stringify([this.position, this.nowMs, this.views(), this.calls.all, this.flights]);
    let mixed = 0x811c9dc5;
    for (let at = 0; at < state.length; at += 1) mixed = Math.imul(mixed ^ state.charCodeAt(at), 0x01000193);
    return this.trace.hash + (mixed >>> 0).toString(16).padStart(8, '0');
  }

  private numbersOf(action: Action): number[] {
    return 'server' in action ? [] : [action.from, action.to];
  }

  private changeLink({ kind, from, to }: Extract<Action, { kind: 'cut' | 'heal' }>): void {
    if (from === to || this.isCut(from, to) === (kind === 'cut')) return;
    if (kind === 'cut') this.network.cutLink(from, to);
    else this.network.joinLink(from, to);
    const what = kind === 'cut' ? 'is cut' : 'is whole again';
    this.note('fault', null, `the link from ${from} to ${to} ${what}`);
  }

  private actOn(kind: Exclude<Action['kind'], 'cut' | 'heal'>, server: SimServer): void {
    const { id, process } = server;
    switch (kind) {
      case 'crash':
        process?.node.crash();
        break;
      case 'restore':
        process?.node.restore();
        break;
      case 'stop':
        if (process === undefined) return;
        this.note('fault', id, 'its process is stopped: the disk is all that stays');
        this.committedAtStop.set(id, process.node.status.core.commitIndex);
        server.kill();
        this.calls.connectionLost(id);
        break;
      case 'start':
        if (process !== undefined) return;
        this.note('fault', id, 'its process is started on the disk that it had');
        server.start();
        break;
      case 'timeout':
        process?.node.campaign();
        break;
      case 'request':
        this.note('call', id, `is asked for ${this.calls.request(id, process?.node)}`);
        break;
    }
  }

  private sent(message: Message): void {
    this.changes += 1;
    this.trace.note('send', message.from, messageNumbers(message), () => '');
    this.safety.sent(message);
  }

  private lost(message: Message): void {
    this.changes += 1;
    this.trace.note('lost', null, messageNumbers(message), () => '');
    this.note('lost', message.from, `${messageWords(message)} to server ${message.to} is lost`);
  }

  private callEnded({ server, label, text }: ObservedCall): void {
    this.note('answer', server, `${label}: ${text}`);
  }

  private note(kind: Happening['kind'], server: NodeId | null, text: string, record?: TraceRecord): void {
    this.changes += 1;
    const { position, nowMs: atMs } = this;
    this.happenings.push({ position, atMs, kind, server, text, ...(record === undefined ? {} : { record }) });
  }

  private events(): SimServerEvents {
    return {
      role: (id, role, term) => {
        this.trace.note('role', id, [term], () => role);
        if (role === 'leader') this.safety.becameLeader(id, term);
      },
      traced: (id, records) => {
        for (const record of records) this.note(record.kind, id, traceText(record, TICK_MS), record);
      },
      applying: (id, entry, term) => {
        this.changes += 1;
        const before = this.safety.committedEntries.length;
        this.trace.note('apply', id, [entry.index, entry.term], () => entry.command);
        this.safety.appliedEntry(id, entry, term);
        if (this.safety.committedEntries.length > before)
          this.note('commit', id, `entry ${entry.index} of term ${entry.term} is on a majority: committed`);
      },
      applied: (id, entry, result) => this.effects.applied(id, entry, result),
      installed: (id, index) => this.safety.installedSnapshot(id, index),
      snapshotTaken: () => undefined,
      started: (id) => this.safety.startedAnew(id),
      lifecycle: (id, state) => {
        this.trace.note('lifecycle', id, [], () => state);
        if (state === 'crashed') this.note('fault', id, 'is crashed: it answers nobody, log and state stay');
        if (state === 'restoring') this.note('fault', id, 'is restored');
      },
      changed: () => undefined,
      broken: (error) => this.broken(error),
    };
  }

  private broken(error: Error): void {
    const rule = error instanceof SafetyViolation ? error.rule : '';
    this.violation ??= { property: propertyOfRule[rule] ?? 'stateMachineSafety', text: error.message };
  }

  private view(server: SimServer): ServerPicture {
    const { process, id, log, durableLog } = server;
    const status = process?.node.status;
    const core = status?.core;
    const isRunning = status?.lifecycle === 'running';
    return {
      id,
      condition: process === undefined ? 'stopped' : isRunning ? 'running' : 'crashed',
      role: isRunning && core !== undefined ? core.role : 'follower',
      term: core?.term ?? server.durableTerm,
      votedFor: core?.votedFor ?? server.durableVote,
      leader: isRunning ? (core?.leader ?? null) : null,
      commitIndex: core?.commitIndex ?? this.committedAtStop.get(id) ?? 0,
      lastApplied: status?.lastApplied ?? 0,
      timeoutMs: (core?.electionTimeoutTicks ?? 0) * TICK_MS,
      elapsedMs: (core?.electionElapsedTicks ?? 0) * TICK_MS,
      log: [...log],
      durable: durableLog.length,
      peers: core?.peers.map((peer) => ({ id: peer.id, match: peer.matchIndex, next: peer.nextIndex })) ?? [],
      waitingCalls: status?.waitingCalls ?? 0,
    };
  }

  private server(id: NodeId): SimServer {
    const server = this.servers[id];
    if (server === undefined)
      throw new Error(`there is no server ${id}: this world has ${this.setup.servers}`);
    return server;
  }

  /** Time goes on, too, when no server runs. */
  private beat(): void {
    this.time.after(TICK_MS, () => this.beat());
  }
}

function settingsOf({ servers, mode }: WorldSetup, calls: CallBook): SimServerSettings {
  const isPaper = mode === 'paper';
  return {
    serverCount: servers,
    raft: { ...defaultRaftConfig, paperElections: isPaper },
    tickMs: TICK_MS,
    electionMinTicks: defaultRaftConfig.electionMinTicks,
    exchange: { timeoutMs: 500 },
    waitingCallsMax: WAITING_CALLS_MAX,
    snapshots: { entriesMax: Number.POSITIVE_INFINITY, chunkChars: 1000, bytesMax: Number.POSITIVE_INFINITY },
    sessionsMax: SESSIONS_MAX,
    replyAfter: isPaper ? 'commit' : 'majority',
    calls: calls.events,
  };
}
