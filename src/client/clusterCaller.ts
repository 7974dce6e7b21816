import { addressOf } from '../net/address.js';
import { ClientSessions } from '../node/clientSessions.js';
import type { RequestId } from '../stateMachine/command.js';
import {
  type BackoffOptions,
  ClientOperation,
  type Effect,
  type OperationDefaults,
  type OperationOptions,
} from './operation.js';
import { ClientError, type Attempt, type Carrier, type Failure } from './errors.js';
import { LeaderFinder, type ServerInfo } from './leaderFinder.js';
import { NumberedWrite } from './numberedWrite.js';

/** The options of a client of a cluster. */
export interface ClusterClientOptions {
  /** All servers of the cluster, in the order of the cluster file. */
  readonly servers: readonly ServerInfo[];
  /**
   * How long one operation may take in all, with every retry; `Infinity` to wait for as long as the cluster blocks.
   * @default 30000
   */
  readonly deadlineMs?: number;
  /**
   * How long one attempt waits for an answer of one server to begin, before the next server is tried: this one may be
   * cut off from the others. @default 3000
   */
  readonly attemptMs?: number;
  readonly backoff?: Partial<BackoffOptions>;
}

/** How a client opens a session for its writes. */
interface SessionOpening<Call, Answer> {
  readonly call: Call;
  /** The id in the answer. @throws TypeError when there is none */
  readonly idIn: (answer: Answer) => string;
}

/**
 * Brings calls to the leader of a cluster: finds it, follows it when it changes, and tries again until a call has its
 * answer or its deadline is over. Reads may be sent twice without harm; a write is, too, because all its attempts carry
 * one request id.
 */
export class ClusterCaller<Call, Answer> {
  private readonly servers: readonly ServerInfo[];
  private readonly finder: LeaderFinder;
  private readonly sessions = new ClientSessions();
  /** Whether the servers offer sessions, as far as known; other implementations may not. */
  private areSessionsOffered = true;
  private readonly defaults: OperationDefaults;
  private readonly attemptMs: number;
  private readonly operations = new Set<ClientOperation>();
  private isClosed = false;

  constructor(
    options: ClusterClientOptions,
    private readonly carrier: Carrier<Call, Answer>,
    private readonly opening: SessionOpening<Call, Answer>,
  ) {
    requireServers(options.servers);
    this.servers = options.servers;
    this.finder = new LeaderFinder(options.servers);
    this.defaults = {
      deadlineMs: options.deadlineMs ?? 30_000,
      backoff: { minMs: 50, maxMs: 1_000, random: Math.random, ...options.backoff },
    };
    this.attemptMs = options.attemptMs ?? 3_000;
  }

  /** The leader's answer to a call that changes nothing. @throws ClientError */
  read(call: Call, options: OperationOptions): Promise<Answer> {
    return this.operate('read', options, (operation) =>
      this.tryServers(operation, (server) => this.attempt(server, call, operation)),
    );
  }

  /**
   * The leader's answer to a call that takes effect once.
   *
   * @param callFor makes the call that carries this request id; undefined for servers that offer no sessions: then the
   * call is not sent again once it may have been done
   * @throws ClientError
   */
  write(callFor: (request: RequestId | undefined) => Call, options: OperationOptions): Promise<Answer> {
    return this.operate('write', options, async (operation) => {
      const write = new NumberedWrite(this.sessions);
      // An unknown error leaves the outcome open.
      let outcome: ClientError['outcome'] = 'unknown';
      try {
        return await this.tryServers(operation, (server) =>
          this.attemptWrite(server, callFor, write, operation),
        );
      } catch (error) {
        if (error instanceof ClientError) ({ outcome } = error);
        throw error;
      } finally {
        write.end(outcome);
      }
    });
  }

  /**
   * The leader's answer to a call that carries a request id of the caller's own, and so may be sent any number of times.
   *
   * @throws ClientError
   */
  writeNamed(call: Call, options: OperationOptions): Promise<Answer> {
    return this.operate('write', options, (operation) =>
      this.tryServers(operation, (server) => this.attempt(server, call, operation)),
    );
  }

  /** The first server that answers the call as the leader would. @throws ClientError `noLeader` */
  findLeader(
    call: Call,
    isLeaders: (answer: Answer) => boolean,
    options: OperationOptions,
  ): Promise<ServerInfo> {
    return this.operate('read', options, (operation) =>
      this.tryServers(operation, async (server) => {
        const attempt = await this.attempt(server, call, operation);
        if ('value' in attempt && isLeaders(attempt.value)) return { value: server };
        const error =
          'value' in attempt ? new Error(`server ${server.id} does not lead`) : attempt.failure.error;
        return {
          failure: { error, outcome: 'notDone', remedy: 'retry', timedOut: false, leader: undefined },
        };
      }),
    );
  }

  /** The answer of one server, which is asked once. @throws ClientError */
  async askServer(id: number, call: Call, options: OperationOptions): Promise<Answer> {
    const server = this.servers.find((candidate) => candidate.id === id);
    if (server === undefined)
      throw new ClientError('refused', `there is no server ${id} in this cluster`, 'notDone');
    return this.operate('write', options, (operation) => this.tryServer(server, call, operation));
  }

  /** Ends the operations under way, and later ones, with `aborted`, and closes the connections. */
  close(): void {
    this.isClosed = true;
    for (const operation of this.operations) operation.abort();
    this.carrier.close();
  }

  /** Runs one operation from its start to its end. */
  private async operate<T>(
    effect: Effect,
    options: OperationOptions,
    action: (operation: ClientOperation) => Promise<T>,
  ): Promise<T> {
    const operation = new ClientOperation(effect, options, this.defaults);
    if (this.isClosed) operation.abort();
    this.operations.add(operation);
    try {
      operation.checkAborted();
      return await action(operation);
    } finally {
      this.operations.delete(operation);
      operation.end();
    }
  }

  private async tryServers<T>(
    operation: ClientOperation,
    attemptAt: (server: ServerInfo) => Promise<Attempt<T>>,
  ): Promise<T> {
    for (;;) {
      for (const server of this.finder.round()) {
        const attempt = await attemptAt(server);
        if ('value' in attempt) {
          this.finder.presume(server.id);
          return attempt.value;
        }
        this.noteLeader(server, attempt.failure);
        operation.noteFailure(attempt.failure);
      }
      await operation.pause();
    }
  }

  private async tryServer(server: ServerInfo, call: Call, operation: ClientOperation): Promise<Answer> {
    const attempt = await this.attempt(server, call, operation, Number.POSITIVE_INFINITY);
    if ('value' in attempt) return attempt.value;
    const { error, outcome, remedy } = attempt.failure;
    const where = `server ${server.id} at ${addressOf(server)}`;
    if (operation.signal.aborted) operation.noteFailure(attempt.failure);
    if (remedy !== 'retry') throw new ClientError('refused', `${where}: ${error.message}`, outcome, error);
    throw new ClientError('unreachable', `${where} does not answer: ${error.message}`, outcome, error);
  }

  /**
   * An attempt under the write's request id: in a session that is opened first when there is none, or when the service
   * does not take the old one and nothing was done in that.
   */
  private async attemptWrite(
    server: ServerInfo,
    callFor: (request: RequestId | undefined) => Call,
    write: NumberedWrite,
    operation: ClientOperation,
  ): Promise<Attempt<Answer>> {
    for (;;) {
      let { request } = write;
      if (request === undefined) {
        const opened = await this.openSession(server, operation);
        if ('failure' in opened) return opened;
        if (opened.value === null) return this.attemptOnce(server, callFor(undefined), operation);
        request = write.beginIn(opened.value);
      }
      const attempt = await this.attempt(server, callFor(request), operation);
      if ('value' in attempt || attempt.failure.remedy !== 'newSession') return attempt;
      if (!write.leaveSession() || operation.outcome === 'unknown') return attempt;
    }
  }

  /**
   * The id of a new session, null when the servers offer none. A failure here is certain not to have executed the
   * write.
   */
  private async openSession(server: ServerInfo, operation: ClientOperation): Promise<Attempt<string | null>> {
    if (!this.areSessionsOffered) return { value: null };
    const attempt = await this.attempt(server, this.opening.call, operation);
    if ('value' in attempt) return { value: this.opening.idIn(attempt.value) };
    const { failure } = attempt;
    const isRefusal = failure.remedy === 'none' && failure.outcome === 'notDone';
    if (!isRefusal) return { failure: { ...failure, outcome: 'notDone' } };
    this.areSessionsOffered = false;
    return { value: null };
  }

  /** An attempt at a write without a request id: it is the last one unless it certainly did nothing. */
  private async attemptOnce(
    server: ServerInfo,
    call: Call,
    operation: ClientOperation,
  ): Promise<Attempt<Answer>> {
    const attempt = await this.attempt(server, call, operation, Number.POSITIVE_INFINITY);
    if ('value' in attempt || attempt.failure.outcome === 'notDone') return attempt;
    operation.noteFailure(attempt.failure);
    const message = `it may have been done, and must not be sent again: ${attempt.failure.error.message}`;
    throw new ClientError('deadline', message, 'unknown', attempt.failure.error);
  }

  private attempt(
    server: ServerInfo,
    call: Call,
    operation: ClientOperation,
    attemptMs = this.attemptMs,
  ): Promise<Attempt<Answer>> {
    const timeoutMs = operation.remainingMs();
    const headMs = Math.min(attemptMs, timeoutMs);
    return this.carrier.attempt(server, call, { timeoutMs, headMs, signal: operation.signal });
  }

  private noteLeader(server: ServerInfo, { leader }: Failure): void {
    this.finder.forgetLeader(server.id);
    if (leader !== undefined) this.finder.presume(leader);
  }
}

/** A server without an address would look like one that never answers. @throws TypeError */
function requireServers(servers: readonly ServerInfo[]): void {
  for (const [id, server] of servers.entries()) {
    const { host, port }: Partial<ServerInfo> = server;
    if (typeof host === 'string' && Number.isInteger(port)) continue;
    throw new TypeError(
      `servers[${id}] is ${JSON.stringify(server)}: give an object with a host (text) and a port (a whole number)`,
    );
  }
}
