import { expect } from 'chai';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import {
  connect,
  createServer as createTcpServer,
  type AddressInfo,
  type Server as TcpServer,
  type Socket,
} from 'node:net';
import { FastPath } from '../../../src/http/fastPath.js';
import type { ServerReply, ServerRequest } from '../../../src/http/message.js';
import { Prng } from '../../../src/sim/prng.js';
import { readBody } from '../../../src/http/body.js';
import { until } from '../../support/xmlrpcServer.js';

type Serve = (request: ServerRequest, reply: ServerReply) => void;

/** Says what has come: method, path, all headers but those of the connection, and the body. */
const echo: Serve = (request, reply) => {
  request.on('error', () => undefined);
  reply.on('error', () => undefined);
  readBody(request, 1_000_000, (body) => {
    const { host, ...headers } = request.headers;
    const text = `${request.method ?? ''} ${request.url ?? ''} ${host ?? ''} ${JSON.stringify(headers)} ${body.toString('latin1')}\n`;
    reply.writeHead(200, {
      'Content-Type': 'text/plain',
      'Content-Length': Buffer.byteLength(text, 'latin1'),
    });
    reply.end(Buffer.from(text, 'latin1'));
  });
};

function post(body: string, more = ''): string {
  return `POST /RPC2 HTTP/1.1\r\nHost: h\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`;
}

/** Requests that the fast path serves itself. */
const USUAL: ReadonlySet<string> = new Set([
  'GET /a HTTP/1.1\r\nHost: h\r\n\r\n',
  post('abc'),
  post('', 'X-Empty:\r\nX-Spaces: \t a b \t\r\n'),
  post('{"a":1}', 'Content-Type: application/json\r\n'),
  'PUT /keys/a HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n5',
  'DELETE /keys/a HTTP/1.1\r\nHost: h\r\n\r\n',
]);

const GET = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n';

/** How many mixtures are sent; set FAST_PATH_MIXTURES for a long run. */
const MIXTURES = Number(process.env['FAST_PATH_MIXTURES'] ?? 1000);

/** The response of node:http to a request that it cannot read. */
const BAD_REQUEST = 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n';

/** Whether the text consists of some of these answers, in this order. */
function isMadeOf(text: string, answers: readonly string[]): boolean {
  let left = text;
  for (const answer of answers) if (left.startsWith(answer)) left = left.slice(answer.length);
  return left === '';
}

function cut(text: string, random: Prng): string[] {
  const cuts = Array.from({ length: random.between(0, 3) }, () => random.between(1, text.length - 1));
  const ends = [0, ...cuts.sort((a, b) => a - b), text.length];
  return ends.slice(1).map((end, number) => text.slice(ends[number], end));
}

describe('the fast path of HTTP', function () {
  this.timeout(60_000 + 20 * MIXTURES);
  const closers: (() => void)[] = [];
  afterEach(() => {
    for (const close of closers.splice(0)) close();
  });

  async function listening(server: TcpServer): Promise<number> {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  }

  /** node:http alone. */
  async function plain(serve: Serve): Promise<number> {
    const server = createServer((request, response) => serve(request, response));
    closers.push(() => {
      server.closeAllConnections();
      server.close();
    });
    return listening(server);
  }

  /** The fast path with node:http behind it; counts what went to the latter. */
  async function fast(
    serve: Serve,
    timeouts: { keepAliveMs?: number; unreadMs?: number } = {},
  ): Promise<{ port: number; path: FastPath; handedOver: () => number }> {
    let handedOver = 0;
    const sockets: Socket[] = [];
    const behind: Server = createServer((request: IncomingMessage, response: ServerResponse) =>
      serve(request, response),
    );
    const path = new FastPath({ serve, keepAliveMs: 300_000, unreadMs: 60_000, ...timeouts });
    const server = createTcpServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined);
      socket.once('data', (held) =>
        path.accept(socket, held, () => {
          handedOver += 1;
          behind.emit('connection', socket);
        }),
      );
    });
    closers.push(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    return { port: await listening(server), path, handedOver: () => handedOver };
  }

  /**
   * Everything that comes back for these pieces, after which the client says no more, or waits until it has what it
   * wants.
   */
  function exchange(
    port: number,
    pieces: readonly string[],
    isDone?: (text: string) => boolean,
  ): Promise<string> {
    return new Promise((resolve) => {
      let text = '';
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      socket.on('error', () => undefined);
      socket.on('close', () => resolve(text));
      socket.on('data', (bytes) => {
        text += bytes.toString('latin1');
        if (isDone?.(text) === true) socket.destroy();
      });
      const send = (number: number): void => {
        const piece = pieces[number];
        if (piece !== undefined) {
          if (!socket.destroyed) socket.write(piece, 'latin1', () => setTimeout(send, 3, number + 1));
        } else if (isDone === undefined) socket.end();
      };
      socket.on('connect', () => send(0));
    });
  }

  /** Without what is different at every moment. */
  function comparable(text: string): string {
    return text.replaceAll(/^Date: .*$/gm, 'Date').replaceAll(/^Keep-Alive: timeout=\d+$/gm, 'Keep-Alive');
  }

  it('serves what is usual itself, and leaves the rest to node:http', async () => {
    const { port, handedOver } = await fast(echo);
    const usual = [
      'GET /a?b HTTP/1.1\r\nHost: h\r\n\r\n',
      post('abc'),
      post('x'.repeat(50_000)),
      'DELETE /k HTTP/1.1\r\nHost: h\r\n\r\n',
    ];
    for (const text of usual) expect(await exchange(port, [text])).to.match(/^HTTP\/1\.1 200 OK\r\n/);
    expect(handedOver()).to.equal(0);
    const unusual = [
      post('abc', 'Connection: close\r\n'),
      post('abc', 'Expect: 100-continue\r\n'),
      post('abc', 'Content-Length: 3\r\n'),
      'POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
      'HEAD / HTTP/1.1\r\nHost: h\r\n\r\n',
      'GET / HTTP/1.0\r\n\r\n',
      'GET / HTTP/1.1\r\n\r\n',
      post('x'.repeat(200_000)),
    ];
    for (const text of unusual) await exchange(port, [text]);
    expect(handedOver()).to.equal(unusual.length);
  });

  /**
   * A mixture is held against the answers that node:http gives to each of its requests alone. Once node:http has the
   * connection it may refuse a later request before it has answered an earlier one, and then never does; what came
   * before, on the fast path, is answered.
   */
  it('answers as node:http does: the same bytes for the same requests, however they are cut and mixed', async () => {
    const requests = [
      ...USUAL,
      'HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n',
      'POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
      post('abc', 'Connection: close\r\n'),
      'GET http://h/abs HTTP/1.1\r\nHost: h\r\n\r\n',
      '\r\nGET /blank-line-first HTTP/1.1\r\nHost: h\r\n\r\n',
      // What smuggles requests past a front that reads them differently (RFC 9112, section 11.2).
      'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd',
      'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +3\r\n\r\nabc',
      'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3 \r\n\r\nabc',
      'POST / HTTP/1.1\r\nHost: h\r\nContent-Length : 3\r\n\r\nabc',
      'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0x3\r\n\r\nabc',
      'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3, 3\r\n\r\nabc',
      'POST / HTTP/1.1\r\nHost: h\r\n Content-Length: 3\r\n\r\nabc',
      'POST / HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\nContent-Length: 3\r\n\r\nabc',
      'POST / HTTP/1.1\nHost: h\nContent-Length: 3\n\nabc',
      'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nX: a\rb\r\n\r\nabc',
      'POST / HTTP/1.1\r\nHost: h\r\nHost: i\r\nContent-Length: 3\r\n\r\nabc',
      'POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc',
      'POST / HTTP/1.1\r\nHost: h\r\nContent_Length: 3\r\n\r\nabc',
      'POST /a b HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc',
      'BREW /pot HTTP/1.1\r\nHost: h\r\n\r\n',
      'GET /\x7f HTTP/1.1\r\nHost: h\r\n\r\n',
      'GET /\xe9 HTTP/1.1\r\nHost: h\r\nX: \xe9\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
      'hello\r\n\r\n',
    ];
    const [{ port }, plainPort] = [await fast(echo), await plain(echo)];
    const alone = new Map<string, string>();
    await Promise.all(
      requests.map(async (text) => {
        const [ours, theirs] = await Promise.all([exchange(port, [text]), exchange(plainPort, [text])]);
        expect(comparable(ours), JSON.stringify(text)).to.equal(comparable(theirs));
        alone.set(text, comparable(theirs));
      }),
    );
    // After an upgrade nothing is a request any more for node:http; a request without its length leaves bytes behind,
    // of which node:http
    // complains before or after its answer.
    const mixed = requests.filter((text) => !/Upgrade|Content_Length/.test(text));
    const random = new Prng(11);
    for (let round = 0; round < MIXTURES / 25; round += 1)
      await Promise.all(
        Array.from({ length: 25 }, async () => {
          const mixture = Array.from({ length: random.between(1, 4) }, () => random.pick(mixed));
          const pieces = cut(mixture.join(''), random);
          const answers = mixture.map((text) => alone.get(text) ?? '');
          const unusual = mixture.findIndex((text) => !USUAL.has(text));
          const own = answers.slice(0, unusual < 0 ? answers.length : unusual).join('');
          const answer = comparable(await exchange(port, pieces));
          const what = JSON.stringify(pieces);
          expect(answer.slice(0, own.length), what).to.equal(own);
          const rest = unusual < 0 ? [] : answers.slice(unusual);
          expect(isMadeOf(answer.slice(own.length), [...rest, BAD_REQUEST]), `${what} ${answer}`).to.equal(
            true,
          );
        }),
      );
  });

  it('serves the requests of a connection one after another, in their order', async () => {
    const open: (() => void)[] = [];
    const { port } = await fast((request, reply) =>
      open.push(() => reply.writeHead(200).end(request.url ?? '')),
    );
    const answer = exchange(
      port,
      ['GET /1 HTTP/1.1\r\nHost: h\r\n\r\n', 'GET /2 HTTP/1.1\r\nHost: h\r\n\r\n'],
      (text) => text.endsWith('/2'),
    );
    await until(() => open.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(open).to.have.length(1);
    open[0]?.();
    await until(() => open.length === 2);
    open[1]?.();
    expect(await answer).to.match(/^HTTP[^]*\/1HTTP[^]*\/2$/);
  });

  it('tells of a client that goes away before its answer, and not of one that has it', async () => {
    const events: string[] = [];
    let late: ServerReply | undefined;
    const { port } = await fast((request, reply) => {
      reply.once('finish', () => events.push(`finish ${request.url ?? ''}`));
      reply.once('close', () => events.push(`close ${request.url ?? ''} ${reply.writableFinished}`));
      if (request.url === '/now') reply.writeHead(200).end('x');
      else late = reply;
    });
    await exchange(port, ['GET /now HTTP/1.1\r\nHost: h\r\n\r\n']);
    expect(events.splice(0)).to.deep.equal(['finish /now', 'close /now true']);
    const socket = connect({ port, host: '127.0.0.1' });
    socket.write('GET /late HTTP/1.1\r\nHost: h\r\n\r\n');
    await until(() => late !== undefined);
    socket.destroy();
    await until(() => events.length > 0);
    expect(events).to.deep.equal(['close /late false']);
    expect(late?.destroyed).to.equal(true);
    late?.writeHead(200).end('nobody hears this');
  });

  /** Answers with 30 MB, piece by piece, and notes what became of each answer. */
  function large(outcomes: boolean[]): Serve {
    const piece = Buffer.alloc(1_000_000, 'x');
    return (_request, reply) => {
      let left = 30;
      const more = (): void => {
        while (left > 0) {
          left -= 1;
          if (!reply.write(piece)) {
            reply.once('drain', more);
            return;
          }
        }
        reply.end();
      };
      reply.once('close', () => outcomes.push(reply.writableFinished));
      reply.writeHead(200, { 'Content-Length': 30 * piece.length });
      more();
    };
  }

  it('writes a large answer as fast as the client reads it', async () => {
    const outcomes: boolean[] = [];
    const { port } = await fast(large(outcomes));
    const socket = connect({ port, host: '127.0.0.1' });
    let bytes = 0;
    socket.on('data', (chunk) => (bytes += chunk.length));
    socket.write(GET);
    await until(() => outcomes.length === 1 && bytes > 30_000_000);
    expect(outcomes).to.deep.equal([true]);
    socket.destroy();
  });

  it('cuts a client that does not read its answer', async () => {
    const outcomes: boolean[] = [];
    const { port } = await fast(large(outcomes), { unreadMs: 300 });
    const deaf = connect({ port, host: '127.0.0.1' }).pause();
    deaf.on('error', () => undefined);
    deaf.write(GET);
    await until(() => outcomes.length === 1);
    expect(outcomes).to.deep.equal([false]);
    deaf.destroy();
  });

  it('keeps an idle connection for its time and no longer', async () => {
    const { port } = await fast(echo, { keepAliveMs: 200, unreadMs: 50 });
    const socket = connect({ port, host: '127.0.0.1' });
    const startedAt = performance.now();
    socket.write(post('abc'));
    socket.resume();
    await new Promise((resolve) => socket.once('close', resolve));
    expect(performance.now() - startedAt).to.be.above(190);
  });

  it('ends idle connections when it is closed, and the others after their answer', async () => {
    let answer: (() => void) | undefined;
    const { port, path } = await fast((request, reply) => {
      if (request.url === '/wait') answer = () => reply.writeHead(200).end('done');
      else reply.writeHead(200).end('x');
    });
    const [idle, busy] = [connect({ port, host: '127.0.0.1' }), connect({ port, host: '127.0.0.1' })];
    let text = '';
    idle.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
    busy.write('GET /wait HTTP/1.1\r\nHost: h\r\n\r\n');
    busy.on('data', (bytes) => (text += bytes.toString()));
    await new Promise((resolve) => idle.once('data', resolve));
    await until(() => answer !== undefined);
    const gone = Promise.all(
      [idle, busy].map((socket) => new Promise((resolve) => socket.once('close', resolve))),
    );
    path.close();
    answer?.();
    await gone;
    expect(text).to.match(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\ndone$/);
  });

  it('does not read on without end while a call waits', async () => {
    const { port } = await fast(() => undefined);
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('error', () => undefined);
    socket.write('GET /wait HTTP/1.1\r\nHost: h\r\n\r\n');
    const blocked = await new Promise<boolean>((resolve) => {
      let written = 0;
      const more = (): void => {
        while (written < 200) {
          written += 1;
          if (!socket.write(Buffer.alloc(100_000, 'x'))) {
            const giveUp = setTimeout(() => resolve(true), 500);
            socket.once('drain', () => {
              clearTimeout(giveUp);
              more();
            });
            return;
          }
        }
        resolve(false);
      };
      more();
    });
    expect(blocked).to.equal(true);
    socket.destroy();
  });
});
