import { keyOf } from '../blocks/blockStore.js';
import type { SweepResult } from '../blocks/collectedStore.js';
import type { ServerAddress } from '../config/clusterFile.js';
import { HttpClient, HttpError } from '../http/client.js';
import type { HttpResponse } from '../http/responseReader.js';

/** Blocks are up to 8 MiB; other answers are shorter. */
const BODY_BYTES_MAX = 16 * 1024 * 1024;
/** A server that is there begins to answer a short question within this time. */
const SHORT_MS = 5_000;
/** Hashes in one question. */
const HASHES_MAX = 1_000;

/** The usage of the store of a server. */
export interface ServerUsage {
  readonly blocks: number;
  readonly bytes: number;
  readonly damaged: number;
  readonly shared: boolean;
  readonly epoch: number;
}

/** A step of a garbage collection on one server. */
type CollectionStep =
  | { readonly step: 'begin' | 'end'; readonly collection: string }
  | { readonly step: 'raise'; readonly epoch: number };

/** A sweep of the store of one server. */
type SweepStep = { readonly grace_ms: number } & (
  { readonly dry_run: true } | { readonly collection: string; readonly epoch: number }
);

/** A server did not do what it was asked for; the message says which one, and why. */
export class BlockCallError extends Error {
  override readonly name = 'BlockCallError';
}

/** Calls of a command to single servers about their blocks (docs/blocks.md). */
export class BlockCalls {
  private readonly client = new HttpClient({ maxSockets: 8 });

  usage(server: ServerAddress): Promise<ServerUsage> {
    return this.json(server, 'GET', '/blocks');
  }

  /** The epoch afterwards. */
  async step(server: ServerAddress, step: CollectionStep): Promise<number> {
    const { epoch } = await this.json<{ readonly epoch: number }>(server, 'POST', '/blocks/collection', step);
    return epoch;
  }

  sweep(server: ServerAddress, sweep: SweepStep): Promise<SweepResult> {
    return this.json(server, 'POST', '/blocks/collection', { step: 'sweep', ...sweep }, null);
  }

  /** Those of the hashes whose block the store of this very server has. */
  async storedOn(server: ServerAddress, hashes: readonly string[]): Promise<string[]> {
    const stored: string[] = [];
    for (let from = 0; from < hashes.length; from += HASHES_MAX) {
      const part = { hashes: hashes.slice(from, from + HASHES_MAX) };
      const answer = await this.json<{ readonly stored: readonly string[] }>(
        server,
        'POST',
        '/blocks/stored?local=1',
        part,
      );
      stored.push(...answer.stored);
    }
    return stored;
  }

  /** The block from the store of this very server, verified; undefined when it is not there, or damaged. */
  async readOn(server: ServerAddress, hash: string): Promise<Buffer | undefined> {
    const response = await this.request(server, 'GET', `/blocks/${hash}?local=1`, undefined, null);
    if (response.status === 404) return undefined;
    if (response.status !== 200) throw refusal(server, response);
    return keyOf(response.body) === hash ? response.body : undefined;
  }

  /** Stores a block on the servers that should have it; on how many it lies now. */
  async store(server: ServerAddress, hash: string, block: Buffer): Promise<number> {
    const response = await this.request(server, 'PUT', `/blocks/${hash}`, block, null);
    if (response.status !== 201 && response.status !== 204) throw refusal(server, response);
    return Number(response.headers['surfstore-copies'] ?? 1);
  }

  close(): void {
    this.client.close();
  }

  private async json<T>(
    server: ServerAddress,
    method: 'GET' | 'POST',
    path: string,
    body?: object,
    headMs?: null,
  ): Promise<T> {
    const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const response = await this.request(server, method, path, bytes, headMs);
    if (response.status !== 200) throw refusal(server, response);
    return JSON.parse(response.body.toString('utf8')) as T;
  }

  /** @param headMs null for an answer that may take any time */
  private request(
    server: ServerAddress,
    method: 'GET' | 'POST' | 'PUT',
    path: string,
    body: Buffer | undefined,
    headMs: number | null = SHORT_MS,
  ): Promise<HttpResponse> {
    const { id, host, port } = server;
    const headers: Record<string, string> = method === 'POST' ? { 'Content-Type': 'application/json' } : {};
    return new Promise((resolve, reject) => {
      this.client.request(
        {
          ...{ method, host, port, path, headers },
          body: body === undefined ? [] : [body],
          bodyBytesMax: () => BODY_BYTES_MAX,
          ...(headMs === null ? {} : { headMs }),
        },
        (outcome) => {
          if (outcome instanceof HttpError)
            reject(new BlockCallError(`server ${id} does not answer: ${outcome.message}`));
          else resolve(outcome);
        },
      );
    });
  }
}

function refusal({ id }: ServerAddress, { status, body }: HttpResponse): BlockCallError {
  const line = body.toString('utf8').trim().split('\n', 1)[0] ?? '';
  return new BlockCallError(`server ${id}: ${line === '' ? `status ${status}` : line}`);
}
