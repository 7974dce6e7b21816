import { BLOCK_BYTES_MAX, BlockTooLargeError, isKey, keyOf } from '../blocks/blockStore.js';
import type { ClusterBlocks } from '../blocks/clusterBlocks.js';
import type { CollectedStore } from '../blocks/collectedStore.js';
import type { HttpCall } from '../http/httpCall.js';
import { tooMuchUnread } from '../http/refusal.js';
import { errorTable, ServiceError } from '../node/errors.js';
import { blockErrorOf } from './blockErrors.js';
import { HASHES_MAX } from './blockPeers.js';
import { rangeOf } from './byteRange.js';
import { readJson, sendJson } from './jsonCall.js';
import { InputError, notJson } from './keyValueInput.js';
import type { Route } from './surfaces.js';

const PREFIX = '/blocks/';
const STORED = '/blocks/stored';
const BYTES = 'application/octet-stream';
/** Room for the longest question. */
const QUESTION_BYTES_MAX = 128 * 1024;
/** A block never changes. */
const CACHED = 'private, max-age=31536000, immutable';

/** The parts of one server that serve its blocks. */
interface BlocksHttpParts {
  readonly blocks: ClusterBlocks;
  /** For other servers, each of which asks for this server's own blocks only. */
  readonly own: CollectedStore;
  /** The epoch of the garbage collection, as far as this server knows. */
  readonly epoch: () => number;
  /** Whether messages of a peer are accepted. */
  readonly acceptsFrom: (peer: number) => boolean;
  /** @throws ServiceError when this server is down */
  readonly requireRunning: () => void;
}

/** Blocks as they are, at `/blocks/HASH`, and the question which are stored (docs/blocks.md). Every server serves it. */
export class BlocksHttp implements Route {
  constructor(private readonly parts: BlocksHttpParts) {}

  matches(path: string): boolean {
    return path.startsWith(PREFIX);
  }

  handle(call: HttpCall): void {
    const { path } = call;
    const { method } = call.request;
    const query = queryOf(call);
    const from = Number(query.get('from') ?? NaN);
    // As in a broken network, a message from a server that is cut off has no effect and no answer.
    if (!Number.isNaN(from) && !this.parts.acceptsFrom(from)) return;
    const isLocal = query.get('local') === '1';
    const fail = (error: unknown): void => answerError(call, error);
    if (path === STORED && method === 'POST') {
      call.begin('blocks', 'stored');
      readJson(call, QUESTION_BYTES_MAX, (text) => void this.stored(call, text, isLocal).catch(fail));
    } else if (call.isRead && path !== STORED) {
      call.begin('blocks', 'GET');
      this.get(call, isLocal).catch(fail);
    } else if (method === 'PUT' && path !== STORED) {
      call.begin('blocks', 'PUT');
      this.put(call, isLocal);
    } else {
      call.begin('blocks', 'unknown');
      call.text(405, 'Blocks are read with GET and stored with PUT; /blocks/stored is asked with POST.', {
        Allow: path === STORED ? 'POST' : 'GET, HEAD, PUT',
      });
    }
  }

  private put(call: HttpCall, isLocal: boolean): void {
    try {
      this.parts.requireRunning();
      const hash = hashIn(call);
      call.readBody({ bytesMax: BLOCK_BYTES_MAX }, (body) => {
        this.store(call, hash, body, isLocal).catch((error: unknown) => answerError(call, error));
      });
    } catch (error) {
      answerError(call, error);
    }
  }

  private async store(
    call: HttpCall,
    hash: string,
    body: Buffer | 'not inflatable',
    isLocal: boolean,
  ): Promise<void> {
    const { own, blocks, requireRunning } = this.parts;
    if (body === 'not inflatable')
      throw new InputError('the block is not compressed as its Content-Encoding says');
    requireRunning();
    const actual = keyOf(body);
    if (actual !== hash)
      throw new InputError(`the SHA-256 of the ${body.length} bytes that arrived is ${actual}`);
    const { isNew, copies } = isLocal
      ? { ...(await own.put(body, hash)), copies: 1 }
      : await blocks.put(body, hash);
    requireRunning();
    const headers = { ETag: `"${hash}"`, 'Surfstore-Copies': copies };
    if (isNew) call.text(201, 'stored', headers);
    else call.nothing(headers);
  }

  private async get(call: HttpCall, isLocal: boolean): Promise<void> {
    const { own, blocks, requireRunning } = this.parts;
    requireRunning();
    const hash = hashIn(call);
    const block = await (isLocal ? own : blocks).get(hash);
    requireRunning();
    if (block === undefined)
      throw new ServiceError('blockNotFound', 'no server stores a block with this hash');
    const { headers } = call.request;
    const common = { ETag: `"${hash}"`, 'Accept-Ranges': 'bytes', 'Cache-Control': CACHED };
    if (headers['if-none-match']?.includes(hash) === true) {
      call.nothing(common, 304);
      return;
    }
    const size = block.byteLength;
    const range = headers['if-range'] === undefined ? rangeOf(headers.range, size) : undefined;
    if (range === 'not satisfiable') {
      call.text(416, `the block has ${size} bytes`, { 'Content-Range': `bytes */${size}` });
      return;
    }
    const part = range === undefined ? block : block.subarray(range.from, range.to + 1);
    const isSent =
      range === undefined
        ? call.sendPieces(200, BYTES, [part], false, common)
        : call.sendPieces(206, BYTES, [part], false, {
            ...common,
            'Content-Range': `bytes ${range.from}-${range.to}/${size}`,
          });
    if (!isSent) call.text(503, `overloaded: ${tooMuchUnread}`);
  }

  private async stored(call: HttpCall, text: string, isLocal: boolean): Promise<void> {
    const { own, blocks, epoch, requireRunning } = this.parts;
    requireRunning();
    const hashes = hashesIn(text);
    // Before the stores are asked: the answer must not be younger than the epoch that vouches for it.
    const asked = epoch();
    const stored = await (isLocal ? own : blocks).has(hashes);
    requireRunning();
    sendJson(call, 200, { epoch: asked, stored });
  }
}

/** Answers with the status for an error of blocks or of the service. */
export function answerError(call: HttpCall, error: unknown): void {
  const kind = error instanceof ServiceError ? error.kind : blockErrorOf(error);
  if (error instanceof InputError) call.text(400, error.message);
  else if (error instanceof BlockTooLargeError) call.text(413, error.message);
  else if (kind !== undefined) {
    const { message } = error as Error;
    const status = kind === 'blockNotFound' ? 404 : kind === 'blockStoreFull' ? 507 : 503;
    call.text(status, error instanceof ServiceError ? message : `${errorTable[kind].word}: ${message}`);
  } else {
    call.internalError(error);
    call.text(500, 'internal error: the server could not answer this request');
  }
}

/** @throws InputError */
export function jsonObjectIn(text: string): Readonly<Record<string, unknown>> {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw new InputError(notJson('the body', text, error));
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new InputError('the body must be a JSON object');
  return body as Readonly<Record<string, unknown>>;
}

export function queryOf({ request: { url = '' } }: HttpCall): URLSearchParams {
  return new URLSearchParams(url.split('?').slice(1).join('?'));
}

/** @throws InputError */
function hashIn({ path }: HttpCall): string {
  const hash = path.slice(PREFIX.length);
  if (!isKey(hash))
    throw new InputError('a block is at /blocks/HASH: its SHA-256, 64 digits in lower case hex');
  return hash;
}

/** @throws InputError */
function hashesIn(text: string): string[] {
  const { hashes } = jsonObjectIn(text);
  if (!Array.isArray(hashes) || hashes.length > HASHES_MAX)
    throw new InputError(`hashes must be a list of up to ${HASHES_MAX} hashes`);
  return hashes.map((hash: unknown) => {
    if (typeof hash !== 'string' || !isKey(hash))
      throw new InputError('every hash must be a SHA-256 of 64 digits in lower case hex');
    return hash;
  });
}
