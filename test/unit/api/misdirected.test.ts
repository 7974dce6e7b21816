import { expect } from 'chai';
import { textPage } from '../../../src/api/pages.js';
import type { Route } from '../../../src/api/surfaces.js';
import { exchangeRaw } from '../../support/xmlrpcServer.js';
import { closeFronts, frontOf, linesOf, listen } from './fronts.js';

const CALL = '<methodCall><methodName>surfstore.crash</methodName></methodCall>';

describe('api: requests that web pages send', () => {
  afterEach(closeFronts);

  let reached: string[];
  let port: number;
  beforeEach(async () => {
    reached = [];
    const route: Route = {
      matches: (path) => path.startsWith('/keys/'),
      handle: ({ request: { url = '' }, reply }) => {
        reached.push(url);
        reply.end('done');
      },
    };
    port = await listen(
      frontOf({
        xmlrpc: { dispatch: (name) => reached.push(name) > 0 },
        pages: new Map([['/livez', () => textPage(200, 'ok')]]),
        routes: [route],
        lines: linesOf(() => Promise.resolve('{}')),
      }),
    );
  });

  /** The status of a request with these headers, and its text. */
  function ask(
    line: string,
    headers: readonly string[],
    host = `localhost:${port}`,
  ): Promise<{ status: number; text: string }> {
    const head = [
      `${line} HTTP/1.1`,
      `Host: ${host}`,
      `Content-Length: ${CALL.length}`,
      'Connection: close',
      ...headers,
    ];
    return exchangeRaw(port, [...head, '', CALL].join('\r\n'));
  }

  const foreign = [
    'https://evil.example',
    'http://evil.example',
    'null',
    'nonsense',
    'http://localhost',
    'file://',
  ];
  for (const line of [
    'POST /RPC2',
    'POST /',
    'GET /livez',
    'POST /keys/a',
    'DELETE /keys/a',
    'GET /nowhere',
  ]) {
    it(`of another site are refused with 403: ${line}`, async () => {
      for (const origin of [...foreign, `https://localhost:${port}`, `http://localhost:${port + 1}`]) {
        for (const type of [
          'text/plain',
          'text/xml',
          'application/x-www-form-urlencoded',
          'multipart/form-data',
        ]) {
          const { status, text } = await ask(line, [`Origin: ${origin}`, `Content-Type: ${type}`]);
          expect(status, origin).to.equal(403);
          expect(text).to.contain(`this one comes from ${origin}.`);
        }
      }
      expect(reached).to.deep.equal([]);
    });
  }

  it('of this very server are served, by whatever name it was called', async () => {
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, 'server.example'])
      expect((await ask('POST /RPC2', [`Origin: http://${host}`], host)).status, host).to.equal(200);
    expect(reached).to.have.lengthOf(4);
  });

  it('are the only ones with an Origin: programs are served without', async () => {
    expect((await ask('POST /RPC2', ['Content-Type: text/plain'])).status).to.equal(200);
    expect(reached).to.deep.equal(['surfstore.crash']);
  });
});

describe('api: JSON that is posted where only XML-RPC lives', () => {
  afterEach(closeFronts);

  it('is told where JSON goes, with 400', async () => {
    const port = await listen(frontOf());
    for (const path of ['/', '/RPC2']) {
      const head = [`POST ${path} HTTP/1.1`, 'Host: a', 'Content-Type: Application/JSON; charset=utf-8'];
      const { status, text } = await exchangeRaw(port, [...head, 'Content-Length: 2', '', '{}'].join('\r\n'));
      expect(status).to.equal(400);
      expect(text).to.contain('/messages or /keys/KEY');
    }
  });
});
