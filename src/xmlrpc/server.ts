import type { ByteBudget } from '../http/byteBudget.js';
import type { ClientCall } from '../http/clientCall.js';
import type { HttpCall } from '../http/httpCall.js';
import { tooMuchUnread } from '../http/refusal.js';
import { sliceQueue } from '../http/sliceQueue.js';
import { decodeBody } from './encoding.js';
import { FAULT_CODES, XmlRpcFault, XmlRpcParseError } from './faults.js';
import { parseMethodCall, type MethodCall, type ParserLimits } from './parser.js';
import { methodResponsePieces, serializeFault } from './writer.js';
import { readStringCall } from './stringCall.js';
import type { ParsedValue, XmlRpcValue } from './types.js';

const BODY_BYTES_MAX = 8 * 1024 * 1024;
const NOT_INFLATABLE = 'the body is not compressed as its Content-Encoding says';
const CONTENT_TYPE = 'text/xml; charset=utf-8';

/** The context of a call, for dispatch functions. */
export type CallContext = Pick<ClientCall, 'onHangUp' | 'begin'> & {
  /** The connection of the call, which may carry other calls, too. */
  readonly connection: Connection;
};

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
  /**
   * The code of the fault for a reply that there is no room for beside those that clients have not read. @default
   * -32603
   */
  readonly tooMuchUnreadCode?: number;
}

/**
 * Serves one XML-RPC call. Whatever can be read as a request is answered with HTTP 200 and a value or a fault; 405,
 * 413, 415 and 503 with a sentence are for requests that are not read at all. Never throws, whatever the client sends
 * and whenever it goes away.
 */
export function handleXmlRpc(call: HttpCall, options: XmlRpcServerOptions): void {
  if (call.request.method !== 'POST') {
    call.refuse({ status: 405, reason: 'XML-RPC calls are made with POST.' }, { Allow: 'POST' });
    return;
  }
  const limits = { bytesMax: options.bodyBytesMax ?? BODY_BYTES_MAX, receiving: options.receiving };
  call.readBody(limits, (body) => {
    if (body === 'not inflatable') replyFault(call, FAULT_CODES.NOT_WELL_FORMED, NOT_INFLATABLE);
    else answer(call, body, options);
  });
}

function answer(call: HttpCall, body: Buffer, options: XmlRpcServerOptions): void {
  let methodCall: MethodCall;
  try {
    const contentType = call.request.headers['content-type'];
    methodCall =
      (options.limits === undefined ? readStringCall(body, contentType) : null) ??
      parseMethodCall(decodeBody(body, contentType), options.limits);
  } catch (error) {
    if (error instanceof XmlRpcParseError) replyFault(call, error.faultCode, error.message);
    else replyFault(call, FAULT_CODES.INTERNAL_ERROR, 'internal error while reading the request');
    return;
  }
  const fail = (error: unknown): void => {
    call.failed(error);
    if (!(error instanceof XmlRpcFault)) call.internalError(error);
    const fault = error instanceof XmlRpcFault ? error : internalError();
    replyFault(call, fault.faultCode, fault.faultString);
  };
  const succeed = (value: XmlRpcValue): void => {
    call.answered('ok');
    replyInSlices(call, methodResponsePieces(value)[Symbol.iterator](), fail, options);
  };
  let result: XmlRpcValue | Promise<XmlRpcValue>;
  try {
    result = options.dispatch(methodCall.methodName, methodCall.params, call);
  } catch (error) {
    fail(error);
    return;
  }
  if (result instanceof Promise) result.then(succeed, fail);
  else succeed(result);
}

function replyFault(call: HttpCall, faultCode: number, faultString: string): void {
  if (!call.isGone) call.send(200, CONTENT_TYPE, serializeFault(faultCode, faultString));
}

/**
 * Answers with the XML that the pieces make together. They are asked for in slices between which the event loop runs,
 * and not any further once the client has gone away. `fail` is called, and nothing is sent, when a piece cannot be
 * made.
 */
function replyInSlices(
  call: HttpCall,
  pieces: Iterator<string | Uint8Array>,
  fail: (error: unknown) => void,
  { tooMuchUnreadCode = FAULT_CODES.INTERNAL_ERROR }: XmlRpcServerOptions,
): void {
  const made: Uint8Array[] = [];
  let isShared = false;
  const slice = (): boolean => {
    if (call.isGone) {
      pieces.return?.();
      return false;
    }
    try {
      const piece = pieces.next();
      if (piece.done !== true) {
        // Bytes that many replies share are not copied.
        if (typeof piece.value !== 'string') isShared = true;
        const bytes = typeof piece.value === 'string' ? Buffer.from(piece.value) : piece.value;
        if (bytes.length > 0) made.push(bytes);
        return true;
      }
    } catch (error) {
      fail(error);
      return false;
    }
    if (!call.sendPieces(200, CONTENT_TYPE, made, isShared))
      replyFault(call, tooMuchUnreadCode, tooMuchUnread);
    return false;
  };
  sliceQueue.begin(slice);
}

function internalError(): XmlRpcFault {
  return new XmlRpcFault(FAULT_CODES.INTERNAL_ERROR, 'internal error: the server could not answer this call');
}
