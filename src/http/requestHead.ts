import type { IncomingHttpHeaders } from 'node:http';

/** A longer head is left to node:http, with its own limit. */
const HEAD_BYTES_MAX = 8 * 1024;

/** The head of a request of the usual shape. */
export interface RequestHead {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** Where the body begins, and how long it is. */
  readonly bodyFrom: number;
  readonly bodyBytes: number;
}

const END_OF_HEAD = Buffer.from('\r\n\r\n');
const REQUEST_LINE = /^(GET|POST|PUT|DELETE) (\/[\x21-\x7e]*) HTTP\/1\.1$/;
const NAME = /^[A-Za-z0-9-]+$/;
const VALUE = /^[\t\x20-\x7e]*$/;
const LENGTH = /^\d{1,9}$/;

/** Headers that change how a request is read, or what becomes of its connection. */
const UNUSUAL: ReadonlySet<string> = new Set([
  'transfer-encoding',
  'content-encoding',
  'connection',
  'keep-alive',
  'proxy-connection',
  'upgrade',
  'expect',
  'te',
  'trailer',
  'http2-settings',
]);

/**
 * Reads the head of a request, if it is of exactly the usual shape: GET, POST, PUT or DELETE of a path, HTTP/1.1, one Host, one
 * Content-Length in digits (none with GET and DELETE), each header once, nothing that changes the framing.
 *
 * Anything else is left to node:http, so that there is one judge of all that is unusual: what is accepted here must mean the
 * same there, and nothing else matters.
 *
 * @returns null for a head that is not complete, `'unusual'` for any other shape
 */
export function readHead(bytes: Buffer): RequestHead | 'unusual' | null {
  const end = bytes.indexOf(END_OF_HEAD);
  if (end < 0) return bytes.length > HEAD_BYTES_MAX || hasBareLineFeed(bytes) ? 'unusual' : null;
  if (end > HEAD_BYTES_MAX) return 'unusual';
  const lines = bytes.toString('latin1', 0, end).split('\r\n');
  const [, method, url] = REQUEST_LINE.exec(lines[0] ?? '') ?? [];
  if (method === undefined || url === undefined) return 'unusual';
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  for (let number = 1; number < lines.length; number += 1) {
    const line = lines[number] ?? '';
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0)).toLowerCase();
    const value = line.slice(colon + 1);
    if (!NAME.test(name) || !VALUE.test(value) || UNUSUAL.has(name) || name in headers) return 'unusual';
    headers[name] = trimmed(value);
  }
  const length = headers['content-length'] ?? (method === 'GET' || method === 'DELETE' ? '0' : '');
  if (headers['host'] === undefined || !LENGTH.test(length)) return 'unusual';
  return { method, url, headers, bodyFrom: end + END_OF_HEAD.length, bodyBytes: Number(length) };
}

/** A line that ends without a carriage return: the end that is waited for may never come. */
function hasBareLineFeed(bytes: Buffer): boolean {
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1))
    if (bytes[at - 1] !== 13) return true;
  return false;
}

/** Without spaces and tabs at both ends. */
function trimmed(value: string): string {
  return value.charCodeAt(0) === 32 && value.charCodeAt(1) > 32 && value.charCodeAt(value.length - 1) > 32
    ? value.slice(1)
    : value.trim();
}
