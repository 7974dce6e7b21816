import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { KeyValueClient, type KeyValueClientOptions, type ServerInfo } from '../../../src/client/index.js';
import { closeServers, listen } from '../../support/xmlrpcServer.js';
import { absentPort } from './cluster.js';

/**
 * A server's reply to one message: JSON, a redirection to a server, a page of any status, nothing, or a broken
 * connection.
 */
export type MessageReply =
  | { readonly json: unknown; readonly status?: number }
  | { readonly redirect: number }
  | { readonly page: number; readonly text?: string }
  | 'silence'
  | 'hang up';

/** The replies of one server, the last one for ever; or a server that is not there. */
export type MessageScript = MessageReply | readonly MessageReply[] | 'absent';

/** A message as a server got it. */
export interface ReceivedMessage {
  readonly type: string;
  readonly payload: { readonly key: string; readonly value?: unknown };
  readonly request?: { readonly clientId: string; readonly sequence: number };
  readonly timeout_ms: number;
}

export const done: MessageReply = { json: { code: 'success' } };

export function found(value: unknown): MessageReply {
  return { json: { code: 'success', payload: { key: 'k', value } } };
}

function session(clientId: string): MessageReply {
  return { json: { code: 'success', payload: { clientId } } };
}

export function failed(error: string, outcome: string): MessageReply {
  return { json: { code: 'fail', payload: { message: `${error}: by the script`, error, outcome } } };
}

/**
 * Servers that answer messages by a script, and a note of every message that reached them. Sessions are opened beside
 * the script, which is about the other messages, unless there is an answer in `openings`.
 */
export class MessageCluster {
  readonly servers: ServerInfo[] = [];
  /** Ids of the servers that were asked, in order. */
  readonly asked: number[] = [];
  readonly messages: ReceivedMessage[] = [];
  readonly heads: string[] = [];
  /** Answers to the next openings of sessions. */
  readonly openings: MessageReply[] = [];
  /** The messages that asked for a session. */
  readonly opened: unknown[] = [];
  private readonly clients: KeyValueClient[] = [];

  static async of(...scripts: MessageScript[]): Promise<MessageCluster> {
    const cluster = new MessageCluster();
    for (const [id, script] of scripts.entries()) {
      const port = script === 'absent' ? await absentPort() : await cluster.start(id, script);
      cluster.servers.push({ id, host: '127.0.0.1', port });
    }
    return cluster;
  }

  client(options: Partial<KeyValueClientOptions> = {}): KeyValueClient {
    const client = new KeyValueClient({
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

  private start(id: number, script: MessageReply | readonly MessageReply[]): Promise<number> {
    const replies: MessageReply[] = isList(script) ? [...script] : [script];
    const next = (): MessageReply => (replies.length > 1 ? replies.shift() : replies[0]) ?? 'silence';
    return listen(
      createServer((request, response) => {
        void textOf(request).then((text) => {
          const message = JSON.parse(text) as ReceivedMessage;
          if (message.type === 'openSession') {
            this.opened.push(message);
            this.play(this.openings.shift() ?? session(`s${this.opened.length}`), response);
            return;
          }
          this.asked.push(id);
          this.messages.push(message);
          this.heads.push(
            `${request.method ?? ''} ${request.url ?? ''} ${request.headers['content-type'] ?? ''}`,
          );
          this.play(next(), response);
        });
      }),
    );
  }

  private play(reply: MessageReply, response: ServerResponse): void {
    if (reply === 'silence') return;
    if (reply === 'hang up') {
      response.socket?.destroy();
    } else if ('page' in reply) {
      response.writeHead(reply.page, { 'Content-Type': 'text/plain' }).end(reply.text ?? 'a page for people');
    } else if ('redirect' in reply) {
      const leader = this.servers[reply.redirect] ?? { id: reply.redirect, host: 'localhost', port: 1 };
      const message = 'this server does not lead';
      response.end(JSON.stringify({ code: 'redirect', payload: { message, leader } }));
    } else {
      response.writeHead(reply.status ?? 200).end(`${JSON.stringify(reply.json)}\n`);
    }
  }
}

function isList(script: MessageReply | readonly MessageReply[]): script is readonly MessageReply[] {
  return Array.isArray(script);
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
