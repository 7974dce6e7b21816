/**
 * Load generator, in a process of its own: reads jobs from its parent, one at a time, and answers each with what
 * it measured. Speaks HTTP over plain sockets with prepared requests, so that it costs the machine as little as
 * possible beside the servers.
 */
import { connect, type Socket } from 'node:net';
import { BENCH_KEY } from './benchKey.js';

/** One measurement: `clients` connections, each with one call at a time, for `durationMs` after `warmUpMs`. */
export interface Job {
  readonly host: string;
  readonly port: number;
  readonly operation: 'updatefile' | 'getfileinfomap' | 'ping' | 'putKey' | 'getKey';
  readonly clients: number;
  readonly warmUpMs: number;
  readonly durationMs: number;
  /** Makes the names of the files unlike those of every other job. */
  readonly label: string;
}

/** `failed` counts answers other than the expected one; latencies in milliseconds. */
export interface Measurement {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failed: number;
}

/** Of `HTTP/1.1 200`. */
const STATUS_LINE_LENGTH = 12;
const HASHES = ['a', 'b', 'c'].map((digit) => digit.repeat(64));

function requestFor(job: Job, client: number, call: number): { request: Buffer; expected: string } {
  switch (job.operation) {
    case 'updatefile':
      return { request: post(updateFile(`${job.label}-${client}`, call)), expected: '<boolean>1</boolean>' };
    case 'getfileinfomap':
      return { request: post(methodCall('surfstore.getfileinfomap', '')), expected: '<struct>' };
    case 'ping':
      return { request: post(methodCall('surfstore.ping', '')), expected: '<boolean>1</boolean>' };
    case 'putKey':
      return { request: putKey(`${job.label}-${client}`, call), expected: 'HTTP/1.1 204' };
    case 'getKey':
      return {
        request: Buffer.from(`GET /keys/${BENCH_KEY} HTTP/1.1\r\nHost: bench\r\n\r\n`),
        expected: '["',
      };
  }
}

/** The same three hashes, as a list of strings under a key. */
function putKey(key: string, call: number): Buffer {
  const body = JSON.stringify({ type: 'PUT', value: [...HASHES, String(call)] });
  const head = `POST /keys/${key} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n`;
  return Buffer.from(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

function updateFile(name: string, version: number): string {
  const hashes = HASHES.map((hash) => `<value><string>${hash}</string></value>`).join('');
  const params =
    `<param><value><string>${name}</string></value></param>` +
    `<param><value><int>${version}</int></value></param>` +
    `<param><value><array><data>${hashes}</data></array></value></param>`;
  return methodCall('surfstore.updatefile', params);
}

function methodCall(name: string, params: string): string {
  return `<?xml version="1.0"?><methodCall><methodName>${name}</methodName><params>${params}</params></methodCall>`;
}

function post(body: string): Buffer {
  const length = Buffer.byteLength(body);
  return Buffer.from(
    `POST /RPC2 HTTP/1.1\r\nHost: bench\r\nContent-Type: text/xml\r\nContent-Length: ${length}\r\n\r\n${body}`,
  );
}

/** Collects the bytes of one response at a time; gives back its status line and the beginning of its body when it is complete. */
class ResponseReader {
  private received: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): string | undefined {
    this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
    const headEnd = this.received.indexOf('\r\n\r\n');
    if (headEnd === -1) return undefined;
    const head = this.received.toString('latin1', 0, headEnd);
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
    const bodyStart = headEnd + 4;
    if (this.received.length < bodyStart + length) return undefined;
    const body = this.received.toString('latin1', bodyStart, Math.min(bodyStart + length, bodyStart + 400));
    this.received = this.received.subarray(bodyStart + length);
    return `${head.slice(0, STATUS_LINE_LENGTH)}\n${body}`;
  }
}

/** One client: sends a call, waits for its answer, sends the next. */
async function runClient(job: Job, client: number, startAt: number, latencies: number[]): Promise<number> {
  const socket = await open(job);
  const reader = new ResponseReader();
  const endAt = startAt + job.warmUpMs + job.durationMs;
  let failed = 0;
  let call = 0;
  return new Promise((resolve, reject) => {
    let sentAt = 0;
    let expected = '';
    const next = (): void => {
      call += 1;
      const prepared = requestFor(job, client, call);
      expected = prepared.expected;
      sentAt = performance.now();
      socket.write(prepared.request);
    };
    socket.on('error', reject);
    socket.on('data', (chunk: Buffer) => {
      const body = reader.push(chunk);
      if (body === undefined) return;
      const now = performance.now();
      if (!body.includes(expected)) failed += 1;
      if (now >= startAt + job.warmUpMs && now < endAt) latencies.push(now - sentAt);
      if (now < endAt) {
        next();
        return;
      }
      socket.destroy();
      resolve(failed);
    });
    next();
  });
}

function open({ host, port }: Job): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

async function measure(job: Job): Promise<Measurement> {
  const latencies: number[] = [];
  const startAt = performance.now();
  const failures = await Promise.all(
    Array.from({ length: job.clients }, (_, client) => runClient(job, client, startAt, latencies)),
  );
  latencies.sort((a, b) => a - b);
  const percentile = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? Number.NaN;
  return {
    perSecond: latencies.length / (job.durationMs / 1000),
    p50Ms: percentile(0.5),
    p99Ms: percentile(0.99),
    failed: failures.reduce((sum, count) => sum + count, 0),
  };
}

process.on('message', (job: Job) => {
  measure(job).then(
    (measurement) => process.send?.(measurement),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
