import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import { Connection } from '../../bench/connection.js';
import { closedLoop, Observations, openLoop, type Window } from '../../bench/loops.js';
import type { Conversation } from '../../bench/protocols/conversation.js';

const STALL_MS = 200;
const WINDOW_MS = 500;

/** Calls and replies of one byte. */
const bytes: Conversation = {
  nextRequest: () => Buffer.from('?'),
  replyLength: (received) => (received.length > 0 ? 1 : undefined),
  takeReply: (reply) => reply.toString() === '!',
};

describe('the loops of the benchmark', () => {
  let server: Server;
  let answer: (socket: Socket) => void;
  let connection: Connection;

  beforeEach(async () => {
    server = createServer((socket) => socket.on('data', () => answer(socket)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    connection = await Connection.open(
      { host: '127.0.0.1', port: (server.address() as AddressInfo).port },
      bytes,
    );
  });

  afterEach(async () => {
    await connection.close();
    await new Promise((resolve) => server.close(resolve));
  });

  function windowFromNow(durationMs = WINDOW_MS): Window {
    const startMs = performance.now();
    return { startMs, fromMs: startMs, endMs: startMs + durationMs };
  }

  /** Answers at once, but for one call. */
  function stallOnce(): void {
    let calls = 0;
    answer = (socket) => {
      calls += 1;
      if (calls === 5) setTimeout(() => socket.write('!'), STALL_MS);
      else socket.write('!');
    };
  }

  it('an open loop counts the time of all calls that a stall delays', async () => {
    stallOnce();
    const seen = new Observations();
    await openLoop([connection], 100, windowFromNow(), seen);
    expect(seen.latenciesMs.length).to.equal(50);
    // The calls that were due within the first half of the stall have waited for its second half.
    const delayed = seen.latenciesMs.filter((ms) => ms >= STALL_MS / 2);
    expect(delayed.length).to.be.at.least(10);
    expect(Math.max(...seen.latenciesMs)).to.be.at.least(STALL_MS - 2);
  });

  it('a closed loop counts the stall once', async () => {
    stallOnce();
    const seen = new Observations();
    await closedLoop([connection], windowFromNow(), seen);
    expect(Math.max(...seen.latenciesMs)).to.be.at.least(STALL_MS - 2);
    expect(seen.replies).to.equal(seen.latenciesMs.length);
  });

  it('an open loop sends no call before it is due', async () => {
    const moments: number[] = [];
    answer = (socket) => {
      moments.push(performance.now());
      socket.write('!');
    };
    const window = windowFromNow(200);
    await openLoop([connection], 50, window, new Observations());
    expect(moments.length).to.equal(10);
    for (const [call, at] of moments.entries()) expect(at).to.be.at.least(window.startMs + call * 20);
  });

  it('counts replies that are not the expected ones', async () => {
    answer = (socket) => socket.write('x');
    const seen = new Observations();
    await openLoop([connection], 100, windowFromNow(100), seen);
    expect(seen.failed).to.equal(10);
  });

  it('fails when the server closes a connection', async () => {
    answer = (socket) => socket.destroy();
    const failure = await closedLoop([connection], windowFromNow(), new Observations()).catch(
      (error: unknown) => String(error),
    );
    expect(failure).to.include('closed a connection');
  });
});
