import type { ServerRequest } from './message.js';
import { unzip } from 'node:zlib';
import type { ByteBudget } from './byteBudget.js';

/** Approximate memory of a piece of a body beside its bytes. */
const PIECE_BYTES = 128;

/**
 * Reads the body of a request or response and hands it over once, or reports once that it exceeds the limit. It never
 * holds more than the limit. Nothing is called when the connection closes first.
 * @param held receives the size of the received part, in bytes
 * @returns ends the reading; nothing is called afterwards
 */
export function readBody(
  message: ServerRequest,
  bytesMax: number,
  done: (body: Buffer | 'too large') => void,
  held?: (bytes: number) => void,
): () => void {
  const { wholeBody } = message;
  if (wholeBody !== undefined) {
    done(wholeBody.length <= bytesMax ? wholeBody : 'too large');
    return () => undefined;
  }
  const chunks: Buffer[] = [];
  let length = 0;
  const stop = (): void => {
    message.off('data', onData);
    message.off('end', onEnd);
  };
  const onData = (chunk: Buffer): void => {
    length += chunk.length;
    if (length <= bytesMax) {
      chunks.push(chunk);
      held?.(length + chunks.length * PIECE_BYTES);
      return;
    }
    stop();
    done('too large');
  };
  const onEnd = (): void => {
    stop();
    const [first] = chunks;
    done(chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks, length));
  };
  message.on('data', onData);
  message.on('end', onEnd);
  return stop;
}

/** How the body of a request is compressed; undefined for a way that this server does not know. */
export function codingOf({ headers }: ServerRequest): 'identity' | 'zipped' | undefined {
  const coding = (headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (coding === 'identity' || coding === '') return 'identity';
  return coding === 'gzip' || coding === 'x-gzip' || coding === 'deflate' ? 'zipped' : undefined;
}

/**
 * Reads the body of a request as {@link readBody} does, within a budget that all requests share: `'no room'` when it is
 * evicted. A body that is compressed as gzip or deflate, as Python's `encode_threshold` does, is inflated. The limit
 * holds for the body both as sent and as inflated: a small body that inflates without end costs no more than any other.
 */
export function readRequestBody(
  request: ServerRequest,
  bytesMax: number,
  budget: ByteBudget,
  done: (body: Buffer | 'too large' | 'no room' | 'not inflatable') => void,
): void {
  if (request.wholeBody !== undefined) {
    readBody(request, bytesMax, done);
    return;
  }
  let isEvicted = false;
  const share = budget.open(() => {
    isEvicted = true;
    stop();
    done('no room');
  });
  const release = (): void => share.hold(0);
  const stop = readBody(
    request,
    bytesMax,
    (body) => {
      request.off('close', release);
      if (body === 'too large' || codingOf(request) === 'identity') {
        release();
        done(body);
        return;
      }
      // The budget holds it as long as it waits to be inflated.
      unzip(body, { maxOutputLength: bytesMax }, (error: NodeJS.ErrnoException | null, inflated) => {
        release();
        if (isEvicted || request.socket.destroyed) return;
        if (error === null) done(inflated);
        else done(error.code === 'ERR_BUFFER_TOO_LARGE' ? 'too large' : 'not inflatable');
      });
    },
    (bytes) => share.hold(bytes),
  );
  request.once('close', release);
}
