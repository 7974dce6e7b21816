import { randomUUID } from 'node:crypto';
import { RequestLanes } from '../node/requestLanes.js';
import type { RequestId } from '../stateMachine/command.js';
import type { BackoffOptions } from './backoff.js';
import { ClientError } from './errors.js';
import type { Attempt, Carrier, Failure } from './failure.js';
import { LeaderFinder, type ServerInfo } from './leaderFinder.js';
import { NumberedWrite } from './numberedWrite.js';
import { Operation, type Effect, type OperationDefaults, type OperationOptions } from './operation.js';

/** What a client of a cluster is made from. */
export interface ClusterClientOptions {
  /** All servers of the cluster, in the order of the cluster file. */
  readonly servers: readonly ServerInfo[];
  /** How long one operation may take in all, with every retry; `Infinity` to wait for as long as the cluster blocks. @default 30000 */
  readonly deadlineMs?: number;
  /** How long one attempt waits at one server before the next is tried: the server may be cut off from the others. @default 3000 */
  readonly attemptMs?: number;
  readonly backoff?: Partial<BackoffOptions>;
}

/**
 * Brings calls to the leader of a cluster: finds it, follows it when it changes, and tries again until a call has its
 * answer or its deadline is over. Reads may be sent twice without harm; a write is, too, because all its attempts carry
 * one request id.
 */
export class ClusterCaller<Call, Answer> {
  private readonly servers: readonly ServerInfo[];
  private readonly finder: LeaderFinder;
  private readonly lanes = new RequestLanes(randomUUID);
  private readonly defaults: OperationDefaults;
  private readonly attemptMs: number;
  private readonly operations = new Set<Operation>();
  private isClosed = false;

  constructor(
    options: ClusterClientOptions,
    private readonly carrier: Carrier<Call, Answer>,
  ) {
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
   * @param callFor makes the call that carries this request id
   * @throws ClientError
   */
  write(callFor: (request: RequestId) => Call, options: OperationOptions): Promise<Answer> {
    return this.operate('write', options, async (operation) => {
      const write = new NumberedWrite(this.lanes);
      // An error that we do not know says nothing of the outcome.
      let outcome: ClientError['outcome'] = 'unknown';
      try {
        return await this.tryServers(operation, (server) =>
          this.attemptNumbered(server, callFor, write, operation),
        );
      } catch (error) {
        if (error instanceof ClientError) ({ outcome } = error);
        throw error;
      } finally {
        write.end(outcome);
      }
    });
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

  /** Runs one operation from its beginning to its end, whatever that is. */
  private async operate<T>(
    effect: Effect,
    options: OperationOptions,
    action: (operation: Operation) => Promise<T>,
  ): Promise<T> {
    const operation = new Operation(effect, options, this.defaults);
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
    operation: Operation,
    attemptAt: (server: ServerInfo) => Promise<Attempt<T>>,
  ): Promise<T> {
    for (;;) {
      for (const server of this.finder.round()) {
        const attempt = await attemptAt(server);
        if ('value' in attempt) {
          this.finder.presume(server.id);
          return attempt.value;
        }
        this.learn(server, attempt.failure);
        operation.noteFailure(attempt.failure);
      }
      await operation.pause();
    }
  }

  private async tryServer(server: ServerInfo, call: Call, operation: Operation): Promise<Answer> {
    const attempt = await this.attempt(server, call, operation, Number.POSITIVE_INFINITY);
    if ('value' in attempt) return attempt.value;
    const { error, outcome, remedy } = attempt.failure;
    const where = `server ${server.id} at ${server.host}:${server.port}`;
    if (operation.signal.aborted) operation.noteFailure(attempt.failure);
    if (remedy !== 'retry') throw new ClientError('refused', `${where}: ${error.message}`, outcome, error);
    throw new ClientError('unreachable', `${where} does not answer: ${error.message}`, outcome, error);
  }

  /** An attempt under the write's request id, or under a new one when the service does not take the old one and nothing was done. */
  private async attemptNumbered(
    server: ServerInfo,
    callFor: (request: RequestId) => Call,
    write: NumberedWrite,
    operation: Operation,
  ): Promise<Attempt<Answer>> {
    for (;;) {
      const attempt = await this.attempt(server, callFor(write.request), operation);
      const isOver = 'value' in attempt || attempt.failure.remedy !== 'newLane';
      if (isOver || operation.outcome === 'unknown' || !write.renew()) return attempt;
    }
  }

  private attempt(
    server: ServerInfo,
    call: Call,
    operation: Operation,
    attemptMs = this.attemptMs,
  ): Promise<Attempt<Answer>> {
    const timeoutMs = Math.min(attemptMs, operation.remainingMs());
    return this.carrier.attempt(server, call, { timeoutMs, signal: operation.signal });
  }

  private learn(server: ServerInfo, { leader }: Failure): void {
    this.finder.doubt(server.id);
    if (leader !== undefined) this.finder.presume(leader);
  }
}
