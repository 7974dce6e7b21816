import { expect } from 'chai';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { HttpFront } from '../../../src/api/httpFront.js';
import { XmlRpcClient, type XmlRpcFault } from '../../../src/xmlrpc/index.js';
import { freePort } from './fronts.js';

const PEER_HEADER = 'surfstore-peer';

describe('the limit of connections', () => {
  let front: HttpFront;
  let port: number;
  const clients: XmlRpcClient[] = [];

  function client(headers: Readonly<Record<string, string>> = {}): XmlRpcClient {
    const made = new XmlRpcClient({ host: '127.0.0.1', port, headers });
    clients.push(made);
    return made;
  }

  beforeEach(async () => {
    let waiting = 0;
    let bothWait = (): void => undefined;
    const dispatch = (method: string): Promise<boolean> | boolean => {
      if (method !== 'wait') return true;
      waiting += 1;
      if (waiting === 2) bothWait();
      return new Promise(() => undefined);
    };
    front = new HttpFront(
      { xmlrpc: { dispatch }, lines: { lineBytesMax: 1_000, answer: () => Promise.resolve('{}') } },
      {},
      { clientsMax: 2, sparesMax: 4, peerHeader: PEER_HEADER },
    );
    port = await freePort();
    await front.listen('127.0.0.1', port);
    const full = new Promise<void>((resolve) => (bothWait = resolve));
    for (let count = 0; count < 2; count += 1) {
      client()
        .call('wait')
        .catch(() => undefined);
    }
    await full;
  });
  afterEach(async () => {
    for (const made of clients.splice(0)) made.close();
    await front.close();
  });

  it('tells an XML-RPC call beyond it that the server is overloaded', async () => {
    const error = await client()
      .call('ping')
      .catch((reason: unknown) => reason);
    expect((error as XmlRpcFault).faultString).to.match(/^overloaded: /);
    expect((error as XmlRpcFault).faultCode).to.equal(6);
  });

  it('answers other requests beyond it with 503 and the reason', async () => {
    const outgoing = request({ host: '127.0.0.1', port, path: '/keys/a', agent: false }).end();
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    expect(response.statusCode).to.equal(503);
    response.resume();
  });

  it('lets peers in', async () => {
    const peer = client({ [PEER_HEADER]: '1' });
    expect(await peer.call('ping')).to.equal(true);
    expect(await peer.call('ping')).to.equal(true);
  });

  it('lets clients in again when others have gone', async () => {
    const [first] = clients;
    first?.close();
    const calls = async (): Promise<unknown> =>
      client()
        .call('ping')
        .catch(() => calls());
    expect(await calls()).to.equal(true);
  });

  it('closes an idle connection rather than refuse a call', async () => {
    clients[0]?.close();
    const idle = client();
    const pings = async (from: XmlRpcClient): Promise<unknown> => from.call('ping').catch(() => pings(from));
    await pings(idle);
    expect(await pings(client())).to.equal(true);
  });

  it('has a limit for those, too, that have yet to show who they are', async () => {
    const sockets: Socket[] = Array.from({ length: 5 }, () => connect(port, '127.0.0.1'));
    await Promise.race(sockets.map((socket) => once(socket.resume(), 'close')));
    for (const socket of sockets) socket.destroy();
  });
});
