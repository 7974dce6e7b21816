import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** The client may read its answer for this long before the connection is cut, in milliseconds. */
const GRACE_MS = 1_000;

interface Answer {
  readonly status: number;
  /** One sentence for a person. */
  readonly reason: string;
}

/** Answers requests that the HTTP parser cannot read with one sentence, and closes the connection. */
export class UnreadableRequests {
  /** The responses of each connection that are not complete. */
  private readonly responses = new WeakMap<Duplex, Set<ServerResponse>>();
  private readonly answered = new WeakSet<Duplex>();

  /** Tracks every response, so that no answer is written into the middle of another. */
  watch({ socket }: IncomingMessage, response: ServerResponse): void {
    const present = this.responses.get(socket) ?? new Set();
    this.responses.set(socket, present.add(response));
    response.once('close', () => present.delete(response));
  }

  /** A listener of the server's event `clientError`. */
  answer(error: Error & { readonly code?: unknown }, socket: Duplex): void {
    // The parser complains of every further piece; the connection has its end already.
    if (this.answered.has(socket)) return;
    const hasBegun = [...(this.responses.get(socket) ?? [])].some(({ headersSent }) => headersSent);
    if (!socket.writable || hasBegun || error.code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    this.answered.add(socket);
    // A connection that is cut at once is reset before the client has read why.
    const giveUp = setTimeout(() => socket.destroy(), GRACE_MS);
    socket.once('close', () => clearTimeout(giveUp));
    socket.once('end', () => socket.destroy());
    socket.end(messageOf(answerTo(error.code)));
  }
}

function answerTo(code: unknown): Answer {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return { status: 431, reason: 'The head of the request is too large; send fewer or shorter headers.' };
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return { status: 413, reason: 'The chunk extensions of the request are too large; send none.' };
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { status: 408, reason: 'The request took too long to arrive; send it again without pauses.' };
    default:
      return {
        status: 400,
        reason: 'This is not a request in HTTP/1.1; GET / tells how to call this server.',
      };
  }
}

function messageOf({ status, reason }: Answer): string {
  const body = `${reason}\n`;
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}
