import { HttpClient, HttpError } from '../http/client.js';
import { errorKindOf, errorTable, type FailureOutcome } from '../node/errors.js';
import type { RequestId, JsonValue } from '../stateMachine/command.js';
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
  kindOfWord,
} from './errors.js';
import type { ServerInfo } from './leaderFinder.js';
import { timerMs } from './operation.js';

/** A call of a method of the service. */
export interface RpcCall {
  readonly methodName: string;
  readonly params: readonly XmlRpcValue[];
}

/** The XML-RPC connections to all servers of a cluster. */
export class Connections implements Carrier<RpcCall, ParsedValue> {
  private readonly clients = new Map<number, XmlRpcClient>();

  constructor(servers: readonly ServerInfo[]) {
    for (const { id, host, port } of servers) this.clients.set(id, new XmlRpcClient({ host, port }));
  }

  async attempt(
    server: ServerInfo,
    { methodName, params }: RpcCall,
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
export type KeyValueMessage =
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
export class MessageConnections implements Carrier<KeyValueMessage, MessageAnswer> {
  private readonly http = new HttpClient();

  async attempt(
    { host, port }: ServerInfo,
    message: KeyValueMessage,
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

function textOf(message: KeyValueMessage, timeoutMs: number): string {
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
interface HttpTarget {
  readonly host: string;
  readonly port: number;
  readonly path: string;
}

/** A whole response. */
interface Page {
  readonly status: number;
  readonly text: string;
}

/** Sends JSON, once, and gives the response, whatever its status. @throws HttpError when there is none */
function postJson(
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

/** How much of an error page is shown. */
const ERROR_TEXT_LENGTH = 200;

/**
 * What the reply to a message says: a value, undefined for a key that is not there; undefined for a put or append that was
 * done; for a delete whether there was such a key; the id of a session that was opened.
 */
export type MessageAnswer = JsonValue | undefined;

type MessageType = KeyValueMessage['type'];

type Fields = Readonly<Record<string, unknown>>;

/**
 * Understands the response to a message.
 *
 * @throws TypeError when it is not what this service replies
 */
function readReply(page: Page, type: MessageType): Attempt<MessageAnswer> {
  const reply = replyIn(page);
  if (reply === undefined) return { failure: failedPage(page) };
  const payload = isObject(reply['payload']) ? reply['payload'] : undefined;
  switch (reply['code']) {
    case 'success':
      return { value: answerIn(payload, type) };
    case 'fail':
      if (payload?.['error'] !== 'notFound' || (type !== 'get' && type !== 'delete'))
        return { failure: failureIn(payload, type) };
      return { value: type === 'delete' ? false : undefined };
    case 'redirect':
      return { failure: redirectIn(payload) };
    default:
      throw unexpected('a reply to a message');
  }
}

/** The reply of the service, or undefined for a page of another status. A message that is refused has status 400. */
function replyIn({ status, text }: Page): Fields | undefined {
  if (status !== 200 && status !== 400) return undefined;
  const reply = parsed(text);
  if (isObject(reply)) return reply;
  if (status === 200) throw unexpected('a reply to a message');
  return undefined;
}

function failedPage({ status, text }: Page): Failure {
  const reason = text.trim().slice(0, ERROR_TEXT_LENGTH);
  return errorPage(
    new Error(reason === '' ? `HTTP status ${status}` : `HTTP status ${status}: ${reason}`),
    status,
  );
}

/** The id in the answer to the opening of a session. @throws TypeError */
export function sessionIdIn(answer: MessageAnswer): string {
  if (typeof answer !== 'string') throw unexpected('a session');
  return answer;
}

function answerIn(payload: Fields | undefined, type: MessageType): MessageAnswer {
  if (type === 'put' || type === 'append') return undefined;
  if (type === 'delete') return true;
  const value = payload?.[type === 'get' ? 'value' : 'clientId'];
  if (value === undefined) throw unexpected(type === 'get' ? 'a value' : 'a session');
  return value as JsonValue;
}

function failureIn(payload: Fields | undefined, type: MessageType): Failure {
  const { message, error, outcome } = payload ?? {};
  // A service of another kind may say in its own way that it does not know this type.
  if (type === 'openSession' && error === undefined)
    return refusal(new Error('the server opens no sessions'), 'notDone');
  if (typeof message !== 'string' || typeof error !== 'string' || !isOutcome(outcome))
    throw unexpected('a reply that says what failed');
  const kind = kindOfWord(error);
  return kind === undefined
    ? refusal(new Error(message), outcome)
    : serviceFailure(kind, new Error(message), outcome);
}

function redirectIn(payload: Fields | undefined): Failure {
  const { message, leader } = payload ?? {};
  const id = isObject(leader) ? leader['id'] : undefined;
  if (typeof message !== 'string' || typeof id !== 'number')
    throw unexpected('a redirection that names the leader');
  return { ...serviceFailure('notLeader', new Error(message), 'notDone'), leader: id };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isOutcome(value: unknown): value is FailureOutcome {
  return value === 'notDone' || value === 'unknown';
}

function unexpected(what: string): TypeError {
  return new TypeError(`the server's answer is not ${what}; is it a server of this service?`);
}
