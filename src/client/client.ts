import type { ParsedValue, XmlRpcValue } from '../xmlrpc/index.js';
import type { BackoffOptions } from './backoff.js';
import { Connections, type Attempt, type Failure } from './connections.js';
import { ClientError } from './errors.js';
import { Operation, type Effect, type OperationOptions } from './operation.js';
import { LeaderFinder, type ServerInfo } from './leaderFinder.js';
import {
  asBoolean,
  asFileMap,
  asInt,
  asStatus,
  type FileInfo,
  type HashListInput,
  type ServerStatus,
} from './values.js';

/** What a client is made from. */
export interface SurfStoreClientOptions {
  /** All servers of the cluster, in the order of the cluster file. */
  readonly servers: readonly ServerInfo[];
  /** How long one operation may take in all, with every retry; `Infinity` to wait for as long as the cluster blocks. @default 30000 */
  readonly deadlineMs?: number;
  /** How long a read waits at one server before it tries the next: the server may be cut off from the others. @default 3000 */
  readonly readAttemptMs?: number;
  readonly backoff?: Partial<BackoffOptions>;
}

/**
 * A client of a SurfStore metadata cluster. It finds the leader, follows it when it changes, and tries again
 * whatever is safe to try again: a read always, an update only when it is certain that it was not done. One
 * deadline covers all of an operation. Errors are {@link ClientError}s that say whether the outcome is known; a
 * `TypeError` means that a server answered what no server of this service would.
 *
 * @example
 * import { SurfStoreClient } from 'surfstore';
 * import { readClusterFile } from 'surfstore/cluster-file';
 *
 * const client = new SurfStoreClient({ servers: readClusterFile('myconfig.txt').servers });
 * await client.updateFile('notes.txt', 1, ['9f86d081...']); // true
 * (await client.getFileInfoMap()).get('notes.txt');         // { version: 1, hashList: ['9f86d081...'] }
 * client.close();
 */
export class SurfStoreClient {
  private readonly servers: readonly ServerInfo[];
  private readonly connections: Connections;
  private readonly finder: LeaderFinder;
  private readonly backoff: BackoffOptions;
  private readonly deadlineMs: number;
  private readonly readAttemptMs: number;
  private readonly operations = new Set<Operation>();
  private isClosed = false;

  constructor(options: SurfStoreClientOptions) {
    this.servers = options.servers;
    this.connections = new Connections(options.servers);
    this.finder = new LeaderFinder(options.servers);
    this.backoff = { minMs: 50, maxMs: 1_000, random: Math.random, ...options.backoff };
    this.deadlineMs = options.deadlineMs ?? 30_000;
    this.readAttemptMs = options.readAttemptMs ?? 3_000;
  }

  /**
   * The whole file map: name -> version and hash list. Linearizable.
   *
   * @throws ClientError
   */
  async getFileInfoMap(options: OperationOptions = {}): Promise<Map<string, FileInfo>> {
    return asFileMap(await this.askLeader('surfstore.getfileinfomap', [], 'read', options));
  }

  /**
   * Sets the hash list of a file. True when applied, false when `version` is not exactly one above the stored
   * version, which is 0 for a file never written.
   *
   * @throws ClientError; with outcome `unknown` the file's version tells later whether it was done
   */
  async updateFile(
    name: string,
    version: number,
    hashList: HashListInput,
    options: OperationOptions = {},
  ): Promise<boolean> {
    return asBoolean(
      await this.askLeader('surfstore.updatefile', [name, version, hashList], 'write', options),
    );
  }

  /** The committed version that one server has, 0 for a file never written. @throws ClientError */
  async versionAt(server: number, name: string, options: OperationOptions = {}): Promise<number> {
    return asInt(await this.askServer(server, 'surfstore.tester_getversion', [name], options));
  }

  /** @throws ClientError */
  async status(server: number, options: OperationOptions = {}): Promise<ServerStatus> {
    return asStatus(await this.askServer(server, 'surfstore.status', [], options));
  }

  /** @throws ClientError */
  async isLeader(server: number, options: OperationOptions = {}): Promise<boolean> {
    return asBoolean(await this.askServer(server, 'surfstore.isLeader', [], options));
  }

  /** @throws ClientError */
  async isCrashed(server: number, options: OperationOptions = {}): Promise<boolean> {
    return asBoolean(await this.askServer(server, 'surfstore.isCrashed', [], options));
  }

  /** Crashes one server until it is restored. @throws ClientError */
  async crash(server: number, options: OperationOptions = {}): Promise<void> {
    await this.askServer(server, 'surfstore.crash', [], options);
  }

  /** @throws ClientError */
  async restore(server: number, options: OperationOptions = {}): Promise<void> {
    await this.askServer(server, 'surfstore.restore', [], options);
  }

  /** Ends the operations under way, and later ones, with `aborted`, and closes the connections. */
  close(): void {
    this.isClosed = true;
    for (const operation of this.operations) operation.abort();
    this.connections.close();
  }

  /**
   * The server that leads, according to the servers themselves.
   *
   * @throws ClientError `noLeader` when none was found within the deadline
   */
  findLeader(options: OperationOptions = {}): Promise<ServerInfo> {
    return this.operate(options, (operation) => this.searchLeader(operation));
  }

  private async searchLeader(operation: Operation): Promise<ServerInfo> {
    for (;;) {
      for (const server of this.finder.round()) {
        const attempt = await this.attempt(server, 'surfstore.isLeader', [], operation, this.readAttemptMs);
        if ('value' in attempt && attempt.value === true) {
          this.finder.presume(server.id);
          return server;
        }
        this.finder.doubt(server.id);
        operation.check();
      }
      await operation.pause();
    }
  }

  private askLeader(
    methodName: string,
    params: readonly XmlRpcValue[],
    effect: Effect,
    options: OperationOptions,
  ): Promise<ParsedValue> {
    return this.operate(options, (operation) => this.tryServers(methodName, params, effect, operation));
  }

  private async tryServers(
    methodName: string,
    params: readonly XmlRpcValue[],
    effect: Effect,
    operation: Operation,
  ): Promise<ParsedValue> {
    const attemptMs = effect === 'read' ? this.readAttemptMs : Number.POSITIVE_INFINITY;
    for (;;) {
      for (const server of this.finder.round()) {
        const attempt = await this.attempt(server, methodName, params, operation, attemptMs);
        if ('value' in attempt) {
          this.finder.presume(server.id);
          return attempt.value;
        }
        this.learn(server, attempt.failure);
        operation.noteFailure(attempt.failure, effect);
      }
      await operation.pause();
    }
  }

  private async askServer(
    id: number,
    methodName: string,
    params: readonly XmlRpcValue[],
    options: OperationOptions,
  ): Promise<ParsedValue> {
    const server = this.servers.find((candidate) => candidate.id === id);
    if (server === undefined)
      throw new ClientError('refused', `there is no server ${id} in this cluster`, 'notDone');
    return this.operate(options, (operation) => this.tryServer(server, methodName, params, operation));
  }

  private async tryServer(
    server: ServerInfo,
    methodName: string,
    params: readonly XmlRpcValue[],
    operation: Operation,
  ): Promise<ParsedValue> {
    const attempt = await this.attempt(server, methodName, params, operation, Number.POSITIVE_INFINITY);
    if ('value' in attempt) return attempt.value;
    const { id } = server;
    const { error, outcome, retriable } = attempt.failure;
    operation.checkAborted(outcome);
    const where = `server ${id} at ${server.host}:${server.port}`;
    if (!retriable) throw new ClientError('refused', `${where}: ${error.message}`, outcome, error);
    throw new ClientError('unreachable', `${where} does not answer: ${error.message}`, outcome, error);
  }

  /** Runs one operation from its beginning to its end, whatever that is. */
  private async operate<T>(
    options: OperationOptions,
    action: (operation: Operation) => Promise<T>,
  ): Promise<T> {
    const operation = new Operation(options, this.deadlineMs, this.backoff);
    if (this.isClosed) operation.abort();
    this.operations.add(operation);
    try {
      operation.checkAborted('notDone');
      return await action(operation);
    } finally {
      this.operations.delete(operation);
      operation.end();
    }
  }

  private attempt(
    server: ServerInfo,
    methodName: string,
    params: readonly XmlRpcValue[],
    operation: Operation,
    attemptMs: number,
  ): Promise<Attempt> {
    const timeoutMs = Math.min(attemptMs, operation.remainingMs());
    return this.connections.attempt(server, methodName, params, { timeoutMs, signal: operation.signal });
  }

  private learn(server: ServerInfo, { leader }: Failure): void {
    this.finder.doubt(server.id);
    if (leader !== undefined) this.finder.presume(leader);
  }
}
