import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  parseMethodCall,
  serializeFault,
  serializeMethodResponse,
  type XmlRpcValue,
} from '../../../src/xmlrpc/index.js';

/** A request to a peer, as JSON. */
type Request = Readonly<Record<string, unknown>>;

type Answer = (response: ServerResponse, request: Request) => void;

/** Every way to answer a request that no server of this service has. */
export const evilAnswers: Readonly<Record<string, Answer>> = {
  'nothing, ever': () => undefined,
  'the end of the connection': (response) => void response.socket?.destroy(),
  'half an answer': (response) => {
    response.writeHead(200, { 'Content-Length': 1_000 });
    response.write('<?xml');
    setTimeout(() => response.destroy(), 100);
  },
  'something that is not HTTP': (response) => void rawSocket(response)?.end('SSH-2.0-OpenSSH_9.2\r\n'),
  'an HTTP error': (response) => void response.writeHead(503).end('<html>'),
  'a redirection': (response) => void response.writeHead(301, { Location: 'http://127.0.0.1:1/' }).end(),
  'an answer without end': (response) => {
    response.writeHead(200, { 'Content-Type': 'text/xml' });
    const timer = setInterval(() => response.write('<?xml version="1.0"?>'.repeat(1_000)), 10);
    response.on('close', () => clearInterval(timer));
  },
  'what is not XML': xml('{"granted":true}'),
  'malformed XML': xml('<methodResponse><params><param><value><string>'),
  'a fault': xml(serializeFault(99, 'f'.repeat(10_000))),
  'an empty fault': xml('<methodResponse><fault></fault></methodResponse>'),
  'nested arrays': xml(
    `<methodResponse><params><param><value>${'<array><data><value>'.repeat(3_000)}${'</value></data></array>'.repeat(3_000)}</value></param></params></methodResponse>`,
  ),
  'a value of another type': value(() => 42),
  'text that is not JSON': value(() => 'granted'),
  'JSON that is no message': value(() => '[true]'),
  'the request itself': value((request) => request),
  'the answer to another question': value(({ type, from, to, term }) => ({
    type: type === 'appendEntries' ? 'requestVoteResponse' : 'appendEntriesResponse',
    ...{ from: to, to: from, term, granted: true },
    ...{ success: true, matchIndex: 1, commitIndex: 0, sequence: 1, readRound: 0, conflict: null },
  })),
  'an answer in the name of another server': value(({ type, from, term }) => ({
    type: `${String(type)}Response`,
    ...{ from: from === 0 ? 1 : 0, to: from, term, granted: true },
  })),
  'an answer without its term': value(({ type, from, to }) => ({
    type: `${String(type)}Response`,
    ...{ from: to, to: from, granted: true },
  })),
  'more than it was sent': value(({ type, from, to, term, sequence }) => ({
    type: `${String(type)}Response`,
    ...{ from: to, to: from, term, granted: true, success: true, sequence, conflict: null },
    ...{ matchIndex: 2 ** 50, commitIndex: 2 ** 50, readRound: 2 ** 50 },
  })),
  'a conflict at an absurd place': value(({ type, from, to, term, sequence }) => ({
    type: `${String(type)}Response`,
    ...{ from: to, to: from, term, granted: false, success: false, sequence },
    ...{ matchIndex: 0, commitIndex: 0, readRound: 0, conflict: { term: 2 ** 50, index: 2 ** 50 } },
  })),
  'a term that nobody can reach': value(({ type, from, to }) => ({
    type: `${String(type)}Response`,
    ...{ from: to, to: from, term: 2 ** 53 - 1, granted: false, success: false, sequence: 1, conflict: null },
    ...{ matchIndex: 0, commitIndex: 0, readRound: 0 },
  })),
};

/** Listens where a server of the cluster should, and gives every request the answer of the moment. */
export class EvilPeer {
  answer: Answer = () => undefined;
  requests = 0;

  private constructor(private readonly server: Server) {
    server.on('request', (incoming, response) => {
      let body = '';
      incoming.setEncoding('utf8').on('data', (text: string) => (body += text));
      incoming.on('error', () => undefined);
      response.on('error', () => undefined);
      incoming.on('end', () => {
        this.requests += 1;
        const [message] = parseMethodCall(body).params;
        const request: unknown = typeof message === 'string' ? JSON.parse(message) : {};
        this.answer(response, request as Request);
      });
    });
  }

  static async start(port: number): Promise<EvilPeer> {
    const server = createServer();
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return new EvilPeer(server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

function xml(text: string): Answer {
  return (response) => void response.writeHead(200, { 'Content-Type': 'text/xml' }).end(text);
}

/** A well-formed response; an object is sent as JSON. */
function value(make: (request: Request) => object | XmlRpcValue): Answer {
  return (response, request) => {
    const made = make(request);
    const wire = typeof made === 'object' ? JSON.stringify(made) : made;
    xml(serializeMethodResponse(wire))(response, request);
  };
}

function rawSocket(response: ServerResponse): Duplex | undefined {
  return response.socket ?? undefined;
}
