import {
  decodeCommand,
  encodeAppend,
  encodeDelete,
  encodeOpenSession,
  encodePut,
  type HashList,
  type RequestId,
} from '../stateMachine/command.js';
import { indexOfForbidden } from '../xmlrpc/characters.js';
import type { ParsedValue } from '../xmlrpc/index.js';
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

/** A file name that can be stored: 1 to 4096 bytes, only characters that XML can carry. */
export function fileName(name: string): Parameter<string> {
  return parameter(name, 'string', (value) => {
    if (typeof value !== 'string') throw wrongType(name, 'string', value);
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

/** A version number. One beyond 2^53 is a number that no file can ever be at: it is kept as one that fits nothing. */
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

export function arrayOfTexts(name: string): Parameter<string[]> {
  return parameter(name, 'array', (value) => {
    if (!Array.isArray(value)) throw wrongType(name, 'array', value);
    return value.map((item) => {
      if (typeof item !== 'string')
        throw invalidParams(`${name} must hold strings only, it holds ${typeOf(item)}`);
      return item;
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

/** A command of the key/value service as text for the log: with what belongs to it, whatever came along. */
export function keyValueCommand(name: string): Parameter<string> {
  return parameter(name, 'string', (value) => {
    const command = typeof value === 'string' ? decodeCommand(value) : undefined;
    if (command === undefined || command.type === 'updateFile')
      throw invalidParams(`${name} is no command of the key/value service`);
    if (command.type === 'openSession') return encodeOpenSession();
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

/** What is wrong with the input is wrong with the call. */
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
