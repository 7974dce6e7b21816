import type { ServerResponse } from 'node:http';
import { runFor, sliceQueue } from './sliceQueue.js';

/** How long the first slice may take, in the turn in which the call came; small replies are complete within it. */
const FIRST_SLICE_MS = 1;
/** How long a client may leave a large reply unread before the connection is closed. */
const STALL_MS_MAX = 60_000;

/**
 * Answers with HTTP 200 and the XML that the pieces make together. They are asked for in slices between which the event
 * loop runs, and not any further once `isGone` says that the client has gone away. `failed` is called, and nothing is
 * sent, when a piece cannot be made.
 */
export function replyInPieces(
  response: ServerResponse,
  pieces: Iterator<string>,
  isGone: () => boolean,
  failed: (error: unknown) => void,
): void {
  const buffers: Buffer[] = [];
  const slice = (): boolean => {
    if (isGone()) {
      pieces.return?.();
      return false;
    }
    try {
      const piece = pieces.next();
      if (piece.done !== true) {
        buffers.push(Buffer.from(piece.value));
        return true;
      }
    } catch (error) {
      failed(error);
      return false;
    }
    send(response, buffers);
    return false;
  };
  if (runFor(slice, FIRST_SLICE_MS)) sliceQueue.add(slice);
}

/** Answers with HTTP 200 and this XML, in one write. */
export function replyAtOnce(response: ServerResponse, xml: string): void {
  send(response, [Buffer.from(xml)]);
}

function send(response: ServerResponse, buffers: readonly Buffer[]): void {
  let length = 0;
  for (const buffer of buffers) length += buffer.length;
  response.writeHead(200, { 'Content-Type': 'text/xml; charset=utf-8', 'Content-Length': length });
  if (buffers.length === 1) response.end(buffers[0]);
  else writeInSlices(response, buffers);
}

/** Writes as fast as the client reads, and no faster than the other work of the event loop allows. */
function writeInSlices(response: ServerResponse, buffers: readonly Buffer[]): void {
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

function awaitDrain(response: ServerResponse, resume: () => void): void {
  const stalled = setTimeout(() => response.destroy(), STALL_MS_MAX);
  const settle = (): void => {
    clearTimeout(stalled);
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
