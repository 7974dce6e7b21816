import { Agent } from 'node:http';
import type { LookupFunction } from 'node:net';
import { Exchange, type Outcome } from './exchange.js';
import type { ParserLimits } from './parser.js';
import { methodCallBody } from './serializer.js';
import type { ParsedValue, XmlRpcValue } from './types.js';

const RESPONSE_BYTES_MAX = 256 * 1024 * 1024;

export interface XmlRpcClientOptions {
  readonly host: string;
  readonly port: number;
  /** @default '/RPC2' */
  readonly path?: string;
  /** Whether connections are kept for the next call. @default true */
  readonly keepAlive?: boolean;
  /** Connections to use instead of the client's own; `keepAlive` and `maxSockets` are then its business. */
  readonly agent?: Agent;
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
  /** Gives the call up when it is aborted. */
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
  private readonly agent: Agent;
  private readonly pending = new Set<Exchange>();
  private closed = false;

  constructor(options: XmlRpcClientOptions) {
    this.options = options;
    this.agent =
      options.agent ??
      new Agent({
        keepAlive: options.keepAlive ?? true,
        noDelay: true,
        maxSockets: options.maxSockets ?? Infinity,
      });
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

  /** Gives up all calls and closes the client's own connections. Later calls fail with `EABORTED`. */
  close(): void {
    this.closed = true;
    for (const exchange of this.pending) exchange.abort('the client was closed');
    if (this.options.agent === undefined) this.agent.destroy();
  }

  private begin(
    methodName: string,
    params: readonly XmlRpcValue[],
    { timeoutMs, headMs }: RequestOptions,
    done: (outcome: Outcome) => void,
  ): Exchange {
    const { host, port, path = '/RPC2', bodyBytesMax = RESPONSE_BYTES_MAX, limits = {} } = this.options;
    const { lookup, headers = {} } = this.options;
    const exchange = new Exchange(
      { host, port, path, agent: this.agent, lookup, headers, bodyBytesMax, limits, timeoutMs, headMs },
      (outcome) => {
        this.pending.delete(exchange);
        done(outcome);
      },
    );
    this.pending.add(exchange);
    if (this.closed) exchange.abort('the client is closed');
    else exchange.start(methodCallBody(methodName, params));
    return exchange;
  }
}
