import { once } from 'node:events';
import { connect } from 'node:net';
import { expect } from 'chai';
import fc from 'fast-check';
import { noCallEvents, type Caller } from '../../../src/http/clientCall.js';
import type { LineSurface } from '../../../src/api/surfaces.js';
import { ByteBudget } from '../../../src/http/byteBudget.js';
import { until } from '../../support/xmlrpcServer.js';
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

const echo: LineSurface['answer'] = (line) => Promise.resolve(`answer to ${line}`);

function failure(message: string, error = 'invalid', outcome = 'notDone'): string {
  return `${JSON.stringify({ code: 'fail', payload: { message, error, outcome } })}\n`;
}

/** A surface whose answers the test gives. */
class Desk {
  readonly asked: string[] = [];
  readonly calls: Caller[] = [];
  readonly errors: unknown[] = [];
  private readonly replies: ((reply: string) => void)[] = [];
  readonly surface = linesOf((line, call) => {
    this.asked.push(line);
    this.calls.push(call);
    return new Promise((resolve) => this.replies.push(resolve));
  });

  async next(line: string): Promise<void> {
    await until(() => this.asked.at(-1) === line);
  }

  reply(text: string): void {
    this.replies.at(-1)?.(text);
  }
}

async function portOf(surface: LineSurface, timeouts = {}, errors: unknown[] = []): Promise<number> {
  const internalError = (_call: unknown, error: unknown): void => void errors.push(error);
  const events = { ...noCallEvents, internalError };
  return listen(frontOf({ lines: surface, events }, timeouts), 'localhost', '127.0.0.1');
}

describe('api: a connection of JSON lines', () => {
  afterEach(closeFronts);

  describe('answers', () => {
    it('each message with one line, in order, and stays open for the next', async () => {
      const client = rawTo(await portOf(linesOf(echo)), '{1}\n[2]\r\n\n"3"\n');
      await until(() => client.received() === 'answer to {1}\nanswer to [2]\nanswer to "3"\n');
      client.socket.write('any text\n');
      await until(() => client.received().endsWith('\nanswer to any text\n'));
    });

    it('a message that comes byte by byte, and after white space', async () => {
      const client = rawTo(await portOf(linesOf(echo)));
      await writeByBytes(client.socket, ' \r\n\t\n {"a":"é"}\n');
      await until(() => client.received().includes('\n'));
      expect(Buffer.from(client.received(), 'latin1').toString()).to.equal('answer to  {"a":"é"}\n');
    });

    it('a message that is complete without its line feed, when nothing more comes for a while', async () => {
      const client = rawTo(await portOf(linesOf(echo), { quietMs: 20 }), '{"a":\n{"a": {"b": 1} }');
      await until(() => client.received() === 'answer to {"a":\nanswer to {"a": {"b": 1} }\n');
      client.socket.write('\n{2}\n');
      await until(() => client.received().endsWith('1} }\nanswer to {2}\n'));
    });

    it('never a part of a message, however long the rest of it takes', async () => {
      const client = rawTo(await portOf(linesOf(echo), { quietMs: 5 }), '{"a": {"b": 1}');
      const other = rawTo(await portOf(linesOf(echo), { quietMs: 50 }), '{"a": 1}');
      await until(() => other.received() !== '');
      expect(client.received()).to.equal('');
      client.socket.write(', "c": 2}');
      await until(() => client.received() === 'answer to {"a": {"b": 1}, "c": 2}\n');
    });

    it('one message at a time: the next one waits although its answer could be given', async () => {
      const desk = new Desk();
      const client = rawTo(await portOf(desk.surface, {}, desk.errors), '{1}\n{2}\n');
      await desk.next('{1}');
      client.socket.write('{3}\n');
      await rawTo(client.socket.remotePort ?? 0, 'x\r\n\r\n').closed;
      expect(desk.asked).to.deep.equal(['{1}']);
      for (const line of ['{1}', '{2}', '{3}']) {
        await desk.next(line);
        desk.reply(`to ${line}`);
      }
      await until(() => client.received() === 'to {1}\nto {2}\nto {3}\n');
    });

    it('twenty thousand messages that were sent at once, and other clients in between', async () => {
      const port = await portOf(linesOf(echo));
      const count = 20_000;
      const many = rawTo(port, Array.from({ length: count }, (_, number) => `{${number}}\n`).join(''));
      const other = rawTo(port, '{other}\n');
      await until(() => other.received() === 'answer to {other}\n');
      await until(() => many.received().endsWith(`answer to {${count - 1}}\n`));
      expect(many.received().split('\n')).to.have.length(count + 1);
    });

    it('a line that is not UTF-8 with a fail reply, and goes on', async () => {
      const bytes = Buffer.concat([Buffer.from('{"'), Buffer.of(0xff), Buffer.from('"}\n{2}\n')]);
      const client = rawTo(await portOf(linesOf(echo)), bytes);
      await until(() => client.received() === `${failure('the line is not UTF-8')}answer to {2}\n`);
    });

    it('an unexpected error with a fail reply, reports it, and goes on', async () => {
      const errors: unknown[] = [];
      const lines = linesOf((line, call) => {
        if (line === '{thrown}') throw new Error('thrown');
        return line === '{rejected}' ? Promise.reject(new Error('rejected')) : echo(line, call);
      });
      const internalError = (_call: unknown, error: unknown): void => {
        errors.push(error);
        throw new Error('nobody to tell');
      };
      const front = frontOf({ lines, events: { ...noCallEvents, internalError } });
      const client = rawTo(await listen(front), '{rejected}\n{thrown}\n{fine}\n');
      const expected = `${failure('the server could not answer this message', 'internal', 'unknown').repeat(2)}answer to {fine}\n`;
      await until(() => client.received() === expected);
      expect(errors.map(String)).to.deep.equal(['Error: rejected', 'Error: thrown']);
    });

    it('any stream of messages the same, however TCP splits it', async () => {
      const port = await portOf(linesOf(echo));
      const message = fc.oneof(
        fc.json({ maxDepth: 1 }),
        fc.constantFrom('{}', '"€"', 'no JSON', '', '\r', ' '),
      );
      await fc.assert(
        fc.asyncProperty(
          fc.array(message, { maxLength: 12 }),
          fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }),
          fc.boolean(),
          async (messages, sizes, hasLastLineFeed) => {
            const text = `[]\n${messages.join('\n')}${hasLastLineFeed ? '\n' : ''}`;
            const bytes = Buffer.from(text);
            const client = rawTo(port);
            for (let start = 0, turn = 0; start < bytes.length; turn += 1) {
              const end = start + (sizes[turn % sizes.length] ?? 1);
              client.socket.write(bytes.subarray(start, end));
              start = end;
              await new Promise((resolve) => setImmediate(resolve));
            }
            client.socket.end();
            await client.closed;
            const answers = ['[]', ...messages]
              .map((line) => line.replace(/\r$/, ''))
              .filter((line) => /[^ \t\r]/.test(line))
              .map((line) => `answer to ${line}\n`);
            expect(Buffer.from(client.received(), 'latin1').toString()).to.equal(answers.join(''));
          },
        ),
        { numRuns: 60 },
      );
    });
  });

  describe('when the client closes its half', () => {
    it('gives it all answers, also that of a last line without its end, and closes', async () => {
      const desk = new Desk();
      const client = rawTo(await portOf(desk.surface));
      client.socket.end('{1}\n{2}');
      for (const line of ['{1}', '{2}']) {
        await desk.next(line);
        desk.reply(`to ${line}`);
      }
      await client.closed;
      expect(client.received()).to.equal('to {1}\nto {2}\n');
    });

    it('closes at once when nothing waits', async () => {
      const client = rawTo(await portOf(linesOf(echo)), '{1}\n');
      await until(() => client.received() !== '');
      client.socket.end();
      await client.closed;
      expect(client.received()).to.equal('answer to {1}\n');
    });

    it('waits for an answer no longer than an idle connection is kept, and says that it hung up', async () => {
      const desk = new Desk();
      const client = rawTo(await portOf(desk.surface, { lineIdleMs: 100 }));
      client.socket.end('{1}\n');
      await desk.next('{1}');
      let hangUps = 0;
      desk.calls[0]?.onHangUp(() => (hangUps += 1));
      await client.closed;
      await until(() => hangUps === 1);
    });
  });

  describe('a line that is too long', () => {
    const refusal = failure('the line is longer than the 1000 bytes that are allowed');

    it('is told so after the answers before it, and the connection ends', async () => {
      const client = rawTo(await portOf(linesOf(echo)), `{1}\n{"${'x'.repeat(2_000)}`);
      await once(client.socket, 'end');
      expect(client.received()).to.equal(`answer to {1}\n${refusal}`);
      await client.closed;
    });

    it('is told so although the client sends on and on, and reads only then', async () => {
      const socket = connect({ port: await portOf(linesOf(echo)), host: '127.0.0.1', allowHalfOpen: true });
      const errors: unknown[] = [];
      socket.on('error', (error) => errors.push(error));
      socket.pause();
      for (let part = 0; part < 80; part += 1) socket.write(`{${'x'.repeat(100_000)}`);
      await once(socket, 'drain');
      let received = '';
      socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
      socket.resume();
      await once(socket, 'end');
      expect(received).to.equal(refusal);
      expect(errors).to.deep.equal([]);
      socket.end();
      await closeOf(socket);
    });

    it('does not keep a connection whose client goes on: after a moment, or too many bytes, it is cut', async () => {
      const slow = socketTo(await portOf(linesOf(echo), { discardMs: 50 }));
      slow.write('{'.repeat(2_000));
      slow.resume();
      const trickle = setInterval(() => slow.write('x'), 10);
      await closeOf(slow);
      clearInterval(trickle);

      const flood = socketTo(await portOf(linesOf(echo)));
      flood.resume();
      const part = Buffer.alloc(100_000, '{');
      const more = (): void => {
        while (flood.write(part));
      };
      flood.on('drain', more);
      more();
      await closeOf(flood);
    });
  });

  describe('tells the message that waits of the end of its connection', () => {
    it('once, when the client resets it', async () => {
      const desk = new Desk();
      const client = rawTo(await portOf(desk.surface, {}, desk.errors), '{1}\n{2}\n');
      await desk.next('{1}');
      const called: string[] = [];
      desk.calls[0]?.onHangUp(() => called.push('first'));
      desk.calls[0]?.onHangUp(() => {
        throw new Error('a bad listener');
      });
      desk.calls[0]?.onHangUp(() => called.push('third'));
      client.socket.resetAndDestroy();
      await until(() => called.length > 0);
      expect(called).to.deep.equal(['first', 'third']);
      expect(desk.errors.map(String)).to.deep.equal(['Error: a bad listener']);
      desk.calls[0]?.onHangUp(() => called.push('at once'));
      expect(called.at(-1)).to.equal('at once');

      desk.reply('to nobody');
      await rawTo(client.socket.remotePort ?? 0).closed;
      expect(desk.asked).to.deep.equal(['{1}']);
    });

    it('but no message that was answered before', async () => {
      const desk = new Desk();
      const port = await portOf(desk.surface, {}, desk.errors);
      const client = rawTo(port, '{1}\n');
      await desk.next('{1}');
      let hangUps = 0;
      desk.calls[0]?.onHangUp(() => (hangUps += 1));
      desk.reply('one');
      await until(() => client.received() === 'one\n');
      client.socket.write('{2}\n');
      await desk.next('{2}');
      let later = 0;
      desk.calls[1]?.onHangUp(() => (later += 1));
      desk.calls[0]?.onHangUp(() => (hangUps += 1));
      client.socket.resetAndDestroy();
      await until(() => later === 1);
      expect(hangUps).to.equal(0);
    });
  });

  describe('keeps its limits', () => {
    it('a connection that does nothing is closed, one whose message waits is not', async () => {
      const desk = new Desk();
      const port = await portOf(desk.surface, { lineIdleMs: 100 });
      const waiting = rawTo(port, '{1}\n');
      await desk.next('{1}');
      const half = rawTo(port, '{"half a');
      await half.closed;
      desk.reply('late');
      await until(() => waiting.received() === 'late\n');
      await waiting.closed;
    });

    it('a client that sends and never reads gets no more work done, and is cut', async () => {
      let answered = 0;
      const large = 'x'.repeat(100_000);
      const surface = linesOf(() => {
        answered += 1;
        return Promise.resolve(large);
      });
      const socket = socketTo(await portOf(surface, { unreadMs: 200 }));
      socket.pause();
      // More than the system takes, so that this side notices the end without reading.
      socket.write('{}\n'.repeat(10_000_000));
      await closeOf(socket);
      expect(answered).to.be.within(1, 1_000);
    });

    it('a client that reads slowly gets everything', async () => {
      const large = 'x'.repeat(1_000_000);
      const socket = socketTo(
        await portOf(
          linesOf(() => Promise.resolve(large)),
          { unreadMs: 300 },
        ),
      );
      const count = 20;
      socket.end('{}\n'.repeat(count));
      let bytes = 0;
      for await (const chunk of socket) {
        bytes += (chunk as Buffer).length;
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      expect(bytes).to.equal(count * (large.length + 1));
    });

    it('a client that sends more than is read ahead and goes away is noticed like one that closed its half', async () => {
      const desk = new Desk();
      const socket = socketTo(await portOf(desk.surface, { lineIdleMs: 100 }));
      socket.write('{1}\n');
      await desk.next('{1}');
      let hangUps = 0;
      desk.calls[0]?.onHangUp(() => (hangUps += 1));
      socket.write('{}\n'.repeat(3_000_000));
      socket.resetAndDestroy();
      await until(() => hangUps === 1);
      expect(desk.asked).to.deep.equal(['{1}']);
    });

    it('notices at once the end of a client that has sent half a megabyte of messages ahead', async () => {
      const desk = new Desk();
      const socket = socketTo(await portOf(desk.surface));
      socket.write('{1}\n');
      await desk.next('{1}');
      let hangUps = 0;
      desk.calls[0]?.onHangUp(() => (hangUps += 1));
      await new Promise((resolve) => socket.write('{}\n'.repeat(170_000), resolve));
      await rawTo(socket.remotePort ?? 0, 'x\r\n\r\n').closed;
      socket.resetAndDestroy();
      await until(() => hangUps === 1);
    });

    it('connections together hold no more unfinished lines than there is room for', async () => {
      const receiving = new ByteBudget(1_000_000);
      const port = await portOf(linesOf(echo, { lineBytesMax: 1_000_000, receiving }));
      const clients = Array.from({ length: 12 }, () => rawTo(port, `{"${'x'.repeat(200_000)}`));
      const refused = (): number =>
        clients.filter(({ received }) => received().includes('overloaded')).length;
      await until(() => refused() >= 8);
      expect(receiving.bytes).to.be.at.most(1_000_000);
      expect(clients.map(({ received }) => received())).to.include(
        failure(
          'overloaded: the server holds too many unfinished lines, and these took the longest',
          'overloaded',
        ),
      );
      const other = rawTo(port, `{"${'y'.repeat(200_000)}"}\n`);
      await until(() => other.received().startsWith('answer to {"yyy'));
      await closeFronts();
      await until(() => receiving.bytes === 0);
    });

    it('a message that waits keeps its answer when there is no room for those behind it', async () => {
      const desk = new Desk();
      const receiving = new ByteBudget(600_000);
      const port = await portOf({ ...desk.surface, lineBytesMax: 1_000_000, receiving });
      const first = rawTo(port, '{1}\n');
      await desk.next('{1}');
      first.socket.write('{2}\n'.repeat(50_000));
      await until(() => receiving.bytes > 190_000);
      rawTo(port, `{"${'x'.repeat(700_000)}`);
      // Only one that is alone may have more than there is room for.
      await until(() => receiving.bytes > 600_000);
      desk.reply('one');
      await first.closed;
      expect(first.received()).to.match(/^one\n\{"code":"fail".*"overloaded","outcome":"notDone"\}\}\n$/);
      expect(desk.asked).to.deep.equal(['{1}']);
    });

    it('what a client sends while its message waits stays with the client', async () => {
      const desk = new Desk();
      const socket = socketTo(await portOf(desk.surface));
      socket.write('{1}\n');
      await desk.next('{1}');
      const part = Buffer.alloc(1_000_000, '{}\n');
      for (let time = 0; time < 50; time += 1) socket.write(part);
      // The system's buffers are full, and stay so.
      let left = -1;
      while (left !== socket.writableLength) {
        left = socket.writableLength;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      expect(left).to.be.greaterThan(20_000_000);
    });
  });

  describe('when the front closes', () => {
    it('ends idle connections at once, also those with a part of a message', async () => {
      const front = frontOf({ lines: linesOf(echo) });
      const port = await listen(front);
      const clients = [rawTo(port, '{1}\n'), rawTo(port, '{1}\n{"half')];
      await until(() => clients.every((client) => client.received() !== ''));
      expect(await secondsOf(front.close())).to.be.lessThan(0.5);
      await Promise.all(clients.map(({ closed }) => closed));
    });

    it('after the answer to a waiting message has left', async () => {
      const desk = new Desk();
      const front = frontOf({ lines: desk.surface });
      const client = rawTo(await listen(front), '{1}\n');
      await desk.next('{1}');
      const closing = secondsOf(front.close());
      client.socket.write('{2}\n');
      desk.reply('the last words');
      await client.closed;
      expect(client.received()).to.equal('the last words\n');
      expect(await closing).to.be.lessThan(0.9);
      expect(desk.asked).to.deep.equal(['{1}']);
    });

    it('within about a second although a message is never answered', async () => {
      const desk = new Desk();
      const front = frontOf({ lines: desk.surface });
      const client = rawTo(await listen(front), '{1}\n');
      await desk.next('{1}');
      let hangUps = 0;
      desk.calls[0]?.onHangUp(() => (hangUps += 1));
      expect(await secondsOf(front.close())).to.be.within(0.5, 1.9);
      await client.closed;
      await until(() => hangUps === 1);
    });

    it('within about a second although a client reads nothing', async () => {
      let answered = 0;
      const surface = linesOf(() => {
        answered += 1;
        return Promise.resolve('x'.repeat(10_000_000));
      });
      const front = frontOf({ lines: surface });
      const socket = socketTo(await listen(front));
      socket.pause();
      socket.write('{1}\n');
      await until(() => answered === 1);
      expect(await secondsOf(front.close())).to.be.lessThan(1.9);
    });
  });
});
