import type { ServerRequest } from '../http/message.js';
import type { Socket } from 'node:net';

/** How many connections may be open at the same time. */
export interface ConnectionLimits {
  readonly clientsMax: number;
  /** Beside them: connections of peers, and of those that have yet to show that they are peers. */
  readonly sparesMax: number;
  /** The header, in lower case, by which a request tells that it comes from another server of the cluster. */
  readonly peerHeader: string;
}

export const NO_CONNECTION_LIMITS: ConnectionLimits = {
  clientsMax: Infinity,
  sparesMax: Infinity,
  peerHeader: '',
};

export const TOO_MANY_CONNECTIONS =
  'overloaded: this server has as many connections as it may have; try again later';

/** A connection that is beyond the limit has to show that it comes from a peer within this time. */
const SHOW_MS = 2_000;

/**
 * Counts connections, so that clients that wait can never take the descriptors that peers and files need. Beyond the
 * limit a connection stays only when its first request is a peer's; others are refused because the server is
 * overloaded.
 */
export class ConnectionLimit {
  private clients = 0;
  /** Connections beyond the limit: undecided, or from peers. */
  private readonly spares = new Set<Socket>();
  private readonly unknown = new Set<Socket>();

  /** @param closeIdle closes connections on which no call is under way */
  constructor(
    private readonly limits: ConnectionLimits,
    private readonly closeIdle: () => void,
  ) {}

  enter(socket: Socket): void {
    if (this.clients < this.limits.clientsMax) {
      this.countClient(socket);
      return;
    }
    this.closeIdle();
    if (this.spares.size >= this.limits.sparesMax) {
      socket.destroy();
      return;
    }
    this.spares.add(socket);
    this.unknown.add(socket);
    const giveUp = setTimeout(() => {
      if (this.unknown.has(socket)) socket.destroy();
    }, SHOW_MS);
    socket.once('close', () => {
      clearTimeout(giveUp);
      this.spares.delete(socket);
      this.unknown.delete(socket);
    });
  }

  /** Whether the connection of this request may stay. */
  admitsRequest({ socket, headers }: ServerRequest): boolean {
    if (this.unknown.has(socket) && headers[this.limits.peerHeader] !== undefined)
      this.unknown.delete(socket);
    return this.admits(socket);
  }

  /** Whether this connection, which is not known to be a peer's, may stay. */
  admits(socket: Socket): boolean {
    if (!this.unknown.has(socket)) return true;
    if (this.clients >= this.limits.clientsMax) return false;
    this.unknown.delete(socket);
    this.spares.delete(socket);
    this.countClient(socket);
    return true;
  }

  private countClient(socket: Socket): void {
    this.clients += 1;
    socket.once('close', () => (this.clients -= 1));
  }
}
