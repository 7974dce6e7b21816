import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { HttpFront, ListenError } from '../../../src/api/httpFront.js';
import type { LineSurface, Surfaces } from '../../../src/api/surfaces.js';
import type { SwitchTimeouts } from '../../../src/api/protocolSwitch.js';
import { connectRaw, type RawConnection } from '../../support/xmlrpcServer.js';

const fronts: HttpFront[] = [];
const sockets: Socket[] = [];

/** A front that {@link closeFronts} closes. */
export function frontOf(surfaces: Partial<Surfaces> = {}, timeouts?: Partial<SwitchTimeouts>): HttpFront {
  const front = new HttpFront({ xmlrpc: { dispatch: () => true }, ...surfaces }, timeouts);
  fronts.push(front);
  return front;
}

/** A surface of lines that answers with this function. */
export function linesOf(answer: LineSurface['answer'], more: Partial<LineSurface> = {}): LineSurface {
  return { lineBytesMax: 1_000, answer, ...more };
}

/** A port that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Listens where it can, and gives the port. */
export async function listen(front: HttpFront, host = 'localhost', bind?: string): Promise<number> {
  for (;;) {
    const port = await freePort();
    try {
      await front.listen(host, port, bind);
      return port;
    } catch (error) {
      // Somebody else may have got the port in between.
      if (!(error instanceof ListenError && error.message.includes('in use'))) throw error;
    }
  }
}

/** A connection that {@link closeFronts} ends, and which says nothing of its errors. */
export function socketTo(port: number, host = '127.0.0.1'): Socket {
  const socket = connect({ port, host, noDelay: true });
  socket.on('error', () => undefined);
  sockets.push(socket);
  return socket;
}

/** Like {@link connectRaw}, and {@link closeFronts} ends it. */
export function rawTo(port: number, bytes: string | Buffer = ''): RawConnection {
  const connection = connectRaw(port, bytes);
  connection.socket.setNoDelay(true);
  sockets.push(connection.socket);
  return connection;
}

/** Writes one byte after another, each in a packet of its own as far as the system allows. */
export async function writeByBytes(socket: Socket, bytes: string | Buffer): Promise<void> {
  for (const byte of Buffer.from(bytes)) {
    socket.write(Buffer.of(byte));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Resolves when the connection is over, by an error or not. */
export function closeOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

/** Ends the test's connections and fronts. */
export async function closeFronts(): Promise<void> {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(fronts.splice(0).map((front) => front.close()));
}

export async function secondsOf(action: Promise<unknown>): Promise<number> {
  const before = performance.now();
  await action;
  return (performance.now() - before) / 1000;
}
