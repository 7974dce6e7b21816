import type { IncomingMessage } from 'node:http';
import type { ByteBudget } from './byteBudget.js';

/** About what a piece of a body takes beside its bytes, however few they are. */
const PIECE_BYTES = 128;

/**
 * Reads the body of a request or response and hands it over once, or says once that it is larger than the limit; it
 * holds no more than the limit at any time. Nothing is called when the connection closes first.
 *
 * @param held told what the part that has come takes, in bytes
 * @returns ends the reading; nothing is called any more
 */
export function readBody(
  message: IncomingMessage,
  bytesMax: number,
  done: (body: Buffer | 'too large') => void,
  held?: (bytes: number) => void,
): () => void {
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

/**
 * Reads the body of a request as {@link readBody} does, within a budget that all requests share: `'no room'` when it is
 * evicted.
 */
export function readRequestBody(
  request: IncomingMessage,
  bytesMax: number,
  budget: ByteBudget,
  done: (body: Buffer | 'too large' | 'no room') => void,
): void {
  const share = budget.open(() => {
    stop();
    done('no room');
  });
  const release = (): void => share.hold(0);
  const stop = readBody(
    request,
    bytesMax,
    (body) => {
      request.off('close', release);
      release();
      done(body);
    },
    (bytes) => share.hold(bytes),
  );
  request.once('close', release);
}
