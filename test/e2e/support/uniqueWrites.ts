import { setTimeout as sleep } from 'node:timers/promises';
import { ClientError, SurfStoreClient } from '../../../src/client/index.js';
import type { Prng } from '../../../src/sim/prng.js';
import { atEnd, type Cluster } from './cluster.js';
import { until, within } from './waiting.js';

const CLIENTS = 3;
/** A client gives a write up after this long; what became of it is unknown. */
const PATIENCE_MS = 3_000;
const PAUSE_MS_MAX = 20;

/** Clients that write one new file after another, each once and under a name of its own. */
export class UniqueWrites {
  /** The names that were acknowledged, in this order. */
  readonly acknowledged: string[] = [];
  /** All names that were sent, whatever became of them. */
  readonly attempted: string[] = [];
  private readonly clients: SurfStoreClient[] = [];
  private readonly work: Promise<void>[] = [];
  private isEnding = false;
  private failure: Error | undefined;

  constructor(cluster: Cluster, prng: Prng) {
    const servers = cluster.ids.map((id) => ({ id, host: '127.0.0.1', port: cluster.port(id) }));
    for (let number = 0; number < CLIENTS; number += 1) {
      const draws = prng.fork(number);
      const backoff = { minMs: 20, maxMs: 200, random: () => draws.next() };
      const client = new SurfStoreClient({ servers, deadlineMs: PATIENCE_MS, attemptMs: 500, backoff });
      this.clients.push(client);
      this.work.push(this.run(client, number, draws));
    }
    atEnd(() => this.abandon());
  }

  /** Waits until so many more are acknowledged. @throws what a client failed with */
  async progress(writes: number, deadlineMs = 10_000): Promise<void> {
    const goal = this.acknowledged.length + writes;
    const isReached = (): boolean => {
      if (this.failure !== undefined) throw this.failure;
      return this.acknowledged.length >= goal;
    };
    await until(`${writes} more writes are acknowledged`, isReached, deadlineMs);
  }

  /** Ends the clients, each after the write under way. @throws what one failed with */
  async end(): Promise<void> {
    this.isEnding = true;
    await within(Promise.all(this.work), PATIENCE_MS + 5_000, 'the end of the clients');
    if (this.failure !== undefined) throw this.failure;
  }

  private abandon(): void {
    this.isEnding = true;
    for (const client of this.clients) client.close();
  }

  private async run(client: SurfStoreClient, number: number, draws: Prng): Promise<void> {
    try {
      for (let write = 1; !this.isEnding; write += 1) {
        await this.write(client, `client ${number} file ${write}`);
        await sleep(draws.between(0, PAUSE_MS_MAX));
      }
    } catch (error) {
      this.failure ??= error instanceof Error ? error : new Error(String(error));
    }
  }

  private async write(client: SurfStoreClient, name: string): Promise<void> {
    this.attempted.push(name);
    try {
      if (!(await client.updateFile(name, 1, [name])))
        throw new Error(`"${name}", which was never written before, was refused as though it were there`);
      this.acknowledged.push(name);
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
    }
  }
}
