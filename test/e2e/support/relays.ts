import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePorts } from './ports.js';

/** By this method a follower asks a leader, whose connection closed, whether it is there. */
const QUESTION = 'surfstore.isCrashed';
/** Requests that a relay remembers. */
const PASSED_MAX = 40;
/** Bytes that left for a socket are read at the other end after this long, even where cores are scarce. */
const ARRIVAL_MS = 5;

/** `request` is what the server that connected sends, `answer` what comes back. */
type Direction = 'request' | 'answer';

/** A request, or a piece of a large one, that came to a relay. */
interface Passage {
  /** In milliseconds of the wall clock. */
  readonly at: number;
  readonly isTorn: boolean;
}

/** One connection through a relay: what one end does is done to the other, reset for reset and FIN for FIN. */
class RelayedConnection {
  /** Whether a follower asks over it if its leader is there. */
  isQuestion = false;
  private last: Direction | null = null;
  private upstream: Socket | undefined;
  private isEnding = false;

  constructor(
    private readonly client: Socket,
    private readonly relay: Relay,
  ) {}

  /** Whether a whole answer was the last that came through, as far as a relay can know. */
  get isBetweenMessages(): boolean {
    return this.last === 'answer' && !this.isEnding && !this.isQuestion;
  }

  open(target: number): void {
    const upstream = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    this.upstream = upstream;
    this.pump(this.client, upstream, 'request');
    this.pump(upstream, this.client, 'answer');
  }

  hold(): void {
    this.client.pause();
    this.upstream?.pause();
  }

  release(): void {
    this.client.resume();
    this.upstream?.resume();
  }

  /** RST to both ends. */
  reset(): void {
    this.isEnding = true;
    this.client.resetAndDestroy();
    this.upstream?.resetAndDestroy();
  }

  /** FIN to both ends. */
  finish(): void {
    this.isEnding = true;
    this.client.end();
    this.upstream?.end();
  }

  private pump(source: Socket, target: Socket, direction: Direction): void {
    source.on('data', (bytes: Buffer) => this.carry(bytes, source, target, direction));
    source.on('end', () => this.relay.afterHold(() => target.end()));
    source.on('error', () => undefined);
    source.once('close', (hadError) =>
      this.relay.afterHold(() => {
        this.relay.forget(this);
        if (hadError) target.resetAndDestroy();
        else target.end();
      }),
    );
  }

  private carry(bytes: Buffer, source: Socket, target: Socket, direction: Direction): void {
    if (this.isEnding) return;
    if (this.last === null && bytes.includes(QUESTION)) {
      this.isQuestion = true;
      if (this.relay.takesQuestion()) {
        this.reset();
        return;
      }
    }
    this.last = direction;
    const isTorn = !this.isQuestion && bytes.length > 1 && this.relay.tears(direction);
    if (direction === 'request') this.relay.note({ at: Date.now(), isTorn });
    if (isTorn) {
      this.isEnding = true;
      target.write(bytes.subarray(0, bytes.length >> 1));
      setTimeout(() => this.reset(), ARRIVAL_MS);
      return;
    }
    if (target.write(bytes)) return;
    source.pause();
    target.once('drain', () => this.relay.afterHold(() => source.resume()));
  }
}

/** The way of one server to another: a port where the first finds the second, and what a network may do in between. */
class Relay {
  /** How often the server asked whether the other, its leader, is there. */
  questions = 0;
  /** The last requests, the newest last. */
  readonly passed: Passage[] = [];
  private readonly connections = new Set<RelayedConnection>();
  private readonly held: (() => void)[] = [];
  private server: Server | undefined;
  private isHeld = false;
  private torn: Direction | null = null;
  private isQuestionReset = false;

  private constructor(
    readonly port: number,
    private readonly target: number,
  ) {}

  /** @param target where the other server listens */
  static async start(port: number, target: number): Promise<Relay> {
    const relay = new Relay(port, target);
    await relay.admit();
    return relay;
  }

  /** Nothing comes through, and nothing tells either end: connections are silent, new ones too. */
  hold(): void {
    this.isHeld = true;
    for (const connection of this.connections) connection.hold();
  }

  /** Lets everything held go its way, in order. */
  release(): void {
    this.isHeld = false;
    for (const connection of this.connections) connection.release();
    for (const action of this.held.splice(0)) action();
  }

  /** New connections are refused by the system (ECONNREFUSED). */
  refuse(): void {
    this.server?.close();
    this.server = undefined;
  }

  /** New connections are taken again. */
  async admit(): Promise<void> {
    if (this.server !== undefined) return;
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (client) => {
      const connection = new RelayedConnection(client, this);
      this.connections.add(connection);
      this.afterHold(() => {
        connection.open(this.target);
        connection.release();
      });
    });
    this.server = server;
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
  }

  /** How many connections can be closed between two messages. */
  get quiet(): number {
    return this.betweenMessages().length;
  }

  /** Ends all connections that are between two messages; gives how many. */
  endBetweenMessages(way: 'reset' | 'finish'): number {
    const quiet = this.betweenMessages();
    for (const connection of quiet) connection[way]();
    return quiet.length;
  }

  /** The next message of this direction arrives by half, then its connection is reset. */
  tearNext(direction: Direction | null): void {
    this.torn = direction;
  }

  get isTearing(): boolean {
    return this.torn !== null;
  }

  /** The next connection over which a leader is asked if it is there is reset before it gets there. */
  resetNextQuestion(isReset: boolean): void {
    this.isQuestionReset = isReset;
  }

  close(): void {
    this.refuse();
    for (const connection of this.connections) connection.reset();
  }

  /** Does something now, or once what is held is released. */
  afterHold(action: () => void): void {
    if (this.isHeld) this.held.push(action);
    else action();
  }

  forget(connection: RelayedConnection): void {
    this.connections.delete(connection);
  }

  /** Whether this message is the one to be torn. */
  tears(direction: Direction): boolean {
    if (this.torn !== direction) return false;
    this.torn = null;
    return true;
  }

  note(passage: Passage): void {
    this.passed.push(passage);
    if (this.passed.length > PASSED_MAX) this.passed.shift();
  }

  /** Counts a question; whether its connection is to be reset. */
  takesQuestion(): boolean {
    this.questions += 1;
    const isReset = this.isQuestionReset;
    this.isQuestionReset = false;
    return isReset;
  }

  private betweenMessages(): RelayedConnection[] {
    return [...this.connections].filter((connection) => connection.isBetweenMessages);
  }
}

/** A relay in either direction between every two of some servers, on loopback. */
export class Relays {
  private constructor(private readonly relays: ReadonlyMap<string, Relay>) {}

  /** @param ports where the servers listen, by their ids */
  static async start(ports: readonly number[]): Promise<Relays> {
    const pairs = ports.flatMap((port, to) =>
      [...ports.keys()].filter((from) => from !== to).map((from) => ({ from, to, port })),
    );
    // A port that the system hands out by itself could be taken while a relay refuses connections.
    const free = await freePorts(pairs.length);
    const relays = new Map<string, Relay>();
    for (const [place, { from, to, port }] of pairs.entries())
      relays.set(nameOf(from, to), await Relay.start(free[place] ?? 0, port));
    return new Relays(relays);
  }

  /** The way by which `from` reaches `to`. */
  way(from: number, to: number): Relay {
    const relay = this.relays.get(nameOf(from, to));
    if (relay === undefined) throw new Error(`there is no way from ${from} to ${to}`);
    return relay;
  }

  /** Both ways between two servers. */
  link(a: number, b: number): readonly Relay[] {
    return [this.way(a, b), this.way(b, a)];
  }

  get questions(): number {
    return [...this.relays.values()].reduce((sum, { questions }) => sum + questions, 0);
  }

  close(): void {
    for (const relay of this.relays.values()) relay.close();
  }
}

function nameOf(from: number, to: number): string {
  return `${from}-${to}`;
}
