import { HttpClient, HttpError } from '../http/client.js';
import { errorKindOf, errorTable } from '../node/errors.js';
import type { RequestId } from '../stateMachine/command.js';
import {
  FAULT_CODES,
  XmlRpcClient,
  XmlRpcFault,
  XmlRpcTransportError,
  type ParsedValue,
  type XmlRpcValue,
} from '../xmlrpc/index.js';
import {
  errorPage,
  lostCall,
  refusal,
  serviceFailure,
  type Attempt,
  type AttemptLimits,
  type Carrier,
  type Failure,
} from './errors.js';
import type { ServerInfo } from './leaderFinder.js';
import { readReply, type MessageAnswer } from './messageReply.js';
import { timerMs } from './operation.js';

/** A call of a method of the service. */
export interface MethodCall {
  readonly methodName: string;
  readonly params: readonly XmlRpcValue[];
}

/** The XML-RPC connections to all servers of a cluster. */
export class Connections implements Carrier<MethodCall, ParsedValue> {
  private readonly clients = new Map<number, XmlRpcClient>();

  constructor(servers: readonly ServerInfo[]) {
    for (const { id, host, port } of servers) this.clients.set(id, new XmlRpcClient({ host, port }));
  }

  async attempt(
    server: ServerInfo,
    { methodName, params }: MethodCall,
    { timeoutMs, headMs, signal }: AttemptLimits,
  ): Promise<Attempt<ParsedValue>> {
    const client = this.clients.get(server.id);
    if (client === undefined) throw new Error(`there is no server ${server.id}`);
    try {
      const timed = {
        ...(Number.isFinite(timeoutMs) ? { timeoutMs: timerMs(timeoutMs) } : {}),
        ...(Number.isFinite(headMs) ? { headMs: timerMs(headMs) } : {}),
      };
      const value = await client.call(
        methodName,
        params,
        signal === undefined ? timed : { ...timed, signal },
      );
      return { value };
    } catch (error) {
      return { failure: understand(error instanceof Error ? error : new Error(String(error))) };
    }
  }

  close(): void {
    for (const client of this.clients.values()) client.close();
  }
}

function understand(error: Error): Failure {
  if (error instanceof XmlRpcFault) return understandFault(error);
  const status = error instanceof XmlRpcTransportError ? error.status : undefined;
  return status === undefined ? lostCall(error) : errorPage(error, status);
}

function understandFault(fault: XmlRpcFault): Failure {
  const kind = errorKindOf(fault.faultCode);
  // Services of another kind use small codes for anything.
  if (kind !== undefined && fault.faultString.startsWith(errorTable[kind].word))
    return serviceFailure(kind, fault, errorTable[kind].outcome);
  // An internal error may have come at any moment; the other faults outside the table refuse the call itself.
  return refusal(fault, fault.faultCode === FAULT_CODES.INTERNAL_ERROR ? 'unknown' : 'notDone');
}

/** The longest that a server lets a message wait. */
const SERVER_TIMEOUT_MS_MAX = 600_000;

/** A message to the key/value service. */
export type Message =
  | { readonly type: 'openSession' }
  | { readonly type: 'get'; readonly key: string }
  | { readonly type: 'delete'; readonly key: string; readonly request: RequestId | undefined }
  | {
      readonly type: 'put' | 'append';
      readonly key: string;
      /** The value as JSON, so that it is the same in every attempt, whatever its owner does with it meanwhile. */
      readonly json: string;
      /** Undefined for servers that offer no sessions. */
      readonly request: RequestId | undefined;
    };

/** The HTTP connections over which messages go to the servers of a cluster. */
export class MessageConnections implements Carrier<Message, MessageAnswer> {
  private readonly http = new HttpClient();

  async attempt(
    { host, port }: ServerInfo,
    message: Message,
    limits: AttemptLimits,
  ): Promise<Attempt<MessageAnswer>> {
    let page: Page;
    try {
      page = await postJson(
        this.http,
        { host, port, path: '/messages' },
        textOf(message, limits.headMs),
        limits,
      );
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      return { failure: lostCall(error) };
    }
    return readReply(page, message.type);
  }

  close(): void {
    this.http.close();
  }
}

function textOf(message: Message, timeoutMs: number): string {
  const limits = `"timeout_ms":${serverTimeoutMs(timeoutMs)}`;
  if (message.type === 'openSession') return `{"type":"openSession","payload":{},${limits}}`;
  const { type, key } = message;
  const value = 'json' in message ? `,"value":${message.json}` : '';
  const id = 'request' in message ? message.request : undefined;
  const request = id === undefined ? '' : `"request":${JSON.stringify(id)},`;
  return `{"type":"${type}","payload":{"key":${JSON.stringify(key)}${value}},${request}${limits}}`;
}

/** A little less than we wait: the server's word on what became of the call says more than its silence. */
function serverTimeoutMs(timeoutMs: number): number {
  return Math.min(SERVER_TIMEOUT_MS_MAX, Math.max(1, Math.floor(0.9 * timeoutMs)));
}

/** Largest response. */
const RESPONSE_BYTES_MAX = 256 * 1024 * 1024;

/** Where a request goes. */
export interface HttpTarget {
  readonly host: string;
  readonly port: number;
  readonly path: string;
}

/** A whole response. */
export interface Page {
  readonly status: number;
  readonly text: string;
}

/** Sends JSON, once, and gives the response, whatever its status. @throws HttpError when there is none */
export function postJson(
  http: HttpClient,
  target: HttpTarget,
  text: string,
  { timeoutMs, headMs, signal }: AttemptLimits,
): Promise<Page> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => exchange.abort('the call was given up');
    const exchange = http.request(
      {
        ...target,
        headers: { 'Content-Type': 'application/json' },
        body: [Buffer.from(text)],
        bodyBytesMax: () => RESPONSE_BYTES_MAX,
        timeoutMs: Number.isFinite(timeoutMs) ? timerMs(timeoutMs) : undefined,
        headMs: Number.isFinite(headMs) ? timerMs(headMs) : undefined,
      },
      (outcome) => {
        signal?.removeEventListener('abort', onAbort);
        if (outcome instanceof HttpError) reject(outcome);
        else resolve({ status: outcome.status, text: outcome.body.toString('utf8') });
      },
    );
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener('abort', onAbort);
  });
}
