import { createServer } from 'node:http';
import { noCallEvents } from '../../../src/http/clientCall.js';
import { HttpCall } from '../../../src/http/httpCall.js';
import { expect } from 'chai';
import {
  handleXmlRpc,
  parseMethodResponse,
  PrebuiltXml,
  serializeMethodCall,
  XmlRpcFault,
  type CallContext,
  type Dispatch,
  type ParsedValue,
  type XmlRpcValue,
} from '../../../src/xmlrpc/index.js';
import {
  closeServers,
  connectRaw,
  exchangeRaw,
  listen,
  post,
  startServer,
  until,
} from '../../support/xmlrpcServer.js';

const echo: Dispatch = (methodName, params) => [methodName, ...(params as XmlRpcValue[])];

const close = ['Connection: close'];

async function call(port: number, methodName: string): Promise<ParsedValue> {
  const { text } = await exchangeRaw(port, post(serializeMethodCall(methodName, []), close));
  const response = parseMethodResponse(text);
  if ('fault' in response) throw response.fault;
  return response.value;
}

async function faultOf(port: number, body: string): Promise<{ code: number; text: string }> {
  const { status, text } = await exchangeRaw(port, post(body, close));
  expect(status).to.equal(200);
  const response = parseMethodResponse(text);
  if (!('fault' in response)) throw new Error('there is no fault');
  return { code: response.fault.faultCode, text: response.fault.faultString };
}

describe('XML-RPC server', () => {
  afterEach(closeServers);

  describe('the XML-RPC server answers', () => {
    it('with the value that the dispatch function returns', async () => {
      const { port } = await startServer(echo);
      const { text } = await exchangeRaw(port, post(serializeMethodCall('a.b', [1, 'x', [true]]), close));
      expect(parseMethodResponse(text)).to.deep.equal({ value: ['a.b', 1, 'x', [true]] });
    });

    it('with the value of a promise that it returns', async () => {
      const { port } = await startServer(
        () => new Promise((resolve) => setImmediate(() => resolve('later'))),
      );
      expect(await call(port, 'm')).to.equal('later');
    });

    it('with status 200, text/xml in UTF-8 and a Content-Length', async () => {
      const { port } = await startServer(() => 'é');
      const { status, headers, text } = await exchangeRaw(port, post(serializeMethodCall('m', []), close));
      expect(status).to.equal(200);
      expect(headers).to.include('content-type: text/xml; charset=utf-8');
      expect(headers).to.include(`content-length: ${Buffer.byteLength(text)}`);
    });

    it('with a fault that is thrown or that a promise is rejected with', async () => {
      const fault = new XmlRpcFault(7, 'notLeader');
      const { port, internalErrors } = await startServer((methodName) => {
        if (methodName === 'throws') throw fault;
        return Promise.reject(fault);
      });
      for (const methodName of ['throws', 'rejects']) {
        expect(await faultOf(port, serializeMethodCall(methodName, []))).to.deep.equal({
          code: 7,
          text: 'notLeader',
        });
      }
      expect(internalErrors).to.be.empty;
    });

    it('with fault -32603 and no details for any other error, of which onInternalError is told', async () => {
      const secret = new Error('the secret');
      const { port, internalErrors } = await startServer((methodName) => {
        if (methodName === 'throws') throw secret;
        if (methodName === 'rejects') return Promise.reject(secret);
        return new PrebuiltXml(() => {
          throw secret;
        });
      });
      for (const methodName of ['throws', 'rejects', 'breaks']) {
        const fault = await faultOf(port, serializeMethodCall(methodName, []));
        expect(fault.code).to.equal(-32603);
        expect(fault.text)
          .to.match(/^internal error/)
          .and.not.include('secret');
      }
      expect(internalErrors).to.deep.equal([secret, secret, secret]);
    });

    it('also when whoever is told of internal errors fails', async () => {
      const fail = (): never => {
        throw new Error('broken');
      };
      const server = createServer((request, response) => {
        handleXmlRpc(new HttpCall(request, response, { ...noCallEvents, internalError: fail }), {
          dispatch: fail,
        });
      });
      expect((await faultOf(await listen(server), serializeMethodCall('m', []))).code).to.equal(-32603);
    });

    it('with fault -32700, -32600 or -32701 to what it cannot read', async () => {
      const { port } = await startServer(echo);
      expect((await faultOf(port, '')).code).to.equal(-32700);
      expect((await faultOf(port, 'GET / HTTP/1.1')).code).to.equal(-32700);
      expect((await faultOf(port, '<methodCall/>')).code).to.equal(-32600);
      expect((await faultOf(port, '<?xml version="1.0" encoding="UTF-16"?><a/>')).code).to.equal(-32701);
    });

    it('in the encoding that Content-Type names', async () => {
      const { port } = await startServer(echo);
      const body = Buffer.from(serializeMethodCall('é', []), 'latin1');
      const head = `POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${body.length}\r\n`;
      const type = 'Content-Type: text/xml; charset=ISO-8859-1\r\n\r\n';
      const { text } = await exchangeRaw(port, Buffer.concat([Buffer.from(head + type), body]));
      expect(parseMethodResponse(text)).to.deep.equal({ value: ['é'] });
    });

    it('a call that arrives byte by byte', async () => {
      const { port } = await startServer(echo);
      const connection = connectRaw(port, '');
      connection.socket.setNoDelay(true);
      for (const byte of Buffer.from(post(serializeMethodCall('slow', ['é']), close))) {
        await new Promise((resolve) => connection.socket.write(Buffer.of(byte), resolve));
      }
      await connection.closed;
      expect(connection.received()).to.include('<string>slow</string>');
    });

    it('a chunked call', async () => {
      const { port } = await startServer(echo);
      const xml = serializeMethodCall('chunked', []);
      const head = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n';
      const chunks = Array.from(xml, (character) => `1\r\n${character}\r\n`).join('');
      const connection = connectRaw(port, `${head}${chunks}0\r\n\r\n`);
      await connection.closed;
      expect(connection.received()).to.include('<string>chunked</string>');
    });

    it('calls on one connection one after another, also when they are sent at once', async () => {
      const { port } = await startServer((methodName) =>
        methodName === 'first' ? new Promise((resolve) => setImmediate(() => resolve('1st'))) : '2nd',
      );
      const calls = ['first', 'second'].map((name) => post(serializeMethodCall(name, []))).join('');
      const connection = connectRaw(port, calls);
      await until(() => connection.received().includes('2nd'));
      expect(connection.received().indexOf('1st')).to.be.within(0, connection.received().indexOf('2nd'));
      connection.socket.destroy();
    });
  });

  describe('the XML-RPC server tells a dispatch function', () => {
    it('once that the client has hung up, and at once when it registers afterwards', async () => {
      const seen: string[] = [];
      let context: CallContext | undefined;
      const { port } = await startServer((_name, _params, itsContext) => {
        context = itsContext;
        context.onHangUp(() => seen.push('first'));
        context.onHangUp(() => seen.push('second'));
        return new Promise(() => undefined);
      });
      const connection = connectRaw(port, post(serializeMethodCall('m', [])));
      await until(() => context !== undefined);
      connection.socket.destroy();
      await until(() => seen.length > 0);
      context?.onHangUp(() => seen.push('late'));
      expect(seen).to.deep.equal(['first', 'second', 'late']);
    });

    it('for every one of several calls that were sent at once on the connection', async () => {
      let waiting = 0;
      let hungUp = 0;
      const { port } = await startServer((_name, _params, context) => {
        waiting += 1;
        context.onHangUp(() => (hungUp += 1));
        return new Promise(() => undefined);
      });
      const connection = connectRaw(port, post(serializeMethodCall('m', [])).repeat(20));
      await until(() => waiting === 20);
      connection.socket.destroy();
      await until(() => hungUp === 20);
    });

    it('nothing when the connection is closed after the answer', async () => {
      let hungUp = false;
      let context: CallContext | undefined;
      const { port } = await startServer((_name, _params, itsContext) => {
        context = itsContext;
        context.onHangUp(() => (hungUp = true));
        return true;
      });
      const connection = connectRaw(port, post(serializeMethodCall('m', []), close));
      await connection.closed;
      await closeServers();
      context?.onHangUp(() => (hungUp = true));
      expect(hungUp).to.equal(false);
    });

    it('of a hang-up even when a listener throws, which is an internal error', async () => {
      const broken = new Error('broken');
      let registered = false;
      let told = false;
      const { port, internalErrors } = await startServer((_name, _params, context) => {
        registered = true;
        context.onHangUp(() => {
          throw broken;
        });
        context.onHangUp(() => (told = true));
        return new Promise(() => undefined);
      });
      const connection = connectRaw(port, post(serializeMethodCall('m', [])));
      await until(() => registered);
      connection.socket.destroy();
      await until(() => told);
      expect(internalErrors).to.deep.equal([broken]);
    });
  });

  describe('an answer that comes after the client has hung up', () => {
    for (const outcome of ['a value', 'a fault', 'an error'] as const) {
      it(`is dropped when it is ${outcome}`, async () => {
        let answer: (() => void) | undefined;
        let hungUp = false;
        const { port } = await startServer((methodName, _params, context) => {
          if (methodName === 'ping') return true;
          context.onHangUp(() => (hungUp = true));
          return new Promise((resolve, reject) => {
            answer = () => {
              if (outcome === 'a value') resolve('a'.repeat(1_000_000));
              else reject(outcome === 'a fault' ? new XmlRpcFault(1, 'late') : new Error('late'));
            };
          });
        });
        const connection = connectRaw(port, post(serializeMethodCall('m', [])));
        await until(() => answer !== undefined);
        connection.socket.destroy();
        await until(() => hungUp);
        answer?.();
        expect(await call(port, 'ping')).to.equal(true);
      });
    }
  });
});
