import type { HttpCall } from '../http/httpCall.js';
import { ServiceError } from '../node/errors.js';
import type { JsonValue } from '../stateMachine/command.js';
import { readJson, requestIdOf, sendJson, sendJsonPieces } from './jsonCall.js';
import { checkKey, checkTimeout, InputError, notJson, TIMEOUT_MS, TooLargeError } from './keyValueInput.js';
import type { WaitOptions, KeyValueService } from './keyValueService.js';
import { isListOfStrings, SharedJson } from './sharedJson.js';
import type { Route } from './surfaces.js';

const PREFIX = '/keys/';
const NO_SUCH_KEY = 'There is no such key.';
const SESSIONS = '/sessions';
/** Those that are counted under their names. */
const METHODS: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD', 'POST', 'DELETE']);

interface Change {
  readonly type: 'PUT' | 'APPEND';
  readonly strings: readonly string[];
}

/**
 * The key/value service of assignment 000 at `/keys/KEY`: values are lists of strings. At `/sessions` clients that number
 * their writes open sessions. Served by every server, whoever leads.
 */
export class KeyValueHttp implements Route {
  private readonly shared = new SharedJson();

  constructor(
    private readonly service: KeyValueService,
    private readonly bodyBytesMax: number,
  ) {}

  matches(path: string): boolean {
    return path.startsWith(PREFIX) || path === SESSIONS;
  }

  handle(call: HttpCall): void {
    const fail = (error: unknown): void => this.fail(call, error);
    const { method, url = '' } = call.request;
    const [path, query] = splitOnce(url, '?');
    call.begin('keys', METHODS.has(method) ? String(method) : 'unknown');
    if (path === SESSIONS) {
      if (method === 'POST') this.openSession(call, query).catch(fail);
      else call.text(405, 'A session is opened with POST.', { Allow: 'POST' });
    } else if (call.isRead) this.get(call).catch(fail);
    else if (method === 'DELETE') this.delete(call).catch(fail);
    else if (method === 'POST')
      readJson(call, this.bodyBytesMax, (text) => void this.change(call, text).catch(fail));
    else
      call.text(405, 'Keys are read with GET, changed with POST and removed with DELETE.', {
        Allow: 'GET, HEAD, POST, DELETE',
      });
  }

  private async get(call: HttpCall): Promise<void> {
    const { key, query } = targetOf(call);
    const limits = limitsOf(call, query);
    const value = isLocal(query) ? this.service.getLocal(key) : await this.service.get(key, limits);
    if (value === undefined) call.text(404, NO_SUCH_KEY);
    else {
      const { json, isListOfStrings } = this.shared.of(value);
      if (isListOfStrings) sendJsonPieces(call, 200, [json, '\n']);
      else call.text(400, 'The value under this key is not a list of strings; read it with a JSON message.');
    }
  }

  private async openSession(call: HttpCall, query: string): Promise<void> {
    const clientId = await this.service.openSession(limitsOf(call, new URLSearchParams(query)));
    sendJson(call, 201, { clientId });
  }

  private async change(call: HttpCall, text: string): Promise<void> {
    const { key, query } = targetOf(call);
    const limits = { ...limitsOf(call, query), request: requestIdOf(call) };
    const { type, strings } = changeOf(text);
    if (type === 'PUT') await this.service.put(key, strings, limits);
    else await this.service.append(key, strings, limits);
    call.nothing();
  }

  private async delete(call: HttpCall): Promise<void> {
    const { key, query } = targetOf(call);
    const limits = { ...limitsOf(call, query), request: requestIdOf(call) };
    if (await this.service.delete(key, limits)) call.nothing();
    else call.text(404, NO_SUCH_KEY);
  }

  private fail(call: HttpCall, error: unknown): void {
    if (error instanceof TooLargeError) call.text(413, error.message);
    else if (error instanceof InputError) call.text(400, error.message);
    else if (error instanceof ServiceError) call.text(statusOf(error), error.message);
    else {
      call.internalError(error);
      call.text(500, 'internal error: the server could not answer this request');
    }
  }
}

/** @throws InputError */
function targetOf({ request: { url = '' } }: HttpCall): { key: string; query: URLSearchParams } {
  const [path, query] = splitOnce(url, '?');
  return { key: checkKey(decoded(path.slice(PREFIX.length))), query: new URLSearchParams(query) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new InputError('the key is not URL-encoded UTF-8');
  }
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function limitsOf(caller: HttpCall, query: URLSearchParams): WaitOptions {
  const timeout = query.get('timeout_ms');
  const timeoutMs =
    timeout === null ? TIMEOUT_MS : checkTimeout(/^\d+$/.test(timeout) ? Number(timeout) : NaN);
  return { timeoutMs, caller };
}

function isLocal(query: URLSearchParams): boolean {
  const consistency = query.get('consistency') ?? 'linearizable';
  if (consistency !== 'local' && consistency !== 'linearizable')
    throw new InputError('consistency must be "linearizable" (the default) or "local"');
  return consistency === 'local';
}

/** @throws InputError */
function changeOf(text: string): Change {
  const { type, value } = fieldsOf(text);
  const wanted = typeof type === 'string' ? type.toUpperCase() : '';
  if (wanted === 'PUT') {
    if (!isListOfStrings(value)) throw new InputError('the value of a PUT must be a list of strings');
    return { type: wanted, strings: value };
  }
  if (wanted === 'APPEND') {
    const strings = typeof value === 'string' ? [value] : value;
    if (!isListOfStrings(strings) || strings.length === 0)
      throw new InputError('the value of an APPEND must be a string, or a list of at least one');
    return { type: wanted, strings };
  }
  throw new InputError('type must be "PUT" or "APPEND"');
}

function fieldsOf(text: string): { readonly type?: unknown; readonly value?: JsonValue } {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw new InputError(notJson('the body', text, error));
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new InputError('the body must be an object such as {"type": "PUT", "value": ["cat", "dog"]}');
  return body;
}

/** 503: try again. The others cannot be mended by waiting. */
function statusOf({ kind }: ServiceError): number {
  if (kind === 'requestReused') return 422;
  return kind === 'staleRequest' || kind === 'sessionExpired' ? 409 : 503;
}
