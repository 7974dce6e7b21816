import type { ServerReply, ServerRequest } from '../http/message.js';
import { codingOf } from './body.js';

/** How much of a refused body is read and thrown away, so that a client that sends first and reads later sees why. */
const DISCARD_BYTES_MAX = 16 * 1024 * 1024;
const DISCARD_MS_MAX = 5_000;

/** Why a request is not read as XML-RPC at all. */
export interface Refusal {
  readonly status: 400 | 403 | 405 | 413 | 415 | 503;
  /** One sentence for a person. */
  readonly reason: string;
}

/** The refusal of a body that is larger than the limit, in bytes. */
export function tooLarge(bodyBytesMax: number): Refusal {
  return {
    status: 413,
    reason: `The request body is larger than the ${bodyBytesMax} bytes that are allowed.`,
  };
}

/** The refusal of a body for which there is no room beside all the others that are on their way. */
export const noRoom: Refusal = {
  status: 503,
  reason: 'The server holds too many unfinished requests, and this one took the longest; send it again.',
};

/** The refusal of a body that is compressed in a way that this server does not know. */
export function unknownCoding({ headers }: ServerRequest): Refusal {
  const coding = String(headers['content-encoding']).slice(0, 40);
  return {
    status: 415,
    reason: `The request body is compressed as ${coding}; use gzip, deflate or nothing.`,
  };
}

/** What the head of a request alone makes us refuse. */
export function refusalOfHead(request: ServerRequest, bodyBytesMax: number): Refusal | undefined {
  if (request.method !== 'POST') return { status: 405, reason: 'XML-RPC calls are made with POST.' };
  if (codingOf(request) === undefined) return unknownCoding(request);
  return Number(request.headers['content-length'] ?? 0) > bodyBytesMax ? tooLarge(bodyBytesMax) : undefined;
}

/**
 * Answers with the reason as plain text and closes the connection. The whole answer is written at once; the connection
 * stays open until the client has sent the rest, so that it is not reset before it reads the answer, but no longer than
 * a bounded time and for a bounded number of bytes.
 */
export function refuse(request: ServerRequest, response: ServerReply, refusal: Refusal): void {
  const text = Buffer.from(`${refusal.reason}\n`);
  response.writeHead(refusal.status, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': text.length,
    Connection: 'close',
    ...(refusal.status === 405 ? { Allow: 'POST' } : {}),
  });
  response.write(text);
  if (request.readableEnded) {
    response.end();
    return;
  }
  const giveUp = setTimeout(() => request.destroy(), DISCARD_MS_MAX);
  let discarded = 0;
  request.on('data', (chunk: Buffer) => {
    discarded += chunk.length;
    if (discarded > DISCARD_BYTES_MAX) request.destroy();
  });
  request.once('end', () => response.end());
  request.once('close', () => clearTimeout(giveUp));
}
