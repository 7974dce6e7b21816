import { noCallEvents } from '../../../src/http/clientCall.js';
import { HttpCall } from '../../../src/http/httpCall.js';
import { once } from 'node:events';
import { createServer as createHttpServer, type ServerResponse } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { FaultTranslator } from '../../../src/api/faults.js';
import {
  ClientError,
  SurfStoreClient,
  type ServerInfo,
  type SurfStoreClientOptions,
} from '../../../src/client/index.js';
import { ServiceError, type ErrorKind } from '../../../src/node/errors.js';
import type { RequestId } from '../../../src/stateMachine/command.js';
import { handleXmlRpc, type ParsedValue, type XmlRpcValue } from '../../../src/xmlrpc/index.js';
import { closeServers, listen } from '../../support/xmlrpcServer.js';

/** A server's answer to one call: a value, a fault of the table (with the id of the leader that it names), any other
 * error to be thrown, a page with an HTTP status, nothing at all for ever, or the end of the connection.
 */
export type Reply =
  | { readonly value: XmlRpcValue }
  | { readonly fault: ErrorKind; readonly leader?: number }
  | { readonly error: Error }
  | { readonly page: number }
  | 'silence'
  | 'hang up';

/** The replies of one server, the last one for ever; or a server that is not there. */
export type Script = Reply | readonly Reply[] | 'absent';

export const yes: Reply = { value: true };
export const no: Reply = { value: false };

/**
 * Servers that answer by a script, and a note of every call that reached them. Sessions are opened beside the script,
 * which is about the other calls, unless there is an answer in `openings`.
 */
export class ScriptedCluster {
  readonly servers: ServerInfo[] = [];
  /** Ids of the servers that were called, in order. */
  readonly asked: number[] = [];
  /** Times of those calls. */
  readonly askedAt: number[] = [];
  readonly params: unknown[][] = [];
  /** Answers to the next openings of sessions. */
  readonly openings: Reply[] = [];
  /** Ids of the servers that were asked to open a session, in order. */
  readonly openedAt: number[] = [];
  private readonly clients: SurfStoreClient[] = [];

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
    await closeServers();
  }

  private async start(id: number, script: Reply | readonly Reply[]): Promise<number> {
    const replies = isList(script) ? [...script] : [script];
    const next = (): Reply => (replies.length > 1 ? replies.shift() : replies[0]) ?? 'silence';
    const server = createHttpServer((request, response) => {
      handleXmlRpc(new HttpCall(request, response, noCallEvents), {
        dispatch: (name, params) => {
          if (name === 'surfstore.openSession') {
            this.openedAt.push(id);
            return this.play(this.openings.shift() ?? { value: `s${this.openedAt.length}` }, response);
          }
          this.note(id, params);
          return this.play(next(), response);
        },
      });
    });
    return listen(server);
  }

  private play(reply: Reply, response: ServerResponse): XmlRpcValue | Promise<XmlRpcValue> {
    if (reply === 'silence') return never;
    if (reply === 'hang up') {
      response.socket?.destroy();
      return never;
    }
    if ('page' in reply) {
      response.writeHead(reply.page).end('a page for people');
      return never;
    }
    if ('value' in reply) return reply.value;
    if ('error' in reply) throw reply.error;
    throw new FaultTranslator(this.servers).translate(
      new ServiceError(reply.fault, 'by the script', reply.leader ?? null),
    );
  }

  /** The request ids of the updates, in order. */
  get requests(): RequestId[] {
    return this.params.map(([, , , request]) => {
      if (!(request instanceof Map)) throw new Error('this call carries no request id');
      return Object.fromEntries(request as Map<string, ParsedValue>) as unknown as RequestId;
    });
  }

  private note(id: number, params: unknown[]): void {
    this.asked.push(id);
    this.askedAt.push(performance.now());
    this.params.push(params);
  }
}

const never = new Promise<never>(() => undefined);

function isList(script: Reply | readonly Reply[]): script is readonly Reply[] {
  return Array.isArray(script);
}

export async function absentPort(): Promise<number> {
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
