/** The answer of a server. Header names are in lower case. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** The state of a response, by the bytes so far. */
export type ResponsePart =
  | { readonly type: 'more' }
  /** The whole response. `reusable`: the connection may carry another request. */
  | { readonly type: 'response'; readonly response: HttpResponse; readonly reusable: boolean }
  /** Larger than the limit; `status` is that of its head. */
  | { readonly type: 'too large'; readonly status: number }
  | { readonly type: 'not HTTP'; readonly reason: string };

/** A longer head, or a longer line with the size of a chunk, is no answer of a server that means well. */
const HEAD_BYTES_MAX = 64 * 1024;
const CHUNK_LINE_BYTES_MAX = 1024;

const MORE: ResponsePart = { type: 'more' };
const END_OF_HEAD = Buffer.from('\r\n\r\n');
const LINE_FEED = 10;

interface Head {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly keepsAlive: boolean;
  /** How the body ends: after so many bytes, by its chunks, or with the connection. */
  readonly framing: number | 'chunked' | 'close';
}

/** Reads the one response that a connection owes (RFC 9112). A new one for each request. */
export class ResponseReader {
  private head: Head | null = null;
  private pieces: Buffer[] = [];
  /** The bytes in `pieces`. */
  private held = 0;
  /** The body of a response in chunks, as far as it has come. */
  private readonly chunks: Buffer[] = [];
  private chunkBytes = 0;

  /** @param bodyBytesMax the largest body, by the status */
  constructor(private readonly bodyBytesMax: (status: number) => number) {}

  /** Whether the head has come. */
  get hasHead(): boolean {
    return this.head !== null;
  }

  add(bytes: Buffer): ResponsePart {
    this.pieces.push(bytes);
    this.held += bytes.length;
    if (this.head === null) {
      const problem = this.readHead();
      if (problem !== null) return problem;
    }
    const { head } = this;
    return head === null ? MORE : this.readBody(head);
  }

  /** The connection has ended: complete, if that is how the body ends. */
  end(): ResponsePart {
    if (this.head?.framing !== 'close') return MORE;
    return this.complete(this.head, this.joined(), false);
  }

  /** Null when the head is complete and read. */
  private readHead(): ResponsePart | null {
    const bytes = this.joined();
    if (!'HTTP/'.startsWith(bytes.toString('latin1', 0, Math.min(5, bytes.length))))
      return { type: 'not HTTP', reason: 'the answer does not begin with HTTP/' };
    const end = bytes.indexOf(END_OF_HEAD);
    if (end < 0)
      return bytes.length > HEAD_BYTES_MAX ? { type: 'not HTTP', reason: 'its head has no end' } : MORE;
    const head = headOf(bytes.toString('latin1', 0, end));
    if (typeof head === 'string') return { type: 'not HTTP', reason: head };
    this.pieces = [bytes.subarray(end + END_OF_HEAD.length)];
    this.held -= end + END_OF_HEAD.length;
    // A provisional response: the one that counts comes after it.
    if (head.status >= 100 && head.status < 200) return this.readHead();
    this.head = head;
    return null;
  }

  private readBody(head: Head): ResponsePart {
    const bytesMax = this.bodyBytesMax(head.status);
    if (head.framing === 'chunked') return this.readChunks(head, bytesMax);
    const length = head.framing === 'close' ? this.held : head.framing;
    if (length > bytesMax) return { type: 'too large', status: head.status };
    if (head.framing === 'close' || this.held < length) return MORE;
    // Bytes behind the answer belong to no request: the connection is of no further use.
    return this.complete(head, this.joined().subarray(0, length), this.held === length);
  }

  private readChunks(head: Head, bytesMax: number): ResponsePart {
    for (;;) {
      const bytes = this.joined();
      const lineEnd = bytes.indexOf(LINE_FEED);
      if (lineEnd < 0)
        return bytes.length > CHUNK_LINE_BYTES_MAX
          ? { type: 'not HTTP', reason: 'a chunk has no size' }
          : MORE;
      const size = /^\s*([0-9a-f]{1,8})\s*(;.*)?\r?$/i.exec(bytes.toString('latin1', 0, lineEnd))?.[1];
      if (size === undefined) return { type: 'not HTTP', reason: 'a chunk has no size' };
      const length = parseInt(size, 16);
      if (length === 0) return this.readTrailer(head, bytes.subarray(lineEnd + 1));
      if (this.chunkBytes + length > bytesMax) return { type: 'too large', status: head.status };
      const from = lineEnd + 1;
      if (bytes.length < from + length + 2) return MORE;
      if (bytes.toString('latin1', from + length, from + length + 2) !== '\r\n')
        return { type: 'not HTTP', reason: 'a chunk is longer than its size' };
      this.chunks.push(bytes.subarray(from, from + length));
      this.chunkBytes += length;
      this.pieces = [bytes.subarray(from + length + 2)];
      this.held = bytes.length - from - length - 2;
    }
  }

  /** After the last chunk come headers, which nobody needs, and an empty line. */
  private readTrailer(head: Head, bytes: Buffer): ResponsePart {
    const isEmpty = bytes.toString('latin1', 0, 2) === '\r\n';
    const end = isEmpty ? 2 : bytes.indexOf(END_OF_HEAD) + END_OF_HEAD.length;
    if (end < END_OF_HEAD.length && !isEmpty)
      return bytes.length > HEAD_BYTES_MAX ? { type: 'not HTTP', reason: 'its trailer has no end' } : MORE;
    return this.complete(head, Buffer.concat(this.chunks, this.chunkBytes), bytes.length === end);
  }

  private complete({ status, headers, keepsAlive }: Head, body: Buffer, isAtEnd: boolean): ResponsePart {
    return { type: 'response', response: { status, headers, body }, reusable: keepsAlive && isAtEnd };
  }

  private joined(): Buffer {
    const [first] = this.pieces;
    if (this.pieces.length === 1 && first !== undefined) return first;
    const joined = Buffer.concat(this.pieces, this.held);
    this.pieces = [joined];
    return joined;
  }
}

/** The head that the text is, or the reason why it is none. */
function headOf(text: string): Head | string {
  const [first = '', ...lines] = text.split('\r\n');
  const [, minor, code] = /^HTTP\/1\.([01]) (\d{3})(?: .*)?$/.exec(first) ?? [];
  if (minor === undefined || code === undefined) return 'its first line is not that of HTTP/1.1';
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon <= 0) return 'a line of its head is no header';
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = name in headers ? `${headers[name] ?? ''}, ${value}` : value;
  }
  const status = Number(code);
  const framing = framingOf(status, headers);
  if (framing === null) return 'its Content-Length is not a number';
  return { status, headers, keepsAlive: keepsAlive(minor, headers), framing };
}

/** RFC 9112, section 6.3; null when the length makes no sense. */
function framingOf(status: number, headers: Readonly<Record<string, string>>): Head['framing'] | null {
  if (status < 200 || status === 204 || status === 304) return 0;
  if (/\bchunked\s*$/i.test(headers['transfer-encoding'] ?? '')) return 'chunked';
  const length = headers['content-length'];
  if (length === undefined) return 'close';
  return /^\d{1,15}$/.test(length) ? Number(length) : null;
}

function keepsAlive(minor: string, headers: Readonly<Record<string, string>>): boolean {
  const connection = headers['connection']?.toLowerCase() ?? '';
  return minor === '1' ? !/\bclose\b/.test(connection) : /\bkeep-alive\b/.test(connection);
}
