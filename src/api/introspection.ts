import {
  FAULT_CODES,
  PrebuiltXml,
  XmlRpcFault,
  type CallContext,
  type ParsedValue,
  type XmlRpcValue,
} from '../xmlrpc/index.js';
import { ServiceError } from '../node/errors.js';
import { invalidParams } from './faults.js';
import { method, requiredOf, usage, type Method } from './method.js';
import { anyArray, text } from './validate.js';

/** Calls in one multicall. */
const MULTICALL_MAX = 1000;
/** When the results take more, the rest of the calls is not made. */
const MULTICALL_BYTES_MAX = 16 * 1024 * 1024;
const MULTICALL = 'system.multicall';

/** The methods of a service, and the way to call one by any of its names. */
export interface MethodDirectory {
  readonly methods: readonly Method[];
  /** @throws XmlRpcFault -32601 with a suggestion */
  find(name: string): Method;
  call(name: string, params: ParsedValue[], context: CallContext): XmlRpcValue | Promise<XmlRpcValue>;
  /** The fault for an error of a call. */
  faultOf(error: unknown): XmlRpcFault;
}

/** The `system` methods, made from the same table that dispatches and validates. */
export function introspectionMethods(directory: () => MethodDirectory): Method[] {
  return [
    method('system.listMethods', [], 'array', 'The canonical names of all methods.', () =>
      directory()
        .methods.map(({ name }) => name)
        .sort(),
    ),
    method(
      'system.methodSignature',
      [text('name')],
      'array',
      'The signatures of a method: each an array of the type returned and the types of the parameters.',
      ([name]) => {
        const { returns, parameters } = directory().find(name);
        const types = parameters.map(({ type }) => type);
        const least = requiredOf(parameters).length;
        return Array.from({ length: types.length - least + 1 }, (_, more) => [
          returns,
          ...types.slice(0, least + more),
        ]);
      },
    ),
    method('system.methodHelp', [text('name')], 'string', 'What a method does.', ([name]) => {
      const found = directory().find(name);
      return `${usage(found)} -> ${found.returns}\n${found.help}`;
    }),
    method(
      'system.getCapabilities',
      [],
      'struct',
      'The specifications that this server follows.',
      capabilities,
    ),
    method(
      MULTICALL,
      [anyArray('calls')],
      'array',
      `Makes up to ${MULTICALL_MAX} calls, one after another. Takes structs {methodName, params}; gives for each ` +
        'call an array with its result, or a struct {faultCode, faultString}. When the results take more than 16 MiB, the ' +
        'calls that are left are not made: overloaded.',
      ([calls], context) => multicall(directory(), calls, context),
    ),
  ];
}

function capabilities(): XmlRpcValue {
  const capability = (specUrl: string, specVersion: number): XmlRpcValue =>
    new Map<string, XmlRpcValue>([
      ['specUrl', specUrl],
      ['specVersion', specVersion],
    ]);
  return new Map([
    ['xmlrpc', capability('http://xmlrpc.com/spec', 1)],
    ['faults_interop', capability('http://xmlrpc-epi.sourceforge.net/specs/rfc.fault_codes.php', 20010516)],
    ['introspection', capability('http://xmlrpc-c.sourceforge.net/xmlrpc-c/introspection.html', 1)],
    ['system.multicall', capability('http://www.xmlrpc.com/discuss/msgReader$1208', 1)],
  ]);
}

async function multicall(
  directory: MethodDirectory,
  calls: readonly ParsedValue[],
  context: CallContext,
): Promise<XmlRpcValue> {
  if (calls.length > MULTICALL_MAX) {
    throw invalidParams(`a multicall may hold ${MULTICALL_MAX} calls, this one holds ${calls.length}`);
  }
  const results: XmlRpcValue[] = [];
  let bytes = 0;
  for (const item of calls) {
    try {
      const { name, params } = readCall(item);
      if (directory.find(name).name === MULTICALL) {
        throw new XmlRpcFault(FAULT_CODES.INVALID_REQUEST, 'a multicall cannot hold a multicall');
      }
      if (bytes > MULTICALL_BYTES_MAX) {
        throw new ServiceError(
          'overloaded',
          'the results of this multicall are too large; send the rest in another',
        );
      }
      const result = await directory.call(name, params, context);
      bytes += bytesOf(result);
      results.push([result]);
    } catch (error) {
      const fault = directory.faultOf(error);
      results.push(
        new Map<string, XmlRpcValue>([
          ['faultCode', fault.faultCode],
          ['faultString', fault.faultString],
        ]),
      );
    }
  }
  return results;
}

/** Approximate size of a result in the reply, in bytes. */
function bytesOf(value: XmlRpcValue): number {
  if (typeof value === 'string') return value.length;
  if (value instanceof PrebuiltXml) return value.bytes;
  if (value instanceof Uint8Array) return Math.ceil(value.length / 3) * 4;
  if (Array.isArray(value)) return value.reduce<number>((sum, item: XmlRpcValue) => sum + bytesOf(item), 0);
  if (value instanceof Map) return bytesOf([...value.values()]);
  return 8;
}

function readCall(item: ParsedValue): { name: string; params: ParsedValue[] } {
  const name = item instanceof Map ? item.get('methodName') : undefined;
  const params = item instanceof Map ? (item.get('params') ?? []) : undefined;
  if (typeof name !== 'string' || !Array.isArray(params)) {
    throw invalidParams('each call of a multicall is a struct {string methodName, array params}');
  }
  return { name, params };
}
