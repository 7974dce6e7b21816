import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClientError, type ServerInfo, type SurfStoreClient } from '../client/index.js';
import { addressOf } from '../net/address.js';
import { hashOf } from './hashing.js';
import type { Limiter } from './limiter.js';
import type { StoredBlocks } from './store.js';

/** The store refuses a block, and would refuse it again. */
export class StoreRefusal extends Error {
  override readonly name = 'StoreRefusal';
}

/** How blocks reach the servers. Every method tries the servers in turn until the signal is aborted. */
export interface BlockTransport {
  stored(hashes: readonly string[]): Promise<StoredBlocks>;
  put(hash: string, block: Uint8Array): Promise<void>;
  get(hash: string): Promise<Uint8Array | undefined>;
  close(): void;
}

interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

const ATTEMPT_MS = 30_000;
const PAUSE_MIN_MS = 50;
const PAUSE_MAX_MS = 1_000;
const CONNECTIONS = 16;

/** Rounds over the servers until one has an answer; a server that failed is not asked first again. */
class Rounds {
  private first = 0;

  constructor(
    private readonly servers: readonly ServerInfo[],
    private readonly signal: AbortSignal,
  ) {}

  /** @param attempt gives undefined when another server, or a later moment, may be better */
  async until<T>(attempt: (server: ServerInfo, round: number) => Promise<T | undefined>): Promise<T> {
    for (let round = 0; ; round += 1) {
      for (let turn = 0; turn < this.servers.length; turn += 1) {
        this.signal.throwIfAborted();
        const index = (this.first + turn) % this.servers.length;
        const server = this.servers[index];
        const result = server && (await attempt(server, round));
        if (result === undefined) continue;
        this.first = index;
        return result;
      }
      await sleep(Math.min(PAUSE_MAX_MS, PAUSE_MIN_MS * 2 ** Math.min(round, 10)), undefined, {
        signal: this.signal,
      });
    }
  }
}

/** `/blocks/HASH` of our own servers: any server has every block. */
export class HttpBlocks implements BlockTransport {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  private readonly rounds: Rounds;

  constructor(
    private readonly servers: readonly ServerInfo[],
    private readonly signal: AbortSignal,
    private readonly limiter: Limiter,
  ) {
    this.rounds = new Rounds(servers, signal);
  }

  /** Whether the servers offer it; undefined when none of them answers. */
  async isOffered(): Promise<boolean | undefined> {
    for (const server of this.servers) {
      const answer = await this.ask(server, 'POST', '/blocks/stored', Buffer.from('{"hashes":[]}'));
      if (answer?.status === 200) return true;
      if (answer !== undefined && answer.status < 500) return false;
    }
    return undefined;
  }

  async stored(hashes: readonly string[]): Promise<StoredBlocks> {
    const body = Buffer.from(JSON.stringify({ hashes }));
    const answer = await this.rounds.until((server) => this.answerOf(server, 'POST', '/blocks/stored', body));
    const { stored, epoch } = JSON.parse(answer.body.toString()) as { stored: string[]; epoch: number };
    return { stored: new Set(stored), epoch };
  }

  async put(hash: string, block: Uint8Array): Promise<void> {
    await this.limiter.pass(block.length);
    await this.rounds.until((server) => this.answerOf(server, 'PUT', `/blocks/${hash}`, block));
  }

  async get(hash: string): Promise<Uint8Array | undefined> {
    const { status, body } = await this.rounds.until((server) =>
      this.answerOf(server, 'GET', `/blocks/${hash}`),
    );
    await this.limiter.pass(body.length);
    return status === 404 ? undefined : body;
  }

  close(): void {
    this.agent.destroy();
  }

  /** An answer that settles the matter. @throws StoreRefusal */
  private async answerOf(
    server: ServerInfo,
    method: string,
    path: string,
    body?: Uint8Array,
  ): Promise<Answer | undefined> {
    const answer = await this.ask(server, method, path, body);
    if (answer === undefined) return undefined;
    const { status } = answer;
    if (status < 300 || status === 404) return answer;
    const reason = answer.body.toString('utf8').trim().slice(0, 200);
    const isRefusal = (status >= 400 && status < 500 && status !== 408 && status !== 429) || status === 507;
    if (isRefusal) throw new StoreRefusal(`${addressOf(server)} refuses a block: ${reason}`);
    return undefined;
  }

  private ask(
    server: ServerInfo,
    method: string,
    path: string,
    body?: Uint8Array,
  ): Promise<Answer | undefined> {
    return new Promise((resolve) => {
      const headers: Record<string, string | number> = { 'Content-Length': body?.length ?? 0 };
      if (method === 'POST') headers['Content-Type'] = 'application/json';
      const { agent, signal } = this;
      const options = { host: server.host, port: server.port, method, path, headers, agent, signal };
      const call = request({ ...options, timeout: ATTEMPT_MS }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }));
        response.on('error', () => resolve(undefined));
        response.on('aborted', () => resolve(undefined));
      });
      call.on('timeout', () => call.destroy());
      call.on('error', () => resolve(undefined));
      call.end(body);
    });
  }
}

/** Rounds in which no server has a block until it is given up. */
const MISSING_ROUNDS = 3;

/**
 * The calls of the course, for servers that know nothing else. Their blocks lie where they were sent, so they are sent
 * to every server that answers and looked for on all.
 */
export class CourseBlocks implements BlockTransport {
  private readonly rounds: Rounds;

  constructor(
    private readonly client: SurfStoreClient,
    private readonly servers: readonly ServerInfo[],
    private readonly signal: AbortSignal,
    private readonly limiter: Limiter,
  ) {
    this.rounds = new Rounds(servers, signal);
  }

  async stored(hashes: readonly string[]): Promise<StoredBlocks> {
    if (hashes.length === 0) return { stored: new Set(), epoch: undefined };
    return this.rounds.until(async () => {
      const answers = await this.onAll((id) => this.client.hasBlocks(id, hashes, this.limits));
      return answers.length === 0 ? undefined : { stored: new Set(answers.flat()), epoch: undefined };
    });
  }

  async put(_hash: string, block: Uint8Array): Promise<void> {
    await this.limiter.pass(block.length);
    await this.rounds.until(async () => {
      const answers = await this.onAll((id) => this.client.putBlock(id, block, this.limits).then(() => true));
      return answers.length > 0 ? true : undefined;
    });
  }

  async get(hash: string): Promise<Uint8Array | undefined> {
    const found = await this.rounds.until(async (server, round) => {
      try {
        const block = await this.client.getBlock(server.id, hash, this.limits);
        return hashOf(block) === hash ? block : undefined;
      } catch (error) {
        if (!(error instanceof ClientError)) throw error;
        const isLast = round >= MISSING_ROUNDS && server === this.servers.at(-1);
        return isLast ? new Uint8Array(0) : undefined;
      }
    });
    await this.limiter.pass(found.length);
    // There is no empty block: an empty file has none.
    return found.length === 0 ? undefined : found;
  }

  close(): void {
    // The connections are the client's.
  }

  private get limits(): { deadlineMs: number; signal: AbortSignal } {
    return { deadlineMs: ATTEMPT_MS, signal: this.signal };
  }

  /** The answers of those that answer. @throws StoreRefusal when all refuse */
  private async onAll<T>(action: (id: number) => Promise<T>): Promise<T[]> {
    const answers: T[] = [];
    const refusals: string[] = [];
    await Promise.all(
      this.servers.map(async ({ id }) => {
        try {
          answers.push(await action(id));
        } catch (error) {
          if (!(error instanceof ClientError)) throw error;
          if (error.code === 'refused') refusals.push(error.message);
        }
      }),
    );
    if (answers.length === 0 && refusals.length === this.servers.length)
      throw new StoreRefusal(refusals[0] ?? 'every server refuses');
    return answers;
  }
}
