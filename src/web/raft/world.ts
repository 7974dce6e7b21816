import { traceText, type TraceRecord } from '../../raft/trace.js';
import type { Message, NodeId } from '../../raft/types.js';
import { messageNumbers, Trace } from '../../sim/trace.js';
import { Prng } from '../../sim/prng.js';
import { Safety, SafetyViolation } from '../../sim/safety.js';
import { SimDisk } from '../../sim/simDisk.js';
import { SimServer, type SimProcess, type SimServerEvents } from '../../sim/simServer.js';
import { VirtualTime } from '../../sim/simHost.js';
import {
  actionKinds,
  subjectOf,
  type Action,
  type OnClient,
  type OnLink,
  type OnMessage,
  type OnServer,
} from './actions.js';
import { contradictionIn } from './answers.js';
import { bugOf } from './bugs.js';
import { CallBook, clientName, KEY, type ObservedCall } from './calls.js';
import { propertyBrokenBy } from './reasons.js';
import { CLOCK_SKEW, disk, settingsOf, TICK_MS, type WorldSetup } from './setup.js';
import {
  messageWords,
  type Flight,
  type Happening,
  type Property,
  type ServerPicture,
  type ServerState,
} from './view.js';
import { beginWith, type Start } from './start.js';
import { Wire } from './wire.js';

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
  private readonly network: Wire;
  private readonly servers: readonly SimServer[];
  private readonly safety: Safety;
  /** What the first server to apply an entry made of it: its result, and the value under the key. */
  private readonly outcomes: string[] = [];
  /** The states of the servers at the end of the last event, and what has happened since. */
  private states: readonly ServerState[] = [];
  private unexplained: Happening[] = [];
  /** The commit index of a server when it was stopped: its process has forgotten it, its picture has not. */
  private readonly committedAtStop = new Map<NodeId, number>();

  constructor(readonly setup: WorldSetup) {
    const random = new Prng(setup.seed);
    this.network = new Wire(this.time, random.fork(1), {
      sent: (message) => this.sent(message),
      lost: (message) => this.lost(message),
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
        const core = server.process?.node.status.core;
        if (batch.truncateFrom !== null && core?.role === 'leader')
          throw new SafetyViolation('leader append-only', `leader ${server.id} truncates its log`);
        // The entry that opens a term is handed over before the change of role is reported.
        const opensTerm = batch.appended.some(({ kind, term }) => kind !== 'command' && term === core?.term);
        if (core?.role === 'leader' && opensTerm) this.safety.becameLeader(server.id, core.term);
        this.safety.handedOver(server.id, batch);
      };
    }
    this.states = this.servers.map((server) => this.stateOf(server));
    if (setup.start === undefined) for (const server of this.servers) server.start();
    else this.begin(setup.start);
    this.beat();
  }

  private begin(start: Start): void {
    const { time, network, safety, servers } = this;
    beginWith(start, { time, network, safety, servers });
    start.servers.forEach(({ condition, commitIndex }, id) => {
      if (condition === 'stopped') this.committedAtStop.set(id, commitIndex);
    });
    this.states = servers.map((server) => this.stateOf(server));
  }

  get nowMs(): number {
    return this.time.nowMs;
  }

  /** The messages that are under way. */
  get flights(): readonly Flight[] {
    return this.network.flights;
  }

  /** How many messages have arrived. */
  get delivered(): number {
    return this.network.delivered;
  }

  get committedCount(): number {
    return this.safety.committedEntries.length;
  }

  isCut(from: NodeId, to: NodeId): boolean {
    return this.network.isCut(from, to);
  }

  isSlow(from: NodeId, to: NodeId): boolean {
    return this.network.isSlow(from, to);
  }

  isLossy(from: NodeId, to: NodeId): boolean {
    return this.network.isLossy(from, to);
  }

  views(): ServerPicture[] {
    return this.servers.map((server) => this.view(server));
  }

  /** Lets the next event happen. There always is one. */
  next(): void {
    const { changes } = this;
    this.time.step(Number.POSITIVE_INFINITY);
    this.position += 1;
    if (this.changes !== changes) this.explain();
  }

  /** Does it at this very moment; what makes no sense now has no effect, as a restore of a server that is up. */
  perform(action: Action): void {
    this.changes += 1;
    const numbers = Object.values(action).filter((value) => typeof value === 'number');
    this.trace.note('action', null, [actionKinds.indexOf(action.kind), ...numbers], () => '');
    switch (subjectOf(action.kind)) {
      case 'server': {
        const { kind, server } = action as OnServer;
        this.actOn(kind, this.server(server));
        break;
      }
      case 'client':
        this.call(action as OnClient);
        break;
      case 'link': {
        const { from, to } = action as OnLink;
        const words = this.network.change(action as OnLink);
        if (words !== undefined) this.note('fault', null, `the link from ${from} to ${to} ${words}`);
        break;
      }
      case 'message':
        this.touch(action as OnMessage);
        break;
    }
    this.explain();
  }

  /** Stands for everything that has happened, and for what it has come to. */
  get hash(): string {
    const state = JSON.stringify([this.position, this.nowMs, this.views(), this.calls.all, this.flights]);
    let mixed = 0x811c9dc5;
    for (let at = 0; at < state.length; at += 1) mixed = Math.imul(mixed ^ state.charCodeAt(at), 0x01000193);
    return this.trace.hash + (mixed >>> 0).toString(16).padStart(8, '0');
  }

  private touch(action: OnMessage): void {
    const touched = this.network.touch(action);
    if (touched === undefined) return;
    const { message, words } = touched;
    this.note('fault', null, `${messageWords(message)} from ${message.from} to ${message.to} ${words}`);
  }

  private call(action: OnClient): void {
    const { process, id } = this.server(action.server);
    const asked = this.calls.ask(action, process);
    const words = action.kind === 'retry' ? ' once more' : '';
    if (asked !== undefined) this.note('call', id, `is asked for ${asked}${words}`);
  }

  private actOn(kind: OnServer['kind'], server: SimServer): void {
    const { id, process } = server;
    switch (kind) {
      case 'crash':
        process?.host.perform(() => process.node.crash());
        break;
      case 'restore':
        process?.host.perform(() => process.node.restore());
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
      case 'pause':
        if (process === undefined || process.host.isPaused) return;
        this.note('fault', id, 'its process is paused: it gets no time, and forgets nothing');
        server.pause();
        break;
      case 'resume':
        if (process?.host.isPaused !== true) return;
        this.note('fault', id, 'its process goes on, with all that has waited for it');
        server.resume();
        break;
      case 'timeout':
        process?.host.perform(() => process.node.campaign());
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

  private callEnded({ server, client, kind, label, text }: ObservedCall): void {
    this.note('answer', server, `client ${clientName(client)}, ${label}: ${text}`);
    if (kind !== 'read' || this.violation !== undefined) return;
    const contradiction = contradictionIn(this.calls.all);
    if (contradiction !== undefined) this.violation = { property: 'linearizability', text: contradiction };
  }

  private note(kind: Happening['kind'], server: NodeId | null, text: string, record?: TraceRecord): void {
    this.changes += 1;
    const { position, nowMs: atMs } = this;
    const happening = { position, atMs, kind, server, text, ...(record === undefined ? {} : { record }) };
    this.happenings.push(happening);
    this.unexplained.push(happening);
  }

  /** Notes what the event that has ended has changed. */
  private explain(): void {
    const before = this.states;
    this.states = this.servers.map((server) => this.stateOf(server));
    for (const happening of this.unexplained) {
      const was = before[happening.server ?? -1];
      const is = this.states[happening.server ?? -1];
      if (was !== undefined && is !== undefined && JSON.stringify(was) !== JSON.stringify(is))
        happening.change = { before: was, after: is };
    }
    this.unexplained = [];
  }

  private stateOf({ process, log, durableTerm, durableVote, id }: SimServer): ServerState {
    const core = process?.node.status.core;
    return {
      role: core?.role ?? 'follower',
      term: core?.term ?? durableTerm,
      votedFor: core === undefined ? durableVote : core.votedFor,
      commitIndex: core?.commitIndex ?? this.committedAtStop.get(id) ?? 0,
      lastIndex: log.length,
    };
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
      applied: (id, entry, result) => this.checkOutcome(id, entry.index, result),
      installed: (id, index) => this.safety.installedSnapshot(id, index),
      snapshotTaken: (id, index) =>
        this.note('snapshotTaken', id, `replaces its log up to ${index} by a snapshot`),
      started: (id) => {
        this.safety.startedAnew(id);
        const { process } = this.server(id);
        if (process !== undefined && this.setup.bug !== undefined) bugOf(this.setup.bug).plant(process, id);
      },
      lifecycle: (id, state) => {
        this.trace.note('lifecycle', id, [], () => state);
        if (state === 'crashed') this.note('fault', id, 'is crashed: it answers nobody, log and state stay');
        if (state === 'restoring') this.note('fault', id, 'is restored');
      },
      changed: () => undefined,
      broken: (error) => this.broken(error),
    };
  }

  /** The log decides what comes of it: all servers must come to the same. */
  private checkOutcome(id: NodeId, index: number, result: string): void {
    const value = this.server(id).process?.state.keys.get(KEY);
    const outcome = JSON.stringify([result, value]);
    const known = (this.outcomes[index - 1] ??= outcome);
    if (known === outcome) return;
    throw new SafetyViolation(
      'state machine safety',
      `server ${id} makes ${JSON.stringify(value)} of entry ${index}, another one ${known}`,
    );
  }

  private broken(error: Error): void {
    this.violation ??= { property: propertyBrokenBy(error), text: error.message };
  }

  private view(server: SimServer): ServerPicture {
    const { process, id, log, durableLog, disk: own } = server;
    const status = process?.node.status;
    const core = status?.core;
    const isRunning = status?.lifecycle === 'running';
    return {
      ...this.stateOf(server),
      id,
      condition: conditionOf(process),
      role: isRunning && core !== undefined ? core.role : 'follower',
      leader: isRunning ? (core?.leader ?? null) : null,
      lastApplied: status?.lastApplied ?? 0,
      timeoutMs: (core?.electionTimeoutTicks ?? 0) * TICK_MS,
      elapsedMs: (core?.electionElapsedTicks ?? 0) * TICK_MS,
      log: [...log],
      firstIndex: isRunning && core !== undefined ? core.firstIndex : own.firstIndex,
      snapshotIndex: own.snapshotIndex,
      value: process?.state.keys.get(KEY),
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

function conditionOf(process: SimProcess | undefined): ServerPicture['condition'] {
  if (process === undefined) return 'stopped';
  const { lifecycle } = process.node.status;
  if (lifecycle === 'failed') return 'halted';
  if (lifecycle !== 'running') return 'crashed';
  return process.host.isPaused ? 'paused' : 'running';
}
