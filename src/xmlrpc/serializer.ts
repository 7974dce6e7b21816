import { escapeText } from './escape.js';
import type { XmlRpcValue } from './types.js';
import { writePieces } from './valueWriter.js';

/*
 * The dialect: `<int>` within 32 bits and `<i8>` outside, `<boolean>` as 0 or 1, `<string>` always spelled out, base64,
 * array and struct; entities and never CDATA; no white space between tags; never `<nil/>` or `<double>`. Every function
 * here is total: what a value cannot say in this dialect is said by the nearest string, nothing throws. (Only the
 * pieces of a PrebuiltXml are beyond it: when making them throws, so does the function that asks for them.)
 */

const HEADER = '<?xml version="1.0"?>';

/** A `<methodCall>`. */
export function serializeMethodCall(name: string, params: readonly XmlRpcValue[]): string {
  return Buffer.concat(methodCallBody(name, params)).toString();
}

/** The bytes of {@link serializeMethodCall}, in pieces; those of ready-made values are shared and not copied. */
export function methodCallBody(name: string, params: readonly XmlRpcValue[]): Buffer[] {
  const body: Buffer[] = [];
  let text = `${HEADER}<methodCall><methodName>${escapeText(name)}</methodName><params>`;
  for (const param of params) {
    for (const piece of writePieces('<param>', param, '</param>')) {
      if (typeof piece === 'string') {
        text += piece;
        continue;
      }
      body.push(Buffer.from(text), Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength));
      text = '';
    }
  }
  body.push(Buffer.from(`${text}</params></methodCall>`));
  return body;
}

/** A `<methodResponse>` that holds a value. */
export function serializeMethodResponse(value: XmlRpcValue): string {
  return joined(methodResponsePieces(value));
}

/** A `<methodResponse>` that holds a fault. */
export function serializeFault(faultCode: number, faultString: string): string {
  const fault = new Map<string, XmlRpcValue>([
    ['faultCode', faultCode],
    ['faultString', faultString],
  ]);
  return `${HEADER}<methodResponse><fault>${serializeValue(fault)}</fault></methodResponse>`;
}

/** A `<value>`. */
export function serializeValue(value: XmlRpcValue): string {
  return joined(serializeValuePieces(value));
}

/**
 * The text of {@link serializeMethodResponse} in pieces of about 16 KiB, made when they are asked for; a longer single
 * string comes as one piece. The value must not change in between.
 */
export function methodResponsePieces(value: XmlRpcValue): Iterable<string | Uint8Array> {
  return writePieces(`${HEADER}<methodResponse><params><param>`, value, '</param></params></methodResponse>');
}

/** The text of {@link serializeValue} in pieces, as with {@link methodResponsePieces}. */
export function serializeValuePieces(value: XmlRpcValue): Iterable<string | Uint8Array> {
  return writePieces('', value, '');
}

function joined(pieces: Iterable<string | Uint8Array>): string {
  let text = '';
  for (const piece of pieces) text += typeof piece === 'string' ? piece : Buffer.from(piece).toString();
  return text;
}
