import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { expect } from 'chai';
import {
  parseMethodResponse,
  PrebuiltXml,
  serializeMethodCall,
  serializeMethodResponse,
  type XmlRpcValue,
} from '../../../src/xmlrpc/index.js';
import {
  closeServers,
  connectRaw,
  exchangeRaw,
  post,
  startServer,
  until,
} from '../../support/xmlrpcServer.js';

const call = post(serializeMethodCall('surfstore.getfileinfomap', []));
const closingCall = post(serializeMethodCall('surfstore.getfileinfomap', []), ['Connection: close']);

function mapOf(files: number): Map<string, XmlRpcValue> {
  const hash = (index: number): string => createHash('sha256').update(String(index)).digest('hex');
  const info = (index: number): XmlRpcValue => [1, [hash(index), hash(index + 1), hash(index + 2)]];
  return new Map(Array.from({ length: files }, (_, index) => [`directory/file${index}`, info(index)]));
}

/**
 * The longest turn of the event loop until the condition holds, in milliseconds. How long other processes kept this one waiting
 * does not count, and nor does the processor time of threads that compile and collect garbage beside the loop: so the lesser of
 * the time that passed and of processor time.
 */
async function longestTurnMs(condition: () => boolean): Promise<number> {
  let longest = 0;
  let used = process.cpuUsage();
  let wall = performance.now();
  await until(() => {
    const { user, system } = process.cpuUsage(used);
    longest = Math.max(longest, Math.min(performance.now() - wall, (user + system) / 1000));
    used = process.cpuUsage();
    wall = performance.now();
    return condition();
  });
  return longest;
}

describe('XML-RPC server: large answers', () => {
  afterEach(closeServers);

  describe('a large answer', () => {
    const map = mapOf(10_000);

    it('is whole, and has a Content-Length', async () => {
      const { port } = await startServer(() => map);
      const { headers, text } = await exchangeRaw(port, closingCall);
      expect(headers).to.include(`content-length: ${Buffer.byteLength(text)}`);
      expect(text).to.equal(serializeMethodResponse(map));
      expect(parseMethodResponse(text)).to.deep.equal({ value: map });
    });

    it('of 10,000 files does not hold the event loop for more than 20 ms, for five clients at a time', async function () {
      // What else the process does, such as collecting garbage for other tests, may fall into one measurement.
      this.retries(4);
      const { port } = await startServer(() => map);
      // Code that runs for the first time is not compiled yet.
      await exchangeRaw(port, closingCall);
      const connections = [1, 2, 3, 4, 5].map(() => connectRaw(port, ''));
      await Promise.all(connections.map(({ socket }) => once(socket, 'connect')));
      let waiting = connections.length;
      for (const { socket } of connections) {
        socket.once('readable', () => (waiting -= 1));
        socket.pause().write(call);
      }
      expect(await longestTurnMs(() => waiting === 0)).to.be.lessThan(20);
      for (const { socket } of connections) socket.destroy();
    });

    it('stops being made when the client goes away', async () => {
      let made = 0;
      let ended = false;
      const endless = new PrebuiltXml(function* () {
        try {
          for (; ; made += 1) yield 'a'.repeat(16_384);
        } finally {
          ended = true;
        }
      });
      const { port } = await startServer(() => endless);
      const connection = connectRaw(port, call);
      await until(() => made > 0);
      connection.socket.destroy();
      await until(() => ended);
    });

    it('goes at the pace of the client', async () => {
      const { port } = await startServer(() => 'a'.repeat(50_000_000).match(/.{1,50000}/g) ?? []);
      const connection = connectRaw(port, closingCall);
      connection.socket.pause();
      await until(() => connection.socket.readableLength > 0);
      connection.socket.resume();
      await connection.closed;
      expect(connection.received().length).to.be.greaterThan(50_000_000);
      expect(connection.received()).to.match(/<\/methodResponse>$/);
    });

    it('is dropped when the client goes away in the middle of it', async () => {
      const { port } = await startServer((methodName) => (methodName === 'ping' ? true : map));
      for (const bytes of [1, 100_000, 1_000_000]) {
        const connection = connectRaw(port, call);
        await until(() => connection.received().length >= bytes);
        connection.socket.resetAndDestroy();
        await connection.closed;
      }
      const ping = post(serializeMethodCall('ping', []), ['Connection: close']);
      expect((await exchangeRaw(port, ping)).status).to.equal(200);
    });
  });
});
