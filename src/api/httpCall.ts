import type { ServerReply, ServerRequest } from '../http/message.js';
import { codingOf, readRequestBody } from '../xmlrpc/body.js';
import { receivingBytes } from '../xmlrpc/byteBudget.js';
import { onSocketClose } from '../xmlrpc/hangUp.js';
import { noRoom, refuse, tooLarge, unknownCoding } from '../xmlrpc/refusal.js';
import type { RequestId } from '../stateMachine/command.js';
import type { Caller } from './caller.js';
import { requestIdFromHeader } from './requestId.js';

const TEXT = 'text/plain; charset=utf-8';
const JSON_TYPE = 'application/json';

/** A body up to this size is copied together, which costs less than several writes. */
const ONE_WRITE_BYTES_MAX = 64 * 1024;

/** One HTTP request of the key/value surfaces and its answer. */
export class HttpCall implements Caller {
  constructor(
    readonly request: ServerRequest,
    private readonly response: ServerReply,
  ) {
    // A connection that breaks is noticed by its closing.
    request.on('error', ignore);
    response.on('error', ignore);
  }

  /** What the header Idempotency-Key names, if it is there. @throws InputError */
  get requestId(): RequestId | undefined {
    const header = this.request.headers['idempotency-key'];
    return header === undefined ? undefined : requestIdFromHeader(String(header));
  }

  /** Nothing is called when the client has its answer. */
  onHangUp(listener: () => void): void {
    const { socket } = this.request;
    if (socket.destroyed) {
      listener();
      return;
    }
    // The response's own 'close' would come first when the client hangs up, and take the listener away.
    this.response.once('finish', onSocketClose(socket, listener));
  }

  /**
   * Reads a JSON body and hands over its text; a body that is too large, compressed in an unknown way, of another type or not UTF-8 is
   * answered here.
   */
  readJson(bodyBytesMax: number, done: (text: string) => void): void {
    const { headers } = this.request;
    const type = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
    if (type !== undefined && type !== JSON_TYPE) {
      this.refuseType(`The body must be of Content-Type ${JSON_TYPE}, not ${type}.`);
      return;
    }
    if (codingOf(this.request) === undefined) {
      refuse(this.request, this.response, unknownCoding(this.request));
      return;
    }
    if (Number(headers['content-length'] ?? 0) > bodyBytesMax) {
      refuse(this.request, this.response, tooLarge(bodyBytesMax));
      return;
    }
    readRequestBody(this.request, bodyBytesMax, receivingBytes, (body) => {
      if (body === 'too large' || body === 'no room') {
        refuse(this.request, this.response, body === 'no room' ? noRoom : tooLarge(bodyBytesMax));
        return;
      }
      if (body === 'not inflatable') {
        this.text(400, 'The body is not compressed as its Content-Encoding says.');
        return;
      }
      const text = textOf(body);
      if (text === undefined) this.text(400, 'The body is not UTF-8.');
      else done(text);
    });
  }

  nothing(): void {
    this.response.writeHead(204).end();
  }

  json(status: number, value: unknown): void {
    this.send(status, JSON_TYPE, `${JSON.stringify(value)}\n`);
  }

  /** A body of JSON that is made already, and perhaps shared with others. */
  jsonInPieces(status: number, pieces: readonly (string | Uint8Array)[]): void {
    const length = pieces.reduce((sum, piece) => sum + Buffer.byteLength(piece), 0);
    if (length <= ONE_WRITE_BYTES_MAX) {
      this.send(
        status,
        JSON_TYPE,
        Buffer.concat(pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece))),
      );
      return;
    }
    this.writeHead(status, JSON_TYPE, length);
    for (const piece of pieces) this.response.write(piece);
    this.response.end();
  }

  text(status: number, line: string, headers: Readonly<Record<string, string>> = {}): void {
    this.send(status, TEXT, `${line}\n`, headers);
  }

  private refuseType(reason: string): void {
    refuse(this.request, this.response, { status: 415, reason });
  }

  private send(
    status: number,
    contentType: string,
    body: string | Uint8Array,
    headers: Readonly<Record<string, string>> = {},
  ): void {
    this.writeHead(status, contentType, Buffer.byteLength(body), headers);
    this.response.end(body);
  }

  private writeHead(
    status: number,
    contentType: string,
    length: number,
    headers: Readonly<Record<string, string>> = {},
  ): void {
    // A body that nobody looked at must not be taken for the next request.
    this.request.resume();
    this.response.writeHead(status, {
      ...headers,
      'Content-Type': contentType,
      'Content-Length': length,
      'Cache-Control': 'no-store',
    });
  }
}

function textOf(body: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return undefined;
  }
}

function ignore(): void {
  // Deliberately nothing.
}
