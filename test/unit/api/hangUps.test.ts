import { expect } from 'chai';
import type { HttpCall } from '../../../src/http/httpCall.js';
import type { Route } from '../../../src/api/surfaces.js';
import { until } from '../../support/xmlrpcServer.js';
import { closeFronts, frontOf, listen, rawTo } from './fronts.js';

const CLIENTS = 50;

describe('api: a client that hangs up on an HTTP call is noticed', () => {
  let calls: HttpCall[] = [];
  let hangUps = 0;
  let port: number;

  const route: Route = {
    matches: () => true,
    handle: (call) => {
      call.onHangUp(() => (hangUps += 1));
      calls.push(call);
    },
  };

  afterEach(closeFronts);
  beforeEach(async () => {
    calls = [];
    hangUps = 0;
    port = await listen(frontOf({ routes: [route] }));
  });

  for (const start of ['GET /keys/k', 'POST /keys/k', 'POST /messages']) {
    it(`on the first request of its connection: ${start}`, async () => {
      const head = `${start} HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n`;
      const clients = Array.from({ length: CLIENTS }, () => rawTo(port, head));
      await until(() => calls.length === CLIENTS);
      expect(hangUps).to.equal(0);
      for (const { socket } of clients) socket.destroy();
      await until(() => hangUps === CLIENTS);
    });
  }

  it('on a later request, and only for that one', async () => {
    const client = rawTo(port, 'GET /keys/k HTTP/1.1\r\nHost: h\r\n\r\n');
    await until(() => calls.length === 1);
    calls[0]?.text(200, 'answer');
    await until(() => client.received().includes('answer'));
    client.socket.write('GET /keys/k HTTP/1.1\r\nHost: h\r\n\r\n');
    await until(() => calls.length === 2);
    client.socket.destroy();
    await until(() => hangUps > 0);
    expect(hangUps).to.equal(1);
  });
});
