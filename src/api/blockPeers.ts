import type { LookupFunction } from 'node:net';
import { BLOCK_BYTES_MAX, BlockStoreFullError } from '../blocks/blockStore.js';
import { PeerUnavailableError, type BlockPeer } from '../blocks/clusterBlocks.js';
import { HttpClient, HttpError } from '../http/client.js';
import type { HttpResponse } from '../http/responseReader.js';

/** Connections to one peer; each may carry a block. */
const SOCKETS_MAX = 8;
/** A peer that has not begun to answer after this long is skipped for a while. */
const HEAD_MS = 2_000;
/** The time for a whole block over a slow link. */
const WHOLE_MS = 30_000;
const SKIPPED_MS = 3_000;
/** Answers other than blocks. */
const TEXT_BYTES_MAX = 128 * 1024;
/** Hashes in one question. */
export const HASHES_MAX = 1_000;

interface BlockPeersOptions {
  /** The number of this server, which it gives with each request. */
  readonly self: number;
  readonly peers: readonly { readonly id: number; readonly host: string; readonly port: number }[];
  /** Whether messages of a peer are accepted; an answer that is not accepted counts as lost. */
  readonly acceptsFrom: (peer: number) => boolean;
  /** Marks requests as those of a peer. */
  readonly headers: Readonly<Record<string, string>>;
  readonly lookup?: LookupFunction;
}

/** The stores of the other servers, over the same HTTP as clients, but each asked for its own blocks only. */
export class BlockPeers {
  readonly all: readonly BlockPeer[];
  private readonly client: HttpClient;

  constructor(options: BlockPeersOptions) {
    const { lookup } = options;
    this.client = new HttpClient({ maxSockets: SOCKETS_MAX, ...(lookup === undefined ? {} : { lookup }) });
    this.all = options.peers.map((peer) => new HttpBlockPeer(peer, options, this.client));
  }

  close(): void {
    this.client.close();
  }
}

class HttpBlockPeer implements BlockPeer {
  readonly id: number;
  private skippedUntil = 0;

  constructor(
    private readonly address: BlockPeersOptions['peers'][number],
    private readonly options: BlockPeersOptions,
    private readonly client: HttpClient,
  ) {
    this.id = address.id;
  }

  async put(block: Uint8Array, hash: string): Promise<{ readonly isNew: boolean }> {
    const body = Buffer.from(block.buffer, block.byteOffset, block.byteLength);
    const response = await this.request('PUT', `/blocks/${hash}`, body);
    if (response.status === 507) throw new BlockStoreFullError(block.byteLength, textOf(response));
    if (response.status !== 201 && response.status !== 204) throw this.refusal(response);
    return { isNew: response.status === 201 };
  }

  async get(hash: string): Promise<Uint8Array | undefined> {
    const response = await this.request('GET', `/blocks/${hash}`);
    if (response.status === 404) return undefined;
    if (response.status !== 200) throw this.refusal(response);
    return response.body;
  }

  async has(hashes: readonly string[]): Promise<string[]> {
    const stored: string[] = [];
    for (let from = 0; from < hashes.length; from += HASHES_MAX) {
      const part = hashes.slice(from, from + HASHES_MAX);
      const body = Buffer.from(JSON.stringify({ hashes: part }));
      const response = await this.request('POST', '/blocks/stored', body);
      if (response.status !== 200) throw this.refusal(response);
      stored.push(...storedIn(response.body));
    }
    return stored;
  }

  private request(method: 'GET' | 'POST' | 'PUT', path: string, body?: Buffer): Promise<HttpResponse> {
    const { self, acceptsFrom, headers } = this.options;
    const { id, host, port } = this.address;
    if (performance.now() < this.skippedUntil)
      return Promise.reject(new PeerUnavailableError(`server ${id} did not answer a moment ago`));
    return new Promise((resolve, reject) => {
      this.client.request(
        {
          method,
          host,
          port,
          path: `${path}?local=1&from=${self}`,
          headers: method === 'POST' ? { ...headers, 'Content-Type': 'application/json' } : headers,
          body: body === undefined ? [] : [body],
          bodyBytesMax: (status) => (status === 200 && method === 'GET' ? BLOCK_BYTES_MAX : TEXT_BYTES_MAX),
          timeoutMs: WHOLE_MS,
          headMs: method === 'PUT' ? WHOLE_MS : HEAD_MS,
        },
        (outcome) => {
          if (!acceptsFrom(id)) reject(new PeerUnavailableError(`server ${id} is not heard`));
          else if (outcome instanceof HttpError) reject(this.failure(outcome));
          else resolve(outcome);
        },
      );
    });
  }

  private failure({ code, message }: HttpError): PeerUnavailableError {
    if (code === 'ETIMEDOUT') this.skippedUntil = performance.now() + SKIPPED_MS;
    return new PeerUnavailableError(`server ${this.id} does not answer: ${message}`);
  }

  private refusal(response: HttpResponse): PeerUnavailableError {
    return new PeerUnavailableError(`server ${this.id} refuses: ${textOf(response)}`);
  }
}

function textOf({ status, body }: HttpResponse): string {
  return body.toString('utf8').trim().slice(0, 300) || `status ${status}`;
}

/** Another server of this cluster made it, but perhaps one of another version. */
function storedIn(body: Buffer): string[] {
  try {
    const { stored } = JSON.parse(body.toString('utf8')) as { readonly stored?: unknown };
    return Array.isArray(stored) ? stored.filter((hash) => typeof hash === 'string') : [];
  } catch {
    return [];
  }
}
