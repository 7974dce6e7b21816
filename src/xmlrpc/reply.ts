import type { ServerReply } from '../http/message.js';
import { sliceQueue } from './sliceQueue.js';

/** A reply up to this size is copied together, which costs less than several writes. */
const ONE_WRITE_BYTES_MAX = 64 * 1024;

/**
 * Answers with HTTP 200 and the XML that the pieces make together. They are asked for in slices between which the event
 * loop runs, and not any further once `isGone` says that the client has gone away. `failed` is called, and nothing is
 * sent, when a piece cannot be made.
 */
export function replyInPieces(
  response: ServerReply,
  pieces: Iterator<string | Uint8Array>,
  isGone: () => boolean,
  failed: (error: unknown) => void,
): void {
  const buffers: Uint8Array[] = [];
  const slice = (): boolean => {
    if (isGone()) {
      pieces.return?.();
      return false;
    }
    try {
      const piece = pieces.next();
      if (piece.done !== true) {
        buffers.push(bytesOf(piece.value));
        return true;
      }
    } catch (error) {
      failed(error);
      return false;
    }
    send(response, buffers);
    return false;
  };
  sliceQueue.begin(slice);
}

/** Bytes that many replies share are not copied. */
function bytesOf(piece: string | Uint8Array): Uint8Array {
  return typeof piece === 'string' ? Buffer.from(piece) : piece;
}

/** Answers with HTTP 200 and this XML, in one write. */
export function replyAtOnce(response: ServerReply, xml: string): void {
  send(response, [Buffer.from(xml)]);
}

function send(response: ServerReply, buffers: readonly Uint8Array[]): void {
  let length = 0;
  for (const buffer of buffers) length += buffer.length;
  response.writeHead(200, { 'Content-Type': 'text/xml; charset=utf-8', 'Content-Length': length });
  if (length <= ONE_WRITE_BYTES_MAX) response.end(Buffer.concat(buffers, length));
  else writeInSlices(response, buffers);
}

/** Writes as fast as the client reads, and no faster than the other work of the event loop allows. */
function writeInSlices(response: ServerReply, buffers: readonly Uint8Array[]): void {
  let next = 0;
  const slice = (): boolean => {
    const buffer = buffers[next];
    next += 1;
    if (response.destroyed) return false;
    if (buffer === undefined) {
      response.end();
      return false;
    }
    if (response.write(buffer)) return true;
    awaitDrain(response, () => sliceQueue.add(slice));
    return false;
  };
  sliceQueue.add(slice);
}

function awaitDrain(response: ServerReply, resume: () => void): void {
  const settle = (): void => {
    response.off('drain', drained);
    response.off('close', settle);
  };
  const drained = (): void => {
    settle();
    resume();
  };
  response.on('drain', drained);
  response.on('close', settle);
}
