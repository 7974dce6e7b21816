import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIP, type Socket } from 'node:net';
import type { ServerReply, ServerRequest } from '../http/message.js';
import { errorTable } from '../node/errors.js';
import { noCallEvents } from '../http/clientCall.js';
import { FastPath } from '../http/fastPath.js';
import { HttpCall } from '../http/httpCall.js';
import { handleXmlRpc, serializeFault } from '../xmlrpc/index.js';
import {
  ConnectionLimit,
  NO_CONNECTION_LIMITS,
  TOO_MANY_CONNECTIONS,
  type ConnectionLimits,
} from './connectionLimit.js';
import { misdirected } from './misdirected.js';
import { servePage } from './pages.js';
import { ProtocolSwitch, type SwitchTimeouts } from './protocolSwitch.js';
import type { Surfaces } from './surfaces.js';
import { UnreadableRequests } from './unreadableRequests.js';

/**
 * How long a client may take to send the head of a request, and the whole of it. A call that waits for its answer is
 * not cut.
 */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** An idle connection is kept this long: peers and clients come back to it. */
const KEEP_ALIVE_MS = 300_000;
/** After this long without traffic the operating system begins to ask whether the other side still exists. */
const PROBE_AFTER_MS = 30_000;
/** On closing, answers to waiting calls get this long to leave before connections are cut. */
const CLOSE_GRACE_MS = 1_000;
const SWEEP_MS = 10;
const NOTHING_HERE =
  'Nothing lives here. GET / tells what does: the dashboard at /ui/, XML-RPC calls by POST at /RPC2 (or /), keys at /keys/KEY, ' +
  'JSON messages by POST at /messages, the status at /admin/status.';
const SWITCH_TIMEOUTS: SwitchTimeouts = {
  // Somebody types.
  firstByteMs: 60_000,
  lineIdleMs: KEEP_ALIVE_MS,
  quietMs: 100,
  unreadMs: 60_000,
  discardMs: 5_000,
};

/** The port cannot be listened on; the message is for the person at the terminal. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

/** One listener for all surfaces: routes requests by path, and holds the limits that every surface shares. */
export class HttpFront {
  private readonly servers: Server[] = [];
  private readonly protocolSwitch: ProtocolSwitch;
  private readonly connections: ConnectionLimit;
  private readonly unreadable = new UnreadableRequests();
  private readonly fastPath: FastPath;

  /** How many requests of a connection are not answered completely. */
  private readonly open = new WeakMap<Socket, number>();

  /**
   * @param surfaces what it serves; POSTs to `/` are XML-RPC calls also when there is a page
   * @param timeouts for tests
   * @param limits how many connections it may have; without limits unless said otherwise
   */
  constructor(
    private readonly surfaces: Surfaces,
    private readonly timeouts: Partial<SwitchTimeouts> = {},
    limits: ConnectionLimits = NO_CONNECTION_LIMITS,
  ) {
    this.connections = new ConnectionLimit(limits, () => {
      for (const server of this.servers) server.closeIdleConnections();
      this.fastPath.closeIdle();
    });
    this.fastPath = new FastPath({
      serve: this.route,
      keepAliveMs: KEEP_ALIVE_MS,
      unreadMs: timeouts.unreadMs ?? SWITCH_TIMEOUTS.unreadMs,
    });
    this.protocolSwitch = new ProtocolSwitch(
      surfaces.lines,
      { ...SWITCH_TIMEOUTS, ...timeouts },
      this.fastPath,
      (socket) => this.connections.admits(socket),
      surfaces.events,
    );
  }

  /**
   * Listens on every address that `host` stands for.
   *
   * @param bind the address to listen on instead
   * @throws ListenError when the port is in use or the address is not this machine's
   */
  async listen(host: string, port: number, bind?: string): Promise<void> {
    const addresses = bind === undefined ? addressesFor(host) : addressesOf(bind);
    for (const { address, optional } of addresses) {
      try {
        this.servers.push(await this.listenOn(address, port));
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code ?? '';
        if (optional && (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT')) continue;
        await this.close();
        throw new ListenError(`cannot listen on ${address} port ${port}: ${reasons[code] ?? String(error)}`);
      }
    }
    if (this.servers.length === 0) throw new ListenError(`cannot listen on ${host} port ${port}`);
  }

  /** Refuses new connections, lets answers leave, and cuts the remaining connections after `CLOSE_GRACE_MS`. */
  async close(): Promise<void> {
    const cut = setTimeout(() => {
      for (const server of this.servers) server.closeAllConnections();
      this.protocolSwitch.cut();
      this.fastPath.cut();
    }, CLOSE_GRACE_MS);
    // A connection whose answer has just left is idle now, and would be kept for the next request.
    const sweep = setInterval(() => {
      for (const server of this.servers) server.closeIdleConnections();
    }, SWEEP_MS);
    this.protocolSwitch.close();
    this.fastPath.close();
    await Promise.all(this.servers.map(closed));
    clearTimeout(cut);
    clearInterval(sweep);
  }

  private listenOn(address: string, port: number): Promise<Server> {
    const server = createServer(
      {
        keepAliveTimeout: KEEP_ALIVE_MS,
        headersTimeout: HEADERS_TIMEOUT_MS,
        requestTimeout: REQUEST_TIMEOUT_MS,
        connectionsCheckingInterval: 1_000,
        noDelay: true,
        keepAlive: true,
        keepAliveInitialDelay: PROBE_AFTER_MS,
      },
      this.serveUnusual,
    );
    server.on('clientError', (error, socket) => this.unreadable.answer(error, socket));
    server.setTimeout(this.timeouts.unreadMs ?? SWITCH_TIMEOUTS.unreadMs, (socket) =>
      this.cutIfUnread(socket),
    );
    this.protocolSwitch.attachTo(server);
    server.prependListener('connection', (socket: Socket) => this.connections.enter(socket));
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: address, port, ipv6Only: true }, () => {
        server.off('error', reject);
        server.on('error', ignore);
        resolve(server);
      });
    });
  }

  /**
   * Cuts an inactive connection that is idle or whose client leaves an answer unread. Waiting calls are not limited.
   */
  private cutIfUnread(socket: Socket): void {
    const waits = (this.open.get(socket) ?? 0) > 0;
    if (!waits || socket.writableLength > 0) socket.destroy();
  }

  /** A request that came by way of node:http. */
  private readonly serveUnusual = (request: IncomingMessage, response: ServerResponse): void => {
    this.unreadable.watch(request, response);
    const { socket } = request;
    this.open.set(socket, (this.open.get(socket) ?? 0) + 1);
    response.once('close', () => this.open.set(socket, (this.open.get(socket) ?? 1) - 1));
    this.route(request, response);
  };

  private readonly route = (request: ServerRequest, response: ServerReply): void => {
    request.url = withoutAuthority(request.url ?? '/');
    const { xmlrpc, routes, pages, events = noCallEvents } = this.surfaces;
    const call = new HttpCall(request, response, events);
    const { path } = call;
    if (!this.connections.admitsRequest(request)) {
      refuseConnection(call);
      return;
    }
    const refusal = misdirected(request, path);
    if (refusal !== undefined) {
      call.refuse(refusal);
      return;
    }
    const isXmlRpc = path === '/RPC2' || (path === '/' && !call.isRead);
    const route = isXmlRpc ? undefined : routes?.find((candidate) => candidate.matches(path));
    const page = isXmlRpc ? undefined : pages?.get(path);
    if (route !== undefined) route.handle(call);
    else if (page !== undefined) servePage(call, page);
    else if (isXmlRpc || path === '/') handleXmlRpc(call, xmlrpc);
    else call.text(404, NOTHING_HERE, { Connection: 'close' });
  };
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use; is this server running already?',
  EADDRNOTAVAIL: 'the address does not belong to this machine; see --bind',
  EACCES: 'no permission; ports below 1024 need special rights',
  ENOTFOUND: 'the name is not known; see --bind',
};

/**
 * A loopback name is served on both loopback addresses, since clients resolve it to either. Any other host is
 * served on all interfaces: behind a cloud's address translation its address is none of this machine's.
 */
function addressesFor(host: string): { address: string; optional: boolean }[] {
  if (host === 'localhost' || host === '127.0.0.1' || host === '::1') {
    return [
      { address: '127.0.0.1', optional: host === '::1' },
      { address: '::1', optional: host !== '::1' },
    ];
  }
  if (isIP(host) === 4 && host.startsWith('127.')) return [{ address: host, optional: false }];
  return [
    { address: '0.0.0.0', optional: false },
    { address: '::', optional: true },
  ];
}

/** `[::1]` is `::1`; `localhost` means both loopback addresses, and `::` every interface, as for most programs. */
function addressesOf(bind: string): { address: string; optional: boolean }[] {
  const address = /^\[(.*)\]$/.exec(bind)?.[1] ?? bind;
  if (address === '::' || address === 'localhost') return addressesFor(address);
  return [{ address, optional: false }];
}

/** Refuses in the format of the surface that was called, and closes the connection. */
function refuseConnection(call: HttpCall): void {
  const isXmlRpc = call.request.method === 'POST' && (call.path === '/' || call.path === '/RPC2');
  const headers = { Connection: 'close', 'Retry-After': '1' };
  if (isXmlRpc)
    call.send(200, 'text/xml', serializeFault(errorTable.overloaded.code, TOO_MANY_CONNECTIONS), headers);
  else call.text(503, TOO_MANY_CONNECTIONS, headers);
}

/** `http://HOST:PORT/PATH`, as it is sent to a proxy, means `/PATH` (RFC 9112, section 3.2.2). */
function withoutAuthority(target: string): string {
  const found = /^https?:\/\/[^/?#]*(.*)$/i.exec(target);
  if (found === null) return target;
  const [, path = ''] = found;
  return path.startsWith('/') ? path : `/${path}`;
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

function ignore(): void {
  // A connection that breaks is noticed by its closing.
}
