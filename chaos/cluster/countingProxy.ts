import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * Passes on what the other servers send to one server, and counts the requests. A connection carries one request after the other,
 * each waiting for its answer: a request begins where bytes come in for the first time, or after an answer.
 */
export class CountingProxy {
  requests = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly target: number,
    private readonly server: Server,
  ) {}

  /** @param port where it listens, on 127.0.0.1 */
  static async listen(port: number, target: number): Promise<CountingProxy> {
    const server = createServer();
    const proxy = new CountingProxy(target, server);
    server.on('connection', (socket) => proxy.pass(socket));
    server.listen({ port, host: '127.0.0.1' });
    await once(server, 'listening');
    return proxy;
  }

  close(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private pass(caller: Socket): void {
    const callee = connect({ port: this.target, host: '127.0.0.1' });
    let isAnswered = true;
    caller.on('data', () => {
      if (isAnswered) this.requests += 1;
      isAnswered = false;
    });
    callee.on('data', () => (isAnswered = true));
    for (const [socket, other] of [
      [caller, callee],
      [callee, caller],
    ] as const) {
      socket.setNoDelay(true);
      this.sockets.add(socket);
      socket.pipe(other);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        other.destroy();
        this.sockets.delete(socket);
      });
    }
  }
}
