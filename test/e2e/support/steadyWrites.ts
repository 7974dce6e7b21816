import { setTimeout as sleep } from 'node:timers/promises';
import { ClientError, SurfStoreClient } from '../../../src/client/index.js';
import type { Prng } from '../../../src/sim/prng.js';
import { atEnd, type Cluster } from './cluster.js';
import { until, within } from './waiting.js';

const FILES_EACH = 5;
const DEADLINE_MS = 20_000;
const WHY_MAX = 10;

interface SteadyWritesOptions {
  /** @default 4 */
  readonly clients?: number;
  /** A client pauses for up to this long after each write. @default 30 */
  readonly pauseMsMax?: number;
  /** A client waits this long for a server before it asks the next one. @default 1000 */
  readonly attemptMs?: number;
}

/** A client's knowledge of a file that nobody else writes. */
interface Known {
  version: number;
  content: string;
  /** The content of the next version, if a write without an answer was done. */
  unknown: string | null;
}

/** Clients that write all the time, each to files of its own: who owns a file knows what it must hold. */
export class SteadyWrites {
  acknowledged = 0;
  unknown = 0;
  /** The last errors of writes without a certain outcome. */
  readonly whyUnknown: string[] = [];
  private readonly files = new Map<string, Known>();
  private readonly clients: SurfStoreClient[] = [];
  private readonly work: Promise<void>[] = [];
  private readonly pauseMsMax: number;
  private isEnding = false;
  private failure: Error | undefined;
  private lastAt: number | null = null;
  private gapMs = 0;
  private awake: Promise<void> = Promise.resolve();
  private wake: (() => void) | undefined;

  private constructor(
    private readonly cluster: Cluster,
    prng: Prng,
    { clients = 4, pauseMsMax = 30, attemptMs = 1_000 }: SteadyWritesOptions,
  ) {
    this.pauseMsMax = pauseMsMax;
    const servers = cluster.ids.map((id) => ({ id, host: '127.0.0.1', port: cluster.port(id) }));
    for (let number = 0; number < clients; number += 1) {
      const draws = prng.fork(number);
      const backoff = { minMs: 10, maxMs: 60, random: () => draws.next() };
      const client = new SurfStoreClient({ servers, deadlineMs: DEADLINE_MS, attemptMs, backoff });
      this.clients.push(client);
      this.work.push(this.run(client, number, draws));
    }
  }

  /** Begins, and waits until the clients are served. */
  static async start(cluster: Cluster, prng: Prng, options: SteadyWritesOptions = {}): Promise<SteadyWrites> {
    const writes = new SteadyWrites(cluster, prng, options);
    atEnd(() => writes.abandon());
    await writes.progress(10, 3 * DEADLINE_MS);
    return writes;
  }

  /** Waits until so many more are acknowledged. @throws what a client failed with */
  async progress(writes: number, deadlineMs = DEADLINE_MS): Promise<void> {
    const goal = this.acknowledged + writes;
    const isReached = (): boolean => {
      this.check();
      return this.acknowledged >= goal;
    };
    await until(`${writes} more writes are acknowledged`, isReached, deadlineMs);
  }

  /** @throws what a client failed with */
  check(): void {
    if (this.failure !== undefined) throw this.failure;
  }

  /** The longest time between two acknowledged writes, of whichever clients, since it was last asked for; rests apart. */
  takeLongestGapMs(): number {
    const gap = this.gapMs;
    this.gapMs = 0;
    return gap;
  }

  /** The clients begin nothing more until they are called again. */
  rest(): void {
    if (this.wake !== undefined) return;
    this.awake = new Promise((resolve) => (this.wake = resolve));
    this.lastAt = null;
  }

  resume(): void {
    if (this.wake === undefined) return;
    this.lastAt = performance.now();
    this.wake();
    this.wake = undefined;
  }

  /** Ends the clients, each after the write under way. @throws what one failed with */
  async end(): Promise<void> {
    this.isEnding = true;
    this.resume();
    await within(Promise.all(this.work), DEADLINE_MS + 5_000, 'the end of the clients');
    this.check();
  }

  /**
   * Ends the clients; every acknowledged write is there, for a linearizable read and on every server.
   *
   * @throws Error that names what is missing
   */
  async judge(): Promise<void> {
    await this.end();
    const [reader] = this.clients;
    if (reader === undefined) throw new Error('there is no client');
    for (const file of this.files.keys()) await this.settle(reader, file);
    const expected = [...this.files].map(([file, { version }]) => `${file} ${version}`).join();
    for (const id of this.cluster.ids) {
      await until(`server ${id} has every acknowledged write`, async () => {
        const found: string[] = [];
        for (const file of this.files.keys()) found.push(`${file} ${await this.cluster.version(id, file)}`);
        return found.join() === expected;
      });
    }
  }

  close(): void {
    for (const client of this.clients) client.close();
  }

  private abandon(): void {
    this.isEnding = true;
    this.resume();
    this.close();
  }

  private async run(client: SurfStoreClient, number: number, draws: Prng): Promise<void> {
    try {
      for (let write = 1; !this.isEnding; write += 1) {
        await this.awake;
        await this.write(client, `client ${number} file ${write % FILES_EACH}`, `write ${write}`);
        await sleep(draws.between(0, this.pauseMsMax));
      }
    } catch (error) {
      if (!this.isEnding || !(error instanceof ClientError))
        this.failure ??= error instanceof Error ? error : new Error(String(error));
    }
  }

  private async write(client: SurfStoreClient, file: string, content: string): Promise<void> {
    const known = this.files.get(file) ?? { version: 0, content: '', unknown: null };
    this.files.set(file, known);
    if (known.unknown !== null && !(await this.settle(client, file).catch(isClientError))) return;
    try {
      if (!(await client.updateFile(file, known.version + 1, [content])))
        throw new Error(`version ${known.version + 1} of "${file}", which is the next one, was refused`);
      this.done(known, content);
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      this.unknown += 1;
      this.whyUnknown.push(`${error.code}, ${error.outcome}: ${error.message}`);
      if (this.whyUnknown.length > WHY_MAX) this.whyUnknown.shift();
      known.unknown = content;
    }
  }

  private done(known: Known, content: string): void {
    known.version += 1;
    known.content = content;
    this.acknowledged += 1;
    if (this.wake !== undefined) return;
    const now = performance.now();
    if (this.lastAt !== null) this.gapMs = Math.max(this.gapMs, now - this.lastAt);
    this.lastAt = now;
  }

  /** Learns what became of a write without an answer. @throws Error when an acknowledged one is not there */
  private async settle(client: SurfStoreClient, file: string): Promise<true> {
    const known = this.files.get(file);
    if (known === undefined) throw new Error(`"${file}" was never written`);
    const stored = (await client.getFileInfoMap()).get(file);
    const { version = 0, hashList } = stored ?? {};
    const [content = ''] = (hashList ?? []) as string[];
    const isLast = version === known.version && content === known.content;
    const isUnknown = version === known.version + 1 && content === known.unknown;
    if (!isLast && !isUnknown)
      throw new Error(`"${file}" is ${version} "${content}", not ${known.version} "${known.content}"`);
    if (isUnknown) {
      known.version = version;
      known.content = content;
    }
    known.unknown = null;
    return true;
  }
}

/** @throws the error when it is none of the client's, which says that an outcome is not known */
function isClientError(error: unknown): false {
  if (error instanceof ClientError) return false;
  throw error;
}
