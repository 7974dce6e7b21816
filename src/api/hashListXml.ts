import type { HashList } from '../stateMachine/command.js';
import { XmlRpcDateTime, XmlRpcDouble, type ParsedValue, type XmlRpcValue } from '../xmlrpc/index.js';
import { invalidParams } from './faults.js';

/**
 * A hash list as it came over XML-RPC, in the form in which it is replicated. Clients put strings, ints or base64 in
 * it, or a bare string or int for a deleted file; any value that can be written back is accepted. Clients that guess
 * types send a hash such as `1e5` as a double: it comes back with the text it had.
 *
 * @throws XmlRpcFault -32602 for a value that could not be returned unchanged
 */
export function hashListFromXml(value: ParsedValue): HashList {
  if (typeof value === 'bigint') return { i8: value.toString() };
  if (typeof value !== 'object') return value;
  if (value === null) throw unsupported('nil');
  if (value instanceof XmlRpcDouble) return { double: value.text };
  if (value instanceof XmlRpcDateTime) throw unsupported('dateTime.iso8601');
  if (value instanceof Uint8Array) return { base64: Buffer.from(value).toString('base64') };
  if (Array.isArray(value)) return value.map(hashListFromXml);
  return { struct: [...value].map(([name, member]) => [name, hashListFromXml(member)] as const) };
}

/** The value that the client sent, of the same types in the same order. */
export function hashListToXml(hashList: HashList): XmlRpcValue {
  if (typeof hashList !== 'object') return hashList;
  if (isArray(hashList)) return hashList.map(hashListToXml);
  if ('base64' in hashList) return Buffer.from(hashList.base64, 'base64');
  if ('i8' in hashList) return BigInt(hashList.i8);
  if ('double' in hashList) return new XmlRpcDouble(Number(hashList.double), hashList.double);
  return new Map(hashList.struct.map(([name, member]) => [name, hashListToXml(member)]));
}

function unsupported(type: string): Error {
  return invalidParams(
    `a hash list holds strings, numbers, booleans or base64, and arrays or structs of them; ${type} is not supported`,
  );
}

function isArray(hashList: HashList): hashList is readonly HashList[] {
  return Array.isArray(hashList);
}
