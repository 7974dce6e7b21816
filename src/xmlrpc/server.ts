import type { ServerReply, ServerRequest } from '../http/message.js';
import { readRequestBody } from './body.js';
import { receivingBytes, type ByteBudget } from './byteBudget.js';
import { decodeBody } from './encoding.js';
import { FAULT_CODES, XmlRpcFault, XmlRpcParseError } from './faults.js';
import { onSocketClose } from './hangUp.js';
import { parseMethodCall, type MethodCall, type ParserLimits } from './parser.js';
import { noRoom, refusalOfHead, refuse, tooLarge } from './refusal.js';
import { replyAtOnce, replyInPieces } from './reply.js';
import { methodResponsePieces, serializeFault } from './serializer.js';
import type { ParsedValue, XmlRpcValue } from './types.js';

const BODY_BYTES_MAX = 8 * 1024 * 1024;
const NOT_INFLATABLE = 'the body is not compressed as its Content-Encoding says';

/** What a dispatch function can know about the call beside its name and parameters. */
export interface CallContext {
  /**
   * The listener is called once when the connection closes before the response was written; at once when that has
   * happened already. Never called after an answer.
   */
  onHangUp(listener: () => void): void;
  /** IP address of the client; undefined when it has gone already. */
  readonly remoteAddress: string | undefined;
  /** Over which the call came; other calls may come over it, too. */
  readonly connection: Connection;
}

/** A connection, as far as a call may watch it. */
export interface Connection {
  once(event: 'close', listener: () => void): unknown;
}

/**
 * Answers a call with a value or a promise of one. An {@link XmlRpcFault} that it throws, or that the promise is
 * rejected with, becomes that fault; any other error becomes fault -32603 with a general text.
 */
export type Dispatch = (
  methodName: string,
  params: ParsedValue[],
  call: CallContext,
) => XmlRpcValue | Promise<XmlRpcValue>;

export interface XmlRpcServerOptions {
  readonly dispatch: Dispatch;
  /** A larger request body is refused with HTTP 413. @default 8 MiB */
  readonly bodyBytesMax?: number;
  /** Holds the bodies that have not come completely. @default the one of this process */
  readonly receiving?: ByteBudget;
  /** Limits for reading calls. @default CALL_LIMITS */
  readonly limits?: Partial<ParserLimits>;
  /** Told of every error of the dispatch function, its promise or its listeners that is not a fault. */
  readonly onInternalError?: (error: unknown, methodName: string) => void;
}

/**
 * Serves one XML-RPC call. Whatever can be read as a request is answered with HTTP 200 and a value or a fault; 405, 413,
 * 415 and 503 with a sentence are for requests that are not read at all. Never throws, whatever the client sends and
 * whenever it goes away.
 */
export function handleXmlRpc(
  request: ServerRequest,
  response: ServerReply,
  options: XmlRpcServerOptions,
): void {
  const bodyBytesMax = options.bodyBytesMax ?? BODY_BYTES_MAX;
  // A connection that breaks is noticed by its closing; the errors that come with it say nothing more.
  request.on('error', ignore);
  response.on('error', ignore);
  const refusal = refusalOfHead(request, bodyBytesMax);
  if (refusal !== undefined) {
    refuse(request, response, refusal);
    return;
  }
  readRequestBody(request, bodyBytesMax, options.receiving ?? receivingBytes, (body) => {
    if (body === 'too large') refuse(request, response, tooLarge(bodyBytesMax));
    else if (body === 'no room') refuse(request, response, noRoom);
    else if (body === 'not inflatable')
      replyAtOnce(response, serializeFault(FAULT_CODES.NOT_WELL_FORMED, NOT_INFLATABLE));
    else answer(request, response, body, options);
  });
}

function ignore(): void {
  // Deliberately nothing.
}

function answer(
  request: ServerRequest,
  response: ServerReply,
  body: Buffer,
  options: XmlRpcServerOptions,
): void {
  let methodCall: MethodCall;
  try {
    methodCall = parseMethodCall(decodeBody(body, request.headers['content-type']), options.limits);
  } catch (error) {
    replyAtOnce(response, parseFault(error));
    return;
  }
  new Call(request, response, methodCall, options.onInternalError).run(options.dispatch);
}

function parseFault(error: unknown): string {
  return error instanceof XmlRpcParseError
    ? serializeFault(error.faultCode, error.message)
    : serializeFault(FAULT_CODES.INTERNAL_ERROR, 'internal error while reading the request');
}

/** One call from its dispatch to its answer. */
class Call implements CallContext {
  readonly remoteAddress: string | undefined;
  readonly connection: Connection;
  private readonly unwatch: () => void;
  private hungUp: boolean;
  private answered = false;
  private listeners: (() => void)[] = [];

  constructor(
    private readonly request: ServerRequest,
    private readonly response: ServerReply,
    private readonly methodCall: MethodCall,
    private readonly onInternalError: XmlRpcServerOptions['onInternalError'],
  ) {
    this.remoteAddress = request.socket.remoteAddress;
    this.connection = request.socket;
    this.hungUp = request.socket.destroyed;
    this.unwatch = onSocketClose(request.socket, () => this.hangUp());
  }

  onHangUp(listener: () => void): void {
    if (this.hungUp) this.notify(listener);
    else if (!this.answered) this.listeners.push(listener);
  }

  run(dispatch: Dispatch): void {
    let result: XmlRpcValue | Promise<XmlRpcValue>;
    try {
      result = dispatch(this.methodCall.methodName, this.methodCall.params, this);
    } catch (error) {
      this.fail(error);
      return;
    }
    if (result instanceof Promise) result.then(this.succeed, this.fail);
    else this.succeed(result);
  }

  private readonly succeed = (value: XmlRpcValue): void => {
    this.settle();
    if (this.hungUp) return;
    const pieces = methodResponsePieces(value)[Symbol.iterator]();
    replyInPieces(this.response, pieces, () => this.request.socket.destroyed, this.fail);
  };

  private readonly fail = (error: unknown): void => {
    this.settle();
    if (!(error instanceof XmlRpcFault)) this.report(error);
    if (this.hungUp) return;
    const fault = error instanceof XmlRpcFault ? error : internalError();
    replyAtOnce(this.response, serializeFault(fault.faultCode, fault.faultString));
  };

  private settle(): void {
    this.answered = true;
    this.listeners = [];
    this.unwatch();
  }

  private hangUp(): void {
    this.hungUp = true;
    const listeners = this.listeners;
    this.listeners = [];
    for (const listener of listeners) this.notify(listener);
  }

  private notify(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      this.report(error);
    }
  }

  private report(error: unknown): void {
    try {
      this.onInternalError?.(error, this.methodCall.methodName);
    } catch {
      // Whoever was to be told cannot be told; the call is answered all the same.
    }
  }
}

function internalError(): XmlRpcFault {
  return new XmlRpcFault(FAULT_CODES.INTERNAL_ERROR, 'internal error: the server could not answer this call');
}
