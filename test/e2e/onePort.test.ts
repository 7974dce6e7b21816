import { expect } from 'chai';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { atEnd, Cluster, stopEverything } from './support/cluster.js';
import { ask } from './support/describedApi.js';
import { apartFromLeaders } from './support/logLines.js';
import { python } from './support/python.js';

const garbage: readonly (string | Buffer)[] = [
  randomBytes(50_000),
  '{"half a message',
  '{"type":"put"}\n'.repeat(100),
  '[[[[[[\n'.repeat(1_000),
  'POST /keys/k HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\n\r\n{"type":',
  'POST /RPC2 HTTP/1.1\r\nHost: test\r\nContent-Length: 11\r\n\r\n<methodCall>',
  'GET /keys/%zz HTTP/1.1\r\nHost: test\r\n\r\n{"and": "a line"}\n',
  Buffer.from('16030100c8010000c40303', 'hex'),
];

describe('one port for all', function () {
  this.timeout(60_000);
  after(stopEverything);

  it('lines, HTTP and Python over XML-RPC work at the same time, whatever garbage comes in between', async () => {
    const { cluster, leader } = await Cluster.startWithLeader(3);
    const port = cluster.port(leader);
    let isOver = false;
    const whileWorking = async (work: (round: number) => Promise<void>): Promise<number> => {
      let round = 0;
      while (!isOver) {
        await work(round);
        round += 1;
      }
      return round;
    };

    const lines = connect(port, 'localhost');
    atEnd(() => lines.destroy());
    const replies = createInterface({ input: lines });
    const send = async (message: object): Promise<unknown> => {
      lines.write(`${JSON.stringify(message)}\n`);
      const [reply] = (await once(replies, 'line')) as [string];
      return JSON.parse(reply);
    };
    const lineClient = whileWorking(async (value) => {
      expect(await send({ type: 'put', payload: { key: 'line', value } })).to.deep.equal({ code: 'success' });
      expect(await send({ type: 'get', payload: { key: 'line' } })).to.deep.equal({
        code: 'success',
        payload: { key: 'line', value },
      });
    });
    const httpClient = whileWorking(async (round) => {
      const body = { type: 'APPEND', value: String(round) };
      expect((await ask(port, 'POST', '/keys/http', { body })).status).to.equal(204);
      expect((await ask(port, 'GET', '/keys/http')).json()).to.have.lengthOf(round + 1);
    });
    const vandals = garbage.map((bytes) =>
      whileWorking(async (round) => {
        const socket = connect(port, 'localhost');
        socket.on('error', () => undefined);
        socket.resume();
        socket.write(bytes);
        await new Promise((resolve) => setTimeout(resolve, 10));
        if (round % 2 === 0) socket.resetAndDestroy();
        else socket.destroy();
      }),
    );

    try {
      await python('writer.py', [`localhost:${port}`]);
    } finally {
      isOver = true;
    }
    const rounds = await Promise.all([lineClient, httpClient, ...vandals]);
    for (const count of rounds) expect(count).to.be.greaterThan(5);
    expect(cluster.running).to.deep.equal(cluster.ids);
    expect(await cluster.leaders()).to.deep.equal([leader]);
    expect(apartFromLeaders(cluster.stderr)).to.deep.equal([]);
  });
});
