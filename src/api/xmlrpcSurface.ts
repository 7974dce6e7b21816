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
 * clients of this assignment are not of one mind about either.
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
    if (found !== undefined) return found;
    throw new XmlRpcFault(
      FAULT_CODES.METHOD_NOT_FOUND,
      `there is no method ${shorten(name)}; system.listMethods lists those there are`,
    );
  }

  /** Answers a call from outside; it is counted under its name, and a multicall as one. */
  readonly dispatch: Dispatch = (name, params, call) => {
    call.begin('xmlrpc', this.byKey.get(keyOf(name))?.name ?? UNKNOWN);
    return this.call(name, params, call);
  };

  /** @throws XmlRpcFault, at once or as a rejection */
  readonly call = (
    name: string,
    params: ParsedValue[],
    context: CallContext,
  ): XmlRpcValue | Promise<XmlRpcValue> => {
    const translate = (error: unknown): never => {
      throw this.faults.translate(error);
    };
    try {
      const result = this.find(name).invoke(params, context);
      return result instanceof Promise ? result.catch(translate) : result;
    } catch (error) {
      return translate(error);
    }
  };

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

function shorten(name: string): string {
  return JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}...` : name);
}
