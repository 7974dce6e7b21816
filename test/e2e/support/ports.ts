import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';

// Ports that the system hands out by itself begin at 32768: one of those might be taken by an outgoing connection
// between the moment it was found free and the moment a server listens on it.
const FIRST = 12_000;
const END = 32_000;

/** Part of the ports for each process of a parallel run: two that choose at the same moment must not choose the same. */
const RANGE = 5_000;
const WORKERS_MAX = (END - FIRST) / RANGE;
const worker = process.env['MOCHA_WORKER_ID'];
const first = worker === undefined ? FIRST : FIRST + RANGE * (Number(worker) % WORKERS_MAX);
const end = worker === undefined ? END : first + RANGE;

const given = new Set<number>();

/** Ports that nobody listens on, on any loopback address; each is given once in a test run. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
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
