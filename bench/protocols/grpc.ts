import { BENCH_KEY, VALUE_BYTES, valueOf, type Conversation } from './conversation.js';

// gRPC over HTTP/2 (RFC 9113) by hand: one call at a time needs a handful of frames. All systems are driven over
// plain sockets, so that the generator takes about as much from the cores of the one as from those of the other.

const FRAME_HEAD_BYTES = 9;
const frameTypes = { data: 0, headers: 1, resetStream: 3, settings: 4, ping: 6, goAway: 7, windowUpdate: 8 };
const END_STREAM = 1;
const END_HEADERS = 4;
const ACK = 1;
const INITIAL_WINDOW_SIZE = 4;
const WINDOW_BYTES_MAX = 2 ** 31 - 1;
const DEFAULT_WINDOW_BYTES = 65_535;
const CONNECTION = 0;

/** A flag that says whether the message is compressed, and the length of the message. */
const MESSAGE_HEAD_BYTES = 5;

const preface = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  frame(frameTypes.settings, 0, CONNECTION, setting(INITIAL_WINDOW_SIZE, WINDOW_BYTES_MAX)),
  // So much is never received on one connection: no window has to be enlarged while it is measured.
  frame(frameTypes.windowUpdate, 0, CONNECTION, uint32(WINDOW_BYTES_MAX - DEFAULT_WINDOW_BYTES)),
]);

/** `:method: POST` and `:scheme: http`, by their numbers in the static table of HPACK. */
const STATIC_HEADERS = [0x83, 0x86];

/** The four headers below, by the numbers that the first request gave them: the last added is 62. */
const indexedHeaders = Buffer.from([...STATIC_HEADERS, 0xc1, 0xc0, 0xbf, 0xbe]);

/** Names the headers and adds them to the table of the connection, as every gRPC client does. */
function firstHeaders(path: string): Buffer {
  const named = (index: number, value: string): Buffer => Buffer.from([0x40 | index, ...text(value)]);
  return Buffer.concat([
    Buffer.from(STATIC_HEADERS),
    named(4, path),
    named(1, 'bench'),
    named(31, 'application/grpc'),
    Buffer.from([0x40, ...text('te'), ...text('trailers')]),
  ]);
}

/** Unary calls of one method, each a stream of its own. */
class GrpcConversation implements Conversation {
  private calls = 0;
  /** Acknowledgements that the server waits for; they go with the next request. */
  private owed: Buffer[] = [preface];

  constructor(
    private readonly path: string,
    private readonly messageOf: (call: number) => Buffer,
    private readonly replyBytesMin: number,
  ) {}

  nextRequest(): Buffer {
    this.calls += 1;
    const headers = this.calls === 1 ? firstHeaders(this.path) : indexedHeaders;
    const message = this.messageOf(this.calls);
    const request = Buffer.concat([
      ...this.owed,
      frame(frameTypes.headers, END_HEADERS, this.stream, headers),
      frame(
        frameTypes.data,
        END_STREAM,
        this.stream,
        Buffer.concat([Buffer.from([0]), uint32(message.length), message]),
      ),
    ]);
    this.owed = [];
    return request;
  }

  replyLength(received: Buffer): number | undefined {
    for (const { end, ends } of this.framesIn(received)) if (ends) return end;
    return undefined;
  }

  /** A call that fails is answered by headers alone. */
  takeReply(reply: Buffer): boolean {
    let messageBytes = 0;
    for (const { type, stream, payload } of this.framesIn(reply)) {
      if (type === frameTypes.data && stream === this.stream) messageBytes += payload.length;
      if (type === frameTypes.resetStream || type === frameTypes.goAway) return false;
      this.acknowledge(type, payload);
    }
    return messageBytes >= MESSAGE_HEAD_BYTES + this.replyBytesMin;
  }

  private get stream(): number {
    return 2 * this.calls - 1;
  }

  private acknowledge(type: number, payload: Buffer): void {
    if (type === frameTypes.settings) this.owed.push(frame(type, ACK, CONNECTION, Buffer.alloc(0)));
    if (type === frameTypes.ping) this.owed.push(frame(type, ACK, CONNECTION, Buffer.from(payload)));
  }

  /** The complete frames, without those that only acknowledge. */
  private *framesIn(bytes: Buffer): Iterable<Frame> {
    for (let start = 0; start + FRAME_HEAD_BYTES <= bytes.length;) {
      const payloadStart = start + FRAME_HEAD_BYTES;
      const end = payloadStart + bytes.readUIntBE(start, 3);
      if (end > bytes.length) return;
      const type = bytes.readUInt8(start + 3);
      const flags = bytes.readUInt8(start + 4);
      const stream = bytes.readUInt32BE(start + 5) & WINDOW_BYTES_MAX;
      const isOfStream = type === frameTypes.data || type === frameTypes.headers;
      const ends =
        stream === this.stream && isOfStream
          ? (flags & END_STREAM) !== 0
          : type === frameTypes.resetStream || type === frameTypes.goAway;
      const isAck = (type === frameTypes.settings || type === frameTypes.ping) && (flags & ACK) !== 0;
      if (!isAck) yield { type, stream, payload: bytes.subarray(payloadStart, end), end, ends };
      start = end;
    }
  }
}

interface Frame {
  readonly type: number;
  readonly stream: number;
  readonly payload: Buffer;
  /** Where the next frame begins. */
  readonly end: number;
  /** Whether nothing more comes for the call under way. */
  readonly ends: boolean;
}

/** Writes to one key of etcd. */
export function putOverGrpc(key: string): Conversation {
  return new GrpcConversation(
    '/etcdserverpb.KV/Put',
    (call) => Buffer.concat([field(1, key), field(2, valueOf(call))]),
    1,
  );
}

/** Reads of {@link BENCH_KEY} of etcd, which are linearizable unless a request says otherwise. */
export function rangeOverGrpc(): Conversation {
  const message = field(1, BENCH_KEY);
  return new GrpcConversation('/etcdserverpb.KV/Range', () => message, VALUE_BYTES);
}

/** A field of a protobuf message that holds bytes. */
function field(number: number, value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...varint(bytes.length)]), bytes]);
}

function varint(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(FRAME_HEAD_BYTES);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

function setting(name: number, value: number): Buffer {
  return Buffer.concat([Buffer.from([0, name]), uint32(value)]);
}

/** A text as HPACK has it, without Huffman coding; shorter than 127 bytes. */
function text(value: string): readonly number[] {
  return [value.length, ...Buffer.from(value)];
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
