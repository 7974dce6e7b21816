import { isUtf8 } from 'node:buffer';
import {
  decodeCommand,
  encodeAppend,
  encodeDelete,
  encodeOpenSession,
  encodePut,
  encodeRaiseEpoch,
  type HashList,
  type RequestId,
} from '../stateMachine/command.js';
import { indexOfForbidden } from '../xmlrpc/text.js';
import { XmlRpcDouble, type ParsedValue } from '../xmlrpc/index.js';
import { invalidParams } from './faults.js';
import { hashListFromXml } from './hashListXml.js';
import { checkClientId, checkKey, checkValue, InputError } from './keyValueInput.js';
import { requestIdFrom } from './requestId.js';
import { typeOf, type Parameter, type TypeName } from './method.js';

/** Longest file name, in bytes of UTF-8. */
export const NAME_BYTES_MAX = 4096;

export function text(name: string): Parameter<string> {
  return parameter(name, 'string', (value) => {
    if (typeof value !== 'string') throw wrongType(name, 'string', value);
    return value;
  });
}

/** Any text: a file name that cannot be stored does no harm in a read. */
export function anyFileName(name: string): Parameter<string> {
  return parameter(name, 'string', (value) => nameText(name, value));
}

/** A file name that can be stored: 1 to 4096 bytes, only characters that XML can carry. */
export function fileName(name: string): Parameter<string> {
  return parameter(name, 'string', (given) => {
    const value = nameText(name, given);
    if (value === '') throw invalidParams(`${name} must not be empty`);
    const bytes = Buffer.byteLength(value);
    if (bytes > NAME_BYTES_MAX)
      throw invalidParams(`${name} is ${bytes} bytes long; at most ${NAME_BYTES_MAX} are allowed`);
    // It would break every later reply that names the file.
    if (indexOfForbidden(value) !== -1)
      throw invalidParams(`${name} holds a character that XML cannot carry`);
    return value;
  });
}

/**
 * Clients of libxmlrpc-c cannot read a reply with a character beyond the Basic Multilingual Plane: one such name hides
 * the whole map from them.
 *
 * @throws XmlRpcFault -32602
 */
export function refuseBeyondBmp(name: string, hashes: HashList): void {
  const beyond = /[\u{10000}-\u{10ffff}]/u.exec(name + JSON.stringify(hashes))?.[0];
  if (beyond === undefined) return;
  const code = beyond.codePointAt(0)?.toString(16).toUpperCase() ?? '';
  throw invalidParams(
    `U+${code} is beyond the Basic Multilingual Plane, and this server was started with --names bmp: use other characters`,
  );
}

/**
 * A name as text. Clients that guess types (XMLRPC::Lite for Perl) send a name beyond ASCII as the base64 of its UTF-8,
 * and one of digits as a number.
 */
function nameText(name: string, value: ParsedValue): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (value instanceof XmlRpcDouble) return value.text;
  if (!(value instanceof Uint8Array)) throw wrongType(name, 'string', value);
  const decoded = textOfUtf8(value);
  if (decoded === undefined) throw invalidParams(`${name} is base64 of bytes that are not UTF-8`);
  return decoded;
}

function textOfUtf8(bytes: Uint8Array): string | undefined {
  return isUtf8(bytes) ? Buffer.from(bytes).toString('utf8') : undefined;
}

/** The hash of a block: in the client's form, which the answer repeats, and in the store's. */
interface BlockHash {
  readonly given: string | Uint8Array;
  /** SHA-256 as 64 digits in lower case hex, for a hash in one of the forms that clients use. */
  readonly key: string;
}

/** A SHA-256 as hex in either case, as 32 bytes of base64, or as a string that is the base64 of these. */
export function blockHash(name: string): Parameter<BlockHash> {
  return parameter(name, 'string', (value) => blockHashOf(name, value));
}

function blockHashOf(name: string, value: ParsedValue): BlockHash {
  if (typeof value === 'string') {
    const key = BASE64_HASH.test(value) ? Buffer.from(value, 'base64').toString('hex') : value.toLowerCase();
    return { given: value, key };
  }
  if (!(value instanceof Uint8Array)) throw wrongType(name, 'string', value);
  if (value.length !== HASH_BYTES)
    throw invalidParams(
      `${name} as base64 must be the ${HASH_BYTES} bytes of a SHA-256, got ${value.length}`,
    );
  return { given: value, key: Buffer.from(value).toString('hex') };
}

const HASH_BYTES = 32;
const BASE64_HASH = /^[A-Za-z0-9+/]{43}=$/;

/** A version number. No file can reach one beyond 2^53: it is kept as a number that never matches. */
export function version(name: string): Parameter<number> {
  return parameter(name, 'int', (value) => {
    if (typeof value === 'bigint') return value > 0 ? Number.MAX_SAFE_INTEGER : Number.MIN_SAFE_INTEGER;
    if (typeof value !== 'number') throw wrongType(name, 'int', value);
    return value;
  });
}

/** Opaque: an array with most clients, a bare string or int for a deleted file with a few. */
export function hashList(name: string): Parameter<HashList> {
  return parameter(name, 'array', hashListFromXml);
}

export function bytes(name: string): Parameter<Uint8Array> {
  return parameter(name, 'base64', (value) => {
    if (!(value instanceof Uint8Array)) throw wrongType(name, 'base64', value);
    return value;
  });
}

export function arrayOfBlockHashes(name: string): Parameter<BlockHash[]> {
  return parameter(name, 'array', (value) => {
    if (!Array.isArray(value)) throw wrongType(name, 'array', value);
    return value.map((item) => {
      if (typeof item !== 'string' && !(item instanceof Uint8Array))
        throw invalidParams(`${name} must hold strings or base64 only, it holds ${typeOf(item)}`);
      return blockHashOf(name, item);
    });
  });
}

/** Numbers of servers of this cluster. */
export function arrayOfServers(name: string, servers: number): Parameter<number[]> {
  return parameter(name, 'array', (value) => {
    if (!Array.isArray(value)) throw wrongType(name, 'array', value);
    return value.map((item) => {
      if (typeof item !== 'number' || item < 0 || item >= servers)
        throw invalidParams(`${name} must hold numbers of servers, from 0 to ${servers - 1}`);
      return item;
    });
  });
}

export function anyArray(name: string): Parameter<ParsedValue[]> {
  return parameter(name, 'array', (value) => {
    if (!Array.isArray(value)) throw wrongType(name, 'array', value);
    return value;
  });
}

/** The epoch of garbage collection in which the client was told that the blocks are stored; may be left out. */
export function epoch(name: string): Parameter<number | undefined> {
  return {
    name,
    type: 'int',
    isOptional: true,
    check: (value) => {
      if (value === null) return undefined;
      if (typeof value !== 'number' || value < 0)
        throw invalidParams(`${name} must be a whole number from 0 on, got ${typeOf(value)}`);
      return value;
    },
  };
}

/** The name of this single request, or a struct of the client's name and its sequence; may be left out. */
export function requestId(name: string): Parameter<RequestId | undefined> {
  return {
    name,
    type: 'string',
    isOptional: true,
    check: (value) => {
      if (value === null) return undefined;
      if (typeof value !== 'string' && !(value instanceof Map))
        throw invalidParams(`${name} must be of type string or struct, got ${typeOf(value)}`);
      return checkedInput(() => requestIdFrom(value instanceof Map ? Object.fromEntries(value) : value));
    },
  };
}

/** A command of the key/value service as text for the log: with the members that belong to it, without any others. */
export function keyValueCommand(name: string): Parameter<string> {
  return parameter(name, 'string', (value) => {
    const command = typeof value === 'string' ? decodeCommand(value) : undefined;
    if (command === undefined || command.type === 'updateFile')
      throw invalidParams(`${name} is no command of the key/value service`);
    if (command.type === 'openSession') return encodeOpenSession();
    if (command.type === 'raiseEpoch') return encodeRaiseEpoch(command.epoch);
    return checkedInput(() => {
      const key = checkKey(command.key);
      const { request } = command;
      if (request !== undefined) checkClientId(request.clientId);
      switch (command.type) {
        case 'kvPut':
          return encodePut(key, checkValue(command.value), request);
        case 'kvAppend':
          return encodeAppend(key, command.items.map(checkValue), request);
        case 'kvDelete':
          return encodeDelete(key, request);
      }
    });
  });
}

/** The number of a server of this cluster. */
export function serverOf(name: string, servers: number): Parameter<number> {
  return parameter(name, 'int', (value) => {
    if (typeof value !== 'number') throw wrongType(name, 'int', value);
    if (value < 0 || value >= servers)
      throw invalidParams(`${name} must be the number of a server, from 0 to ${servers - 1}`);
    return value;
  });
}

/** Turns an error in the input into a fault of the call. */
function checkedInput<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw error instanceof InputError ? invalidParams(error.message) : error;
  }
}

function parameter<T>(name: string, type: TypeName, check: (value: ParsedValue) => T): Parameter<T> {
  return { name, type, check };
}

function wrongType(name: string, expected: TypeName, value: ParsedValue): Error {
  return invalidParams(`${name} must be of type ${expected}, got ${typeOf(value)}`);
}
