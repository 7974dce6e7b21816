import type { OutgoingHttpHeaders } from 'node:http';
import { codingOf, readRequestBody } from './body.js';
import { receivingBytes, type ByteBudget } from './byteBudget.js';
import { ClientCall, type CallEvents } from './clientCall.js';
import { gzipped } from './gzip.js';
import type { ServerReply, ServerRequest } from './message.js';
import { openReplies } from './openReplies.js';
import { sliceQueue } from './sliceQueue.js';
import { noRoom, tooLarge, unknownCoding, type Refusal } from './refusal.js';

const TEXT = 'text/plain; charset=utf-8';

/**
 * Bytes of a refused body that are read and discarded, so that a client that sends first and reads later sees the
 * reason.
 */
const DISCARD_BYTES_MAX = 64 * 1024 * 1024;
const DISCARD_MS_MAX = 10_000;
/** Pieces up to this size together are copied, which costs less than several writes. */
const COPIED_BYTES_MAX = 16 * 1024;
/** Long bodies are written in slices of about this size. */
const SLICE_BYTES = 64 * 1024;

/** The limits of a body. */
interface BodyLimits {
  readonly bytesMax: number;
  /** Holds the bodies that have not come completely. @default the one of this process */
  readonly receiving?: ByteBudget | undefined;
}

/** One HTTP request and its answer, for every surface that HTTP carries. */
export class HttpCall extends ClientCall {
  constructor(
    readonly request: ServerRequest,
    readonly reply: ServerReply,
    events: CallEvents,
  ) {
    super(request.socket, events);
    // A connection that breaks is noticed by its closing.
    request.on('error', ignore);
    reply.on('error', ignore);
  }

  /** Whether the request only reads: GET or HEAD. */
  get isRead(): boolean {
    return this.request.method === 'GET' || this.request.method === 'HEAD';
  }

  /** The path as it was sent, without the query; its percent signs are not decoded. */
  get path(): string {
    return this.request.url?.split('?', 1)[0] ?? '/';
  }

  /** Whether an answer would reach nobody. */
  get isGone(): boolean {
    return this.connection.destroyed;
  }

  /**
   * Reads the body and hands it over once. One that is too large, or compressed in an unknown way, is refused here;
   * nothing is called when the client goes away first.
   */
  readBody({ bytesMax, receiving }: BodyLimits, done: (body: Buffer | 'not inflatable') => void): void {
    const { headers } = this.request;
    if (codingOf(this.request) === undefined) this.refuse(unknownCoding(headers['content-encoding']));
    else if (Number(headers['content-length'] ?? 0) > bytesMax) this.refuse(tooLarge(bytesMax));
    else
      readRequestBody(this.request, bytesMax, receiving ?? receivingBytes, (body) => {
        if (body === 'too large') this.refuse(tooLarge(bytesMax));
        else if (body === 'no room') this.refuse(noRoom);
        else done(body);
      });
  }

  /** Answers with one line for a person. */
  text(status: number, line: string, headers: OutgoingHttpHeaders = {}): void {
    this.send(status, TEXT, `${line}\n`, headers);
  }

  /** Answers without a body: with success, or that the client has the body already. */
  nothing(headers: OutgoingHttpHeaders = {}, status: 204 | 304 = 204): void {
    this.answered(String(status));
    this.reply.writeHead(status, headers);
    this.reply.end();
  }

  /** Answers with this body, in one write. */
  send(
    status: number,
    contentType: string,
    body: string | Uint8Array,
    headers: OutgoingHttpHeaders = {},
  ): void {
    this.writeHead(status, contentType, Buffer.byteLength(body), headers);
    this.reply.end(body);
  }

  /**
   * Answers with the body that the pieces make together, as fast as the client reads it, and no faster than other work
   * allows.
   * @param pieces must not change from now on
   * @param shared whether other replies hold the same pieces: then it is worth compressing them for clients that ask
   * @returns false when clients have left too much unread; then nothing is sent
   */
  sendPieces(
    status: number,
    contentType: string,
    pieces: readonly Uint8Array[],
    shared = false,
    headers: OutgoingHttpHeaders = {},
  ): boolean {
    if (lengthOf(pieces) <= COPIED_BYTES_MAX) {
      this.send(
        status,
        contentType,
        pieces.length === 1 ? (pieces[0] ?? '') : Buffer.concat(pieces),
        headers,
      );
      return true;
    }
    // The end of such a reply could not be observed.
    if (this.isGone) return true;
    const release = openReplies.open(pieces);
    if (release === null) return false;
    this.reply.once('close', release);
    if (shared && this.acceptsGzip()) {
      gzipped(pieces).then(
        (stream) => this.writePieces(status, contentType, stream, { 'Content-Encoding': 'gzip' }),
        () => this.writePieces(status, contentType, pieces),
      );
    } else this.writePieces(status, contentType, pieces, headers);
    return true;
  }

  /**
   * Answers with the reason as plain text and closes the connection. The whole answer is written at once; the
   * connection stays open until the client has sent the rest, so that it is not reset before it reads the answer, but
   * no longer than a bounded time and for a bounded number of bytes.
   */
  refuse({ status, reason }: Refusal, headers: OutgoingHttpHeaders = {}): void {
    const { request, reply } = this;
    const text = Buffer.from(`${reason}\n`);
    this.answered(String(status));
    reply.writeHead(status, {
      'Content-Type': TEXT,
      'Content-Length': text.length,
      Connection: 'close',
      ...headers,
    });
    reply.write(text);
    if (request.readableEnded) {
      reply.end();
      return;
    }
    const giveUp = setTimeout(() => request.destroy(), DISCARD_MS_MAX);
    let discarded = 0;
    request.on('data', (chunk: Buffer) => {
      discarded += chunk.length;
      if (discarded > DISCARD_BYTES_MAX) request.destroy();
    });
    request.once('end', () => reply.end());
    request.once('close', () => clearTimeout(giveUp));
  }

  private writePieces(
    status: number,
    contentType: string,
    pieces: readonly Uint8Array[],
    headers: OutgoingHttpHeaders = {},
  ): void {
    if (this.isGone) return;
    const length = lengthOf(pieces);
    this.writeHead(status, contentType, length, headers);
    writeInSlices(this.reply, pieces, length);
  }

  private writeHead(
    status: number,
    contentType: string,
    length: number,
    headers: OutgoingHttpHeaders = {},
  ): void {
    this.answered(String(status));
    // A body that was not read must not be taken for the next request.
    this.request.resume();
    this.reply.writeHead(status, {
      ...(this.isRead ? { 'Cache-Control': 'no-store' } : {}),
      ...headers,
      'Content-Type': contentType,
      'Content-Length': length,
    });
  }

  private acceptsGzip(): boolean {
    const accepted = this.request.headers['accept-encoding'] ?? [];
    return [accepted]
      .flat()
      .flatMap((codings) => codings.toLowerCase().split(','))
      .some((coding) => /^\s*gzip\s*(;\s*q=(1(\.0*)?|0\.\d*[1-9]\d*)\s*)?$/.test(coding));
  }
}

/** A slice is one write to the system, which copies it, and on a loopback connection delivers it, too. */
function writeInSlices(reply: ServerReply, pieces: readonly Uint8Array[], length: number): void {
  let next = 0;
  const slice = (): boolean => {
    if (reply.destroyed) return false;
    let bytes = 0;
    let hasRoom = true;
    reply.cork();
    for (; next < pieces.length && bytes < SLICE_BYTES; next += 1) {
      const piece = pieces[next] ?? Buffer.alloc(0);
      bytes += piece.length;
      hasRoom = reply.write(piece);
    }
    if (next === pieces.length) reply.end();
    reply.uncork();
    if (next === pieces.length) return false;
    if (hasRoom) return true;
    awaitDrain(reply, () => sliceQueue.add(slice));
    return false;
  };
  // Making the pieces may have used up this turn's share of time.
  if (length <= SLICE_BYTES) slice();
  else sliceQueue.add(slice);
}

function awaitDrain(reply: ServerReply, resume: () => void): void {
  const settle = (): void => {
    reply.off('drain', drained);
    reply.off('close', settle);
  };
  const drained = (): void => {
    settle();
    resume();
  };
  reply.on('drain', drained);
  reply.on('close', settle);
}

function lengthOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}

function ignore(): void {
  // Deliberately nothing.
}
