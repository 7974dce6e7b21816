import { connect, type LookupFunction, type Socket } from 'node:net';
import { addressOf, connectionFailureText } from '../net/address.js';
import { ResponseReader, type HttpResponse, type ResponsePart } from './responseReader.js';

/** A request up to this size is copied together, which costs less than several writes. */
const ONE_WRITE_BYTES_MAX = 64 * 1024;

/** After this long without traffic the operating system begins to ask whether the other side still exists. */
const PROBE_AFTER_MS = 30_000;

/** A kept connection is not reused in this last part of the time for which the server keeps it. */
const BEFORE_CLOSING_MS = 1_000;

export interface HttpClientOptions {
  /** Whether connections are kept for the next request. @default true */
  readonly keepAlive?: boolean;
  /** Most connections to one server at a time; requests beyond wait for one. @default unlimited */
  readonly maxSockets?: number;
  /** Finds the addresses of a host. @default the system's look-up, anew for each connection */
  readonly lookup?: LookupFunction;
}

/** A request, sent once. */
interface HttpRequest {
  /** @default 'POST' */
  readonly method?: 'GET' | 'POST' | 'PUT';
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** In pieces, which must not change until the request is done. */
  readonly body: readonly Buffer[];
  /** The largest body of the response, by its status. */
  readonly bodyBytesMax: (status: number) => number;
  /** How long the whole may take. @default unlimited */
  readonly timeoutMs?: number | undefined;
  /** How long the response may take to begin. @default unlimited */
  readonly headMs?: number | undefined;
}

/** The error of a request without a response. `code` is the reason:
 *
 * - `ECONNREFUSED`, `ENOTFOUND`, `ECONNRESET` and the like: the error of the operating system or the resolver;
 *   `ECONNRESET` also stands for a connection that closed before the response was complete
 * - `ETIMEDOUT`: no response within the time that the caller gave
 * - `EABORTED`: the caller gave up, or closed the client
 * - `EMSGSIZE`: a response larger than the limit; `status` is its status
 * - `EPROTO`: a response that is not valid HTTP
 * - `EINVAL`: the caller's arguments make no valid request
 */
export class HttpError extends Error {
  override readonly name: string = 'HttpError';

  constructor(
    readonly code: string,
    message: string,
    /** Whether any part of the request may have reached the server. False only when it is known that none did. */
    readonly sent: boolean,
    options?: ErrorOptions,
    /** The HTTP status, when it is the reason. */
    readonly status?: number,
  ) {
    super(message, options);
  }
}

/** Called exactly once, never before `request` or `abort` has returned. */
type HttpDone = (outcome: HttpResponse | HttpError) => void;

/** A request under way. */
export interface HttpExchange {
  /** Ends it with an `EABORTED` error unless it has ended. */
  abort(reason: string): void;
}

/**
 * Sends requests to servers over HTTP/1.1, each on a connection of its own, which is kept for the next one. A request
 * is sent once: a kept connection that turns out to be closed is an error of the request, because only the caller knows
 * whether sending it again is safe.
 */
export class HttpClient {
  private readonly pools = new Map<string, Pool>();
  private readonly open = new Set<Exchange>();
  private isClosed = false;

  constructor(private readonly options: HttpClientOptions = {}) {}

  request(request: HttpRequest, done: HttpDone): HttpExchange {
    const address = addressOf(request);
    let pool = this.pools.get(address);
    if (pool === undefined) {
      pool = new Pool(request.host, request.port, this.options);
      this.pools.set(address, pool);
    }
    const exchange = new Exchange(request, pool, this.options.keepAlive ?? true, (outcome) => {
      this.open.delete(exchange);
      process.nextTick(done, outcome);
    });
    this.open.add(exchange);
    if (this.isClosed) exchange.abort('the client is closed');
    else exchange.start();
    return exchange;
  }

  /** Closes the connections on which no request is under way. */
  closeIdle(): void {
    for (const pool of this.pools.values()) pool.close();
  }

  /** Gives up all requests and closes the connections. Later requests fail with `EABORTED`. */
  close(): void {
    this.isClosed = true;
    for (const exchange of this.open) exchange.abort('the client was closed');
    for (const pool of this.pools.values()) pool.close();
  }
}

/** One request and its response. */
class Exchange implements HttpExchange {
  private readonly reader: ResponseReader;
  private connection: Connection | null = null;
  private timer: NodeJS.Timeout | undefined;
  private headTimer: NodeJS.Timeout | undefined;
  private isOver = false;

  constructor(
    private readonly request: HttpRequest,
    private readonly pool: Pool,
    private readonly keepAlive: boolean,
    private readonly done: HttpDone,
  ) {
    this.reader = new ResponseReader(request.bodyBytesMax);
  }

  start(): void {
    const { timeoutMs, headMs } = this.request;
    const problem = problemOf(this.request);
    if (problem !== null) {
      this.fail('EINVAL', problem);
      return;
    }
    this.timer = this.timerFor(timeoutMs, 'complete response');
    this.headTimer = this.timerFor(headMs, 'response');
    this.pool.use(this);
  }

  /** Sends the request over a connection, be it open or about to be. */
  run(connection: Connection): void {
    this.connection = connection;
    connection.send(this, headOf(this.request, this.keepAlive), this.request.body);
  }

  abort(reason: string): void {
    this.fail('EABORTED', reason);
  }

  received(bytes: Buffer): void {
    this.take(this.reader.add(bytes));
    if (this.reader.hasHead) clearTimeout(this.headTimer);
  }

  /** The connection has failed, or has ended without an error. */
  lost(error?: NodeJS.ErrnoException): void {
    if (error !== undefined) {
      this.fail(error.code ?? 'ECONNRESET', connectionFailureText(error), error);
      return;
    }
    this.take(this.reader.end());
    this.fail('ECONNRESET', 'the connection closed before the response was complete');
  }

  failedToStart(error: unknown): void {
    this.fail('EINVAL', connectionFailureText(error), error);
  }

  private take(reading: ResponsePart): void {
    switch (reading.type) {
      case 'more':
        break;
      case 'response':
        this.settle(reading.response, reading.reusable);
        break;
      case 'too large':
        this.fail(
          'EMSGSIZE',
          `the response is larger than ${this.request.bodyBytesMax(reading.status)} bytes`,
          undefined,
          reading.status,
        );
        break;
      case 'not HTTP':
        this.fail('EPROTO', `the answer is not HTTP: ${reading.reason}`);
        break;
    }
  }

  private timerFor(ms: number | undefined, what: string): NodeJS.Timeout | undefined {
    if (ms === undefined) return undefined;
    return setTimeout(() => this.fail('ETIMEDOUT', `no ${what} within ${ms} ms`), ms);
  }

  private fail(code: string, reason: string, cause?: unknown, status?: number): void {
    // Every exchange ends here once more when its connection is done; an error costs a stack trace.
    if (this.isOver) return;
    const options = cause === undefined ? undefined : { cause };
    const sent = this.connection?.isOpen ?? false;
    this.settle(new HttpError(code, `${addressOf(this.request)}: ${reason}`, sent, options, status), false);
  }

  private settle(outcome: HttpResponse | HttpError, reusable: boolean): void {
    if (this.isOver) return;
    this.isOver = true;
    clearTimeout(this.timer);
    clearTimeout(this.headTimer);
    const { connection } = this;
    if (connection === null) this.pool.forget(this);
    else connection.release(reusable && this.keepAlive, idleMsOf(outcome));
    this.done(outcome);
  }
}

/** The connections to one server. */
class Pool {
  private readonly idle: Connection[] = [];
  private readonly waiting: Exchange[] = [];
  private size = 0;

  constructor(
    private readonly host: string,
    private readonly port: number,
    private readonly options: HttpClientOptions,
  ) {}

  use(exchange: Exchange): void {
    const { maxSockets = Infinity } = this.options;
    const kept = this.takeIdle();
    if (kept !== undefined) exchange.run(kept);
    else if (this.size < maxSockets) this.open(exchange);
    else this.waiting.push(exchange);
  }

  /** An exchange that waits for a connection no longer needs one. */
  forget(exchange: Exchange): void {
    const position = this.waiting.indexOf(exchange);
    if (position >= 0) this.waiting.splice(position, 1);
  }

  /** A connection has completed its exchange, and can be reused. */
  keep(connection: Connection): void {
    const next = this.waiting.shift();
    if (next === undefined) this.idle.push(connection);
    else next.run(connection);
  }

  /** A connection has closed. */
  closed(connection: Connection): void {
    this.size -= 1;
    const position = this.idle.indexOf(connection);
    if (position >= 0) this.idle.splice(position, 1);
    const next = this.waiting.shift();
    if (next !== undefined) this.open(next);
  }

  close(): void {
    for (const connection of [...this.idle]) connection.release(false);
  }

  /** The most recently used idle connection, so that superfluous ones stay idle until they close. */
  private takeIdle(): Connection | undefined {
    for (let kept = this.idle.pop(); kept !== undefined; kept = this.idle.pop()) {
      if (kept.isFresh()) return kept;
      kept.release(false);
    }
    return undefined;
  }

  private open(exchange: Exchange): void {
    const { host, port } = this;
    const { lookup } = this.options;
    let socket: Socket;
    try {
      socket = connect({
        host,
        port,
        noDelay: true,
        keepAlive: true,
        keepAliveInitialDelay: PROBE_AFTER_MS,
        ...(lookup === undefined ? {} : { lookup }),
      });
    } catch (error) {
      exchange.failedToStart(error);
      return;
    }
    this.size += 1;
    exchange.run(new Connection(socket, this));
  }
}

/** A connection, and the exchange that it carries. */
class Connection {
  /** Whether it was ever established: only then may written bytes have reached the server. */
  isOpen = false;
  private exchange: Exchange | null = null;
  /** Until when a kept connection may be used. */
  private freshUntil = Infinity;

  constructor(
    private readonly socket: Socket,
    private readonly pool: Pool,
  ) {
    let failure: NodeJS.ErrnoException | undefined;
    socket.on('connect', () => (this.isOpen = true));
    socket.on('data', (bytes) => {
      // Bytes without a request belong to no exchange.
      if (this.exchange === null) socket.destroy();
      else this.exchange.received(bytes);
    });
    socket.on('error', (error) => (failure = error));
    socket.on('end', () => {
      if (this.exchange === null) socket.destroy();
      else this.exchange.lost();
    });
    socket.on('close', () => {
      pool.closed(this);
      this.exchange?.lost(failure);
    });
  }

  send(exchange: Exchange, head: string, body: readonly Buffer[]): void {
    const { socket } = this;
    this.exchange = exchange;
    socket.ref();
    let length = 0;
    for (const piece of body) length += piece.length;
    const first = Buffer.from(`${head}Content-Length: ${length}\r\n\r\n`, 'latin1');
    if (length <= ONE_WRITE_BYTES_MAX) {
      socket.write(Buffer.concat([first, ...body], first.length + length));
      return;
    }
    socket.cork();
    for (const piece of [first, ...body]) socket.write(piece);
    socket.uncork();
  }

  isFresh(): boolean {
    return !this.socket.destroyed && performance.now() < this.freshUntil;
  }

  /** The exchange has ended: the connection is kept for `idleMs` for the next one, or closed. */
  release(isReusable: boolean, idleMs = Infinity): void {
    const { socket } = this;
    this.exchange = null;
    // A server that answered before it had the whole request reads the rest of it, if at all, as the next one.
    if (!isReusable || socket.destroyed || socket.writableLength > 0) {
      socket.destroy();
      return;
    }
    this.freshUntil = performance.now() + idleMs;
    // An idle connection does not keep the process alive.
    socket.unref();
    this.pool.keep(this);
  }
}

/** How long the server keeps the connection, less a safety margin. */
function idleMsOf(outcome: HttpResponse | HttpError): number {
  if (outcome instanceof HttpError) return 0;
  const seconds = /\btimeout=(\d{1,9})/.exec(outcome.headers['keep-alive'] ?? '')?.[1];
  return seconds === undefined ? Infinity : Number(seconds) * 1000 - BEFORE_CLOSING_MS;
}

/** All of the head but the length of the body. */
function headOf({ method = 'POST', host, port, path, headers }: HttpRequest, keepAlive: boolean): string {
  let text = `${method} ${path} HTTP/1.1\r\nHost: ${addressOf({ host, port })}\r\n`;
  for (const name in headers) text += `${name}: ${headers[name] ?? ''}\r\n`;
  return keepAlive ? text : `${text}Connection: close\r\n`;
}

/** Why these arguments make no valid request, or null. */
function problemOf({ path, headers }: HttpRequest): string | null {
  if (!/^\/[\x21-\x7e]*$/.test(path)) return `the path ${JSON.stringify(path)} is not one of a URL`;
  for (const name in headers)
    if (!/^[\w-]+$/.test(name) || !/^[\x20-\x7e]*$/.test(headers[name] ?? ''))
      return `the header ${JSON.stringify(name)} is not one of HTTP`;
  return null;
}
