import { addressOf } from '../net/address.js';
import type { ClientCall } from '../http/clientCall.js';
import type { HttpCall } from '../http/httpCall.js';
import { errorTable, ServiceError, type LeaderAddress } from '../node/errors.js';
import type { LeaderRouter } from '../node/leaderRouter.js';
import { waitFor } from '../node/pendingRequests.js';
import type { CommandResult, JsonValue, RequestId } from '../stateMachine/command.js';
import { readJson, requestIdOf, sendJsonPieces } from './jsonCall.js';
import { checkKey, checkTimeout, checkValue, InputError, notJson, TIMEOUT_MS } from './keyValueInput.js';
import type { KeyValueService } from './keyValueService.js';
import { requestIdFrom } from './requestId.js';
import { SharedJson } from './sharedJson.js';
import type { Route } from './surfaces.js';

/** What a message is answered with (assignment 001). `error` and `outcome` of a `fail` are for programs. */
type JsonReply =
  | {
      readonly code: 'success';
      readonly payload?: { readonly key: string; readonly value: JsonValue } | { readonly clientId: string };
    }
  | {
      readonly code: 'fail';
      readonly payload: {
        readonly message: string;
        readonly key?: string;
        readonly error: string;
        readonly outcome: 'notDone' | 'unknown';
      };
    }
  | {
      readonly code: 'redirect';
      readonly payload: { readonly message: string; readonly leader: LeaderAddress };
    };

/** What the messages of one server work on. */
interface JsonMessagesParts {
  readonly service: KeyValueService;
  readonly router: LeaderRouter<CommandResult>;
  readonly servers: readonly LeaderAddress[];
  readonly bodyBytesMax: number;
}

type Fields = Readonly<Record<string, unknown>>;

/** No message at all. */
class NoMessageError extends InputError {
  override readonly name = 'NoMessageError';
}

/**
 * The key/value service of assignment 001: one JSON message, one reply, by `POST /messages` or as lines over TCP. Values
 * may be anything that JSON can carry. A server that does not lead redirects to the one that does.
 */
export class JsonMessages implements Route {
  readonly lineBytesMax: number;
  private readonly shared = new SharedJson();

  constructor(private readonly parts: JsonMessagesParts) {
    this.lineBytesMax = parts.bodyBytesMax;
  }

  matches(path: string): boolean {
    return path === '/messages';
  }

  handle(call: HttpCall): void {
    if (call.request.method !== 'POST') {
      call.text(405, 'Messages are sent with POST.', { Allow: 'POST' });
      return;
    }
    readJson(call, this.parts.bodyBytesMax, (text) => {
      const read = (): Message => messageOf(text, () => requestIdOf(call));
      void this.reply(read, call, 'messages').then(({ status, reply }) => {
        if (!call.isGone) sendJsonPieces(call, status, this.piecesOf(reply));
      });
    });
  }

  /** Answers one line. */
  async answer(line: string, call: ClientCall): Promise<string> {
    const { reply } = await this.reply(() => messageOf(line), call, 'lines');
    return JSON.stringify(reply);
  }

  /** The reply as JSON; the value of a key is made once for all who read it. */
  private piecesOf(reply: JsonReply): readonly (string | Uint8Array)[] {
    if (reply.code !== 'success' || reply.payload === undefined || !('value' in reply.payload))
      return [`${JSON.stringify(reply)}\n`];
    const { key, value } = reply.payload;
    const head = `{"code":"success","payload":{"key":${JSON.stringify(key)},"value":`;
    return [head, this.shared.of(value).json, '}}\n'];
  }

  private async reply(
    read: () => Message,
    call: ClientCall,
    surface: 'messages' | 'lines',
  ): Promise<{ status: 200 | 400; reply: JsonReply }> {
    const { message, error } = attempt(read);
    call.begin(surface, message?.type ?? 'none');
    const reply =
      message === undefined
        ? failureOf(call, error, undefined)
        : await this.perform(message, call).catch((reason: unknown) =>
            failureOf(call, reason, message.type === 'get' ? message.key : undefined),
          );
    call.answered(outcomeOf(reply));
    return { status: error instanceof NoMessageError ? 400 : 200, reply };
  }

  private async perform(message: Message, caller: ClientCall): Promise<JsonReply> {
    const { service, router, servers } = this.parts;
    const endsAt = performance.now() + message.timeoutMs;
    const { result: place } = await waitFor(router.findLeader(message.timeoutMs), caller);
    if (place !== 'here') {
      const leader = servers[place];
      if (leader === undefined) throw new Error(`there is no server ${place}`);
      const { id, host, port } = leader;
      const message = `this server does not lead; server ${id} at ${addressOf(leader)} does`;
      return { code: 'redirect', payload: { message, leader: { id, host, port } } };
    }
    const timeoutMs = Math.max(1, Math.round(endsAt - performance.now()));
    const limits = { timeoutMs, caller };
    switch (message.type) {
      case 'openSession':
        return { code: 'success', payload: { clientId: await service.openSession(limits) } };
      case 'put':
        await service.put(message.key, message.value, { ...limits, request: message.request });
        return { code: 'success' };
      case 'append':
        await service.append(message.key, [message.value], { ...limits, request: message.request });
        return { code: 'success' };
      case 'delete': {
        const { key, request } = message;
        const isThere = await service.delete(key, { ...limits, request });
        return isThere ? { code: 'success' } : noSuchKey(key);
      }
      case 'get': {
        const { key } = message;
        const value = await service.get(key, limits);
        return value === undefined ? noSuchKey(key) : { code: 'success', payload: { key, value } };
      }
    }
  }
}

function failureOf(call: ClientCall, error: unknown, key: string | undefined): JsonReply {
  if (error instanceof InputError) return failure(error.message, 'invalid', 'notDone', key);
  if (error instanceof ServiceError)
    return failure(error.message, errorTable[error.kind].word, error.outcome, key);
  call.internalError(error);
  return failure('the server could not answer this message', 'internal', 'unknown', key);
}

type Message = { readonly timeoutMs: number } & (
  | { readonly type: 'openSession' }
  | { readonly type: 'get'; readonly key: string }
  | { readonly type: 'delete'; readonly key: string; readonly request: RequestId | undefined }
  | {
      readonly type: 'put' | 'append';
      readonly key: string;
      readonly value: JsonValue;
      readonly request: RequestId | undefined;
    }
);

function attempt(read: () => Message): { readonly message?: Message; readonly error?: unknown } {
  try {
    return { message: read() };
  } catch (error) {
    return { error };
  }
}

function outcomeOf(reply: JsonReply): string {
  if (reply.code === 'fail') return reply.payload.error;
  return reply.code === 'success' ? 'ok' : reply.code;
}

/** @param named the request id that came beside the message @throws InputError */
function messageOf(text: string, named: () => RequestId | undefined = () => undefined): Message {
  const fields = objectOf(parsed(text), 'a message');
  const type = typeof fields['type'] === 'string' ? fields['type'].toLowerCase() : undefined;
  if (type === 'opensession')
    return { type: 'openSession', timeoutMs: checkTimeout(fields['timeout_ms'] ?? TIMEOUT_MS) };
  const payload = objectOf(fields['payload'], 'the payload');
  if (type !== 'get' && type !== 'put' && type !== 'append' && type !== 'delete')
    throw new InputError('type must be "get", "put", "append", "delete" or "openSession"');
  const common = {
    key: checkKey(payload['key']),
    timeoutMs: checkTimeout(fields['timeout_ms'] ?? TIMEOUT_MS),
  };
  const request = isAbsent(fields['request']) ? named() : requestIdFrom(fields['request']);
  if (type === 'get') return { ...common, type };
  if (type === 'delete') return { ...common, type, request };
  return { ...common, type, request, value: checkValue(payload['value']) };
}

/** Null is what some libraries write for a member that is not set. */
function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new NoMessageError(notJson('the message', text, error));
  }
}

function objectOf(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new NoMessageError(
      `${what} must be an object; a message is {"type": "put", "payload": {"key": "k", "value": "v"}}`,
    );
  return value as Fields;
}

function noSuchKey(key: string): JsonReply {
  return failure('there is no such key', 'notFound', 'notDone', key);
}

function failure(
  message: string,
  error: string,
  outcome: 'notDone' | 'unknown',
  key: string | undefined,
): JsonReply {
  return { code: 'fail', payload: { message, ...(key === undefined ? {} : { key }), error, outcome } };
}
