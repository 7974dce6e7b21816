import { BENCH_KEY, valueOf, type Conversation } from './conversation.js';

/** Of `HTTP/1.1 200`. */
const STATUS_LINE_LENGTH = 12;
const HEAD_END = '\r\n\r\n';

/** As much of a body as is looked at. */
const BODY_BYTES_JUDGED = 400;

const HASHES = ['a', 'b', 'c'].map((digit) => digit.repeat(64));

/** Requests over HTTP/1.1 on a connection that stays open; a reply is judged by a word that it must contain. */
export class HttpConversation implements Conversation {
  private calls = 0;

  /**
   * @param requestOf the request of a call, counted from 1
   * @param expected a part of the status line, or of the beginning of the body, of every good reply
   */
  constructor(
    private readonly requestOf: (call: number) => Buffer,
    private readonly expected: string,
  ) {}

  nextRequest(): Buffer {
    this.calls += 1;
    return this.requestOf(this.calls);
  }

  replyLength(received: Buffer): number | undefined {
    const headEnd = received.indexOf(HEAD_END);
    if (headEnd === -1) return undefined;
    const head = received.toString('latin1', 0, headEnd);
    const length = headEnd + HEAD_END.length + Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
    return received.length < length ? undefined : length;
  }

  takeReply(reply: Buffer): boolean {
    const bodyStart = reply.indexOf(HEAD_END) + HEAD_END.length;
    const status = reply.toString('latin1', 0, STATUS_LINE_LENGTH);
    return `${status}\n${reply.toString('latin1', bodyStart, bodyStart + BODY_BYTES_JUDGED)}`.includes(
      this.expected,
    );
  }
}

/** Updates of one file, each with the version that follows. */
export function updateFile(name: string): Conversation {
  const hashes = HASHES.map((hash) => `<value><string>${hash}</string></value>`).join('');
  return new HttpConversation((version) => {
    const params =
      `<param><value><string>${name}</string></value></param>` +
      `<param><value><int>${version}</int></value></param>` +
      `<param><value><array><data>${hashes}</data></array></value></param>`;
    return methodCall('surfstore.updatefile', params);
  }, '<boolean>1</boolean>');
}

export function getFileInfoMap(): Conversation {
  const request = methodCall('surfstore.getfileinfomap', '');
  return new HttpConversation(() => request, '<struct>');
}

export function ping(): Conversation {
  const request = methodCall('surfstore.ping', '');
  return new HttpConversation(() => request, '<boolean>1</boolean>');
}

/** Writes a short list under a key: as many characters as the hash list of an update. */
export function putKey(key: string): Conversation {
  return put(key, (call) => [...HASHES, String(call)]);
}

/** Writes a list of one string of 300 bytes under a key. */
export function putValue(key: string): Conversation {
  return put(key, (call) => [valueOf(call)]);
}

export function getKey(): Conversation {
  const request = Buffer.from(`GET /keys/${BENCH_KEY} HTTP/1.1\r\nHost: bench\r\n\r\n`);
  return new HttpConversation(() => request, '["');
}

/** Writes to one key of etcd through its JSON gateway, which takes keys and values as base64. */
export function putThroughGateway(key: string): Conversation {
  return new HttpConversation(
    (call) => gatewayRequest('put', { key: base64(key), value: base64(valueOf(call)) }),
    '"revision"',
  );
}

/** Linearizable reads of {@link BENCH_KEY} of etcd through its JSON gateway. */
export function rangeThroughGateway(): Conversation {
  const request = gatewayRequest('range', { key: base64(BENCH_KEY) });
  return new HttpConversation(() => request, `"value":"${base64('vvv')}`);
}

function put(key: string, valueOfCall: (call: number) => readonly string[]): Conversation {
  return new HttpConversation(
    (call) =>
      post(`/keys/${key}`, 'application/json', JSON.stringify({ type: 'PUT', value: valueOfCall(call) })),
    'HTTP/1.1 204',
  );
}

function methodCall(name: string, params: string): Buffer {
  return post(
    '/RPC2',
    'text/xml',
    `<?xml version="1.0"?><methodCall><methodName>${name}</methodName><params>${params}</params></methodCall>`,
  );
}

function gatewayRequest(method: 'put' | 'range', body: object): Buffer {
  return post(`/v3/kv/${method}`, 'application/json', JSON.stringify(body));
}

function post(path: string, contentType: string, body: string): Buffer {
  const head = `POST ${path} HTTP/1.1\r\nHost: bench\r\nContent-Type: ${contentType}\r\n`;
  return Buffer.from(`${head}Content-Length: ${Buffer.byteLength(body)}${HEAD_END}${body}`);
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
