import { expect } from 'chai';
import { VALUE_BYTES, type Conversation } from '../../bench/protocols/conversation.js';
import { putOverGrpc, rangeOverGrpc } from '../../bench/protocols/grpc.js';
import { putValue, updateFile } from '../../bench/protocols/http.js';
import { setData, syncAndGetData } from '../../bench/protocols/zookeeper.js';

/** A reply is complete with its last byte and not before, and what comes after it is left alone. */
function expectWhole(conversation: Conversation, reply: Buffer): void {
  for (let length = 0; length < reply.length; length += 1)
    expect(conversation.replyLength(reply.subarray(0, length)), `${length} bytes`).to.equal(undefined);
  expect(conversation.replyLength(Buffer.concat([reply, Buffer.from('more')]))).to.equal(reply.length);
}

describe('the protocols of the benchmark: HTTP', () => {
  it('takes head and body as one reply', () => {
    const conversation = updateFile('f');
    conversation.nextRequest();
    expectWhole(conversation, Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde'));
  });

  it('takes an answer without a body', () => {
    const conversation = putValue('k');
    conversation.nextRequest();
    const reply = Buffer.from('HTTP/1.1 204 No Content\r\nDate: today\r\n\r\n');
    expectWhole(conversation, reply);
    expect(conversation.takeReply(reply)).to.equal(true);
  });

  it('sends each version of a file once, and tells true from false', () => {
    const conversation = updateFile('f');
    expect(conversation.nextRequest().toString()).to.include('<int>1</int>');
    expect(conversation.nextRequest().toString()).to.include('<int>2</int>');
    const replyOf = (body: string): Buffer => Buffer.from(`HTTP/1.1 200 OK\r\n\r\n${body}`);
    expect(conversation.takeReply(replyOf('<boolean>1</boolean>'))).to.equal(true);
    expect(conversation.takeReply(replyOf('<boolean>0</boolean>'))).to.equal(false);
  });
});

describe('the protocols of the benchmark: gRPC', () => {
  const types = { data: 0, headers: 1, resetStream: 3, settings: 4, ping: 6 };
  const END_STREAM = 1;
  const ACK = 1;

  function frame(type: number, flags: number, stream: number, payload: string | Buffer = ''): Buffer {
    const head = Buffer.alloc(9);
    head.writeUIntBE(payload.length, 0, 3);
    head.writeUInt8(type, 3);
    head.writeUInt8(flags, 4);
    head.writeUInt32BE(stream, 5);
    return Buffer.concat([head, Buffer.from(payload)]);
  }

  function reply(stream: number, messageBytes: number): Buffer {
    return Buffer.concat([
      frame(types.headers, 0, stream, 'headers'),
      frame(types.data, 0, stream, Buffer.alloc(5 + messageBytes)),
      frame(types.headers, END_STREAM, stream, 'trailers'),
    ]);
  }

  it('takes all frames up to the end of the stream of the call', () => {
    const conversation = putOverGrpc('k');
    conversation.nextRequest();
    const settings = frame(types.settings, 0, 0);
    expectWhole(conversation, Buffer.concat([settings, frame(types.settings, ACK, 0), reply(1, 10)]));
  });

  it('uses an odd stream for each call, and opens the connection once', () => {
    const conversation = putOverGrpc('k');
    const first = conversation.nextRequest();
    expect(first.toString('latin1')).to.match(/^PRI \* HTTP\/2\.0/);
    expect(first.toString('latin1')).to.include('/etcdserverpb.KV/Put');
    conversation.takeReply(reply(1, 10));
    const second = conversation.nextRequest();
    expect(second.readUInt8(3)).to.equal(types.headers);
    expect(second.readUInt32BE(5)).to.equal(3);
    expect(conversation.replyLength(reply(1, 10)), 'a reply to an earlier call').to.equal(undefined);
  });

  it('acknowledges settings and pings with the next request', () => {
    const conversation = putOverGrpc('k');
    conversation.nextRequest();
    const ping = frame(types.ping, 0, 0, '12345678');
    conversation.takeReply(Buffer.concat([frame(types.settings, 0, 0), ping, reply(1, 10)]));
    const acknowledged = Buffer.concat([
      frame(types.settings, ACK, 0),
      frame(types.ping, ACK, 0, '12345678'),
    ]);
    const next = conversation.nextRequest();
    expect(next.subarray(0, acknowledged.length)).to.deep.equal(acknowledged);
    conversation.takeReply(reply(3, 10));
    expect(conversation.nextRequest().readUInt8(3), 'acknowledged once').to.equal(types.headers);
  });

  it('sees a failure in headers alone, in a stream that is reset, and in a read that is too short', () => {
    const write = putOverGrpc('k');
    write.nextRequest();
    expect(write.takeReply(frame(types.headers, END_STREAM, 1, 'grpc-status'))).to.equal(false);
    expect(write.takeReply(frame(types.resetStream, 0, 1, '1234'))).to.equal(false);
    expect(write.takeReply(reply(1, 10))).to.equal(true);
    const read = rangeOverGrpc();
    read.nextRequest();
    expect(read.takeReply(reply(1, 20))).to.equal(false);
    expect(read.takeReply(reply(1, VALUE_BYTES + 20))).to.equal(true);
  });
});

describe('the protocols of the benchmark: ZooKeeper', () => {
  function packet(...parts: readonly Buffer[]): Buffer {
    const body = Buffer.concat(parts);
    return Buffer.concat([int(body.length), body]);
  }

  function int(value: number): Buffer {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value);
    return bytes;
  }

  const replyTo = (error: number, body = Buffer.alloc(0)): Buffer =>
    packet(int(1), Buffer.alloc(8), int(error), body);

  it('opens a session, unless its timeout is 0', () => {
    const conversation = setData('k');
    const opened = (timeoutMs: number): Buffer =>
      packet(int(0), int(timeoutMs), Buffer.alloc(8 + 4 + 16 + 1));
    expectWhole(conversation, opened(40_000));
    expect(conversation.takeReply(opened(40_000))).to.equal(true);
    expect(conversation.takeReply(opened(0))).to.equal(false);
  });

  it('writes whatever the version is, and sees an error', () => {
    const conversation = setData('k');
    const request = conversation.nextRequest();
    expect(request.readInt32BE(0)).to.equal(request.length - 4);
    expect(request.readInt32BE(request.length - 4)).to.equal(-1);
    expectWhole(conversation, replyTo(0, Buffer.alloc(68)));
    expect(conversation.takeReply(replyTo(0, Buffer.alloc(68)))).to.equal(true);
    expect(conversation.takeReply(replyTo(-101))).to.equal(false);
  });

  it('takes the replies to sync and to getData as one', () => {
    const conversation = syncAndGetData();
    conversation.nextRequest();
    const synced = replyTo(0, Buffer.alloc(10));
    const read = replyTo(0, Buffer.alloc(VALUE_BYTES));
    expectWhole(conversation, Buffer.concat([synced, read]));
    expect(conversation.takeReply(Buffer.concat([synced, read]))).to.equal(true);
    expect(conversation.takeReply(Buffer.concat([replyTo(-4), read]))).to.equal(false);
  });
});
