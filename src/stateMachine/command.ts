/** Any value that JSON can carry. */
export type JsonValue =
  null | boolean | number | string | readonly JsonValue[] | { readonly [name: string]: JsonValue };

/**
 * A hash list, kept exactly as the client sent it: opaque to the service. Types that JSON lacks are tagged objects;
 * `base64`, `i8` and `double` hold text, `struct` the members in order.
 */
export type HashList =
  | string
  | number
  | boolean
  | readonly HashList[]
  | { readonly base64: string }
  | { readonly i8: string }
  | { readonly double: string }
  | { readonly struct: readonly (readonly [string, HashList])[] };

/** The sequence of a request that has a name of its own in place of a client's. */
export const SINGLE = 0;

/**
 * Names one request of one client, however often it is sent (section 8: "serial numbers"). The client id is that of a
 * session, see {@link OpenSession}. Its sequences rise, from 1 on, and it has one request under way at a time. With
 * {@link SINGLE} the client id is a name of the request itself, and belongs to no session.
 */
export interface RequestId {
  readonly clientId: string;
  readonly sequence: number;
}

export interface UpdateFile {
  readonly type: 'updateFile';
  readonly name: string;
  readonly version: number;
  readonly hashList: HashList;
  /** The epoch of garbage collection in which the client was told that the blocks are stored. */
  readonly epoch?: number;
}

export interface PutKey {
  readonly type: 'kvPut';
  readonly key: string;
  readonly value: JsonValue;
}

/** Adds items at the end of the list under a key. */
export interface AppendToKey {
  readonly type: 'kvAppend';
  readonly key: string;
  readonly items: readonly JsonValue[];
}

/** Removes a key and its value. */
export interface DeleteKey {
  readonly type: 'kvDelete';
  readonly key: string;
}

/** A change of files or keys. */
export type KeyValueChange = UpdateFile | PutKey | AppendToKey | DeleteKey;

/**
 * Opens a session (dissertation section 6.3), whose id is the index of the entry: no two sessions of a log are the
 * same, and none can be taken for one that was forgotten. Sent twice, it opens two.
 */
interface OpenSession {
  readonly type: 'openSession';
  readonly request?: never;
}

/**
 * Begins an epoch of garbage collection: updates that carry an earlier one are refused from now on. The epoch is exactly
 * one above the stored one, so that of two collections one fails.
 */
export interface RaiseEpoch {
  readonly type: 'raiseEpoch';
  readonly epoch: number;
  readonly request?: never;
}

/** A command in the log. A change with a request id takes effect once, however often the log contains it. */
export type Command = (KeyValueChange & { readonly request?: RequestId }) | OpenSession | RaiseEpoch;

/**
 * The result of a change:
 * - `applied`: it took effect
 * - `refused`: the version of the update, or the epoch, is not exactly one above the stored one
 * - `epochMoved`: the update carries an epoch that is not the stored one
 * - `notAList`, `tooLarge`: the value under the key cannot be appended to
 * - `missing`: there is no such key to delete
 * - `stale`: the client has sent a later request; this one takes no effect now, though it may have taken effect before
 * - `reused`: the request id was that of another command, and this one took no effect
 * - `sessionExpired`: the session is unknown or forgotten, so the server cannot tell whether this is a retry; no effect
 *   now
 * - `none`: not a command of this service
 */
export type ChangeResult = (typeof changeResults)[number];

/** The session that a command has opened, by its id. */
type OpenedSession = `opened:${string}`;

export type CommandResult = ChangeResult | OpenedSession;

const changeResults = [
  'applied',
  'refused',
  'epochMoved',
  'notAList',
  'tooLarge',
  'missing',
  'stale',
  'reused',
  'sessionExpired',
  'none',
] as const;

export function isChangeResult(value: unknown): value is ChangeResult {
  return (changeResults as readonly unknown[]).includes(value);
}

export function isCommandResult(value: unknown): value is CommandResult {
  return isChangeResult(value) || (typeof value === 'string' && /^opened:[1-9]\d{0,15}$/.test(value));
}

/** The result of the command that opened this session. */
export function openedSession(sessionId: string): OpenedSession {
  return `opened:${sessionId}`;
}

/** Id of the session that was opened, undefined for any other result. */
export function sessionIn(result: CommandResult): string | undefined {
  return isChangeResult(result) ? undefined : result.slice('opened:'.length);
}

/** The command as text for the log; equal commands give equal texts. */
export function encodeCommand(command: Command): string {
  return JSON.stringify(command);
}

export function encodeUpdateFile(
  name: string,
  version: number,
  hashList: HashList,
  request?: RequestId,
  epoch?: number,
): string {
  const carried = epoch === undefined ? {} : { epoch };
  return encodeCommand({ type: 'updateFile', name, version, hashList, ...carried, ...named(request) });
}

export function encodePut(key: string, value: JsonValue, request?: RequestId): string {
  return encodeCommand({ type: 'kvPut', key, value, ...named(request) });
}

export function encodeAppend(key: string, items: readonly JsonValue[], request?: RequestId): string {
  return encodeCommand({ type: 'kvAppend', key, items, ...named(request) });
}

export function encodeDelete(key: string, request?: RequestId): string {
  return encodeCommand({ type: 'kvDelete', key, ...named(request) });
}

export function encodeOpenSession(): string {
  return encodeCommand({ type: 'openSession' });
}

export function encodeRaiseEpoch(epoch: number): string {
  return encodeCommand({ type: 'raiseEpoch', epoch });
}

/** The command, or undefined for a text that is none. */
export function decodeCommand(text: string): Command | undefined {
  try {
    const fields = JSON.parse(text) as Readonly<Record<string, unknown>> | null;
    if (fields === null || !isOperation(fields)) return undefined;
    const { request } = fields;
    return request === undefined || isRequestId(request) ? (fields as unknown as Command) : undefined;
  } catch {
    return undefined;
  }
}

function named(request: RequestId | undefined): { readonly request?: RequestId } {
  if (request === undefined) return {};
  const { clientId, sequence } = request;
  return { request: { clientId, sequence } };
}

function isOperation(fields: Readonly<Record<string, unknown>>): boolean {
  switch (fields['type']) {
    case 'updateFile':
      return (
        typeof fields['name'] === 'string' &&
        Number.isSafeInteger(fields['version']) &&
        fields['hashList'] !== undefined &&
        fields['hashList'] !== null &&
        (fields['epoch'] === undefined || Number.isSafeInteger(fields['epoch']))
      );
    case 'kvPut':
      return typeof fields['key'] === 'string' && fields['value'] !== undefined;
    case 'kvAppend':
      return typeof fields['key'] === 'string' && Array.isArray(fields['items']);
    case 'kvDelete':
      return typeof fields['key'] === 'string';
    case 'openSession':
      return fields['request'] === undefined;
    case 'raiseEpoch':
      return fields['request'] === undefined && Number.isSafeInteger(fields['epoch']);
    default:
      return false;
  }
}

function isRequestId(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { clientId, sequence } = value as Partial<RequestId>;
  return typeof clientId === 'string' && Number.isSafeInteger(sequence) && (sequence ?? -1) >= SINGLE;
}
