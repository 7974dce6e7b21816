import { once } from 'node:events';
import { connect } from 'node:net';
import { atEnd } from '../support/cluster.js';

/** A server gives a client ten seconds for the head of a request; it looks at its watch once per second. */
export const HEAD_MS = 10_000;

/** Sends a header line now and then, but never the last. Gives after how many ms it was hung up on. */
export async function neverFinishHead(port: number): Promise<number> {
  const startedAt = performance.now();
  const socket = connect(port, '127.0.0.1');
  atEnd(() => socket.destroy());
  socket.on('error', () => undefined);
  socket.resume();
  socket.write('POST /RPC2 HTTP/1.1\r\nHost: test\r\n');
  const trickle = setInterval(() => socket.write('X-Slow: 1\r\n'), 500);
  // However it ends: a reset counts as an error, and a trickle that goes on would keep the test run alive.
  await once(socket, 'close').finally(() => clearInterval(trickle));
  return performance.now() - startedAt;
}
