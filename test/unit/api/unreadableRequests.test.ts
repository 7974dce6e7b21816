import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { UnreadableRequests } from '../../../src/api/unreadableRequests.js';
import type { Route } from '../../../src/api/surfaces.js';
import { until } from '../../support/xmlrpcServer.js';
import { closeFronts, frontOf, listen, rawTo } from './fronts.js';

/** The status, and the body if it is one sentence of plain text and the last answer of its connection. */
function answerIn(text: string): string {
  const found = /^HTTP\/1\.1 (\d+) [^]*?text\/plain[^]*?Connection: close\r\n\r\n([^\n]+\.)\n$/.exec(text);
  return found === null ? text : `${found[1] ?? ''} ${found[2] ?? ''}`;
}

describe('api: what the HTTP parser cannot read is answered in a sentence', () => {
  afterEach(closeFronts);

  it('431 to a head that is too large', async () => {
    const port = await listen(frontOf());
    const client = rawTo(port, `GET / HTTP/1.1\r\nHost: h\r\nCookie: ${'c'.repeat(17_000)}\r\n\r\n`);
    await client.closed;
    expect(answerIn(client.received())).to.match(/^431 The head of the request is too large/);
  });

  it('400 to what is not HTTP', async () => {
    const port = await listen(frontOf());
    const client = rawTo(port, 'hello\r\n\r\n');
    await client.closed;
    expect(answerIn(client.received())).to.match(/^400 This is not a request in HTTP/);
  });

  it('408 to a request that takes too long', () => {
    const socket = new PassThrough();
    const error = Object.assign(new Error('Request timeout'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });
    new UnreadableRequests().answer(error, socket);
    expect(answerIn(String(socket.read()))).to.match(/^408 The request took too long/);
    socket.destroy();
  });

  it('nothing is put into the middle of an answer that has begun', async () => {
    const route: Route = {
      matches: () => true,
      handle: ({ reply }) => void reply.writeHead(200, { 'Content-Length': 10 }).write('begun'),
    };
    const client = rawTo(
      await listen(frontOf({ routes: [route] })),
      'GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\n\r\n',
    );
    await until(() => client.received().includes('begun'));
    client.socket.write('hello\r\n\r\n');
    await client.closed;
    expect(client.received()).to.match(/\r\n\r\nbegun$/);
  });
});
