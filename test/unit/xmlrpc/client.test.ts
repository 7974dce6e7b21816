import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { expect } from 'chai';
import { HttpClient } from '../../../src/http/client.js';
import {
  serializeMethodResponse,
  XmlRpcClient,
  XmlRpcFault,
  XmlRpcTransportError,
  type Dispatch,
  type XmlRpcClientOptions,
  type XmlRpcValue,
} from '../../../src/xmlrpc/index.js';
import { closeServers, listen, startServer, until } from '../../support/xmlrpcServer.js';

const clients: XmlRpcClient[] = [];

function clientOf(port: number, options: Partial<XmlRpcClientOptions> = {}): XmlRpcClient {
  const client = new XmlRpcClient({ host: '127.0.0.1', port, ...options });
  clients.push(client);
  return client;
}

async function errorOf(result: Promise<unknown>): Promise<XmlRpcTransportError> {
  const error = await result.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof XmlRpcTransportError) return error;
  throw new Error('there is no transport error', { cause: error });
}

/** A server that does with each connection what the test says, once bytes have come. */
async function rawServer(onRequest: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => onRequest(socket));
    closers.push(() => socket.destroy());
  });
  closers.push(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const closers: (() => void)[] = [];
const httpOf = (body: string): string => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const never: Dispatch = () => new Promise(() => undefined);
const echo: Dispatch = (methodName, params) => [methodName, ...(params as XmlRpcValue[])];

describe('XML-RPC client', () => {
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    for (const close of closers.splice(0)) close();
    await closeServers();
  });

  describe('a call', () => {
    it('gives the value', async () => {
      const { port } = await startServer(echo);
      const params = [1, 'é', [true], new Map([['a', 2 ** 40]]), Buffer.from('b')];
      expect(await clientOf(port).call('m', params)).to.deep.equal(['m', ...params]);
    });

    it('needs no parameters', async () => {
      const { port } = await startServer(echo);
      expect(await clientOf(port).call('m')).to.deep.equal(['m']);
    });

    it('is rejected with the fault when the answer is one', async () => {
      const { port } = await startServer(() => {
        throw new XmlRpcFault(3, 'why');
      });
      const error = await clientOf(port)
        .call('m')
        .catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(XmlRpcFault).and.include({ faultCode: 3, faultString: 'why' });
    });

    it('uses the connection of the call before', async () => {
      const ports = new Set<number | undefined>();
      const { port } = await startServer(() => true);
      const client = clientOf(port, { maxSockets: 1 });
      const server = createHttpServer((request, response) => {
        ports.add(request.socket.remotePort);
        response.end('<methodResponse><params><param><value>a</value></param></params></methodResponse>');
      });
      const other = clientOf(await listen(server));
      for (let count = 0; count < 5; count += 1) await other.call('m');
      expect(ports.size).to.equal(1);
      expect(await Promise.all([client.call('m'), client.call('m')])).to.deep.equal([true, true]);
    });

    it('goes to /RPC2 unless another path is given', async () => {
      const paths: (string | undefined)[] = [];
      const server = createHttpServer((request, response) => {
        paths.push(request.url);
        response.end('<methodResponse><params><param><value/></param></params></methodResponse>');
      });
      const port = await listen(server);
      await clientOf(port).call('m');
      await clientOf(port, { path: '/a', keepAlive: false }).call('m');
      expect(paths).to.deep.equal(['/RPC2', '/a']);
    });
  });

  describe('a transport error', () => {
    it('is ECONNREFUSED, nothing sent, when nobody listens', async () => {
      const { port, close } = await startServer(echo);
      await close();
      const error = await errorOf(clientOf(port).call('m'));
      expect(error).to.include({ code: 'ECONNREFUSED', sent: false });
      expect(error.message).to.match(new RegExp(`^127.0.0.1:${port}: .*ECONNREFUSED`));
    });

    it('is ETIMEDOUT, sent, when the server does not answer in time, and the server sees the client go', async () => {
      let hungUp = false;
      const { port } = await startServer((_name, _params, context) => {
        context.onHangUp(() => (hungUp = true));
        return new Promise(() => undefined);
      });
      const error = await errorOf(clientOf(port).call('m', [], { timeoutMs: 30 }));
      expect(error).to.include({ code: 'ETIMEDOUT', sent: true });
      await until(() => hungUp);
    });

    it('is no ETIMEDOUT when the answer begins in time and takes long', async () => {
      const xml = serializeMethodResponse('x');
      const server = createHttpServer((_request, response) => {
        response.writeHead(200, { 'Content-Type': 'text/xml', 'Content-Length': xml.length });
        response.write(xml.slice(0, 20));
        setTimeout(() => response.end(xml.slice(20)), 200);
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      try {
        expect(await clientOf(port).call('m', [], { headMs: 100, timeoutMs: 10_000 })).to.equal('x');
        const error = await errorOf(clientOf(port).call('m', [], { headMs: 100, timeoutMs: 150 }));
        expect(error).to.include({ code: 'ETIMEDOUT', sent: true });
      } finally {
        server.closeAllConnections();
        server.close();
      }
    });

    it('is ETIMEDOUT, nothing sent, for a call that waited for a connection', async () => {
      const { port } = await startServer(never);
      const client = clientOf(port, { maxSockets: 1 });
      const first = errorOf(client.call('m'));
      expect(await errorOf(client.call('m', [], { timeoutMs: 30 }))).to.include({
        code: 'ETIMEDOUT',
        sent: false,
      });
      client.close();
      expect(await first).to.include({ code: 'EABORTED', sent: true });
    });

    it('is ECONNRESET, sent, when the connection closes without an answer', async () => {
      const port = await rawServer((socket) => socket.end());
      expect(await errorOf(clientOf(port).call('m'))).to.include({ code: 'ECONNRESET', sent: true });
    });

    it('is ECONNRESET, sent, when the connection closes in the middle of the answer', async () => {
      const port = await rawServer((socket) =>
        socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<meth'),
      );
      expect(await errorOf(clientOf(port).call('m'))).to.include({ code: 'ECONNRESET', sent: true });
    });

    it('is ECONNRESET, sent, when a kept connection turns out to be closed: nothing is sent twice', async () => {
      let connections = 0;
      const xml = '<methodResponse><params><param><value>a</value></param></params></methodResponse>';
      const port = await rawServer((socket) => {
        connections += 1;
        socket.write(httpOf(xml));
        socket.once('data', () => socket.resetAndDestroy());
      });
      const client = clientOf(port);
      expect(await client.call('m')).to.equal('a');
      expect(await errorOf(client.call('m'))).to.include({ code: 'ECONNRESET', sent: true });
      expect(connections).to.equal(1);
    });

    it('is EHTTP with the beginning of the page when the status is not 200', async () => {
      const server = createHttpServer((_request, response) => response.writeHead(503).end('come back later'));
      const port = await listen(server);
      const error = await errorOf(clientOf(port).call('m'));
      expect(error).to.include({ code: 'EHTTP', sent: true, status: 503 });
      expect(error.message).to.match(/: HTTP status 503: come back later$/);
    });

    it('is EHTTP also when the page is empty or endless', async () => {
      for (const page of ['', 'a'.repeat(1_000_000)]) {
        const server = createHttpServer((_request, response) => response.writeHead(404).end(page));
        const error = await errorOf(clientOf(await listen(server)).call('m'));
        expect(error.code).to.equal('EHTTP');
        expect(error.message).to.match(/: HTTP status 404$/);
      }
    });

    it('is EPROTO when the answer is not HTTP', async () => {
      const port = await rawServer((socket) => socket.end('SSH-2.0-hello\r\n'));
      expect(await errorOf(clientOf(port).call('m'))).to.include({ code: 'EPROTO', sent: true });
    });

    it('is EPROTO with the reason when the answer is not XML-RPC', async () => {
      const port = await rawServer((socket) => socket.end(httpOf('<html></html>')));
      const error = await errorOf(clientOf(port).call('m'));
      expect(error.code).to.equal('EPROTO');
      expect(error.message).to.match(/cannot be read: <html> stands where <methodResponse> is expected/);
    });

    it('is EMSGSIZE when the answer is larger than the limit', async () => {
      const { port } = await startServer(() => 'a'.repeat(1000));
      expect((await errorOf(clientOf(port, { bodyBytesMax: 1000 }).call('m'))).code).to.equal('EMSGSIZE');
    });

    it('is EINVAL, nothing sent, when no request can be made of the options', async () => {
      expect(await errorOf(clientOf(1, { path: '/a b' }).call('m'))).to.include({
        code: 'EINVAL',
        sent: false,
      });
      expect(await errorOf(clientOf(99_999).call('m'))).to.include({ code: 'EINVAL', sent: false });
    });
  });

  describe('giving a call up', () => {
    it('by its signal rejects it with EABORTED', async () => {
      let called = false;
      const { port } = await startServer((...call) => {
        called = true;
        return never(...call);
      });
      const controller = new AbortController();
      const error = errorOf(clientOf(port).call('m', [], { signal: controller.signal }));
      await until(() => called);
      controller.abort();
      expect(await error).to.include({ code: 'EABORTED', sent: true });
    });

    it('before it has begun sends nothing', async () => {
      let called = false;
      const { port } = await startServer(() => (called = true));
      const client = clientOf(port);
      const error = await errorOf(client.call('m', [], { signal: AbortSignal.abort() }));
      expect(error).to.include({ code: 'EABORTED', sent: false });
      client.request('m', [], {}, () => undefined).abort();
      expect(called).to.equal(false);
    });

    it('after its end does nothing', async () => {
      const { port } = await startServer(() => true);
      const controller = new AbortController();
      expect(await clientOf(port).call('m', [], { signal: controller.signal })).to.equal(true);
      controller.abort();
    });

    it('happens to every call when the client is closed, also to those that wait for a connection', async () => {
      let called = false;
      const { port } = await startServer((...call) => {
        called = true;
        return never(...call);
      });
      const client = clientOf(port, { maxSockets: 1 });
      const errors = [errorOf(client.call('a')), errorOf(client.call('b'))];
      await until(() => called);
      client.close();
      const [first, second] = await Promise.all(errors);
      expect(first).to.include({ code: 'EABORTED', sent: true });
      expect(second).to.include({ code: 'EABORTED', sent: false });
      expect(await errorOf(client.call('c'))).to.include({ code: 'EABORTED', sent: false });
    });
  });

  describe('the callback of a request', () => {
    it('is called once, and not before request has returned', async () => {
      const { port, close } = await startServer(() => true);
      const calls: string[] = [];
      const client = clientOf(port);
      const broken = clientOf(port, { path: '/a b' });
      const done = (name: string) => (error: Error | null) =>
        calls.push(`${name} ${error === null ? 'ok' : 'error'}`);
      client.request('m', [], {}, done('value'));
      broken.request('m', [], {}, done('invalid')).abort();
      const twice = client.request('m', [], { timeoutMs: 1 }, done('aborted'));
      twice.abort();
      twice.abort();
      expect(calls).to.deep.equal([]);
      await until(() => calls.length === 3);
      await close();
      client.close();
      expect(calls).to.have.members(['value ok', 'invalid error', 'aborted error']);
    });

    it('gets null and the value', async () => {
      const { port } = await startServer(() => 5);
      const outcome = await new Promise((resolve) => {
        clientOf(port).request('m', [], { timeoutMs: 5000 }, (error, value) => resolve([error, value]));
      });
      expect(outcome).to.deep.equal([null, 5]);
    });

    it('is called once whatever the server does and whenever the call is given up', async () => {
      let turn = 0;
      const answers = [
        httpOf('<a'),
        'HTTP/1.1 200 OK\r\n\r\n',
        'x',
        'HTTP/1.1 404 N\r\nContent-Length: 9\r\n\r\nabc',
      ];
      const port = await rawServer((socket) => {
        turn += 1;
        socket.write(answers[turn % answers.length] ?? '');
        if (turn % 3 === 0) socket.resetAndDestroy();
        else socket.end();
      });
      const counts = new Array<number>(60).fill(0);
      const client = clientOf(port);
      await Promise.all(
        counts.map(async (_, index) => {
          const pending = client.request(
            'm',
            [],
            { timeoutMs: 1000 },
            () => (counts[index] = (counts[index] ?? 0) + 1),
          );
          for (let turns = index % 20; turns > 0; turns -= 1)
            await new Promise((resolve) => setImmediate(resolve));
          if (index % 2 === 0) pending.abort();
          await until(() => counts[index] !== 0);
        }),
      );
      client.close();
      expect(new Set(counts)).to.deep.equal(new Set([1]));
    });
  });

  describe('an HTTP client of the caller', () => {
    it('is used, and is not closed with the client', async () => {
      const http = new HttpClient();
      closers.push(() => http.close());
      const ports = new Set<number | undefined>();
      const server = createHttpServer((request, response) => {
        ports.add(request.socket.remotePort);
        response.end('<methodResponse><params><param><value>a</value></param></params></methodResponse>');
      });
      const port = await listen(server);
      for (let count = 0; count < 2; count += 1) {
        const client = clientOf(port, { http });
        await client.call('m');
        client.close();
      }
      expect(ports.size).to.equal(1);
    });
  });
});
