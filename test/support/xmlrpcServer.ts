import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { noCallEvents } from '../../src/http/clientCall.js';
import { HttpCall } from '../../src/http/httpCall.js';
import { handleXmlRpc, type Dispatch, type XmlRpcServerOptions } from '../../src/xmlrpc/index.js';

/** An XML-RPC server on a free loopback port, and everything a test wants to know about it. */
export interface TestServer {
  readonly port: number;
  /** The internal errors of its calls. */
  readonly internalErrors: unknown[];
  readonly close: () => Promise<void>;
}

const open = new Set<Server>();

/** Serves the dispatch function until the server, or all servers, are closed. */
export async function startServer(
  dispatch: Dispatch,
  options: Omit<XmlRpcServerOptions, 'dispatch'> = {},
): Promise<TestServer> {
  const internalErrors: unknown[] = [];
  const events = {
    ...noCallEvents,
    internalError: (_call: unknown, error: unknown) => void internalErrors.push(error),
  };
  const server = createServer((request, response) => {
    handleXmlRpc(new HttpCall(request, response, events), { ...options, dispatch });
  });
  const port = await listen(server);
  return { port, internalErrors, close: () => closeServer(server) };
}

/** Listens on a free loopback port, to be closed by {@link closeServers}. */
export async function listen(server: Server): Promise<number> {
  open.add(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function closeServer(server: Server): Promise<void> {
  open.delete(server);
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

/** Closes every server that a test has left open. */
export async function closeServers(): Promise<void> {
  await Promise.all([...open].map(closeServer));
}

/** A raw connection: what was received so far, and when it ends. */
export interface RawConnection {
  readonly socket: Socket;
  readonly received: () => string;
  readonly closed: Promise<void>;
}

/** Connects to a port of this machine and sends the text as it is. */
export function connectRaw(port: number, text: string | Buffer): RawConnection {
  const socket = connect(port, '127.0.0.1');
  let received = '';
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => (received += chunk));
  socket.on('error', () => undefined);
  socket.write(text);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  return { socket, received: () => received, closed };
}

/** A POST request with these headers and this body. */
export function post(body: string, headers: readonly string[] = []): string {
  const length = `Content-Length: ${Buffer.byteLength(body)}`;
  return ['POST /RPC2 HTTP/1.1', 'Host: test', length, ...headers, '', body].join('\r\n');
}

interface RawResponse {
  readonly status: number;
  /** The lines after the status line, in lower case. */
  readonly headers: string[];
  readonly text: string;
}

/** Sends the text as it is and reads one response, up to the end of the connection. */
export async function exchangeRaw(port: number, text: string | Buffer): Promise<RawResponse> {
  const connection = connectRaw(port, text);
  await connection.closed;
  const [head = '', ...rest] = connection.received().split('\r\n\r\n');
  const [statusLine = '', ...headers] = head.split('\r\n');
  return {
    status: Number(statusLine.split(' ')[1]),
    headers: headers.map((header) => header.toLowerCase()),
    text: Buffer.from(rest.join('\r\n\r\n'), 'latin1').toString('utf8'),
  };
}

/** Resolves once the condition holds, looked at in every turn of the event loop; mocha's timeout is the limit. */
export async function until(condition: () => boolean, withinMs = 15_000): Promise<void> {
  const endsAt = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > endsAt) throw new Error(`not so within ${withinMs} ms: ${condition.toString()}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
