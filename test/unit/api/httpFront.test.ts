import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { networkInterfaces } from 'node:os';
import { expect } from 'chai';
import { textPage } from '../../../src/api/pages.js';
import { ListenError } from '../../../src/api/httpFront.js';
import type { HttpCall } from '../../../src/http/httpCall.js';
import type { ServerReply } from '../../../src/http/message.js';
import type { Route } from '../../../src/api/surfaces.js';
import { serializeMethodCall } from '../../../src/xmlrpc/index.js';
import { until } from '../../support/xmlrpcServer.js';
import { closeFronts, freePort, frontOf, listen, rawTo, secondsOf, socketTo } from './fronts.js';

const hasIPv6 = Object.values(networkInterfaces()).some((list) =>
  list?.some(({ address }) => address === '::1'),
);
const body = serializeMethodCall('surfstore.ping', []);

async function accepts(port: number, host: string): Promise<boolean> {
  const socket = socketTo(port, host);
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
  });
}

interface Answer {
  readonly status: number | undefined;
  readonly type: string | undefined;
  readonly text: string;
}

async function ask(
  port: number,
  path: string,
  options: { method?: string; host?: string; agent?: Agent } = {},
): Promise<Answer> {
  const { method = 'POST', host = '127.0.0.1', agent } = options;
  const sent = request({ host, port, path, method, ...(agent === undefined ? {} : { agent }) });
  sent.end(method === 'POST' ? body : undefined);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode, type: response.headers['content-type'], text };
}

async function refusal(listening: Promise<unknown>): Promise<ListenError> {
  const error: unknown = await listening.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof ListenError) return error;
  throw new Error('it listens', { cause: error });
}

describe('api: the HTTP front', () => {
  afterEach(closeFronts);

  describe('listens', () => {
    for (const host of ['localhost', '127.0.0.1', '::1']) {
      it(`on both loopback addresses when the server's host is ${host}`, async () => {
        const port = await listen(frontOf(), host);
        expect(await accepts(port, '127.0.0.1')).to.equal(true);
        expect(await accepts(port, '::1')).to.equal(hasIPv6);
      });
    }

    it('on that address alone when it is another one of the loopback network', async () => {
      const port = await listen(frontOf(), '127.0.0.2');
      expect(await accepts(port, '127.0.0.2')).to.equal(true);
      expect(await accepts(port, '127.0.0.1')).to.equal(false);
    });

    it('on all interfaces for any other host: its address may be none of this machine', async () => {
      const port = await listen(frontOf(), 'server.example');
      expect(await accepts(port, '127.0.0.1')).to.equal(true);
      expect(await accepts(port, '127.0.0.2')).to.equal(true);
      expect(await accepts(port, '::1')).to.equal(hasIPv6);
    });

    it('only on the address that --bind chooses', async () => {
      const port = await listen(frontOf(), 'server.example', '127.0.0.2');
      expect(await accepts(port, '127.0.0.2')).to.equal(true);
      expect(await accepts(port, '127.0.0.1')).to.equal(false);
    });

    it('on both loopback addresses for --bind localhost, and on every interface for --bind ::', async () => {
      const local = await listen(frontOf(), 'server.example', 'localhost');
      expect(await accepts(local, '127.0.0.1')).to.equal(true);
      expect(await accepts(local, '127.0.0.2')).to.equal(false);
      expect(await accepts(local, '::1')).to.equal(hasIPv6);
      const all = await listen(frontOf(), 'server.example', '::');
      expect(await accepts(all, '127.0.0.2')).to.equal(true);
      expect(await accepts(all, '::1')).to.equal(hasIPv6);
    });

    it('on an IPv6 address that is written in brackets', async function () {
      if (!hasIPv6) this.skip();
      const port = await listen(frontOf(), 'server.example', '[::1]');
      expect(await accepts(port, '::1')).to.equal(true);
      expect(await accepts(port, '127.0.0.1')).to.equal(false);
    });
  });

  describe('says why it cannot listen', () => {
    it('on a port that is in use, and lets go of what it had got', async () => {
      const port = await listen(frontOf());
      const error = await refusal(frontOf().listen('localhost', port));
      expect(error.message).to.equal(
        `cannot listen on 127.0.0.1 port ${port}: the port is in use; is this server running already?`,
      );
    });

    it('on a port that is in use on the second loopback address alone, and lets go of the first', async function () {
      if (!hasIPv6) this.skip();
      const port = await listen(frontOf(), 'localhost', '::1');
      const error = await refusal(frontOf().listen('localhost', port));
      expect(error.message).to.match(/^cannot listen on ::1 port \d+: the port is in use/);
      expect(await accepts(port, '127.0.0.1')).to.equal(false);
    });

    it('on an address that is not of this machine', async () => {
      const error = await refusal(frontOf().listen('localhost', await freePort(), '192.0.2.1'));
      expect(error.message).to.match(
        /^cannot listen on 192\.0\.2\.1 port \d+: the address does not belong to this machine; see --bind$/,
      );
    });

    it('on a name that is no address', async () => {
      const error = await refusal(frontOf().listen('localhost', await freePort(), 'name.invalid'));
      expect(error.message).to.match(/^cannot listen on name\.invalid port \d+: .+/);
    });

    it('in an error of a name of its own', () => {
      expect(new ListenError('x')).to.include({ name: 'ListenError', message: 'x' }).and.be.instanceOf(Error);
    });
  });

  describe('cuts a client that does not read', () => {
    const large = 'x'.repeat(50_000_000);

    it('its answer, when it takes none of it for a while', async () => {
      let isCut = false;
      const route = {
        matches: (path: string) => path === '/large',
        handle: ({ reply }: HttpCall) => {
          reply.once('close', () => (isCut = true));
          reply.end(large);
        },
      };
      const port = await listen(frontOf({ routes: [route] }, { unreadMs: 100 }));
      rawTo(port, 'GET /large HTTP/1.1\r\nHost: a\r\n\r\n').socket.pause();
      await until(() => isCut);
    });

    it('but not one whose call waits, for however long', async () => {
      let answer: (value: boolean) => void = () => undefined;
      const dispatch = (): Promise<boolean> => new Promise((resolve) => (answer = resolve));
      const port = await listen(frontOf({ xmlrpc: { dispatch } }, { unreadMs: 20 }));
      const reply = ask(port, '/RPC2');
      await new Promise((resolve) => setTimeout(resolve, 200));
      answer(true);
      expect((await reply).status).to.equal(200);
    });
  });

  describe('routes', () => {
    let port: number;

    beforeEach(async () => {
      port = await listen(frontOf({ xmlrpc: { dispatch: (name) => name } }));
    });

    for (const path of ['/', '/RPC2', '/?a=b', '/RPC2?x=/other', '/RPC2?']) {
      it(`a POST to ${path} to XML-RPC`, async () => {
        const { status, type, text } = await ask(port, path);
        expect(status).to.equal(200);
        expect(type).to.match(/^text\/xml/);
        expect(text).to.contain('<string>surfstore.ping</string>');
      });
    }

    for (const path of [
      '/rpc2',
      '/RPC2/',
      '/RPC',
      '/status',
      '/favicon.ico',
      '/%2F',
      '/..',
      '/other?/RPC2',
    ]) {
      it(`${path} to a 404 with a sentence that says where to go`, async () => {
        for (const method of ['GET', 'POST', 'DELETE']) {
          const { status, type, text } = await ask(port, path, { method });
          expect(status).to.equal(404);
          expect(type).to.match(/^text\/plain/);
          expect(text).to.contain('/RPC2').and.contain('POST').and.match(/\.\n$/);
        }
      });
    }

    it('a GET of the XML-RPC path to a 405 with a sentence', async () => {
      const { status, text } = await ask(port, '/RPC2', { method: 'GET' });
      expect(status).to.equal(405);
      expect(text).to.equal('XML-RPC calls are made with POST.\n');
    });

    it('a GET of a page to the page, its POST to a 405; a POST of / stays a call', async () => {
      const pages = new Map([
        ['/', () => textPage(200, 'the page')],
        ['/readyz', () => textPage(503, 'not yet')],
      ]);
      const at = await listen(frontOf({ pages }));
      expect(await ask(at, '/?x=1', { method: 'GET' })).to.include({ status: 200, text: 'the page\n' });
      expect(await ask(at, '/', { method: 'HEAD' })).to.include({ status: 200, text: '' });
      expect(await ask(at, '/readyz', { method: 'GET' })).to.include({ status: 503, text: 'not yet\n' });
      expect((await ask(at, '/readyz', {})).status).to.equal(405);
      expect((await ask(at, '/', {})).text).to.include('<boolean>1</boolean>');
    });

    it('a path to the first route that wants it, before a page: any method, without the query, not decoded', async () => {
      const asked: string[] = [];
      const routeOf = (name: string, prefix: string): Route => ({
        matches: (path) => {
          asked.push(path);
          return path.startsWith(prefix);
        },
        handle: ({ request, reply }) =>
          void reply.end(`${name} ${request.method ?? ''} ${request.url ?? ''}`),
      });
      const routes = [routeOf('one', '/kv/a'), routeOf('all', '/kv/'), routeOf('last', '/kv')];
      const pages = new Map([['/kv/page', () => textPage(200, 'never seen')]]);
      const at = await listen(frontOf({ routes, pages }));
      expect((await ask(at, '/kv/a%2Fb?x=/kv', { method: 'PUT' })).text).to.equal('one PUT /kv/a%2Fb?x=/kv');
      expect((await ask(at, '/kv/page', { method: 'GET' })).text).to.equal('all GET /kv/page');
      expect((await ask(at, '/RPC2')).text).to.include('<boolean>1</boolean>');
      expect((await ask(at, '/other')).status).to.equal(404);
      expect([...new Set(asked)]).to.deep.equal(['/kv/a%2Fb', '/kv/page', '/other']);
    });

    it('a request whose client hangs up while its route works on it: the server goes on', async () => {
      let response: ServerReply | undefined;
      const route: Route = {
        matches: (path) => path === '/slow',
        handle: ({ reply }) => (response = reply),
      };
      const at = await listen(frontOf({ routes: [route] }));
      const socket = socketTo(at);
      socket.write('POST /slow HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n\r\nhalf');
      await until(() => response !== undefined);
      socket.resetAndDestroy();
      await until(() => response?.destroyed === true);
      response?.end('too late');
      expect((await ask(at, '/')).status).to.equal(200);
    });

    it('both loopback addresses alike', async function () {
      if (!hasIPv6) this.skip();
      expect((await ask(port, '/', { host: '::1' })).status).to.equal(200);
    });
  });

  describe('closes', () => {
    it('at once when nobody is connected', async () => {
      const front = frontOf();
      await listen(front);
      expect(await secondsOf(front.close())).to.be.lessThan(0.5);
    });

    it('a second time without an effect, and without ever having listened', async () => {
      const front = frontOf();
      await front.close();
      await listen(front);
      await front.close();
      await front.close();
    });

    it('so that nobody can connect any more', async () => {
      const front = frontOf();
      const port = await listen(front);
      await front.close();
      expect(await accepts(port, '127.0.0.1')).to.equal(false);
      expect(await accepts(port, '::1')).to.equal(false);
    });

    it('so that the port is free again', async () => {
      const front = frontOf();
      const port = await listen(front);
      await ask(port, '/');
      await front.close();
      await frontOf().listen('localhost', port);
    });

    it('at once although connections are kept alive after their answers', async () => {
      const front = frontOf();
      const port = await listen(front);
      const agent = new Agent({ keepAlive: true });
      await Promise.all([ask(port, '/', { agent }), ask(port, '/', { agent })]);
      expect(Object.values(agent.freeSockets).flat()).to.have.length(2);
      expect(await secondsOf(front.close())).to.be.lessThan(0.5);
      agent.destroy();
    });

    it('after an answer that was being waited for has left', async () => {
      let answer: ((value: string) => void) | undefined;
      const front = frontOf({
        xmlrpc: { dispatch: () => new Promise<string>((resolve) => (answer = resolve)) },
      });
      const asked = ask(await listen(front), '/');
      await until(() => answer !== undefined);
      const closing = secondsOf(front.close());
      answer?.('the last words');
      expect((await asked).text).to.contain('the last words');
      expect(await closing).to.be.lessThan(1.9);
    });

    it('within about a second although a call is never answered', async () => {
      let called = false;
      const front = frontOf({
        xmlrpc: {
          dispatch: () => {
            called = true;
            return new Promise(() => undefined);
          },
        },
      });
      const port = await listen(front);
      const asked = ask(port, '/').catch((error: unknown) => error);
      await until(() => called);
      expect(await secondsOf(front.close())).to.be.within(0.5, 1.9);
      expect(await asked).to.be.instanceOf(Error);
    });

    it('within about a second although clients have stopped before or in the middle of a request', async () => {
      const front = frontOf();
      const port = await listen(front);
      const silent = socketTo(port);
      await once(silent, 'connect');
      const stuck = socketTo(port);
      stuck.write('POST /RPC2 HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\n\r\n<methodCall>');
      await once(stuck, 'connect');
      const cut = Promise.all([once(silent, 'close'), once(stuck, 'close')]);
      await ask(port, '/');
      expect(await secondsOf(front.close())).to.be.lessThan(1.9);
      await cut;
    });
  });
});
