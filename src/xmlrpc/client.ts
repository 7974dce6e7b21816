import type { LookupFunction } from 'node:net';
import { HttpClient, HttpError, type HttpExchange } from '../http/client.js';
import type { HttpResponse } from '../http/responseReader.js';
import { addressOf, connectionFailureText } from '../net/address.js';
import { decodeBody } from './encoding.js';
import { parseMethodResponse, type ParserLimits } from './parser.js';
import { readStringResponse } from './stringCall.js';
import { methodCallBody } from './writer.js';
import type { ParsedValue, XmlRpcValue } from './types.js';

/** The error of a call without a usable answer. Its codes beside those of {@link HttpError}:
 *
 * - `EHTTP`: a response with an HTTP status other than 200, which is `status`
 * - `EPROTO` also stands for a response that is not valid XML-RPC
 */
export class XmlRpcTransportError extends HttpError {
  override readonly name = 'XmlRpcTransportError';
}

const RESPONSE_BYTES_MAX = 256 * 1024 * 1024;

/** How much of an error page is read for the message. */
const ERROR_PAGE_BYTES_MAX = 4096;
const ERROR_TEXT_LENGTH = 200;

export interface XmlRpcClientOptions {
  readonly host: string;
  readonly port: number;
  /** @default '/RPC2' */
  readonly path?: string;
  /** Whether connections are kept for the next call. @default true */
  readonly keepAlive?: boolean;
  /** Connections to use instead of the client's own; `keepAlive`, `maxSockets` and `lookup` are then its business. */
  readonly http?: HttpClient;
  /** Largest response body. @default 256 MiB */
  readonly bodyBytesMax?: number;
  /** Most connections at a time; calls beyond wait for one. @default unlimited */
  readonly maxSockets?: number;
  /** Finds the addresses of the host. @default the system's look-up, anew for each connection */
  readonly lookup?: LookupFunction;
  /** Headers of every request, beside those that XML-RPC needs. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Limits for reading responses. @default RESPONSE_LIMITS */
  readonly limits?: Partial<ParserLimits>;
}

export interface RequestOptions {
  /** How long the whole call may take. @default unlimited */
  readonly timeoutMs?: number;
  /** How long the answer may take to begin. @default unlimited */
  readonly headMs?: number;
}

export interface CallOptions extends RequestOptions {
  /** Cancels the call when it is aborted. */
  readonly signal?: AbortSignal;
}

/** Receives an `XmlRpcFault` or an `XmlRpcTransportError`, or else null and the value. */
export type Done = (error: Error | null, value?: ParsedValue) => void;

/** A call under way. */
export interface PendingRequest {
  /** Gives the call up: `done` gets an `EABORTED` error unless it was called before. */
  abort(): void;
}

/**
 * Calls the methods of one XML-RPC server. A call is sent once: a connection that turns out to be closed is an error
 * of the call, because only the caller knows whether sending it again is safe.
 */
export class XmlRpcClient {
  private readonly options: XmlRpcClientOptions;
  private readonly http: HttpClient;
  private readonly pending = new Set<HttpExchange>();
  private closed = false;

  constructor(options: XmlRpcClientOptions) {
    this.options = options;
    const { keepAlive = true, maxSockets = Infinity, lookup } = options;
    this.http =
      options.http ?? new HttpClient({ keepAlive, maxSockets, ...(lookup === undefined ? {} : { lookup }) });
  }

  /**
   * Calls a method and gives its value.
   *
   * @throws XmlRpcFault when the server answers with a fault, {@link XmlRpcTransportError} when there is no answer.
   */
  call(
    methodName: string,
    params: readonly XmlRpcValue[] = [],
    options: CallOptions = {},
  ): Promise<ParsedValue> {
    return new Promise((resolve, reject) => {
      const { signal } = options;
      const onAbort = (): void => exchange.abort('the call was given up');
      const exchange = this.begin(methodName, params, options, (outcome) => {
        signal?.removeEventListener('abort', onAbort);
        if ('error' in outcome) reject(outcome.error);
        else resolve(outcome.value);
      });
      if (signal?.aborted === true) onAbort();
      else signal?.addEventListener('abort', onAbort);
    });
  }

  /** The callback form of {@link call}: `done` is called exactly once, never before `request` has returned. */
  request(
    methodName: string,
    params: readonly XmlRpcValue[],
    options: RequestOptions,
    done: Done,
  ): PendingRequest {
    const exchange = this.begin(methodName, params, options, (outcome) => {
      if ('error' in outcome) done(outcome.error);
      else done(null, outcome.value);
    });
    return { abort: () => exchange.abort('the call was given up') };
  }

  /** Closes the connections on which no call is under way. */
  closeIdle(): void {
    this.http.closeIdle();
  }

  /** Gives up all calls and closes the client's own connections. Later calls fail with `EABORTED`. */
  close(): void {
    this.closed = true;
    for (const exchange of this.pending) exchange.abort('the client was closed');
    if (this.options.http === undefined) this.http.close();
  }

  private begin(
    methodName: string,
    params: readonly XmlRpcValue[],
    { timeoutMs, headMs }: RequestOptions,
    done: (outcome: Outcome) => void,
  ): HttpExchange {
    const {
      host,
      port,
      path = '/RPC2',
      bodyBytesMax = RESPONSE_BYTES_MAX,
      limits,
      headers = {},
    } = this.options;
    const exchange = this.http.request(
      {
        host,
        port,
        path,
        headers: { ...headers, 'Content-Type': 'text/xml', Accept: 'text/xml' },
        body: methodCallBody(methodName, params),
        bodyBytesMax: (status) => (status === 200 ? bodyBytesMax : ERROR_PAGE_BYTES_MAX),
        timeoutMs,
        headMs,
      },
      (outcome) => {
        this.pending.delete(exchange);
        done(
          outcome instanceof HttpError ? { error: errorOf(outcome) } : read({ host, port }, outcome, limits),
        );
      },
    );
    this.pending.add(exchange);
    if (this.closed) exchange.abort('the client is closed');
    return exchange;
  }
}

/** The end of a call. The error is an `XmlRpcFault` or an `XmlRpcTransportError`. */
type Outcome = { readonly value: ParsedValue } | { readonly error: Error };

function read(
  server: { readonly host: string; readonly port: number },
  response: HttpResponse,
  limits: Partial<ParserLimits> | undefined,
): Outcome {
  const { status, headers, body } = response;
  if (status !== 200) {
    const text = body.toString('utf8').trim().slice(0, ERROR_TEXT_LENGTH);
    return { error: errorPage(addressOf(server), text === '' ? '' : `: ${text}`, status) };
  }
  try {
    const contentType = headers['content-type'];
    const text = limits === undefined ? readStringResponse(body, contentType) : null;
    if (text !== null) return { value: text };
    const answer = parseMethodResponse(decodeBody(body, contentType), limits);
    return 'fault' in answer ? { error: answer.fault } : answer;
  } catch (error) {
    const reason = `${addressOf(server)}: the response cannot be read: ${connectionFailureText(error)}`;
    return { error: new XmlRpcTransportError('EPROTO', reason, true, { cause: error }) };
  }
}

function errorOf(error: HttpError): XmlRpcTransportError {
  const { code, message, sent, cause, status } = error;
  // An error page without an end.
  if (code === 'EMSGSIZE' && status !== undefined && status !== 200)
    return errorPage(message.slice(0, message.indexOf(': ')), '', status);
  return new XmlRpcTransportError(code, message, sent, cause === undefined ? undefined : { cause });
}

function errorPage(address: string, text: string, status: number): XmlRpcTransportError {
  return new XmlRpcTransportError(
    'EHTTP',
    `${address}: HTTP status ${status}${text}`,
    true,
    undefined,
    status,
  );
}
