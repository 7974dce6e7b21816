import { expect } from 'chai';
import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Prng } from '../../../src/sim/prng.js';
import { connectRaw, post } from '../../support/xmlrpcServer.js';
import { callXml, faultCodeOf, ping, send } from '../support/http.js';
import { until, within } from '../support/waiting.js';
import { toEveryServer, type Target } from './target.js';

/** Registers the tests: what can be wrong with a connection. */
export function hostileConnections(target: Target): void {
  const open = new Set<Socket>();
  const hostile = toEveryServer(target);
  after(() => {
    for (const socket of open) socket.destroy();
  });

  hostile('garbage that is not HTTP: 400 or the end of the connection', async (port) => {
    const garbage: (string | Buffer)[] = [
      Buffer.concat([Buffer.of(0), noise(1)]),
      Buffer.concat([Buffer.of(0xff), noise(2)]),
      Buffer.from('16030100c8010000c40303', 'hex'),
      '\r\n'.repeat(1_000),
      'PING\r\n\r\n',
      'POST /RPC2 HTTP/9.9\r\n\r\n',
      'POST /RPC2 HTTP/1.1\r\nContent-Length: -1\r\n\r\n',
      'POST /RPC2 HTTP/1.1\r\nContent-Length: 1e3\r\n\r\n',
      'POST /RPC2 HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello',
      'POST /RPC2 HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello',
      'POST /RPC2 HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n',
      'POST /RPC2 HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n',
      `POST /RPC2 HTTP/1.1\r\nX-Long: ${'x'.repeat(200_000)}\r\n\r\n`,
      `POST /RPC2 HTTP/1.1\r\n${'X-Many: 1\r\n'.repeat(20_000)}\r\n`,
      'CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: test\r\n\r\n',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    ];
    for (const bytes of garbage) {
      const connection = connectRaw(port, bytes);
      connection.socket.end();
      await within(
        connection.closed,
        5_000,
        `the end of the connection after ${bytes.toString().slice(0, 80)}`,
      );
      expect(connection.received().slice(0, 14), bytes.toString().slice(0, 80)).to.match(
        /^(?:HTTP\/1\.1 4\d\d.*)?$/s,
      );
    }
  });

  hostile('garbage that begins as JSON does: refused as lines that are not messages', async (port) => {
    for (const opening of ['{', '[', '"', ' \r\n{']) {
      const connection = connectRaw(port, Buffer.concat([Buffer.from(opening), noise(3), Buffer.from('\n')]));
      connection.socket.end();
      await within(connection.closed, 5_000, `the end of the connection after ${opening}`);
      const lines = connection.received().trim().split('\n');
      for (const line of lines) expect(JSON.parse(line), opening).to.include({ code: 'fail' });
    }
  });

  hostile('a request for another protocol is answered as the call that it is', async (port) => {
    const answer = await send(
      port,
      post(callXml('surfstore.ping'), ['Connection: Upgrade', 'Upgrade: websocket']),
    );
    expect(answer.status).to.equal(200);
  });

  hostile('a call that arrives byte by byte is answered', async (port) => {
    const socket = track(connect({ port, host: '127.0.0.1', noDelay: true }));
    let received = '';
    socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
    for (const byte of Buffer.from(ping)) {
      socket.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until('the answer', () => received.includes('</methodResponse>'));
    socket.destroy();
  });

  hostile('calls sent all at once on one connection are answered in order', async (port) => {
    const names = Array.from({ length: 500 }, (_, number) => `surfstore.nothing${number}`);
    const connection = connectRaw(port, names.map((name) => post(callXml(name))).join(''));
    open.add(connection.socket);
    await until(
      'all answers',
      () => connection.received().split('</methodResponse>').length === names.length + 1,
    );
    const answered = [...connection.received().matchAll(/no method &quot;(\S+?)&quot;|no method "(\S+?)"/g)];
    expect(answered.map(([, quoted, plain]) => quoted ?? plain)).to.deep.equal(names);
    connection.socket.destroy();
  });

  hostile('connections that are reset in the middle of a request', async (port) => {
    for (let cut = 1; cut < ping.length; cut += 7) await reset(port, ping.slice(0, cut));
  });

  hostile('connections that are reset as soon as, or while, the answer comes', async (port) => {
    const listing = post(callXml('surfstore.getfileinfomap'));
    for (let time = 0; time < 50; time += 1) await reset(port, listing);
    for (let time = 0; time < 20; time += 1) {
      const socket = track(connect(port, '127.0.0.1'));
      socket.write(listing.repeat(20));
      await once(socket, 'data');
      socket.resetAndDestroy();
    }
  });

  hostile('an update whose client hangs up at once leaves nothing half done', async (port) => {
    const name = `hung up on ${port}`;
    const update = (version: number): string =>
      post(callXml('surfstore.updatefile', name, `<int>${version}</int>`, '<array><data/></array>'));
    for (let version = 1; version <= 20; version += 1) await reset(port, update(version));
    const leader = await target.cluster.leader();
    // Some of them may still be under way.
    await until('the next version is taken', async () => {
      const reached = await target.cluster.version(leader, name);
      return (await target.cluster.update(leader, name, reached + 1)) === true;
    });
  });

  hostile('clients that send and never read the answers', async (port) => {
    for (let client = 0; client < 5; client += 1) {
      const socket = track(connect(port, '127.0.0.1'));
      socket.pause();
      socket.write(ping.repeat(2_000));
    }
    await sleep(50);
  });

  hostile('connections that are opened and half closed without a word', async (port) => {
    const sockets = Array.from({ length: 50 }, () =>
      track(connect({ port, host: '127.0.0.1', allowHalfOpen: true })),
    );
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    for (const socket of sockets) socket.end();
  });

  it('500 idle connections to each server: calls are answered, and closed connections are let go', async () => {
    const descriptors = openDescriptors();
    const idle = target.cluster.ports.flatMap((port) =>
      Array.from({ length: 500 }, () => track(connect(port, '127.0.0.1'))),
    );
    await Promise.all(idle.map((socket) => once(socket, 'connect')));
    // A head that stops in the middle holds no more than a silent connection does.
    for (const socket of idle.slice(0, 300)) socket.write('POST /RPC2 HTTP/1.1\r\nHost: te');
    await target.witness.prove();
    for (const socket of idle) socket.destroy();
    if (descriptors !== undefined) {
      await until('as many open files as before', () => (openDescriptors() ?? 0) < descriptors + 50);
    }
    await target.witness.prove();
  });

  it('an answer to 100-continue comes before the body, and the call after it', async () => {
    const [head = '', body = ''] = post(callXml('surfstore.ping'), ['Expect: 100-continue']).split(
      '\r\n\r\n',
    );
    const connection = connectRaw(target.cluster.port(0), `${head}\r\n\r\n`);
    open.add(connection.socket);
    await until('100', () => connection.received().startsWith('HTTP/1.1 100'));
    connection.socket.write(body);
    await until('200', () => connection.received().includes('HTTP/1.1 200'));
    expect(faultCodeOf({ status: 200, body: connection.received() })).to.equal(undefined);
    connection.socket.destroy();
  });

  async function reset(port: number, bytes: string): Promise<void> {
    const socket = track(connect(port, '127.0.0.1'));
    await once(socket, 'connect');
    await new Promise((resolve) => socket.write(bytes, resolve));
    socket.resetAndDestroy();
  }

  function track(socket: Socket): Socket {
    open.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => open.delete(socket));
    return socket;
  }

  /** How many files and connections all servers have open; undefined where the system does not tell. */
  function openDescriptors(): number | undefined {
    try {
      const counts = target.cluster.ids.map(
        (id) => readdirSync(`/proc/${target.cluster.process(id).pid}/fd`).length,
      );
      return counts.reduce((sum, count) => sum + count, 0);
    } catch {
      return undefined;
    }
  }
}

/** 100,000 bytes that are the same in each run. */
function noise(seed: number): Buffer {
  const prng = new Prng(seed);
  return Buffer.from(Array.from({ length: 100_000 }, () => prng.between(0, 255)));
}
