import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connections } from '../../../src/client/connections.js';
import { ClientError, SurfStoreClient } from '../../../src/client/index.js';
import { asBoolean, asFileMap } from '../../../src/client/values.js';
import type { Prng } from '../../../src/sim/prng.js';
import type { ParsedValue, XmlRpcValue } from '../../../src/xmlrpc/index.js';
import { ClientHistory, type FileMap, type Figures } from './clientHistory.js';
import { atEnd, type Cluster } from './cluster.js';
import { until, within } from './waiting.js';

/** A call that waits in a server that stands still is not given up. */
const LONG_MS = 60_000;

interface LoadOptions {
  /** @default 4 */
  readonly clients?: number;
  /** @default 5 */
  readonly files?: number;
  /** How much is stored under each version, in bytes. @default 0 */
  readonly contentBytes?: number;
  /** A client pauses for up to this long between two operations. @default 8 */
  readonly pauseMsMax?: number;
  /** A client gives an operation up after this long. @default 4000 */
  readonly patienceMs?: number;
}

/**
 * Clients that write files and read the map while something is done to their cluster, and the judge of what they saw. They
 * look for the leader and try again what is safe to try again, and go on with what they know when an outcome is unknown.
 */
export class DurableLoad {
  private readonly history = new ClientHistory();
  private readonly files: readonly string[];
  private readonly padding: string;
  private readonly pauseMsMax: number;
  private readonly patienceMs: number;
  private readonly servers: readonly { id: number; host: string; port: number }[];
  private readonly connections: Connections;
  private readonly work: Promise<void>[];
  private isEnding = false;
  private failure: Error | undefined;

  private constructor(
    private readonly cluster: Cluster,
    prng: Prng,
    { clients = 4, files = 5, contentBytes = 0, pauseMsMax = 8, patienceMs = 4_000 }: LoadOptions,
  ) {
    this.files = Array.from({ length: files }, (_, file) => `file ${file}`);
    this.padding = 'x'.repeat(contentBytes);
    this.pauseMsMax = pauseMsMax;
    this.patienceMs = patienceMs;
    this.servers = cluster.ids.map((id) => ({ id, host: '127.0.0.1', port: cluster.port(id) }));
    this.connections = new Connections(this.servers);
    this.work = Array.from({ length: clients }, (_, client) =>
      this.run(`client ${client}`, prng.fork(client)),
    );
  }

  /** Begins, and waits until the clients are served. */
  static async start(cluster: Cluster, prng: Prng, options: LoadOptions = {}): Promise<DurableLoad> {
    const load = new DurableLoad(cluster, prng, options);
    // A test that fails ends its clients, too: else the tests would never end.
    atEnd(() => load.abandon());
    await load.progress(10);
    return load;
  }

  get figures(): Readonly<Figures> {
    return this.history.figures;
  }

  /** Waits until so many more updates are acknowledged. @throws what a client has failed with */
  async progress(updates: number, deadlineMs = 15_000): Promise<void> {
    const goal = this.figures.acknowledged + updates;
    await until(
      `${updates} more updates are acknowledged`,
      () => {
        if (this.failure !== undefined) throw this.failure;
        return this.figures.acknowledged >= goal;
      },
      deadlineMs,
    );
  }

  /** The longest time in which no client was told anything, within this stretch of time. */
  longestSilenceMs(from: number, to: number): number {
    return this.history.longestSilenceMs(from, to);
  }

  /** A read at one server, not tried again; part of the history. */
  async readAt(id: number): Promise<void> {
    await this.history.read(`read at ${id}`, async () => asFileMap(await this.ask(id, 'getfileinfomap')));
  }

  /** An update at one server, not tried again; part of the history. */
  async updateAt(id: number, file: string): Promise<void> {
    await this.history.update(`update at ${id}`, file, this.padding, async (version, hashes) =>
      asBoolean(await this.ask(id, 'updatefile', [file, version, hashes])),
    );
  }

  /**
   * Ends the clients and judges: the history is linearizable, no version ever went back, every acknowledged update is there,
   * and all servers, all of which must be up, have the same.
   */
  async judge(): Promise<void> {
    await this.end();
    const map = await this.lastMap();
    const verdict = this.history.verdict();
    expect(verdict.ok, `the history is linearizable: ${JSON.stringify(verdict, null, 1)}`).to.equal(true);
    expect(this.cluster.running, `servers that run; ${this.cluster.stderr}`).to.deep.equal(this.cluster.ids);
    for (const id of this.cluster.ids) await this.hasAll(id, map);
  }

  /** Ends the clients; what they wait for is answered or given up. @throws what a client has failed with */
  async end(): Promise<void> {
    this.isEnding = true;
    await within(Promise.all(this.work), this.patienceMs + 5_000, 'the end of the clients');
    this.connections.close();
    if (this.failure !== undefined) throw this.failure;
  }

  /** The clients begin nothing more. */
  private abandon(): void {
    this.isEnding = true;
    this.connections.close();
  }

  /** The map, once an update of the end has settled what became of all before it. */
  private async lastMap(): Promise<FileMap> {
    const client = this.newClient(Math.random);
    const [file = ''] = this.files;
    const { acknowledged } = this.figures;
    try {
      return await until('a last update and a last read', async () => {
        if (this.figures.acknowledged === acknowledged) await this.update('judge', client, file);
        const map = await this.read('judge', client);
        return this.figures.acknowledged > acknowledged && map;
      });
    } finally {
      client.close();
    }
  }

  private async hasAll(id: number, map: FileMap): Promise<void> {
    const expected = this.files.map((file) => map.get(file)?.version ?? 0).join();
    let found = '';
    const isThere = async (): Promise<boolean> => {
      const versions = await Promise.all(this.files.map((file) => this.cluster.version(id, file)));
      found = versions.join();
      return found === expected;
    };
    await until(`server ${id} has all`, isThere).catch((error: unknown) => {
      throw new Error(`server ${id} has versions ${found} instead of ${expected}`, { cause: error });
    });
    expect((await this.cluster.status(id))['files'], `files on server ${id}`).to.equal(map.size);
  }

  private async run(name: string, prng: Prng): Promise<void> {
    const client = this.newClient(() => prng.next());
    try {
      while (!this.isEnding && this.failure === undefined) {
        if (prng.chance(0.7)) await this.update(name, client, prng.pick(this.files));
        else await this.read(name, client);
        await sleep(prng.between(0, this.pauseMsMax));
      }
    } catch (error) {
      this.failure ??= error instanceof Error ? error : new Error(String(error));
    } finally {
      client.close();
    }
  }

  private newClient(random: () => number): SurfStoreClient {
    return new SurfStoreClient({
      servers: this.servers,
      deadlineMs: this.patienceMs,
      attemptMs: 1_000,
      backoff: { minMs: 20, maxMs: 200, random },
    });
  }

  private update(name: string, client: SurfStoreClient, file: string): Promise<void> {
    return this.history.update(name, file, this.padding, (version, hashes) =>
      client.updateFile(file, version, hashes),
    );
  }

  private read(name: string, client: SurfStoreClient): Promise<FileMap | undefined> {
    return this.history.read(name, () => client.getFileInfoMap());
  }

  /** One attempt at one server. @throws ClientError */
  private async ask(id: number, method: string, params: readonly XmlRpcValue[] = []): Promise<ParsedValue> {
    const server = this.servers.find((one) => one.id === id);
    if (server === undefined) throw new Error(`there is no server ${id}`);
    const call = { methodName: `surfstore.${method}`, params };
    const attempt = await this.connections.attempt(server, call, { timeoutMs: LONG_MS, headMs: LONG_MS });
    if ('value' in attempt) return attempt.value;
    const { error, outcome } = attempt.failure;
    throw new ClientError('unreachable', error.message, outcome, error);
  }
}
