import { BENCH_KEY, VALUE_BYTES, valueOf, type Conversation } from './conversation.js';

// The protocol of ZooKeeper's clients: records in jute, each with its length before it.

const operations = { create: 1, getData: 4, setData: 5, sync: 9, closeSession: -11 };
const LENGTH_BYTES = 4;

/** Request number, transaction number, error code. */
const REPLY_HEAD_BYTES = 4 + 8 + 4;
const ANY_VERSION = -1;
const ALL_PERMISSIONS = 31;
const NO_FLAGS = 0;

/** Longer than any measurement leaves a connection alone. */
const SESSION_TIMEOUT_MS = 40_000;

/** Opens a session; its id and password, which are new, are zeros. */
const connectRequest = packet(
  int(0),
  long(0),
  int(SESSION_TIMEOUT_MS),
  long(0),
  buffer(Buffer.alloc(16)),
  bool(false),
);

/** Calls of one session. A call may be several requests, sent together: it ends with the last of their replies. */
class ZooKeeperConversation implements Conversation {
  readonly greeting = connectRequest;
  /** Without it the session ends by its timeout, with a write in the midst of a later measurement. */
  readonly farewell = packet(int(0), int(operations.closeSession));
  private calls = 0;

  constructor(
    private readonly requestsOf: (call: number) => readonly Buffer[],
    private readonly replyBytesMin: number,
  ) {}

  nextRequest(): Buffer {
    this.calls += 1;
    return Buffer.concat(this.requestsOf(this.calls));
  }

  replyLength(received: Buffer): number | undefined {
    // The reply to the greeting comes before any call, and is one packet.
    const packets = this.calls === 0 ? 1 : this.requestsOf(this.calls).length;
    let end = 0;
    for (let seen = 0; seen < packets; seen += 1) {
      if (received.length < end + LENGTH_BYTES) return undefined;
      end += LENGTH_BYTES + received.readInt32BE(end);
    }
    return received.length < end ? undefined : end;
  }

  takeReply(reply: Buffer): boolean {
    // A session that is refused has the timeout 0.
    if (this.calls === 0) return reply.readInt32BE(LENGTH_BYTES + 4) > 0;
    for (let start = 0; start < reply.length; start += LENGTH_BYTES + reply.readInt32BE(start)) {
      if (reply.readInt32BE(start + LENGTH_BYTES + REPLY_HEAD_BYTES - 4) !== 0) return false;
    }
    return reply.length >= this.replyBytesMin;
  }
}

/** Writes to one node, which must exist, whatever its version is. */
export function setData(name: string): Conversation {
  const path = ustring(`/${name}`);
  return new ZooKeeperConversation(
    (call) => [
      packet(int(call), int(operations.setData), path, buffer(Buffer.from(valueOf(call))), int(ANY_VERSION)),
    ],
    REPLY_HEAD_BYTES,
  );
}

/** Reads of {@link BENCH_KEY}: the server catches up with the leader first, then reads. */
export function syncAndGetData(): Conversation {
  const path = ustring(`/${BENCH_KEY}`);
  const requests = [
    packet(int(1), int(operations.sync), path),
    packet(int(2), int(operations.getData), path, bool(false)),
  ];
  return new ZooKeeperConversation(() => requests, VALUE_BYTES);
}

/** Creates nodes that anybody may write to, one with each call. */
export function createNodes(names: readonly string[]): Conversation {
  const anybody = Buffer.concat([int(1), int(ALL_PERMISSIONS), ustring('world'), ustring('anyone')]);
  const requests = names.map((name, index) =>
    packet(
      int(index + 1),
      int(operations.create),
      ustring(`/${name}`),
      buffer(Buffer.from(valueOf(0))),
      anybody,
      int(NO_FLAGS),
    ),
  );
  return new ZooKeeperConversation((call) => requests.slice(call - 1, call), REPLY_HEAD_BYTES);
}

function packet(...parts: readonly Buffer[]): Buffer {
  return buffer(Buffer.concat(parts));
}

function buffer(bytes: Buffer): Buffer {
  return Buffer.concat([int(bytes.length), bytes]);
}

function ustring(value: string): Buffer {
  return buffer(Buffer.from(value));
}

function int(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function long(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
}

function bool(value: boolean): Buffer {
  return Buffer.from([value ? 1 : 0]);
}
