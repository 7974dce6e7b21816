import { expect } from 'chai';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { HttpClient, type HttpClientOptions, type HttpError } from '../../../src/http/client.js';
import type { HttpResponse } from '../../../src/http/responseReader.js';
import { until } from '../../support/xmlrpcServer.js';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

describe('the HTTP client', () => {
  const closers: (() => void)[] = [];
  afterEach(() => {
    for (const close of closers.splice(0)) close();
  });

  function newClient(options: HttpClientOptions = {}): HttpClient {
    const client = new HttpClient(options);
    closers.push(() => client.close());
    return client;
  }

  /** Answers each request, once it has its body, as the test says; counts connections and keeps what has come. */
  async function newServer(
    answer: (socket: Socket, request: string) => void,
  ): Promise<{ port: number; connections: Socket[]; requests: string[] }> {
    const [connections, requests]: [Socket[], string[]] = [[], []];
    const server: Server = createServer((socket) => {
      connections.push(socket);
      let text = '';
      socket.on('error', () => undefined);
      socket.on('data', (bytes) => {
        text += bytes.toString('latin1');
        const end = text.indexOf('\r\n\r\n');
        const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
        if (end < 0 || text.length < end + 4 + length) return;
        requests.push(text);
        answer(socket, text);
        text = '';
      });
    });
    closers.push(() => {
      for (const socket of connections) socket.destroy();
      server.close();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { port: (server.address() as AddressInfo).port, connections, requests };
  }

  function post(client: HttpClient, port: number, body = ''): Promise<HttpResponse | HttpError> {
    return new Promise((resolve) => {
      client.request(
        {
          host: '127.0.0.1',
          port,
          path: '/p',
          headers: { A: 'b' },
          body: [Buffer.from(body)],
          bodyBytesMax: () => 100,
        },
        resolve,
      );
    });
  }

  it('sends the request as it should be, whatever its size', async () => {
    const { port, requests } = await newServer((socket) => socket.write(OK));
    const client = newClient();
    for (const body of ['', 'abc', 'x'.repeat(300_000)]) {
      expect(await post(client, port, body)).to.have.property('status', 200);
      expect(requests.at(-1)).to.equal(
        `POST /p HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nA: b\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
    }
  });

  it('uses a connection again, and says so when it will not', async () => {
    const { port, connections, requests } = await newServer((socket) => socket.write(OK));
    const client = newClient();
    for (let count = 0; count < 3; count += 1) await post(client, port);
    expect(connections).to.have.length(1);
    await post(newClient({ keepAlive: false }), port);
    expect(requests.at(-1)).to.include('\r\nConnection: close\r\n');
    expect(connections).to.have.length(2);
  });

  it('opens as many connections as there are requests, and no more than it may', async () => {
    const waiting: Socket[] = [];
    const { port, connections } = await newServer((socket) => waiting.push(socket));
    const client = newClient({ maxSockets: 2 });
    const answers = Array.from({ length: 5 }, () => post(client, port));
    for (let answered = 0; answered < 5; answered += 1) {
      await until(() => waiting.length > 0);
      expect(connections.length).to.be.at.most(2);
      waiting.shift()?.write(OK);
    }
    for (const answer of await Promise.all(answers)) expect(answer).to.have.property('status', 200);
  });

  it('never sends a request that was given up while it waited for a connection', async () => {
    const waiting: Socket[] = [];
    const { port, requests } = await newServer((socket) => waiting.push(socket));
    const client = newClient({ maxSockets: 1 });
    const first = post(client, port, 'first');
    await until(() => waiting.length === 1);
    const outcomes: (HttpResponse | HttpError)[] = [];
    const target = { host: '127.0.0.1', port, path: '/p', headers: {}, bodyBytesMax: () => 100 };
    client
      .request({ ...target, body: [Buffer.from('given up')] }, (outcome) => outcomes.push(outcome))
      .abort('no more');
    const third = post(client, port, 'third');
    waiting.shift()?.write(OK);
    await until(() => waiting.length === 1);
    waiting.shift()?.write(OK);
    await Promise.all([first, third]);
    expect(requests.map((text) => text.slice(text.indexOf('\r\n\r\n') + 4))).to.deep.equal([
      'first',
      'third',
    ]);
    expect(outcomes[0]).to.include({ code: 'EABORTED', sent: false });
  });

  it('does not use a connection on which something came unasked', async () => {
    const { port, connections } = await newServer((socket) => socket.write(`${OK}HTTP/1.1 200 OK\r\n`));
    const client = newClient();
    await post(client, port);
    await post(client, port);
    expect(connections).to.have.length(2);
    const late = await newServer((socket) => {
      socket.write(OK);
      setImmediate(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad'));
    });
    const answer = await post(client, late.port);
    expect(answer).to.have.property('status', 200);
    await until(() => late.connections[0]?.destroyed === true);
    expect(await post(client, late.port)).to.have.property('status', 200);
  });

  it('does not use a connection longer than the server means to keep it', async () => {
    const { port, connections } = await newServer((socket) =>
      socket.write(OK.replace('\r\n\r\n', '\r\nKeep-Alive: timeout=1\r\n\r\n')),
    );
    const client = newClient();
    await post(client, port);
    await post(client, port);
    expect(connections).to.have.length(2);
  });

  it('does not use a connection of a server that answered before it had the whole request', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno'));
      socket.pause();
      socket.once('data', () => undefined);
      setImmediate(() => socket.resume());
    });
    closers.push(() => server.close());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    expect(await post(newClient(), port, 'x'.repeat(20_000_000))).to.have.property('status', 413);
  });

  it('keeps no process alive by connections that nobody uses', async () => {
    const { port, connections } = await newServer((socket) => socket.write(OK));
    const script = fileURLToPath(new URL('oneRequest.ts', import.meta.url));
    const child = fork(script, [String(port)], { execArgv: ['--import', 'tsx'], stdio: 'ignore' });
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).to.equal(0);
    expect(connections).to.have.length(1);
  });
});
