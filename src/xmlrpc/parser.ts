import { XmlRpcFault } from './faults.js';
import { XmlScanner } from './scanner.js';
import { isBlank, trimSpace } from './text.js';
import { XmlRpcDateTime, XmlRpcDouble, type ParsedValue } from './types.js';

/** Limits on the cost of reading a document. A document beyond a limit is refused with -32600. */
export interface ParserLimits {
  /** How deep arrays and structs may be nested; never more than 1000, whatever is given. @default 64 */
  readonly depthMax: number;
  /** How many elements (start tags) the document may have. @default 250,000 in a call, 20,000,000 in a response */
  readonly elementsMax: number;
  /** How many UTF-16 code units one string, name or other text may have. @default unlimited */
  readonly stringLengthMax: number;
}

/** Limits of a call: as many elements as a body of 8 MiB full of hashes needs, read in some 50 ms. */
export const CALL_LIMITS: ParserLimits = {
  depthMax: 64,
  elementsMax: 250_000,
  stringLengthMax: Number.MAX_SAFE_INTEGER,
};

/** Limits of a response: the reader has asked for it, so that a listing may be as large as its bytes allow. */
export const RESPONSE_LIMITS: ParserLimits = { ...CALL_LIMITS, depthMax: 128, elementsMax: 20_000_000 };

const DEPTH_MAX = 1000;

/** A call as it was read. */
export interface MethodCall {
  readonly methodName: string;
  readonly params: ParsedValue[];
}

/** A response as it was read: a value or a fault. */
export type MethodResponse = { readonly value: ParsedValue } | { readonly fault: XmlRpcFault };

/**
 * Reads a `<methodCall>`.
 *
 * @throws XmlRpcParseError whatever is wrong with the text.
 */
export function parseMethodCall(text: string, limits?: Partial<ParserLimits>): MethodCall {
  return new DocumentReader(text, { ...CALL_LIMITS, ...limits }).methodCall();
}

/**
 * Reads a `<methodResponse>`.
 *
 * @throws XmlRpcParseError whatever is wrong with the text.
 */
export function parseMethodResponse(text: string, limits?: Partial<ParserLimits>): MethodResponse {
  return new DocumentReader(text, { ...RESPONSE_LIMITS, ...limits }).methodResponse();
}

/** The grammar of XML-RPC by recursive descent, one method per element; `depthMax` bounds the recursion. */
class DocumentReader {
  private readonly scanner: XmlScanner;
  private readonly depthMax: number;
  private readonly stringLengthMax: number;

  constructor(text: string, limits: ParserLimits) {
    this.scanner = new XmlScanner(text, limits.elementsMax);
    this.depthMax = Math.min(limits.depthMax, DEPTH_MAX);
    this.stringLengthMax = limits.stringLengthMax;
  }

  methodCall(): MethodCall {
    this.rootNamed('methodCall');
    this.childNamed('methodName');
    const methodName = trimSpace(this.leaf('methodName'));
    if (methodName === '') throw this.scanner.invalid('the method name is empty');
    const next = this.scanner.child();
    if (next !== undefined && next !== 'params') throw this.scanner.unexpected(next, '<params>');
    const params = next === undefined ? [] : this.params();
    this.scanner.close('methodCall');
    this.scanner.end();
    return { methodName, params };
  }

  methodResponse(): MethodResponse {
    this.rootNamed('methodResponse');
    const content = this.scanner.child();
    const response = content === 'fault' ? this.fault() : this.result(content);
    this.scanner.close('methodResponse');
    this.scanner.end();
    return response;
  }

  private result(content: string | undefined): MethodResponse {
    if (content === undefined) throw this.scanner.invalid('the response has neither <params> nor <fault>');
    if (content !== 'params') throw this.scanner.unexpected(content, '<params> or <fault>');
    const values = this.params();
    const [value] = values;
    if (value === undefined || values.length > 1) {
      throw this.scanner.invalid(`the response has ${values.length} values instead of one`);
    }
    return { value };
  }

  private fault(): MethodResponse {
    this.childNamed('value');
    const value = this.value(0);
    this.scanner.close('fault');
    const faultCode = value instanceof Map ? value.get('faultCode') : undefined;
    const faultString = value instanceof Map ? value.get('faultString') : undefined;
    if (typeof faultCode !== 'number' || typeof faultString !== 'string') {
      throw this.scanner.invalid(
        'the fault is not a struct with an integer faultCode and a string faultString',
      );
    }
    return { fault: new XmlRpcFault(faultCode, faultString) };
  }

  private params(): ParsedValue[] {
    const params: ParsedValue[] = [];
    for (let name = this.scanner.child(); name !== undefined; name = this.scanner.child()) {
      if (name !== 'param') throw this.scanner.unexpected(name, '<param>');
      this.childNamed('value');
      params.push(this.value(0));
      this.scanner.close('param');
    }
    this.scanner.close('params');
    return params;
  }

  /** Reads a value after its `<value>` tag, through `</value>`. White space belongs to it only when it has no type. */
  private value(depth: number): ParsedValue {
    const text = this.scanner.characters();
    if (this.scanner.atEnd()) {
      this.scanner.close('value');
      return this.withinLength(text);
    }
    if (!isBlank(text)) throw this.scanner.invalid('<value> holds both text and an element');
    const type = this.scanner.child();
    const value = this.typed(type ?? '', depth);
    this.scanner.close('value');
    return value;
  }

  private typed(type: string, depth: number): ParsedValue {
    switch (type) {
      case 'string':
        return this.leaf(type);
      case 'int':
      case 'i4':
        return this.scalar(type, readInt, 'an integer of 32 bits');
      case 'array':
        return this.array(this.deeper(depth));
      case 'struct':
        return this.struct(this.deeper(depth));
      case 'boolean':
        return this.scalar(type, readBoolean, 'a boolean');
      case 'base64':
        return this.scalar(type, readBase64, 'base64');
      case 'i8':
      case 'ex:i8':
      case 'biginteger':
      case 'ex:biginteger':
        return this.scalar(type, readLong, 'an integer of 64 bits');
      case 'i2':
      case 'ex:i2':
        return this.scalar(type, (text) => readSmallInt(text, 16), 'an integer of 16 bits');
      case 'i1':
      case 'ex:i1':
        return this.scalar(type, (text) => readSmallInt(text, 8), 'an integer of 8 bits');
      case 'double':
        return this.scalar(type, readDouble, 'a decimal number');
      case 'dateTime.iso8601':
        return this.scalar(type, readDateTime, 'a date and time');
      case 'nil':
      case 'ex:nil':
        this.scanner.close(type);
        return null;
      default:
        throw this.scanner.unexpected(type, 'a type of XML-RPC');
    }
  }

  private array(depth: number): ParsedValue[] {
    const items: ParsedValue[] = [];
    this.childNamed('data');
    for (let name = this.scanner.child(); name !== undefined; name = this.scanner.child()) {
      if (name !== 'value') throw this.scanner.unexpected(name, '<value>');
      items.push(this.value(depth));
    }
    this.scanner.close('data');
    this.scanner.close('array');
    return items;
  }

  private struct(depth: number): Map<string, ParsedValue> {
    const members = new Map<string, ParsedValue>();
    for (let name = this.scanner.child(); name !== undefined; name = this.scanner.child()) {
      if (name !== 'member') throw this.scanner.unexpected(name, '<member>');
      this.childNamed('name');
      const key = this.leaf('name');
      this.childNamed('value');
      members.set(key, this.value(depth));
      this.scanner.close('member');
    }
    this.scanner.close('struct');
    return members;
  }

  private deeper(depth: number): number {
    if (depth >= this.depthMax) {
      throw this.scanner.invalid(`arrays and structs are nested deeper than ${this.depthMax} levels`);
    }
    return depth + 1;
  }

  private scalar<T>(type: string, read: (text: string) => T | undefined, kind: string): T {
    const value = read(this.leaf(type));
    if (value === undefined) throw this.scanner.invalid(`<${type}> does not hold ${kind}`);
    return value;
  }

  /** The text of an element that holds nothing else, through its end tag. */
  private leaf(name: string): string {
    const text = this.scanner.characters();
    this.scanner.close(name);
    return this.withinLength(text);
  }

  private withinLength(text: string): string {
    if (text.length > this.stringLengthMax) {
      throw this.scanner.invalid(`a text is longer than ${this.stringLengthMax} characters`);
    }
    return text;
  }

  private rootNamed(name: string): void {
    const root = this.scanner.root();
    if (root !== name) throw this.scanner.unexpected(root, `<${name}>`);
  }

  private childNamed(name: string): void {
    const child = this.scanner.child();
    if (child === undefined) throw this.scanner.invalid(`<${name}> is missing`);
    if (child !== name) throw this.scanner.unexpected(child, `<${name}>`);
  }
}

const MINUS = 0x2d;
const PLUS = 0x2b;
const ZERO = 0x30;
const NINE = 0x39;
/** As many digits as are exact in a double, whatever they are. */
const EXACT_DIGITS_MAX = 15;
/** As many digits as the largest 64-bit integer has. */
const LONG_DIGITS_MAX = 19;

const INT_MIN = -0x80000000;
const INT_MAX = 0x7fffffff;
const LONG_MIN = -(2n ** 63n);
const LONG_MAX = 2n ** 63n - 1n;

const DOUBLE = /^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;
const DATE_TIME =
  /^[0-9]{4}-?[0-9]{2}-?[0-9]{2}T[0-9]{2}(?::?[0-9]{2}){0,2}(?:[.,][0-9]+)?(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)?$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** The value of `<int>` or `<i4>`; undefined when the text is not an integer of 32 bits. */
function readInt(text: string): number | undefined {
  const value = readLong(text);
  return typeof value === 'number' && value >= INT_MIN && value <= INT_MAX ? value : undefined;
}

/** The value of `<i1>` or `<i2>`; undefined when the text is not an integer of `bits` bits. */
function readSmallInt(text: string, bits: 8 | 16): number | undefined {
  const value = readInt(text);
  const limit = 2 ** (bits - 1);
  return value !== undefined && value >= -limit && value < limit ? value : undefined;
}

/**
 * The value of `<i8>`, a bigint only when a number would not be exact; undefined when it is not an integer of 64 bits.
 */
function readLong(text: string): number | bigint | undefined {
  const trimmed = trimSpace(text);
  const sign = trimmed.charCodeAt(0);
  const negative = sign === MINUS;
  let from = negative || sign === PLUS ? 1 : 0;
  if (from === trimmed.length) return undefined;
  while (from < trimmed.length - 1 && trimmed.charCodeAt(from) === ZERO) from += 1;
  if (trimmed.length - from > LONG_DIGITS_MAX) return undefined;
  let magnitude = 0;
  for (let index = from; index < trimmed.length; index += 1) {
    const digit = trimmed.charCodeAt(index);
    if (!(digit >= ZERO && digit <= NINE)) return undefined;
    magnitude = magnitude * 10 + (digit - ZERO);
  }
  if (trimmed.length - from > EXACT_DIGITS_MAX) return readBigLong(trimmed.slice(from), negative);
  return negative && magnitude !== 0 ? -magnitude : magnitude;
}

function readBigLong(digits: string, negative: boolean): number | bigint | undefined {
  const value = negative ? -BigInt(digits) : BigInt(digits);
  if (value < LONG_MIN || value > LONG_MAX) return undefined;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** The value of `<boolean>`: 0 or 1, and also the words that some clients write. */
function readBoolean(text: string): boolean | undefined {
  switch (trimSpace(text)) {
    case '1':
    case 'true':
      return true;
    case '0':
    case 'false':
      return false;
    default:
      return undefined;
  }
}

/** The value of `<double>`: decimal, with an exponent if need be; no infinities, nothing that is not a number. */
function readDouble(text: string): XmlRpcDouble | undefined {
  const trimmed = trimSpace(text);
  return DOUBLE.test(trimmed) ? new XmlRpcDouble(Number(trimmed), trimmed) : undefined;
}

/** The value of `<dateTime.iso8601>`, of which only the form is looked at. */
function readDateTime(text: string): XmlRpcDateTime | undefined {
  const trimmed = trimSpace(text);
  return DATE_TIME.test(trimmed) ? new XmlRpcDateTime(trimmed) : undefined;
}

/** The bytes of `<base64>`. White space may stand anywhere; alphabet and padding must be right. */
function readBase64(text: string): Buffer | undefined {
  const compact = text.replace(/[\t\n\r ]+/g, '');
  if (compact.length % 4 !== 0 || !BASE64.test(compact)) return undefined;
  return Buffer.from(compact, 'base64');
}
