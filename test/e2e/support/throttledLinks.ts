import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * A link in one direction: so many bytes per second for all connections that use it together, one
 * chunk after another in the order in which they come.
 */
class DirectedLink {
  private freeAt = 0;

  constructor(private readonly bytesPerSecond: number) {}

  async pass(bytes: number): Promise<void> {
    const now = performance.now();
    this.freeAt = Math.max(now, this.freeAt) + (bytes / this.bytesPerSecond) * 1_000;
    await sleep(this.freeAt - now);
  }
}

/** A slow link in either direction between every two of some servers, on loopback. */
export class ThrottledLinks {
  private readonly links = new Map<string, DirectedLink>();
  private readonly proxies = new Map<string, Server>();
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly bytesPerSecond: number) {}

  /** @param ports where the servers listen, by their ids */
  static async start(ports: readonly number[], bytesPerSecond: number): Promise<ThrottledLinks> {
    const throttled = new ThrottledLinks(bytesPerSecond);
    for (const [to, port] of ports.entries())
      for (const from of ports.keys()) if (from !== to) await throttled.listen(from, to, port);
    return throttled;
  }

  /** The port under which the server `from` reaches the server `to`. */
  route(from: number, to: number): number {
    const proxy = this.proxies.get(nameOf(from, to));
    if (proxy === undefined) throw new Error(`there is no link from ${from} to ${to}`);
    return (proxy.address() as AddressInfo).port;
  }

  close(): void {
    for (const proxy of this.proxies.values()) proxy.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private async listen(from: number, to: number, port: number): Promise<void> {
    const proxy = createServer((client) => {
      const upstream = connect(port, '127.0.0.1');
      void this.pump(client, upstream, this.link(from, to));
      void this.pump(upstream, client, this.link(to, from));
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    this.proxies.set(nameOf(from, to), proxy);
  }

  private link(from: number, to: number): DirectedLink {
    const name = nameOf(from, to);
    const link = this.links.get(name) ?? new DirectedLink(this.bytesPerSecond);
    this.links.set(name, link);
    return link;
  }

  /** Carries what one end sends to the other; the end of one is the end of both. */
  private async pump(source: Socket, target: Socket, link: DirectedLink): Promise<void> {
    this.sockets.add(source);
    source.on('error', () => source.destroy());
    source.once('close', () => {
      this.sockets.delete(source);
      target.destroy();
    });
    try {
      for await (const chunk of source as AsyncIterable<Buffer>) {
        await link.pass(chunk.length);
        if (!target.write(chunk)) await once(target, 'drain', { signal: AbortSignal.timeout(60_000) });
      }
    } catch {
      // The connection was broken off; `close` takes the other end down.
    }
    source.destroy();
  }
}

function nameOf(from: number, to: number): string {
  return `${from}-${to}`;
}
