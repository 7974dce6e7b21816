import {
  XmlRpcDateTime,
  XmlRpcDouble,
  type CallContext,
  type ParsedValue,
  type XmlRpcValue,
} from '../xmlrpc/index.js';
import { invalidParams } from './faults.js';

/** The types of XML-RPC, by the names used in `system.methodSignature`. */
export type TypeName = 'string' | 'int' | 'boolean' | 'base64' | 'array' | 'struct';

/** A parameter: its name for people, its type on the wire, and the check that converts it. */
export interface Parameter<T> {
  readonly name: string;
  readonly type: TypeName;
  /** Whether it may be left out; then all after it may be, too. */
  readonly isOptional?: boolean;
  /** @throws XmlRpcFault -32602 */
  check(value: ParsedValue): T;
}

/** One method of the service: the description that dispatch, validation and introspection share. */
export interface Method {
  /** Canonical name with its prefix, such as `surfstore.updatefile`. */
  readonly name: string;
  readonly parameters: readonly Parameter<unknown>[];
  readonly returns: TypeName;
  readonly help: string;
  /** @throws XmlRpcFault, ServiceError, or rejects with either */
  invoke(params: readonly ParsedValue[], call: CallContext): XmlRpcValue | Promise<XmlRpcValue>;
}

type Checked<P extends readonly Parameter<unknown>[]> = {
  [I in keyof P]: P[I] extends Parameter<infer T> ? T : never;
};

/** Describes a method; `run` gets its arguments checked and in order. */
export function method<const P extends readonly Parameter<unknown>[]>(
  name: string,
  parameters: P,
  returns: TypeName,
  help: string,
  run: (args: Checked<P>, call: CallContext) => XmlRpcValue | Promise<XmlRpcValue>,
): Method {
  return {
    name,
    parameters,
    returns,
    help,
    invoke(params, call) {
      const least = requiredOf(parameters).length;
      if (params.length < least || params.length > parameters.length) {
        const count = `${least === parameters.length ? '' : `${least} to `}${countOf(parameters.length)}`;
        throw invalidParams(`${usage(this)} takes ${count}, got ${params.length}`);
      }
      const args = params.map((value, position) => parameters[position]?.check(value));
      return run(args as Checked<P>, call);
    },
  };
}

/**
 * How a method is called, such as `surfstore.updatefile(string filename, int version, array hashlist[, string
 * request[, int epoch]])`.
 */
export function usage({ name, parameters }: Pick<Method, 'name' | 'parameters'>): string {
  const texts = parameters.map(({ type, name: label, isOptional }, position) => {
    const text = `${position === 0 ? '' : ', '}${type} ${label}`;
    return isOptional === true ? `[${text}` : text;
  });
  const closing = ']'.repeat(parameters.length - requiredOf(parameters).length);
  return `${name}(${texts.join('')}${closing})`;
}

/** The parameters that no call may leave out. */
export function requiredOf(parameters: Method['parameters']): Method['parameters'] {
  return parameters.filter(({ isOptional }) => isOptional !== true);
}

/** The type of a value as a person would name it. */
export function typeOf(value: ParsedValue): string {
  if (value === null) return 'nil';
  if (Array.isArray(value)) return 'array';
  if (value instanceof Map) return 'struct';
  if (value instanceof Uint8Array) return 'base64';
  if (value instanceof XmlRpcDouble) return 'double';
  if (value instanceof XmlRpcDateTime) return 'dateTime.iso8601';
  if (typeof value === 'string' || typeof value === 'boolean') return typeof value;
  return 'int';
}

function countOf(parameters: number): string {
  if (parameters === 0) return 'no parameters';
  return parameters === 1 ? '1 parameter' : `${parameters} parameters`;
}
