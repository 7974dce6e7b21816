import { once } from 'node:events';
import type { Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import fc from 'fast-check';
import xmlrpc from 'xmlrpc';
import { XmlRpcClient, XmlRpcFault, XmlRpcTransportError, type XmlRpcValue } from '../../src/xmlrpc/index.js';
import { pairs } from '../support/xmlrpcPackage.js';
import { closeServers, startServer, type TestServer } from '../support/xmlrpcServer.js';

describe("the npm package's client against our server", () => {
  let server: TestServer;
  let client: xmlrpc.Client;

  const call = (methodName: string, params: readonly unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      client.methodCall(methodName, [...params], (error: unknown, value: unknown) => {
        if (error instanceof Error) reject(error);
        else resolve(value);
      });
    });

  before(async () => {
    server = await startServer((methodName, params) => {
      if (methodName === 'fail') throw new XmlRpcFault(9, 'notLeader & <more>');
      return params as XmlRpcValue[];
    });
    client = xmlrpc.createClient({ host: '127.0.0.1', port: server.port, path: '/RPC2' });
  });
  after(closeServers);

  it('gets back what it sent', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(pairs, { maxLength: 3 }), async (params) => {
        const theirs = params.map((param) => param.theirs);
        expect(await call('echo', theirs)).to.deep.equal(theirs);
      }),
    );
  });

  it('gets a fault with its code and its text', async () => {
    const error = await call('fail', []).catch((reason: unknown) => reason);
    expect(error).to.include({ faultCode: 9, faultString: 'notLeader & <more>' });
  });
});

describe("our client against the npm package's server", () => {
  let server: xmlrpc.Server;
  let client: XmlRpcClient;

  before(async () => {
    server = xmlrpc.createServer({ host: '127.0.0.1', port: 0 });
    server.on('echo', (_error, params: unknown, done) => done(null, params));
    server.on('fail', (_error, _params, done) => done({ faultCode: 9, faultString: 'a & <b>' }, undefined));
    await once(server.httpServer, 'listening');
    const { port } = server.httpServer.address() as AddressInfo;
    client = new XmlRpcClient({ host: '127.0.0.1', port });
  });
  after(async () => {
    client.close();
    const httpServer = server.httpServer as HttpServer;
    httpServer.closeAllConnections();
    await new Promise((resolve) => httpServer.close(resolve));
  });

  it('gets back what it sent', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(pairs, { maxLength: 3 }), async (params) => {
        const ours = params.map((param) => param.ours);
        expect(await client.call('echo', ours)).to.deep.equal(ours);
      }),
    );
  });

  it('gets a fault with its code and its text', async () => {
    const error = await client.call('fail').catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(XmlRpcFault).and.include({ faultCode: 9, faultString: 'a & <b>' });
  });

  it('is told the HTTP status with which it answers an unknown method', async () => {
    const error = await client.call('unknown').catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(XmlRpcTransportError).and.include({ code: 'EHTTP' });
  });
});
