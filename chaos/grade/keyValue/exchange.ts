import { request } from 'node:http';
import { connect } from 'node:net';

/** The outcome of one exchange with a port of this machine. */
export type Exchange =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly location: string | undefined;
      readonly text: string;
    }
  /** Nobody took the connection: nothing was done. */
  | { readonly kind: 'refused' }
  /** The time was up, or the connection broke. */
  | { readonly kind: 'silent'; readonly text: string };

const ANSWER_BYTES_MAX = 16 * 1_024 * 1_024;

interface HttpCall {
  readonly port: number;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly timeoutMs: number;
}

/** One HTTP request on a connection of its own. */
export function httpExchange({ port, method, path, body, timeoutMs }: HttpCall): Promise<Exchange> {
  return new Promise((resolve) => {
    const content = body === undefined ? '' : JSON.stringify(body);
    const headers =
      body === undefined
        ? {}
        : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(content) };
    const call = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        if (text.length < ANSWER_BYTES_MAX) text += part;
      });
      response.on('error', (error) => end(silentOf(error)));
      response.on('end', () =>
        end({ kind: 'answer', status: response.statusCode ?? 0, location: response.headers.location, text }),
      );
    });
    const timer = setTimeout(() => end(timedOut(timeoutMs)), timeoutMs);
    const end = (exchange: Exchange): void => {
      clearTimeout(timer);
      call.destroy();
      resolve(exchange);
    };
    call.on('error', (error) => end(silentOf(error)));
    call.end(content);
  });
}

/** One line on a connection of its own, answered by a line, or by all that comes until the server hangs up. */
export function lineExchange(port: number, line: string, timeoutMs: number): Promise<Exchange> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    let text = '';
    const timer = setTimeout(() => end(timedOut(timeoutMs)), timeoutMs);
    const end = (exchange: Exchange): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(exchange);
    };
    const answer = (): Exchange => ({ kind: 'answer', status: 200, location: undefined, text });
    socket.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      // Not every server ends its answer with a newline.
      if (text.includes('\n') || isJson(text)) end(answer());
    });
    socket.on('end', () => end(text === '' ? { kind: 'silent', text: 'it hung up' } : answer()));
    socket.on('error', (error) => end(silentOf(error)));
    socket.write(`${line}\n`);
  });
}

function isJson(text: string): boolean {
  return parsedJson(text) !== undefined;
}

/** The value of a text of JSON; undefined when it is none. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function timedOut(ms: number): Exchange {
  return { kind: 'silent', text: `within ${ms / 1_000} s` };
}

function silentOf(error: Error): Exchange {
  const isRefused = 'code' in error && error.code === 'ECONNREFUSED';
  return isRefused ? { kind: 'refused' } : { kind: 'silent', text: error.message };
}
