import { EventEmitter } from 'node:events';
import { STATUS_CODES, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import type { ServerReply, ServerRequest } from './message.js';
import { readHead, type RequestHead } from './requestHead.js';

/** A request of more bytes is left to node:http, which reads it within the limits for bodies. */
const REQUEST_BYTES_MAX = 128 * 1024;

/** A request that is not complete after this long is left to node:http, with its limits for slow ones. */
const PATIENCE_MS = 100;

/** The beginning of a body that is copied behind its head, which costs less than to write both. */
const COPIED_BYTES_MAX = 4 * 1024;

interface FastPathOptions {
  /** Answers a request. Must not throw. */
  readonly serve: (request: ServerRequest, reply: ServerReply) => void;
  /** An idle connection is kept this long, in milliseconds. */
  readonly keepAliveMs: number;
  /** A client that reads nothing of its answer for this long is cut off, in milliseconds. */
  readonly unreadMs: number;
}

/**
 * Serves requests of the usual shape on the raw socket: node:http takes twice the time for one. A connection on which
 * anything else comes is handed to node:http, with the bytes put back, and stays there.
 *
 * The requests of a connection are served one after another, in their order.
 */
export class FastPath {
  private readonly connections = new Set<FastConnection>();
  private isClosing = false;

  constructor(private readonly options: FastPathOptions) {}

  /** @param held the bytes that have arrived over the connection
   * @param leave makes node:http listen to the connection; called once at most
   */
  accept(socket: Socket, held: Buffer, leave: () => void): void {
    const connection = new FastConnection(socket, this.options, () => {
      this.connections.delete(connection);
      leave();
    });
    this.connections.add(connection);
    socket.once('close', () => this.connections.delete(connection));
    if (this.isClosing) connection.close();
    connection.take(held);
  }

  /** Closes the connections on which no call is under way. */
  closeIdle(): void {
    for (const connection of this.connections) connection.closeIfIdle();
  }

  /** Ends idle connections at once, and each of the others after its answer. */
  close(): void {
    this.isClosing = true;
    for (const connection of this.connections) connection.close();
  }

  /** Cuts all connections. */
  cut(): void {
    for (const connection of this.connections) connection.cut();
  }
}

class FastConnection {
  /** Bytes that have come and are not served yet. */
  private held: Buffer = Buffer.alloc(0);
  private reply: FastReply | null = null;
  private isClosing = false;
  private idleSince = performance.now();
  private patience: NodeJS.Timeout | undefined;

  constructor(
    private readonly socket: Socket,
    private readonly options: FastPathOptions,
    private readonly leave: () => void,
  ) {
    socket.on('data', this.take).on('end', this.onEnd).on('close', this.onClose).on('drain', this.onDrain);
    socket.setTimeout(options.unreadMs);
    socket.on('timeout', this.onTimeout);
  }

  readonly take = (bytes: Buffer): void => {
    this.held = this.held.length === 0 ? bytes : Buffer.concat([this.held, bytes]);
    if (this.reply === null) this.next();
    // A client that keeps sending without reading its answers has to wait.
    else if (this.held.length > REQUEST_BYTES_MAX) this.socket.pause();
  };

  closeIfIdle(): void {
    if (this.isWaiting && this.socket.writableLength === 0) this.socket.destroy();
  }

  close(): void {
    this.isClosing = true;
    this.closeIfIdle();
    // The rest of the last answer leaves first.
    if (this.isWaiting) this.socket.end();
  }

  /** Whether every request that arrived has been answered. */
  private get isWaiting(): boolean {
    return this.reply === null && this.held.length === 0;
  }

  cut(): void {
    this.socket.destroy();
  }

  /** Serves the next request if it is here. */
  private next(): void {
    if (this.held.length === 0) return;
    const head = readHead(this.held);
    if (head === 'unusual' || (head?.bodyBytes ?? 0) > REQUEST_BYTES_MAX) {
      this.handOver();
      return;
    }
    if (head === null || this.held.length < head.bodyFrom + head.bodyBytes) {
      this.patience ??= setTimeout(() => this.handOver(), PATIENCE_MS);
      return;
    }
    clearTimeout(this.patience);
    this.patience = undefined;
    this.serve(head);
  }

  private serve(head: RequestHead): void {
    const end = head.bodyFrom + head.bodyBytes;
    const body = this.held.subarray(head.bodyFrom, end);
    this.held = this.held.subarray(end);
    const reply = new FastReply(this.socket, this.isClosing, this.options.keepAliveMs, this.onAnswered);
    this.reply = reply;
    this.options.serve(new FastRequest(head, body, this.socket), reply);
  }

  private readonly onAnswered = (isLast: boolean): void => {
    this.reply = null;
    this.idleSince = performance.now();
    if (isLast || this.isClosing) {
      this.held = Buffer.alloc(0);
      this.socket.end();
      return;
    }
    if (this.socket.isPaused()) this.socket.resume();
    // Not from within the answer: a client may have sent thousands of requests.
    if (this.held.length > 0) process.nextTick(() => this.reply === null && this.next());
  };

  private handOver(): void {
    const { socket, held } = this;
    clearTimeout(this.patience);
    socket
      .off('data', this.take)
      .off('end', this.onEnd)
      .off('close', this.onClose)
      .off('drain', this.onDrain);
    socket.off('timeout', this.onTimeout);
    socket.setTimeout(0);
    this.leave();
    if (!socket.destroyed) socket.emit('data', held);
  }

  /** A client that ends its side is gone, as for node:http, which also explains the error in half a request. */
  private readonly onEnd = (): void => {
    if (this.isWaiting || this.reply !== null) this.socket.end();
    else {
      this.handOver();
      this.socket.emit('end');
    }
  };

  private readonly onClose = (): void => {
    clearTimeout(this.patience);
    this.reply?.closed();
  };

  private readonly onDrain = (): void => {
    this.reply?.emit('drain');
  };

  private readonly onTimeout = (): void => {
    const { socket, options } = this;
    const isIdle = this.reply === null && performance.now() - this.idleSince >= options.keepAliveMs;
    if (isIdle || socket.writableLength > 0) socket.destroy();
    else socket.setTimeout(options.unreadMs);
  };
}

/** A request that has arrived completely. */
class FastRequest implements ServerRequest {
  readonly method: string;
  url: string;
  readonly headers: IncomingHttpHeaders;
  readonly readableEnded = true;

  constructor(
    { method, url, headers }: RequestHead,
    readonly wholeBody: Buffer,
    readonly socket: Socket,
  ) {
    this.method = method;
    this.url = url;
    this.headers = headers;
  }

  on(): this {
    return this;
  }

  once(): this {
    return this;
  }

  off(): this {
    return this;
  }

  resume(): this {
    return this;
  }

  destroy(): this {
    this.socket.destroy();
    return this;
  }
}

/** The answer to one request. Its head leaves together with the first of its body. */
class FastReply extends EventEmitter implements ServerReply {
  statusCode = 200;
  headersSent = false;
  writableFinished = false;
  private headers: OutgoingHttpHeaders = {};
  private isLast: boolean;
  private isEnded = false;
  private isClosed = false;

  constructor(
    private readonly socket: Socket,
    isLast: boolean,
    private readonly keepAliveMs: number,
    private readonly onAnswered: (isLast: boolean) => void,
  ) {
    super();
    this.isLast = isLast;
  }

  get destroyed(): boolean {
    return this.isClosed || this.socket.destroyed;
  }

  writeHead(status: number, headers: OutgoingHttpHeaders = {}): this {
    this.statusCode = status;
    this.headers = headers;
    return this;
  }

  write(chunk: string | Uint8Array): boolean {
    if (this.destroyed) return false;
    if (this.headersSent) return this.socket.write(chunk);
    // Without a length the body ends with the connection.
    if (this.headers['Content-Length'] === undefined) this.isLast = true;
    if (chunk.length <= COPIED_BYTES_MAX) return this.socket.write(this.withHead(chunk));
    this.socket.write(this.withHead(''));
    return this.socket.write(chunk);
  }

  end(chunk: string | Uint8Array = ''): this {
    if (this.isEnded) return this;
    this.isEnded = true;
    if (this.destroyed) return this;
    if (this.headersSent) this.socket.write(chunk, this.onWritten);
    else {
      if (this.headers['Content-Length'] === undefined && this.statusCode !== 204 && this.statusCode !== 304)
        this.headers = { ...this.headers, 'Content-Length': Buffer.byteLength(chunk) };
      this.socket.write(this.withHead(chunk), this.onWritten);
    }
    this.onAnswered(this.isLast);
    return this;
  }

  cork(): void {
    this.socket.cork();
  }

  uncork(): void {
    this.socket.uncork();
  }

  /** The connection is gone. */
  closed(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.emit('close');
  }

  private readonly onWritten = (error?: Error | null): void => {
    if (!(error instanceof Error) && !this.isClosed) {
      this.writableFinished = true;
      this.emit('finish');
    }
    this.closed();
  };

  private withHead(chunk: string | Uint8Array): Uint8Array | string {
    this.headersSent = true;
    let head = `HTTP/1.1 ${this.statusCode} ${STATUS_CODES[this.statusCode] ?? ''}\r\n`;
    for (const name in this.headers) {
      if (name === 'Connection') this.isLast ||= this.headers[name] === 'close';
      else head += `${name}: ${String(this.headers[name])}\r\n`;
    }
    head += `Date: ${dateText()}\r\n`;
    head += this.isLast
      ? 'Connection: close\r\n\r\n'
      : `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(this.keepAliveMs / 1000)}\r\n\r\n`;
    if (typeof chunk === 'string') return head + chunk;
    const bytes = Buffer.allocUnsafe(head.length + chunk.length);
    bytes.write(head, 0, 'latin1');
    bytes.set(chunk, head.length);
    return bytes;
  }
}

let dateSecond = 0;
let dateNow = '';

/** The time in the format of HTTP, formatted once a second. */
function dateText(): string {
  const second = Math.floor(Date.now() / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateNow = new Date(second * 1000).toUTCString();
  }
  return dateNow;
}
