import { once } from 'node:events';
import { deflateSync, gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { serializeMethodCall, type XmlRpcValue } from '../../../src/xmlrpc/index.js';
import { ByteBudget } from '../../../src/http/byteBudget.js';
import {
  closeServers,
  connectRaw,
  exchangeRaw,
  post,
  startServer,
  until,
} from '../../support/xmlrpcServer.js';

const limit = 10_000;
const close = ['Connection: close'];
/** A POST of these bytes, compressed in this way. */
function zipped(bytes: Buffer, coding: string): Buffer {
  const head = ['POST /RPC2 HTTP/1.1', 'Host: test', `Content-Length: ${bytes.length}`];
  return Buffer.concat([
    Buffer.from([...head, `Content-Encoding: ${coding}`, ...close, '', ''].join('\r\n')),
    bytes,
  ]);
}

const MEGABYTE = Buffer.alloc(1024 * 1024, 'a');

describe('XML-RPC server: what it refuses and survives', () => {
  afterEach(closeServers);

  describe('the XML-RPC server refuses', () => {
    it('another method than POST with 405', async () => {
      const { port } = await startServer(() => true);
      const { status, headers, text } = await exchangeRaw(port, 'GET /RPC2 HTTP/1.1\r\nHost: a\r\n\r\n');
      expect(status).to.equal(405);
      expect(headers).to.include('allow: post').and.include('connection: close');
      expect(text).to.equal('XML-RPC calls are made with POST.\n');
    });

    it('a body that is compressed in a way that it does not know, with 415', async () => {
      const { port } = await startServer(() => true);
      const { status, text } = await exchangeRaw(port, post('abc', ['Content-Encoding: br']));
      expect(status).to.equal(415);
      expect(text).to.equal('The request body is compressed as br; use gzip, deflate or nothing.\n');
    });

    it('a body that inflates beyond the limit with 413, at once', async () => {
      const { port } = await startServer(() => true, { bodyBytesMax: limit });
      const { status } = await exchangeRaw(port, zipped(gzipSync(MEGABYTE), 'gzip'));
      expect(status).to.equal(413);
    });

    it('a body that is not compressed as it says with a fault', async () => {
      const { port } = await startServer(() => true);
      for (const bytes of [Buffer.from('abc'), Buffer.alloc(0), gzipSync('<methodCall/>').subarray(0, -9)]) {
        const { status, text } = await exchangeRaw(port, zipped(bytes, 'gzip'));
        expect(status).to.equal(200);
        expect(text).to.contain('-32700').and.contain('not compressed as its Content-Encoding says');
      }
    });

    it('but not one that is compressed as gzip or deflate', async () => {
      const { port } = await startServer((name, params) => `${name} ${JSON.stringify(params[0])}`);
      const call = serializeMethodCall('m', ['\u{1f600}']);
      for (const [coding, bytes] of [
        ['gzip', gzipSync(call)],
        ['X-GZIP', gzipSync(call)],
        ['deflate', deflateSync(call)],
      ] as const)
        expect((await exchangeRaw(port, zipped(bytes, coding))).text, coding).to.contain('m "\u{1f600}"');
    });

    it('but not one that is said to be not compressed', async () => {
      const { port } = await startServer(() => true);
      const call = post(serializeMethodCall('m', []), ['Content-Encoding: identity', ...close]);
      expect((await exchangeRaw(port, call)).status).to.equal(200);
    });

    it('a body whose Content-Length is above the limit with 413, before it has come', async () => {
      const { port } = await startServer(() => true, { bodyBytesMax: limit });
      const connection = connectRaw(
        port,
        `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${limit + 1}\r\n\r\n`,
      );
      await once(connection.socket, 'data');
      expect(connection.received()).to.match(/^HTTP\/1.1 413 /);
      expect(connection.received()).to.match(/larger than the 10000 bytes that are allowed\.\n$/);
      connection.socket.destroy();
    });

    it('a chunked body with 413 as soon as it is above the limit', async () => {
      const { port } = await startServer(() => true, { bodyBytesMax: limit });
      const head = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
      const connection = connectRaw(
        port,
        `${head}${(limit + 1).toString(16)}\r\n${'a'.repeat(limit + 1)}\r\n`,
      );
      await once(connection.socket, 'data');
      expect(connection.received()).to.match(/^HTTP\/1.1 413 /);
      connection.socket.destroy();
    });

    it('but not a body that is just as large as the limit', async () => {
      const { port } = await startServer(() => true, { bodyBytesMax: limit });
      const call = serializeMethodCall('m', []);
      const padded = call + ' '.repeat(limit - call.length);
      expect((await exchangeRaw(port, post(padded, close))).status).to.equal(200);
      expect((await exchangeRaw(port, post(`${padded} `, close))).status).to.equal(413);
    });

    it('a large body so that a client which sends all of it first sees why, and closes the connection', async () => {
      const { port } = await startServer(() => true, { bodyBytesMax: limit });
      const { status, headers } = await exchangeRaw(port, post('a'.repeat(10 * MEGABYTE.length)));
      expect(status).to.equal(413);
      expect(headers).to.include('connection: close');
    });

    it('with 503 the unfinished bodies that took the longest, when all together are too large', async () => {
      const receiving = new ByteBudget(1_000_000);
      const { port } = await startServer(() => true, { receiving });
      const head = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8000000\r\n\r\n';
      const slow = Array.from({ length: 12 }, () => connectRaw(port, head + 'a'.repeat(200_000)));
      const refused = (): number => slow.filter(({ received }) => received() !== '').length;
      await until(() => refused() >= 8);
      expect(receiving.bytes).to.be.at.most(1_000_000);
      const answer = slow.find(({ received }) => received() !== '')?.received();
      expect(answer).to.match(/^HTTP\/1.1 503 /);
      expect(answer).to.match(
        /\r\n\r\nThe server holds too many unfinished requests, .+; send it again\.\n$/,
      );
      const large = serializeMethodCall('m', ['a'.repeat(300_000)]);
      expect((await exchangeRaw(port, post(large, close))).status).to.equal(200);
      for (const { socket } of slow) socket.destroy();
      await until(() => receiving.bytes === 0);
    });

    it('with 503 bodies in many small pieces for what the pieces take, not for their bytes alone', async () => {
      const receiving = new ByteBudget(50_000);
      const { port } = await startServer(() => true, { receiving });
      const head = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
      const clients = [1, 2].map(() => connectRaw(port, head + '1\r\na\r\n'.repeat(300)));
      await until(() => clients.some(({ received }) => received().startsWith('HTTP/1.1 503 ')));
      for (const { socket } of clients) socket.destroy();
      await until(() => receiving.bytes === 0);
    });

    it('to read a huge body: it closes the connection instead', async () => {
      const { port } = await startServer(() => true, { bodyBytesMax: limit });
      const total = 500 * MEGABYTE.length;
      const connection = connectRaw(port, `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${total}\r\n\r\n`);
      let written = 0;
      const pump = (): void => {
        while (written < total && !connection.socket.destroyed) {
          written += MEGABYTE.length;
          if (connection.socket.write(MEGABYTE)) continue;
          connection.socket.once('drain', pump);
          return;
        }
      };
      pump();
      await connection.closed;
      expect(written).to.be.lessThan(100 * MEGABYTE.length);
    });
  });

  describe('the XML-RPC server survives', () => {
    const nested = '<value><array><data>'.repeat(3000) + '</data></array></value>'.repeat(3000);
    const answered: [title: string, body: string, expected: RegExp][] = [
      [
        'an empty fault in a call',
        '<methodCall><methodName>a</methodName><fault></fault></methodCall>',
        /<int>-32600<.*&lt;fault&gt; stands/,
      ],
      [
        '3000 nested arrays',
        `<methodCall><methodName>a</methodName><params><param>${nested}</param></params></methodCall>`,
        /<int>-32600<.*nested deeper than 64 levels/,
      ],
      [
        'a returned string with a control character',
        serializeMethodCall('control', []),
        /<string>a\ufffdb<\/string>/,
      ],
      ['an unknown method', serializeMethodCall('unknown', []), /<int>-32603</],
      ['malformed XML', '<methodCall><methodName>a</methodCall>', /<int>-32700</],
      ['50,000 open tags', '<methodCall>'.repeat(50_000), /<int>-32600</],
      [
        'entities that would grow',
        '<!DOCTYPE a [<!ENTITY b "&c;&c;">]><methodCall/>',
        /<int>-32600<.*document type/,
      ],
    ];
    for (const [title, body, expected] of answered) {
      it(title, async () => {
        const { port } = await startServer((methodName): XmlRpcValue => {
          if (methodName === 'control') return 'a\u0001b';
          if (methodName === 'ping') return true;
          throw new Error('unknown');
        });
        const { status, text } = await exchangeRaw(port, post(body, close));
        expect(status).to.equal(200);
        expect(text).to.match(expected);
        expect((await exchangeRaw(port, post(serializeMethodCall('ping', []), close))).text).to.include(
          '<boolean>1',
        );
      });
    }

    it('a client that goes away at any moment', async () => {
      const { port } = await startServer(() => Array.from({ length: 100 }, () => 'a'.repeat(1000)));
      const call = post(serializeMethodCall('m', ['a'.repeat(200)]));
      for (let length = 0; length <= call.length; length += 16) {
        const connection = connectRaw(port, call.slice(0, length));
        await once(connection.socket, 'connect');
        if (length % 32 === 0) connection.socket.resetAndDestroy();
        else connection.socket.end();
        await connection.closed;
      }
      const { status } = await exchangeRaw(port, post(serializeMethodCall('m', []), close));
      expect(status).to.equal(200);
    });
  });
});
