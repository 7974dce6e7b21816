import {
  FAULT_CODES,
  XmlRpcFault,
  type CallContext,
  type Dispatch,
  type ParsedValue,
  type XmlRpcValue,
} from '../xmlrpc/index.js';
import type { FaultTranslator } from './faults.js';
import { introspectionMethods, type MethodDirectory } from './introspection.js';
import type { Method } from './method.js';

/** Other spellings in the assignment's prose, without prefix and in lower case. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['getfileinfo', 'getfileinfomap'],
  ['getversion', 'tester_getversion'],
]);

const PREFIX = 'surfstore.';

/** All methods that do not exist are counted under one name: clients may send any. */
const UNKNOWN = 'unknown';

/**
 * Finds and calls methods by name. The prefix `surfstore.` may be left out and letter case does not matter:
 * clients of this assignment differ in both.
 */
export class XmlRpcSurface implements MethodDirectory {
  readonly methods: readonly Method[];
  private readonly byKey = new Map<string, Method>();

  constructor(
    methods: readonly Method[],
    private readonly faults: FaultTranslator,
  ) {
    this.methods = [...methods, ...introspectionMethods(() => this)];
    for (const item of this.methods) this.byKey.set(keyOf(item.name), item);
  }

  find(name: string): Method {
    const found = this.byKey.get(keyOf(name));
    if (found === undefined) throw notFound(name);
    return found;
  }

  /** Answers a call from outside; it is counted under its name, and a multicall as one. */
  readonly dispatch: Dispatch = (name, params, call) => {
    const found = this.byKey.get(keyOf(name));
    call.begin('xmlrpc', found?.name ?? UNKNOWN);
    if (found === undefined) throw notFound(name);
    return this.invoke(found, params, call);
  };

  /** @throws XmlRpcFault, at once or as a rejection */
  readonly call: Dispatch = (name, params, call) => this.invoke(this.find(name), params, call);

  private invoke(
    method: Method,
    params: ParsedValue[],
    call: CallContext,
  ): XmlRpcValue | Promise<XmlRpcValue> {
    const translate = (error: unknown): never => {
      throw this.faults.translate(error);
    };
    try {
      const result = method.invoke(params, call);
      return result instanceof Promise ? result.catch(translate) : result;
    } catch (error) {
      return translate(error);
    }
  }

  faultOf(error: unknown): XmlRpcFault {
    const fault = this.faults.translate(error);
    return fault instanceof XmlRpcFault
      ? fault
      : new XmlRpcFault(FAULT_CODES.INTERNAL_ERROR, 'internal error');
  }
}

function keyOf(name: string): string {
  const lower = name.toLowerCase();
  const key = lower.startsWith(PREFIX) ? lower.slice(PREFIX.length) : lower;
  return ALIASES.get(key) ?? key;
}

function notFound(name: string): XmlRpcFault {
  return new XmlRpcFault(
    FAULT_CODES.METHOD_NOT_FOUND,
    `there is no method ${shorten(name)}; system.listMethods lists those there are`,
  );
}

function shorten(name: string): string {
  return JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}...` : name);
}
