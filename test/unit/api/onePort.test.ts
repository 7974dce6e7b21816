import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { expect } from 'chai';
import type { Route } from '../../../src/api/surfaces.js';
import { XmlRpcClient } from '../../../src/xmlrpc/index.js';
import { until } from '../../support/xmlrpcServer.js';
import { closeFronts, frontOf, linesOf, listen, rawTo, socketTo } from './fronts.js';

/** An answer that comes in some later turn of the event loop. */
function later<T>(value: T): Promise<T> {
  return new Promise((resolve) => setTimeout(resolve, Math.random() * 3, value));
}

const echo: Route = {
  matches: (path) => path.startsWith('/echo/'),
  handle: ({ request, reply }) => void later(request.url).then((url) => reply.end(url)),
};

const garbage: readonly (string | Buffer)[] = [
  randomBytes(100_000),
  Buffer.from('16030100c8010000c40303', 'hex'),
  `{"${'x'.repeat(5_000)}`,
  '{"half a message',
  Buffer.concat([Buffer.from('{"'), Buffer.of(0xff, 0xfe), Buffer.from('"}\n')]),
  '[[[[[[[\n'.repeat(1_000),
  '\r\n'.repeat(1_000),
  'GET /echo/never HTTP/9.9\r\n\r\n',
  'POST /RPC2 HTTP/1.1\r\nContent-Length: -1\r\n\r\n',
  'POST /RPC2 HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\n\r\n<methodCall>',
  'POST /RPC2 HTTP/1.1\r\nHost: test\r\nContent-Length: 1\r\n\r\n<{"and": "a line"}\n',
  '',
  ' ',
];

describe('api: lines, HTTP and XML-RPC at the same time on one port', () => {
  afterEach(closeFronts);

  it('every client gets its own answers while others send garbage, hang up and reset', async () => {
    const rounds = 200;
    const port = await listen(
      frontOf({
        xmlrpc: { dispatch: (name) => later(name) },
        routes: [echo],
        lines: linesOf((line) => later(`line ${line}`)),
      }),
    );
    let working = true;

    const throwGarbage = async (): Promise<void> => {
      for (let time = 0; working; time += 1) {
        const socket = socketTo(port);
        const bytes = garbage[time % garbage.length] ?? '';
        await once(socket, 'connect');
        socket.resume();
        await new Promise((resolve) => socket.write(bytes, resolve));
        if (time % 3 === 0) socket.resetAndDestroy();
        else if (time % 3 === 1) socket.destroy();
        else socket.end();
      }
    };
    const speakLines = async (who: number): Promise<void> => {
      const client = rawTo(port);
      let expected = '';
      for (let round = 0; round < rounds; round += 1) {
        client.socket.write(`{${who}.${round}}\n`);
        expected += `line {${who}.${round}}\n`;
        await until(() => client.received().length >= expected.length);
        expect(client.received()).to.equal(expected);
      }
    };
    const speakHttp = async (who: number, agent: Agent): Promise<void> => {
      for (let round = 0; round < rounds; round += 1) {
        const path = `/echo/${who}/${round}`;
        const sent = request({ host: '127.0.0.1', port, path, agent }).end();
        const [response] = (await once(sent, 'response')) as [IncomingMessage];
        let text = '';
        for await (const chunk of response) text += String(chunk);
        expect(text).to.equal(path);
      }
    };
    const speakXmlRpc = async (who: number, client: XmlRpcClient): Promise<void> => {
      for (let round = 0; round < rounds; round += 1) {
        expect(await client.call(`call.${who}.${round}`)).to.equal(`call.${who}.${round}`);
      }
    };

    const agent = new Agent({ keepAlive: true });
    const client = new XmlRpcClient({ host: '127.0.0.1', port });
    const vandals = [throwGarbage(), throwGarbage(), throwGarbage()];
    try {
      await Promise.all(
        [1, 2, 3].flatMap((who) => [speakLines(who), speakHttp(who, agent), speakXmlRpc(who, client)]),
      );
    } finally {
      working = false;
      await Promise.all(vandals);
      agent.destroy();
      client.close();
    }
  });
});
