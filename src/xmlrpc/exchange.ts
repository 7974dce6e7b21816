import { request, type Agent, type ClientRequest, type IncomingMessage } from 'node:http';
import type { LookupFunction } from 'node:net';
import { addressOf, connectionFailureText } from '../net/address.js';
import { readBody } from './body.js';
import { decodeBody } from './encoding.js';
import { parseMethodResponse, type ParserLimits } from './parser.js';
import { XmlRpcTransportError } from './transportError.js';
import type { ParsedValue } from './types.js';

/** What became of a call. The error is an `XmlRpcFault` or an `XmlRpcTransportError`. */
export type Outcome = { readonly value: ParsedValue } | { readonly error: Error };

export interface ExchangeOptions {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly agent: Agent;
  readonly lookup: LookupFunction | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly bodyBytesMax: number;
  readonly limits: Partial<ParserLimits>;
  readonly timeoutMs: number | undefined;
  readonly headMs: number | undefined;
}

/** How much of an error page is read for the message. */
const ERROR_PAGE_BYTES_MAX = 4096;
const ERROR_TEXT_LENGTH = 200;

/** One HTTP request and its response. Calls `done` exactly once, never from within `start` or `abort`. */
export class Exchange {
  private request: ClientRequest | undefined;
  private timer: NodeJS.Timeout | undefined;
  private headTimer: NodeJS.Timeout | undefined;
  private settled = false;
  private sent = false;
  private status: number | undefined;

  constructor(
    private readonly options: ExchangeOptions,
    private readonly done: (outcome: Outcome) => void,
  ) {}

  /** @param body in pieces, which must not change until the exchange is done */
  start(body: readonly Buffer[]): void {
    const { host, port, path, agent, lookup, timeoutMs, headMs } = this.options;
    const headers = {
      ...this.options.headers,
      'Content-Type': 'text/xml',
      'Content-Length': body.reduce((sum, { length }) => sum + length, 0),
      Accept: 'text/xml',
    };
    try {
      this.request = request({ host, port, path, agent, lookup, method: 'POST', headers });
    } catch (error) {
      this.fail('EINVAL', connectionFailureText(error), error);
      return;
    }
    this.watch(this.request);
    this.timer = this.timerFor(timeoutMs, 'complete response');
    this.headTimer = this.timerFor(headMs, 'response');
    for (const piece of body.slice(0, -1)) this.request.write(piece);
    this.request.end(body.at(-1));
  }

  /** Ends the exchange with an `EABORTED` error unless it has ended. */
  abort(reason: string): void {
    this.giveUp('EABORTED', reason);
  }

  private timerFor(ms: number | undefined, what: string): NodeJS.Timeout | undefined {
    if (ms === undefined) return undefined;
    return setTimeout(() => this.giveUp('ETIMEDOUT', `no ${what} within ${ms} ms`), ms);
  }

  private giveUp(code: string, reason: string): void {
    this.fail(code, reason);
    this.request?.destroy();
  }

  private watch(clientRequest: ClientRequest): void {
    clientRequest.on('socket', (socket) => {
      if (socket.connecting) socket.once('connect', () => (this.sent = true));
      else this.sent = true;
    });
    clientRequest.on('error', (error: NodeJS.ErrnoException) => this.connectionFailed(error));
    clientRequest.on('response', (response) => this.receive(response));
    clientRequest.on('close', () =>
      this.fail('ECONNRESET', 'the connection closed before the response was complete'),
    );
  }

  private connectionFailed(error: NodeJS.ErrnoException): void {
    const code = error.code ?? 'ECONNRESET';
    this.fail(code.startsWith('HPE_') ? 'EPROTO' : code, connectionFailureText(error), error);
  }

  private receive(response: IncomingMessage): void {
    clearTimeout(this.headTimer);
    response.on('error', (error: NodeJS.ErrnoException) => this.connectionFailed(error));
    const { statusCode } = response;
    if (statusCode !== 200) {
      this.receiveErrorPage(response, statusCode);
      return;
    }
    readBody(response, this.options.bodyBytesMax, (body) => {
      if (body === 'too large') {
        this.giveUp('EMSGSIZE', `the response is larger than ${this.options.bodyBytesMax} bytes`);
      } else {
        this.read(body, response.headers['content-type']);
      }
    });
  }

  private receiveErrorPage(response: IncomingMessage, statusCode: number | undefined): void {
    this.status = statusCode;
    const status = `HTTP status ${statusCode ?? 'unknown'}`;
    readBody(response, ERROR_PAGE_BYTES_MAX, (body) => {
      if (body === 'too large') {
        this.giveUp('EHTTP', status);
        return;
      }
      const text = body.toString('utf8').trim().slice(0, ERROR_TEXT_LENGTH);
      this.fail('EHTTP', text === '' ? status : `${status}: ${text}`);
    });
  }

  private read(body: Buffer, contentType: string | undefined): void {
    try {
      const response = parseMethodResponse(decodeBody(body, contentType), this.options.limits);
      this.settle('fault' in response ? { error: response.fault } : response);
    } catch (error) {
      this.fail('EPROTO', `the response cannot be read: ${connectionFailureText(error)}`, error);
    }
  }

  private fail(code: string, reason: string, cause?: unknown): void {
    // Every exchange ends here once more when its connection is done; an error costs a stack trace.
    if (this.settled) return;
    const { host, port } = this.options;
    const options = cause === undefined ? undefined : { cause };
    const text = `${addressOf({ host, port })}: ${reason}`;
    this.settle({ error: new XmlRpcTransportError(code, text, this.sent, options, this.status) });
  }

  private settle(outcome: Outcome): void {
    if (this.settled) return;
    this.settled = true;
    clearTimeout(this.timer);
    clearTimeout(this.headTimer);
    process.nextTick(this.done, outcome);
  }
}
