import { connect, type Socket } from 'node:net';
import type { Conversation } from './protocols/conversation.js';

/** Where a server listens. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** An open connection of one client: one call at a time, over a plain socket. */
export class Connection {
  /** Called with the reply to each call. */
  onReply: (isExpected: boolean) => void = () => undefined;
  /** Called when the connection ends before {@link close}. */
  onFailure: (error: Error) => void = () => undefined;
  private received: Buffer = Buffer.alloc(0);

  private constructor(
    private readonly socket: Socket,
    private readonly conversation: Conversation,
  ) {
    socket.on('data', (chunk: Buffer) => this.receive(chunk));
    socket.on('error', (error) => this.onFailure(error));
    socket.on('close', () => this.onFailure(new Error('the server closed a connection')));
  }

  /** Resolves when the server is ready for calls. */
  static async open({ host, port }: Endpoint, conversation: Conversation): Promise<Connection> {
    const socket = connect({ host, port, noDelay: true });
    const connection = new Connection(socket, conversation);
    const { greeting } = conversation;
    await new Promise<void>((resolve, reject) => {
      connection.onFailure = reject;
      connection.onReply = (isExpected) =>
        isExpected ? resolve() : reject(new Error('the server refused a connection'));
      socket.once('connect', () => {
        if (greeting === undefined) resolve();
        else socket.write(greeting);
      });
    });
    return connection;
  }

  /** Makes so many calls on a connection of their own. @throws Error when one fails */
  static async exchange(server: Endpoint, conversation: Conversation, calls: number): Promise<void> {
    const connection = await Connection.open(server, conversation);
    for (let call = 0; call < calls; call += 1) {
      const isExpected = await new Promise<boolean>((resolve, reject) => {
        connection.onReply = resolve;
        connection.onFailure = reject;
        connection.call();
      });
      if (!isExpected) throw new Error(`call ${call} to ${server.host}:${server.port} failed`);
    }
    await connection.close();
  }

  call(): void {
    this.socket.write(this.conversation.nextRequest());
  }

  async close(): Promise<void> {
    this.onFailure = () => undefined;
    this.onReply = () => undefined;
    const { farewell } = this.conversation;
    if (farewell === undefined || this.socket.destroyed) {
      this.socket.destroy();
      return;
    }
    // Until it is answered the server is not done with this connection.
    const closed = new Promise((resolve) => this.socket.once('close', resolve));
    this.socket.end(farewell);
    await closed;
  }

  private receive(chunk: Buffer): void {
    this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
    const length = this.conversation.replyLength(this.received);
    if (length === undefined) return;
    const reply = this.received.subarray(0, length);
    this.received = this.received.subarray(length);
    this.onReply(this.conversation.takeReply(reply));
  }
}
