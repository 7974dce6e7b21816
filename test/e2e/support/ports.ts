import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';

// Ports that the system hands out by itself begin at 32768: one of those might be taken by an outgoing connection
// between the moment it was found free and the moment a server listens on it. The chaos monkey and the grader, which
// some tests start, take theirs from 22000 on.
const FIRST = 12_000;
const END = 22_000;
const WORKERS_MAX = 4;

/**
 * The ports of this process. Test files run in several processes at a time, and the port of a server that a test has
 * stopped must not be given to another.
 */
function ownRange(): readonly [first: number, end: number] {
  const worker = process.env['MOCHA_WORKER_ID'];
  if (worker === undefined) return [FIRST, END];
  const size = (END - FIRST) / WORKERS_MAX;
  const first = FIRST + (Number(worker) % WORKERS_MAX) * size;
  return [first, first + size];
}

const given = new Set<number>();

/** Ports that nobody listens on, on any loopback address; each is given once in a test run. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  const [first, end] = ownRange();
  while (ports.length < count) {
    const port = randomInt(first, end);
    if (!given.has(port) && (await isFree(port))) {
      given.add(port);
      ports.push(port);
    }
  }
  return ports;
}

async function isFree(port: number): Promise<boolean> {
  const listening: Server[] = [];
  try {
    for (const host of ['127.0.0.1', '::1']) {
      const server = createServer();
      listening.push(server);
      server.listen({ port, host, exclusive: true });
      await once(server, 'listening');
    }
    return true;
  } catch (error) {
    // A machine without IPv6 has no port to be taken there.
    const { code } = error as NodeJS.ErrnoException;
    return code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT';
  } finally {
    await Promise.all(listening.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

/** Listens on a port of 127.0.0.1, or on a free one. */
export async function occupyPort(port = 0): Promise<{ port: number; close: () => void }> {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  server.unref();
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}
