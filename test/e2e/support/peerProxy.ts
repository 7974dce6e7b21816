import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

const REQUEST_LINE = /POST \S+ HTTP\/1\.1\r\n/g;
const LONGEST_REQUEST_LINE = 64;

/** @throws Error when there is no such proxy */
export function portOf(proxy: { readonly port: number } | undefined): number {
  if (proxy === undefined) throw new Error('there is no proxy before this server');
  return proxy.port;
}

/** Stands between the peers and a server: counts the HTTP requests that go through, and may slow everything down. */
export class PeerProxy {
  requests = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly target: number,
    private readonly delayMs: number,
  ) {
    server.on('connection', (socket) => this.connect(socket));
  }

  /** @param delayMs how long what is sent takes to come through, in either direction */
  static async start(target: number, delayMs = 0): Promise<PeerProxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new PeerProxy(server, target, delayMs);
  }

  /** One before each of these ports. */
  static startAll(targets: readonly number[], delayMs = 0): Promise<PeerProxy[]> {
    return Promise.all(targets.map((target) => PeerProxy.start(target, delayMs)));
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  close(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private connect(client: Socket): void {
    const upstream = connect(this.target, '127.0.0.1');
    let rest = '';
    client.on('data', (chunk) => {
      const text = rest + chunk.toString('latin1');
      const found = [...text.matchAll(REQUEST_LINE)];
      this.requests += found.length;
      // A request line may be split between chunks; one that has been counted must not be counted again.
      const end = (found.at(-1)?.index ?? -1) + 1;
      rest = text.slice(Math.max(end, text.length - LONGEST_REQUEST_LINE));
    });
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.sockets.add(from);
      from.on('data', (chunk) => void setTimeout(() => to.write(chunk), this.delayMs));
      from.on('error', () => undefined);
      from.once('close', () => {
        this.sockets.delete(from);
        to.destroy();
      });
    }
  }
}
