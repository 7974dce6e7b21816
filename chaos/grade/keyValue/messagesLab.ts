import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../subject/subject.js';
import { SubjectCluster, type SubjectClusterOptions } from '../subject/subjectCluster.js';
import { knownWires, MessagesServer, type Message, type MessageReply, type Wire } from './messagesServer.js';

/** "Either call can be delayed in the presence of failures." */
export const CALL_MS = 10_000;
const ATTEMPT_MS = 3_000;
const PAUSE_MS = 100;
/** A redirect that leads in circles is not followed for ever: of so many hops, so many. */
const HOPS_MAX = 6;
const FOLLOWED_MAX = 3;
const PROBE_MS = 1_500;
const TRACE_MAX = 14;

/** The outcome of a call of a client that looks for the server that takes it. */
interface Settled {
  readonly reply: MessageReply;
  /** Who gave that answer. */
  readonly server: number;
  /** Whether it may have been done before, by an attempt without an answer. */
  readonly isAmbiguous: boolean;
  readonly ms: number;
}

/** Servers of JSON messages, and clients that follow redirects. */
export class MessagesLab {
  readonly servers: readonly MessagesServer[];
  wire: Wire | undefined;
  private lines: string[] = [];
  private keys = 0;
  /** Where a call succeeded last. */
  private favourite = 0;

  private constructor(
    readonly cluster: SubjectCluster,
    readonly allowance: number,
    wire: Wire | undefined,
  ) {
    this.wire = wire;
    const known = { ports: cluster.servers.map(({ port }) => port), peerPorts: cluster.peerPorts };
    const trace = (line: string): void => void this.lines.push(line);
    this.servers = cluster.servers.map(({ id }) => new MessagesServer(id, known, trace));
  }

  static async prepare(
    options: SubjectClusterOptions,
    allowance: number,
    wire: Wire | undefined,
  ): Promise<MessagesLab> {
    return new MessagesLab(await SubjectCluster.prepare({ ...options, counts: false }), allowance, wire);
  }

  get up(): readonly MessagesServer[] {
    return this.servers.filter(({ id }) => this.cluster.process(id)?.isRunning === true);
  }

  /** The server at which a call succeeded last: most likely the leader. */
  get leader(): number {
    return this.favourite;
  }

  /** Starts them if none runs. Those that were ended stay so. */
  async ready(): Promise<void> {
    if (this.up.length > 0) return;
    await this.startAll();
    await this.findWire();
  }

  async startAll(): Promise<void> {
    await Promise.all(this.servers.map(({ id }) => this.cluster.start(id)));
  }

  /** Finds out how the servers want to be spoken to. */
  async findWire(): Promise<Wire | undefined> {
    const [server] = this.servers;
    if (this.wire !== undefined || server === undefined) return this.wire;
    // A server that knows no leader yet may let a client wait.
    this.wire = await until(CALL_MS * this.allowance, async () => {
      for (const wire of knownWires) if (await server.speaks(wire, PROBE_MS)) return wire;
      return undefined;
    });
    return this.wire;
  }

  put(key: string, value: string, from?: number): Promise<Settled> {
    return this.call({ type: 'put', payload: { key, value } }, { from });
  }

  get(key: string, from?: number): Promise<Settled> {
    return this.call({ type: 'get', payload: { key } }, { from });
  }

  /**
   * Sends a message until a server gives success, or an error that is none of leadership, or the time is up. A server that
   * redirects, refuses the connection or fails is left for another one.
   */
  async call(
    message: Message,
    { from = this.favourite, withinMs = CALL_MS * this.allowance, isTraced = true }: CallOptions = {},
  ): Promise<Settled> {
    const wire = this.wire ?? { kind: 'lines' };
    const since = performance.now();
    let at = from;
    let isAmbiguous = false;
    for (let hops = 0; ; hops += 1) {
      const left = withinMs - (performance.now() - since);
      const server = this.servers[at % this.servers.length];
      if (server === undefined) throw new Error('there are no servers');
      const reply = await server.send(message, wire, Math.max(100, Math.min(ATTEMPT_MS, left)), isTraced);
      const settled = { reply, server: server.id, isAmbiguous, ms: performance.now() - since };
      if (reply.kind === 'success') {
        this.favourite = server.id;
        return settled;
      }
      // While some are down a failure may mean that nobody leads yet.
      if (reply.kind === 'fail' && this.up.length === this.servers.length) return settled;
      if (settled.ms > withinMs) return settled;
      isAmbiguous ||= reply.kind === 'silent' || reply.kind === 'fail' || reply.kind === 'unclear';
      const target = reply.kind === 'redirect' && hops % HOPS_MAX < FOLLOWED_MAX ? reply.target : undefined;
      at = target ?? server.id + 1;
      if (hops > 1 || reply.kind === 'refused') await sleep(PAUSE_MS);
    }
  }

  takeTrace(): string[] {
    const lines = this.lines.slice(-TRACE_MAX);
    this.lines = [];
    return lines;
  }

  say(line: string): void {
    this.lines.push(line);
  }

  newKey(): string {
    this.keys += 1;
    return `key${this.keys}`;
  }

  async close(): Promise<void> {
    await this.cluster.close();
  }
}

interface CallOptions {
  readonly from?: number | undefined;
  readonly withinMs?: number;
  readonly isTraced?: boolean;
}

/** The value that a GET gave; undefined when it gave none. */
export function valueOf(reply: MessageReply): unknown {
  if (reply.kind !== 'success') return undefined;
  const { payload } = reply;
  if (typeof payload !== 'object' || payload === null) return payload ?? undefined;
  return 'value' in payload ? payload.value : undefined;
}
