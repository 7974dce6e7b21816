import type { IncomingMessage } from 'node:http';

/**
 * Reads the body of a request or response and hands it over once, or says once that it is larger than the limit; it
 * holds no more than the limit at any time. Nothing is called when the connection closes first.
 */
export function readBody(
  message: IncomingMessage,
  bytesMax: number,
  done: (body: Buffer | 'too large') => void,
): void {
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
}
