import { request, type Agent, type ClientRequest, type IncomingMessage } from 'node:http';
import { addressOf, connectionFailureText } from '../net/address.js';
import { readBody } from '../xmlrpc/body.js';
import type { AttemptLimits } from './failure.js';
import { HttpError } from './httpError.js';
import { timerMs } from './timerMs.js';

/** Largest response. */
const RESPONSE_BYTES_MAX = 256 * 1024 * 1024;

/** Where a request goes, and on which connections. */
export interface HttpTarget {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly agent: Agent;
}

/** A whole response. */
export interface Page {
  readonly status: number;
  readonly text: string;
}

/** Sends JSON, once, and gives the response, whatever its status. @throws HttpError when there is none */
export function postJson(target: HttpTarget, body: string, limits: AttemptLimits): Promise<Page> {
  return new Promise((resolve, reject) => {
    new HttpPost(target, resolve, reject).start(Buffer.from(body), limits);
  });
}

class HttpPost {
  private request: ClientRequest | undefined;
  private sent = false;
  private isOver = false;
  private stopWaiting: () => void = () => undefined;
  private headTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly target: HttpTarget,
    private readonly done: (page: Page) => void,
    private readonly failed: (error: HttpError) => void,
  ) {}

  start(body: Buffer, limits: AttemptLimits): void {
    const headers = { 'Content-Type': 'application/json', 'Content-Length': body.length };
    try {
      this.request = request({ ...this.target, method: 'POST', headers });
    } catch (error) {
      this.fail('EINVAL', error);
      return;
    }
    this.watch(this.request);
    this.limit(limits);
    if (!this.isOver) this.request.end(body);
  }

  private watch(outgoing: ClientRequest): void {
    outgoing.on('socket', (socket) => {
      if (socket.connecting) socket.once('connect', () => (this.sent = true));
      else this.sent = true;
    });
    outgoing.on('error', (error) => this.connectionFailed(error));
    outgoing.on('response', (response) => this.receive(response));
    outgoing.on('close', () =>
      this.fail('ECONNRESET', 'the connection closed before the response was complete'),
    );
  }

  private limit({ timeoutMs, headMs, signal }: AttemptLimits): void {
    const onAbort = (): void => this.fail('EABORTED', 'the call was given up');
    const timerFor = (ms: number, what: string): NodeJS.Timeout | undefined =>
      Number.isFinite(ms)
        ? setTimeout(() => this.fail('ETIMEDOUT', `no ${what} within ${Math.ceil(ms)} ms`), timerMs(ms))
        : undefined;
    const timer = timerFor(timeoutMs, 'complete response');
    this.headTimer = timerFor(headMs, 'response');
    this.stopWaiting = () => {
      clearTimeout(timer);
      clearTimeout(this.headTimer);
      signal?.removeEventListener('abort', onAbort);
    };
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener('abort', onAbort);
  }

  private receive(response: IncomingMessage): void {
    clearTimeout(this.headTimer);
    response.on('error', (error: Error) => this.connectionFailed(error));
    readBody(response, RESPONSE_BYTES_MAX, (body) => {
      if (body === 'too large')
        this.fail('EMSGSIZE', `the response is larger than ${RESPONSE_BYTES_MAX} bytes`);
      else if (this.end()) this.done({ status: response.statusCode ?? 0, text: body.toString('utf8') });
    });
  }

  private connectionFailed(error: Error & { readonly code?: unknown }): void {
    this.fail(typeof error.code === 'string' ? error.code : 'ECONNRESET', error);
  }

  private fail(code: string, reason: unknown): void {
    // Every request ends here once more when its connection is done.
    if (!this.end()) return;
    const { host, port } = this.target;
    const text = connectionFailureText(reason);
    const options = reason instanceof Error ? { cause: reason } : {};
    this.failed(new HttpError(code, `${addressOf({ host, port })}: ${text}`, this.sent, options));
    this.request?.destroy();
  }

  /** Whether this was the first end. */
  private end(): boolean {
    if (this.isOver) return false;
    this.isOver = true;
    this.stopWaiting();
    return true;
  }
}
