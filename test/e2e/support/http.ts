import { connectRaw, post } from '../../support/xmlrpcServer.js';
import { within } from './waiting.js';

/** The answer on one connection until the server, or the deadline, ended it. */
interface HttpAnswer {
  /** 0 when there was none. */
  readonly status: number;
  readonly body: string;
}

const ANSWER_MS = 10_000;

/** Sends bytes as they are and gives the answer, as soon as all of it is there or the connection is closed. */
export async function send(port: number, bytes: string | Buffer): Promise<HttpAnswer> {
  const connection = connectRaw(port, bytes);
  const whole = new Promise<void>((resolve) => {
    connection.socket.on('data', () => {
      if (isWhole(connection.received())) resolve();
    });
  });
  try {
    await within(
      Promise.race([whole, connection.closed]),
      ANSWER_MS,
      'an answer, or the end of the connection',
    );
  } finally {
    connection.socket.destroy();
  }
  return parse(connection.received());
}

/** Posts a body and gives the answer. */
export async function postBody(
  port: number,
  body: string | Buffer,
  headers: string[] = [],
): Promise<HttpAnswer> {
  const text = Buffer.isBuffer(body) ? body : Buffer.from(body);
  const head = ['POST /RPC2 HTTP/1.1', 'Host: test', `Content-Length: ${text.length}`, ...headers, '', ''];
  return send(port, Buffer.concat([Buffer.from(head.join('\r\n')), text]));
}

/** The XML of a call; the parameters are XML too. */
export function callXml(method: string, ...values: readonly string[]): string {
  const params = values.map((value) => `<param><value>${value}</value></param>`).join('');
  return `<?xml version="1.0"?><methodCall><methodName>${method}</methodName><params>${params}</params></methodCall>`;
}

/** The code of the fault in an answer; undefined when it is none. */
export function faultCodeOf({ body }: HttpAnswer): number | undefined {
  const found = /<fault>.*<name>faultCode<\/name><value><int>(-?\d+)<\/int>/s.exec(body);
  return found === null ? undefined : Number(found[1]);
}

/** A whole request that asks for nothing but a sign of life. */
export const ping = post(callXml('surfstore.ping'));

function isWhole(received: string): boolean {
  const { head, body, length } = split(received);
  return head !== undefined && length !== undefined && body.length >= length;
}

function parse(received: string): HttpAnswer {
  const { head = '', body } = split(received);
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1] ?? 0), body };
}

function split(received: string): { head?: string; body: string; length?: number } {
  const end = received.indexOf('\r\n\r\n');
  if (end === -1) return { body: '' };
  const head = received.slice(0, end);
  const length = /content-length: (\d+)/i.exec(head)?.[1];
  return { head, body: received.slice(end + 4), ...(length !== undefined && { length: Number(length) }) };
}
