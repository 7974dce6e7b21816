import { trimSpace } from './characters.js';
import { XmlRpcDateTime, XmlRpcDouble } from './types.js';

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
export function readInt(text: string): number | undefined {
  const value = readLong(text);
  return typeof value === 'number' && value >= INT_MIN && value <= INT_MAX ? value : undefined;
}

/** The value of `<i1>` or `<i2>`; undefined when the text is not an integer of so many bits. */
export function readSmallInt(text: string, bits: 8 | 16): number | undefined {
  const value = readInt(text);
  const limit = 2 ** (bits - 1);
  return value !== undefined && value >= -limit && value < limit ? value : undefined;
}

/** The value of `<i8>`, a bigint only when a number would not be exact; undefined when it is not an integer of 64 bits. */
export function readLong(text: string): number | bigint | undefined {
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
export function readBoolean(text: string): boolean | undefined {
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
export function readDouble(text: string): XmlRpcDouble | undefined {
  const trimmed = trimSpace(text);
  return DOUBLE.test(trimmed) ? new XmlRpcDouble(Number(trimmed), trimmed) : undefined;
}

/** The value of `<dateTime.iso8601>`, of which only the form is looked at. */
export function readDateTime(text: string): XmlRpcDateTime | undefined {
  const trimmed = trimSpace(text);
  return DATE_TIME.test(trimmed) ? new XmlRpcDateTime(trimmed) : undefined;
}

/** The bytes of `<base64>`. White space may stand anywhere; alphabet and padding must be right. */
export function readBase64(text: string): Buffer | undefined {
  const compact = text.replace(/[\t\n\r ]+/g, '');
  if (compact.length % 4 !== 0 || !BASE64.test(compact)) return undefined;
  return Buffer.from(compact, 'base64');
}
