import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import type { Route } from '../../../src/api/surfaces.js';
import type { HttpCall } from '../../../src/http/httpCall.js';
import { openReplies } from '../../../src/http/openReplies.js';
import { until } from '../../support/xmlrpcServer.js';
import { closeFronts, frontOf, listen, rawTo } from '../api/fronts.js';

/** Long, and hard to compress into nothing. */
const pieces = Array.from({ length: 40 }, (_, piece) =>
  Buffer.from(Array.from({ length: 4_000 }, (_item, item) => `${piece * item} `).join('')),
);
const whole = Buffer.concat(pieces).toString();

/** More than the system takes for a client that does not read. */
const large = Array<Buffer>(1_000).fill(Buffer.alloc(20_000, 'x'));

/** Serves the pieces to any number of clients. */
const routes: readonly Route[] = [
  {
    matches: (path) => path === '/pieces',
    handle: (call) => void call.sendPieces(200, 'text/plain', pieces, true),
  },
  {
    matches: (path) => path === '/large',
    handle: (call) => void call.sendPieces(200, 'text/plain', large),
  },
];

async function get(
  port: number,
  headers: Record<string, string>,
): Promise<{ readonly coding: string | undefined; readonly body: Buffer }> {
  const sent = request({ port, host: '127.0.0.1', path: '/pieces', headers }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { coding: response.headers['content-encoding'], body: Buffer.concat(chunks) };
}

describe('http: a reply in pieces that many share', () => {
  let port: number;
  afterEach(closeFronts);
  beforeEach(async () => {
    port = await listen(frontOf({ routes }));
  });

  it('is the same to all, and compressed for those that ask', async () => {
    const plain = ['', 'identity', 'br', 'gzip;q=0', 'gzip; q=0.0', 'xgzip'];
    const zipped = ['gzip', 'deflate, gzip', 'GZIP;q=0.5', 'gzip; q=1.0, *;q=0'];
    const answers = await Promise.all(
      [...plain, ...zipped].map((accepted) => get(port, { 'Accept-Encoding': accepted })),
    );
    for (const [index, { coding, body }] of answers.entries()) {
      expect(coding).to.equal(index < plain.length ? undefined : 'gzip');
      expect((coding === 'gzip' ? gunzipSync(body) : body).toString() === whole).to.equal(true);
    }
  });

  it('is held while its clients read, and let go of when they have, or have gone', async () => {
    const slow = Array.from({ length: 4 }, () => rawTo(port, 'GET /large HTTP/1.1\r\nHost: a\r\n\r\n'));
    for (const { socket } of slow) socket.pause();
    await until(() => openReplies.bytes > 0);
    await get(port, {});
    expect(openReplies.bytes).to.equal(20_000);
    for (const { socket } of slow.slice(2)) socket.resume();
    for (const { socket } of slow.slice(0, 2)) socket.destroy();
    await until(() => openReplies.bytes === 0);
  });

  it('holds nothing for a client that has gone before it is made', async () => {
    let late: HttpCall | undefined;
    const port = await listen(
      frontOf({ routes: [{ matches: () => true, handle: (call) => (late = call) }] }),
    );
    const client = rawTo(port, 'GET /pieces HTTP/1.1\r\nHost: a\r\n\r\n');
    await until(() => late !== undefined);
    client.socket.destroy();
    await until(() => late?.isGone === true);
    expect(late?.sendPieces(200, 'text/plain', large)).to.equal(true);
    expect(openReplies.bytes).to.equal(0);
  });
});
