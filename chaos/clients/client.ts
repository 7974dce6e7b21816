import { setTimeout as sleep } from 'node:timers/promises';
import { canonicalJson, type FileState, type RecordedCall, type Results } from '../../src/verify/index.js';
import { certainlyNotDone } from '../calls/outcome.js';
import { NotSentError, RpcFault } from '../calls/rpcError.js';
import { Server, type Dialect } from '../calls/server.js';
import type { Cluster } from '../cluster/cluster.js';
import type { ServerId } from '../runRecord.js';
import type { ClientLog } from './clientLog.js';

/** Between two calls of one operation. */
const RETRY_MS = 50;
/** A refusal that comes within this time was not preceded by an attempt to do what was asked. */
const AT_ONCE_MS = 500;

interface ClientOptions {
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
  /** The versions that this client has seen. */
  readonly known = new Map<string, number>();
  /** How many calls came to no result, and what the last of them came to. */
  refusals = 0;
  lastRefusal = '';
  /** Whoever answered last, or is asked next. */
  private place = 0;
  private writes = 0;
  /** Whether the server in this place gave the last answer. */
  private hasAnswered = false;
  private readonly servers: readonly Server[];
  private readonly dialect: Dialect;

  constructor(
    readonly name: string,
    { servers, dialect }: Pick<Cluster, 'servers' | 'dialect'>,
    private readonly log: ClientLog,
    private readonly options: ClientOptions,
  ) {
    this.dialect = dialect;
    this.servers = servers.map((address) => new Server(address, dialect));
  }

  /**
   * Learns the version of a file from `tester_getversion`, so that it can be written where nobody gives the map. What single
   * servers have applied is no part of the history.
   */
  async learnVersion(file: string): Promise<void> {
    const versions = await Promise.all(this.servers.map((server) => server.version(file).catch(() => 0)));
    this.known.set(file, Math.max(this.known.get(file) ?? 0, ...versions));
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
    this.hasAnswered = false;
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
        this.hasAnswered = true;
        return answer;
      } catch (error) {
        this.place += 1;
        this.hasAnswered = false;
        const reason = error instanceof Error ? error.message : String(error);
        this.refusals += 1;
        this.lastRefusal = reason;
        if (!this.isNotDone(error)) {
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

  /** The table of faults is of this product: another one's `isCrashed` may come after the write was accepted. */
  private isNotDone(error: unknown): boolean {
    if (error instanceof NotTheLeaderError || error instanceof NotSentError) return true;
    return this.dialect === 'own' && certainlyNotDone(error);
  }

  private askOne<T>(operation: number, ask: (server: Server) => Promise<T>): Promise<T> {
    const server = this.servers[this.place % this.servers.length];
    if (server === undefined) throw new Error('a cluster has at least one server');
    const make = (): Promise<T> => this.log.calls.make({ operation, server: server.id }, () => ask(server));
    return server.dialect === 'own' ? make() : this.askForeign(server, make);
  }

  /**
   * No fault of another product's server tells what became of the call, be its text what it may. It was not done only if the fault
   * came at once from a server that says before and after that it does not lead, and was not crashed or restored meanwhile.
   */
  private async askForeign<T>(server: Server, make: () => Promise<T>): Promise<T> {
    // Whoever answered last leads, most likely: a fault of it is unknown.
    const since = performance.now();
    const before = this.hasAnswered ? undefined : await standingOf(server);
    try {
      return await make();
    } catch (error) {
      const wasAtOnce = performance.now() - since < AT_ONCE_MS;
      if (before === undefined || !(error instanceof RpcFault) || !wasAtOnce) throw error;
      const after = await standingOf(server);
      if (after === undefined || before.leads || after.leads || before.crashed !== after.crashed) throw error;
      throw new NotTheLeaderError(error.text, { cause: error });
    }
  }
}

interface Standing {
  readonly leads: boolean;
  readonly crashed: boolean;
}

/** Whether a server leads or is crashed, as it says; undefined when it does not answer. */
async function standingOf(server: Server): Promise<Standing | undefined> {
  try {
    return { leads: await server.isLeader(), crashed: await server.isCrashed() };
  } catch {
    return undefined;
  }
}

/** A fault of a server that did not lead: nothing was done. */
class NotTheLeaderError extends Error {
  override readonly name = 'NotTheLeaderError';
}
