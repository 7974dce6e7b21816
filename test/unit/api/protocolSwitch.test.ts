import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { expect } from 'chai';
import fc from 'fast-check';
import { serializeMethodCall } from '../../../src/xmlrpc/index.js';
import { post, until } from '../../support/xmlrpcServer.js';
import {
  closeFronts,
  closeOf,
  frontOf,
  linesOf,
  listen,
  rawTo,
  secondsOf,
  socketTo,
  writeByBytes,
} from './fronts.js';

const lines = linesOf((line) => Promise.resolve(`line ${line}`), { lineBytesMax: 2_000 });
const surfaces = {
  lines,
  xmlrpc: { dispatch: (name: string, params: unknown[]) => `${name} ${String(params[0]).length}` },
};
const call = (name: string): string => post(serializeMethodCall(name, ['x']));

function answersIn(text: string): string[] {
  return [...text.matchAll(/<string>(\S+) \d+<\/string>/g)].map(([, name]) => name ?? '');
}

describe('api: one port for HTTP and for lines', () => {
  let port: number;

  afterEach(closeFronts);
  beforeEach(async () => {
    port = await listen(frontOf(surfaces));
  });

  describe('the first byte that is not white space decides', () => {
    for (const opening of ['{', '[', '"', ' {', '\t\r\n \n[', `${' '.repeat(1_024)}"`]) {
      it(`lines after ${JSON.stringify(opening.replace(/ {9,}/, 'much white space '))}`, async () => {
        const client = rawTo(port, `${opening}rest\n`);
        await until(() => client.received().includes('\n'));
        expect(client.received()).to.match(/^line \s*[{["]rest\n$/);
      });
    }

    for (const opening of [
      '}',
      "'",
      '1',
      'null',
      '\0',
      '\u00ef\u00bb{',
      '\u00ef\u00bb\u00bfGET',
      ' GET',
      `${' '.repeat(1_025)}{`,
    ]) {
      it(`garbage is HTTP, which answers 400: ${JSON.stringify(opening.replace(/ {9,}/, 'too much white space '))}`, async () => {
        const client = rawTo(port, Buffer.from(`${opening}\r\n\r\n`, 'latin1'));
        await client.closed;
        expect(client.received()).to.match(/^HTTP\/1\.1 400 /);
      });
    }

    it('a byte order mark before the first line is skipped, in one piece or byte by byte', async () => {
      const text = '\ufeff {"a":1}\n{"b":2}\n';
      const whole = rawTo(port, text);
      const pieces = rawTo(port);
      await writeByBytes(pieces.socket, text);
      for (const client of [whole, pieces]) {
        await until(() => client.received().split('\n').length === 3);
        expect(client.received()).to.match(/^line \s*\{"a":1\}\nline \{"b":2\}\n$/);
      }
    });

    it('the split of the first bytes changes nothing', async () => {
      const white = fc
        .array(fc.constantFrom(' ', '\t', '\r', '\n'), { maxLength: 8 })
        .map((all) => all.join(''));
      await fc.assert(
        fc.asyncProperty(white, fc.constantFrom('{', 'P'), fc.nat(9), async (space, first, cut) => {
          const bytes = first === '{' ? `${space}{}\n` : `\r\n${call('a')}`;
          const client = rawTo(port, bytes.slice(0, cut));
          await new Promise((resolve) => setImmediate(resolve));
          client.socket.write(bytes.slice(cut));
          await until(() => /\n$|<\/methodResponse>/.test(client.received()));
          expect(client.received()).to.match(first === '{' ? /^line \s*\{\}\n$/ : /^HTTP\/1\.1 200/);
          client.socket.destroy();
        }),
        { numRuns: 100 },
      );
    });
  });

  describe('HTTP is served as ever', () => {
    it('a request that comes byte by byte, after an empty line', async () => {
      const client = rawTo(port);
      await writeByBytes(client.socket, `\r\n${call('slow')}`);
      await until(() => answersIn(client.received()).length === 1);
    });

    it('requests that were sent at once, in order', async () => {
      const names = Array.from({ length: 500 }, (_, number) => `name${number}`);
      const client = rawTo(port, names.map(call).join(''));
      await until(() => answersIn(client.received()).length === names.length);
      expect(answersIn(client.received())).to.deep.equal(names);
    });

    it('requests that are cut at any place, each part a packet', async () => {
      const names = ['one', 'two', 'three'];
      const text = names.map(call).join('');
      for (let cut = 1; cut < text.length; cut += 13) {
        const client = rawTo(port, text.slice(0, cut));
        await new Promise((resolve) => setImmediate(resolve));
        client.socket.write(text.slice(cut));
        await until(() => answersIn(client.received()).length === names.length);
        expect(answersIn(client.received())).to.deep.equal(names);
        client.socket.destroy();
      }
    });

    it('large bodies, whose first part is as large as a packet may be', async () => {
      const agent = new Agent({ keepAlive: true });
      for (const length of [60_000, 65_536, 100_000, 1_000_000, 7_000_000]) {
        const sent = request({ host: '127.0.0.1', port, path: '/', method: 'POST', agent });
        sent.end(serializeMethodCall('large', ['x'.repeat(length)]));
        const [response] = (await once(sent, 'response')) as [IncomingMessage];
        let text = '';
        for await (const chunk of response) text += String(chunk);
        expect(text).to.contain(`large ${length}`);

        const client = rawTo(port, post(serializeMethodCall('raw', ['x'.repeat(length)])) + call('next'));
        await until(() => answersIn(client.received()).length === 2);
        client.socket.destroy();
      }
      expect(Object.values(agent.freeSockets).flat(), 'one connection for all').to.have.length(1);
      agent.destroy();
    });

    it('a client that pipelines and reads late gets every answer', async () => {
      const count = 5_000;
      const socket = socketTo(port);
      socket.pause();
      socket.write(call('again').repeat(count));
      await new Promise((resolve) => setTimeout(resolve, 100));
      let text = '';
      socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
      socket.resume();
      await until(() => text.split('</methodResponse>').length === count + 1);
    });

    it('a body that is announced with 100-continue', async () => {
      const text = post(serializeMethodCall('polite', ['x']), ['Expect: 100-continue']);
      const [head = '', body = ''] = text.split('\r\n\r\n');
      const client = rawTo(port, `${head}\r\n\r\n`);
      await until(() => client.received().startsWith('HTTP/1.1 100'));
      client.socket.write(body);
      await until(() => answersIn(client.received()).length === 1);
    });
  });

  describe('a connection that has not decided', () => {
    it('is closed after its time, whether it sends nothing or white space', async () => {
      const at = await listen(frontOf(surfaces, { firstByteMs: 100 }));
      const clients = [rawTo(at), rawTo(at, ' \n')];
      const talking = rawTo(at, '{1}\n');
      await Promise.all(clients.map(({ closed }) => closed));
      talking.socket.write('{2}\n');
      await until(() => talking.received() === 'line {1}\nline {2}\n');
    });

    it('is closed when its client closes its half', async () => {
      for (const text of ['', ' \r\n']) {
        const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
        socket.end(text);
        socket.resume();
        await once(socket, 'end');
        await closeOf(socket);
      }
    });

    it('hurts nobody when it is reset', async () => {
      for (let time = 0; time < 100; time += 1) {
        const socket = socketTo(port);
        await once(socket, 'connect');
        if (time % 2 === 1) socket.write(' ');
        socket.resetAndDestroy();
      }
      const client = rawTo(port, '{1}\n');
      await until(() => client.received() === 'line {1}\n');
    });

    it('is closed at once when the front closes', async () => {
      const front = frontOf(surfaces);
      const at = await listen(front);
      const silent = rawTo(at);
      const white = rawTo(at, '\n');
      // Answered after those two were accepted.
      const client = rawTo(at, '{1}\n');
      await until(() => client.received() !== '');
      expect(await secondsOf(front.close())).to.be.lessThan(0.5);
      await Promise.all([silent.closed, white.closed]);
    });
  });

  it('without a surface for lines, every connection is HTTP', async () => {
    const client = rawTo(await listen(frontOf({ xmlrpc: surfaces.xmlrpc })), '{}\n');
    await client.closed;
    expect(client.received()).to.match(/^HTTP\/1\.1 400 /);
  });
});
