import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerAddress } from '../../src/config/clusterFile.js';
import { canonicalJson, type FileState, type RecordedCall, type Results } from '../../src/verify/index.js';
import { certainlyNotDone } from '../calls/outcome.js';
import { Server } from '../calls/server.js';
import type { ServerId } from '../runRecord.js';
import type { ClientLog } from './clientLog.js';

/** Between two calls of one operation. */
const RETRY_MS = 50;

export interface ClientOptions {
  /** It gives up waiting for one answer after so long. */
  readonly patienceMs: number;
  /** It stops asking one server after the other after so long. */
  readonly retryMs: number;
}

/**
 * A client as real ones are: it does not know who leads and asks one server after the other, as long as it is sure that nothing was
 * done. Once it is not, the operation is over with an unknown outcome. It learns versions by reading.
 */
export class Client {
  /** What this client was told of the files. */
  readonly known = new Map<string, number>();
  /** Whoever answered last, or is asked next. */
  private place = 0;
  private writes = 0;
  private readonly servers: readonly Server[];

  constructor(
    readonly name: string,
    addresses: readonly ServerAddress[],
    private readonly log: ClientLog,
    private readonly options: ClientOptions,
  ) {
    this.servers = addresses.map((address) => new Server(address));
  }

  /**
   * Writes the next version of a file, as far as this client knows, with a content that no other update has.
   *
   * @returns whether it was applied; undefined when it did not come to an answer
   */
  async update(file: string): Promise<boolean | undefined> {
    const version = (this.known.get(file) ?? 0) + 1;
    this.writes += 1;
    const hashList = [`${this.name}-${this.writes}`];
    const content = canonicalJson(hashList);
    const call = this.log.history.invoke(this.name, { kind: 'update', file, version, content });
    const answer = await this.perform(call, async (server) => ({
      applied: await server.updateFile(file, version, hashList, this.options.patienceMs),
    }));
    if (answer?.applied === true) this.known.set(file, version);
    return answer?.applied;
  }

  /**
   * Reads the map and learns the versions.
   *
   * @param ours which files belong to the run: a running cluster may hold others
   * @returns undefined when it did not come to an answer
   */
  async read(ours: readonly string[]): Promise<Readonly<Record<string, FileState>> | undefined> {
    const call = this.log.history.invoke(this.name, { kind: 'readMap' });
    const answer = await this.perform(call, async (server) => {
      const map = await server.fileMap(this.options.patienceMs);
      return { files: Object.fromEntries([...map].filter(([file]) => ours.includes(file))) };
    });
    for (const [file, { version }] of Object.entries(answer?.files ?? {})) this.known.set(file, version);
    return answer?.files;
  }

  /** From now on it begins with this server. */
  turnTo(server: ServerId): void {
    this.place = server;
  }

  hangUp(): void {
    for (const server of this.servers) server.hangUp();
  }

  private async perform<K extends 'update' | 'readMap'>(
    call: RecordedCall<K>,
    ask: (server: Server) => Promise<Results[K]>,
  ): Promise<Results[K] | undefined> {
    const givesUpAt = performance.now() + this.options.retryMs;
    for (;;) {
      try {
        const answer = await this.askOne(call.id, ask);
        call.ok(answer);
        return answer;
      } catch (error) {
        this.place += 1;
        const reason = error instanceof Error ? error.message : String(error);
        if (!certainlyNotDone(error)) {
          call.unknown(reason);
          return undefined;
        }
        if (performance.now() >= givesUpAt) {
          call.fail(reason);
          return undefined;
        }
      }
      await sleep(RETRY_MS);
    }
  }

  private askOne<T>(operation: number, ask: (server: Server) => Promise<T>): Promise<T> {
    const server = this.servers[this.place % this.servers.length];
    if (server === undefined) throw new Error('a cluster has at least one server');
    return this.log.calls.make({ operation, server: server.id }, () => ask(server));
  }
}
