import { once } from 'node:events';
import { createServer as createHttpServer, type ServerResponse } from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { noCallEvents } from '../../../src/http/clientCall.js';
import { HttpCall } from '../../../src/http/httpCall.js';
import { expect } from 'chai';
import { HttpFront, ListenError } from '../../../src/api/httpFront.js';
import { ServiceError } from '../../../src/node/errors.js';
import type { RequestMessage, ResponseMessage } from '../../../src/raft/types.js';
import { answerPeer } from '../../../src/transport/peerEndpoint.js';
import { peerMethods, RpcTransport } from '../../../src/transport/rpcTransport.js';
import type { PeerRequestHandler, SendOutcome } from '../../../src/transport/transport.js';
import { handleXmlRpc, XmlRpcFault, type Dispatch, type XmlRpcValue } from '../../../src/xmlrpc/index.js';
import { closeServers, listen, startServer, until } from '../../support/xmlrpcServer.js';

const address = { from: 0, to: 1, term: 3 };
const requests: Readonly<Record<RequestMessage['type'], RequestMessage>> = {
  preVote: { type: 'preVote', ...address, lastLogIndex: 5, lastLogTerm: 2 },
  requestVote: { type: 'requestVote', ...address, lastLogIndex: 5, lastLogTerm: 2 },
  appendEntries: {
    type: 'appendEntries',
    ...address,
    prevLogIndex: 4,
    prevLogTerm: 2,
    entries: [{ term: 3, index: 5, kind: 'command', command: '{"name":"<&>\\"é\u{1f600}"}' }],
    leaderCommit: 4,
    hasQuorum: true,
    sequence: 7,
    readRound: 9,
  },
  heartbeat: {
    type: 'heartbeat',
    ...address,
    commit: { term: 2, index: 4 },
    hasQuorum: false,
    sequence: 8,
    readRound: 9,
  },
  installSnapshot: {
    type: 'installSnapshot',
    ...address,
    last: { term: 2, index: 40 },
    chunk: 1,
    chunkCount: 3,
    data: '[["<&>\\"é\u{1f600}",1,[]]]',
    hasQuorum: true,
    sequence: 8,
    readRound: 9,
  },
};
const back = { from: 1, to: 0, term: 3 };
const responses: Readonly<Record<RequestMessage['type'], ResponseMessage>> = {
  preVote: { type: 'preVoteResponse', ...back, granted: true },
  requestVote: { type: 'requestVoteResponse', ...back, granted: false },
  appendEntries: {
    type: 'appendEntriesResponse',
    ...back,
    success: true,
    matchIndex: 5,
    commitIndex: 4,
    sequence: 7,
    readRound: 9,
    conflict: null,
  },
  heartbeat: { type: 'heartbeatResponse', ...back, commitIndex: 4, sequence: 8, readRound: 9 },
  installSnapshot: {
    type: 'installSnapshotResponse',
    ...back,
    matchIndex: 0,
    nextChunk: 2,
    commitIndex: 4,
    sequence: 8,
    readRound: 9,
  },
};
const question = requests.preVote;
const answer = JSON.stringify(responses.preVote);

const closers: (() => unknown)[] = [];

function transportTo(port: number, timeoutMs = 5_000): RpcTransport {
  const transport = new RpcTransport([{ id: 1, host: '127.0.0.1', port }], timeoutMs);
  closers.push(() => transport.close());
  return transport;
}

/** Sends one request, and gives all that is delivered for it: by the time of the first, a second one would be there too. */
async function outcomeOf(transport: RpcTransport, request: RequestMessage = question): Promise<SendOutcome> {
  const delivered: SendOutcome[] = [];
  transport.send(request, (outcome) => delivered.push(outcome));
  expect(delivered, 'delivered before send returned').to.be.empty;
  await until(() => delivered.length > 0);
  for (let turns = 0; turns < 5; turns += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(delivered).to.have.length(1);
  return delivered[0] ?? { failure: 'nothing' };
}

async function failureOf(transport: RpcTransport, request?: RequestMessage): Promise<string> {
  const outcome = await outcomeOf(transport, request);
  if ('failure' in outcome) return outcome.failure;
  throw new Error(`this is an answer: ${JSON.stringify(outcome)}`);
}

/** A transport to a server that answers every call so. */
async function toServer(dispatch: Dispatch): Promise<RpcTransport> {
  return transportTo((await startServer(dispatch)).port);
}

/** A transport to a server that does with every connection what the test says, once bytes have come. */
async function toSocket(onRequest: (socket: Socket) => void, timeoutMs?: number): Promise<RpcTransport> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined);
    closers.push(() => socket.destroy());
    socket.once('data', () => onRequest(socket));
  });
  closers.push(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return transportTo((server.address() as AddressInfo).port, timeoutMs);
}

async function toHttp(respond: (response: ServerResponse) => void): Promise<RpcTransport> {
  const server = createHttpServer((request, response) => {
    request.resume();
    respond(response);
  });
  return transportTo(await listen(server));
}

describe('the transport over XML-RPC', () => {
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
    await closeServers();
  });

  for (const [type, request] of Object.entries(requests) as [RequestMessage['type'], RequestMessage][]) {
    it(`carries ${type} to the peer as it is and brings its answer back, once`, async () => {
      const received: unknown[] = [];
      const transport = await toServer((name, [message, ...others]) => {
        received.push([name, JSON.parse(message as string), others]);
        return JSON.stringify(responses[type]);
      });
      expect(await outcomeOf(transport, request)).to.deep.equal({ response: responses[type] });
      expect(received).to.deep.equal([[peerMethods[type], request, []]]);
    });
  }

  it('uses the two methods of the wire contract, and one of its own for snapshots', () => {
    expect(peerMethods).to.deep.equal({
      preVote: 'surfstore.requestVote',
      requestVote: 'surfstore.requestVote',
      appendEntries: 'surfstore.appendEntries',
      heartbeat: 'surfstore.appendEntries',
      installSnapshot: 'surfstore.installSnapshot',
    });
  });

  it('brings each of many requests at a time its own answer', async () => {
    const transport = await toServer(async (_name, [text]) => {
      const { term } = JSON.parse(text as string) as { term: number };
      await new Promise((resolve) => setImmediate(resolve));
      return JSON.stringify({ ...responses.preVote, term });
    });
    const terms = Array.from({ length: 50 }, (_, index) => index + 1);
    const outcomes = await Promise.all(terms.map((term) => outcomeOf(transport, { ...question, term })));
    expect(outcomes).to.deep.equal(terms.map((term) => ({ response: { ...responses.preVote, term } })));
  });

  it('reaches the node behind the HTTP front of a server', async () => {
    const node: PeerRequestHandler = {
      receive: ({ type }, reply) => process.nextTick(reply, responses[type]),
    };
    const front = new HttpFront({
      xmlrpc: { dispatch: (_name, [text]) => answerPeer(node, text as string) },
    });
    closers.push(() => front.close());
    let port = 0;
    while (port === 0) {
      const candidate = await listen(createHttpServer());
      await closeServers();
      await front.listen('127.0.0.1', candidate).then(
        () => (port = candidate),
        (error: unknown) => {
          if (!(error instanceof ListenError)) throw error;
        },
      );
    }
    const transport = transportTo(port);
    for (const [type, request] of Object.entries(requests) as [RequestMessage['type'], RequestMessage][]) {
      expect(await outcomeOf(transport, request)).to.deep.equal({ response: responses[type] });
    }
  });

  it('uses one connection again and again', async () => {
    const remotePorts = new Set<number | undefined>();
    const server = createHttpServer((request, response) => {
      remotePorts.add(request.socket.remotePort);
      handleXmlRpc(new HttpCall(request, response, noCallEvents), { dispatch: () => answer });
    });
    const transport = transportTo(await listen(server));
    for (let count = 0; count < 10; count += 1) {
      expect(await outcomeOf(transport)).to.deep.equal({ response: responses.preVote });
    }
    expect(remotePorts.size).to.equal(1);
  });

  it('is told of a server that is no peer by an error: it is a mistake of the caller', () => {
    const transport = transportTo(1);
    expect(() => transport.send({ ...question, to: 7 }, () => undefined)).to.throw('server 7 is not a peer');
  });

  describe('takes for a failure, and delivers once, with a reason', () => {
    const other = (fields: object): string => JSON.stringify({ ...responses.preVote, ...fields });
    const noText = 'the answer is not a string';
    const noMessage = 'the answer is not a message';
    const values: readonly (readonly [what: string, value: XmlRpcValue, reason: string])[] = [
      ['an int', 5, noText],
      ['true', true, noText],
      ['an array', [answer], noText],
      ['a struct', new Map([['type', 'preVoteResponse']]), noText],
      ['bytes', Buffer.from(answer), noText],
      ['an empty string', '', `${noMessage}: not JSON`],
      ['a string that is not JSON', '{', `${noMessage}: not JSON`],
      ['JSON that is no object', '[]', `${noMessage}: message is not an object`],
      ['null', 'null', `${noMessage}: message is not an object`],
      ['an object of no type', '{}', `${noMessage}: type is not that of a response`],
      ['a request', JSON.stringify(question), `${noMessage}: type is not that of a response`],
      ['a field of a wrong type', other({ granted: 1 }), 'granted is not a boolean'],
      ['a field too few', other({ term: undefined }), 'term is not a whole number'],
      ['an answer to requestVote', other({ type: 'requestVoteResponse' }), 'to another question'],
      ['an answer to appendEntries', JSON.stringify(responses.appendEntries), 'to another question'],
      ['an answer from another server', other({ from: 2 }), 'not addressed'],
      ['an answer to another server', other({ to: 2 }), 'not addressed'],
    ];
    for (const [what, value, reason] of values) {
      it(`the value ${what}`, async () => {
        expect(await failureOf(await toServer(() => value))).to.contain(reason);
      });
    }

    it('a fault, with its text: a crashed peer says so', async () => {
      const transport = await toServer(() => {
        throw new XmlRpcFault(2, 'isCrashed: this server is crashed');
      });
      expect(await failureOf(transport)).to.equal('isCrashed: this server is crashed');
    });

    it('an error inside the peer', async () => {
      const transport = await toServer(() => Promise.reject(new ServiceError('stopped', 'x')));
      expect(await failureOf(transport)).to.contain('internal error');
    });

    it('a request that the peer finds to deserve no answer', async () => {
      const node: PeerRequestHandler = { receive: (_request, reply) => reply(null) };
      const transport = await toServer((_name, [text]) => answerPeer(node, text as string));
      expect(await failureOf(transport)).to.equal('this server has no answer to this message');
    });

    for (const status of [500, 404, 413, 301, 204]) {
      it(`HTTP status ${status}`, async () => {
        const transport = await toHttp((response) => void response.writeHead(status).end());
        expect(await failureOf(transport)).to.contain(`HTTP status ${status}`);
      });
    }

    it('HTTP 200 with another document', async () => {
      for (const body of [
        '',
        'garbage',
        '<html></html>',
        '<methodResponse></methodResponse>',
        '<methodResponse>',
      ]) {
        const transport = await toHttp((response) => void response.end(body));
        expect(await failureOf(transport)).to.contain('the response cannot be read');
      }
    });

    for (const [what, bytes] of [
      ['garbage bytes', Buffer.from([0, 255, 1, 254, 13, 10, 13, 10])],
      ['another protocol', Buffer.from('SSH-2.0-OpenSSH_9.6\r\n')],
      ['half an answer', Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<methodRe')],
      ['nothing', Buffer.alloc(0)],
    ] as const) {
      it(`${what} and the end of the connection`, async () => {
        expect(await failureOf(await toSocket((socket) => socket.end(bytes)))).to.be.a('string').and.not.be
          .empty;
      });
    }

    it('a connection that is reset', async () => {
      expect(await failureOf(await toSocket((socket) => socket.resetAndDestroy()))).to.match(
        /reset|closed|hang up/i,
      );
    });

    it('a connection that is refused', async () => {
      const port = await listen(createHttpServer());
      await closeServers();
      expect(await failureOf(transportTo(port))).to.contain('ECONNREFUSED');
    });

    it('silence, once its time is up', async () => {
      const transport = await toSocket(() => undefined, 50);
      const before = performance.now();
      expect(await failureOf(transport)).to.contain('no response within 50 ms');
      expect(performance.now() - before).to.be.within(45, 2_000);
    });

    it('an answer that begins in time and does not end', async () => {
      const head = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<method';
      expect(await failureOf(await toSocket((socket) => socket.write(head), 50))).to.contain(
        'no response within',
      );
    });

    it('every request after it was closed, and those that wait then', async () => {
      const transport = await toSocket(() => transport.close());
      expect(await failureOf(transport)).to.contain('closed');
      expect(await failureOf(transport)).to.contain('closed');
    });
  });

  it('sends a request once more when its connection breaks, and not a third time; a snapshot never', async () => {
    for (const [type, request] of Object.entries(requests) as [RequestMessage['type'], RequestMessage][]) {
      for (const breaks of [1, 2]) {
        let calls = 0;
        const server = createHttpServer((incoming, response) => {
          calls += 1;
          if (calls <= breaks) incoming.socket.resetAndDestroy();
          else
            handleXmlRpc(new HttpCall(incoming, response, noCallEvents), {
              dispatch: () => JSON.stringify(responses[type]),
            });
        });
        const outcome = await outcomeOf(transportTo(await listen(server)), request);
        const isRepeated = type !== 'installSnapshot';
        expect('response' in outcome, type).to.equal(isRepeated && breaks === 1);
        expect(calls, type).to.equal(isRepeated ? 2 : 1);
      }
    }
  });

  it('goes on after a failure: the next answer is delivered', async () => {
    let calls = 0;
    const transport = await toServer(() => {
      calls += 1;
      return calls === 1 ? 'nonsense' : answer;
    });
    await failureOf(transport);
    expect(await outcomeOf(transport)).to.deep.equal({ response: responses.preVote });
  });

  describe('delivers nothing for a request that was given up', () => {
    it('although the answer comes', async () => {
      let release = (): void => undefined;
      let asked = 0;
      const transport = await toServer((name) => {
        asked += 1;
        if (name === peerMethods.appendEntries) return JSON.stringify(responses.appendEntries);
        return new Promise((resolve) => (release = () => resolve(answer)));
      });
      const delivered: SendOutcome[] = [];
      const giveUp = transport.send(question, (outcome) => delivered.push(outcome));
      await until(() => asked === 1);
      giveUp();
      giveUp();
      release();
      await outcomeOf(transport, requests.appendEntries);
      expect(delivered).to.deep.equal([]);
    });

    it('before it has left, and not even the failure', async () => {
      const transport = await toServer(() => answer);
      const delivered: SendOutcome[] = [];
      transport.send(question, (outcome) => delivered.push(outcome))();
      await outcomeOf(transport);
      expect(delivered).to.deep.equal([]);
    });

    it('and it frees the connection: the peer sees it close', async () => {
      let closed = false;
      const transport = await toSocket((socket) => {
        socket.once('close', () => (closed = true));
        giveUp();
      }, 60_000);
      const giveUp = transport.send(question, () => undefined);
      await until(() => closed);
    });

    it('after the answer: giving up then has no effect', async () => {
      const transport = await toServer(() => answer);
      const delivered: SendOutcome[] = [];
      const giveUp = transport.send(question, (outcome) => delivered.push(outcome));
      await until(() => delivered.length > 0);
      giveUp();
      await outcomeOf(transport);
      expect(delivered).to.have.length(1);
    });
  });
});
