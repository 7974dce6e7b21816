import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { FaultTranslator } from '../../../src/api/faults.js';
import {
  ClientError,
  SurfStoreClient,
  type ServerInfo,
  type SurfStoreClientOptions,
} from '../../../src/client/index.js';
import { ServiceError, type ErrorKind } from '../../../src/node/errors.js';
import type { Dispatch, XmlRpcValue } from '../../../src/xmlrpc/index.js';
import { closeServers, startServer } from '../../support/xmlrpcServer.js';

/**
 * What a server answers to one call: a value, a fault of the table (with the id of the leader that it names), any other
 * error to be thrown, nothing at all for ever, or the end of the connection.
 */
export type Reply =
  | { readonly value: XmlRpcValue }
  | { readonly fault: ErrorKind; readonly leader?: number }
  | { readonly error: Error }
  | 'silence'
  | 'hang up';

/** The replies of one server, the last one for ever; or a server that is not there, or that ends every connection. */
export type Script = Reply | readonly Reply[] | 'absent';

export const yes: Reply = { value: true };
export const no: Reply = { value: false };

/** Servers that answer by a script, and a note of every call that reached them. */
export class ScriptedCluster {
  readonly servers: ServerInfo[] = [];
  /** Ids of the servers that were called, in order. */
  readonly asked: number[] = [];
  /** Times of those calls. */
  readonly askedAt: number[] = [];
  readonly params: unknown[][] = [];
  private readonly clients: SurfStoreClient[] = [];
  private readonly raw: Server[] = [];

  static async of(...scripts: Script[]): Promise<ScriptedCluster> {
    const cluster = new ScriptedCluster();
    for (const [id, script] of scripts.entries()) {
      const port = script === 'absent' ? await absentPort() : await cluster.start(id, script);
      cluster.servers.push({ id, host: '127.0.0.1', port });
    }
    return cluster;
  }

  client(options: Partial<SurfStoreClientOptions> = {}): SurfStoreClient {
    const client = new SurfStoreClient({
      servers: this.servers,
      deadlineMs: 10_000,
      backoff: { minMs: 2, maxMs: 4 },
      ...options,
    });
    this.clients.push(client);
    return client;
  }

  async close(): Promise<void> {
    for (const client of this.clients) client.close();
    for (const server of this.raw) server.close();
    await closeServers();
  }

  private async start(id: number, script: Reply | readonly Reply[]): Promise<number> {
    const replies = isList(script) ? [...script] : [script];
    const next = (): Reply => (replies.length > 1 ? replies.shift() : replies[0]) ?? 'silence';
    const dispatch: Dispatch = (_name, params) => {
      this.note(id, params);
      const reply = next();
      if (reply === 'silence') return new Promise(() => undefined);
      if (reply === 'hang up') throw new Error('only as the whole of a script');
      if ('value' in reply) return reply.value;
      if ('error' in reply) throw reply.error;
      throw new FaultTranslator(this.servers).translate(
        new ServiceError(reply.fault, 'by the script', reply.leader ?? null),
      );
    };
    return script === 'hang up' ? this.startHangingUp(id) : (await startServer(dispatch)).port;
  }

  private async startHangingUp(id: number): Promise<number> {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => {
        this.note(id, []);
        socket.destroy();
      });
    });
    this.raw.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  private note(id: number, params: unknown[]): void {
    this.asked.push(id);
    this.askedAt.push(performance.now());
    this.params.push(params);
  }
}

function isList(script: Reply | readonly Reply[]): script is readonly Reply[] {
  return Array.isArray(script);
}

async function absentPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The ClientError that an operation ends with. */
export async function clientErrorOf(operation: Promise<unknown>): Promise<ClientError> {
  let value: unknown;
  try {
    value = await operation;
  } catch (error) {
    if (error instanceof ClientError) return error;
    throw new Error('this is no ClientError', { cause: error });
  }
  throw new Error(`the operation succeeded with ${String(value)}`);
}
