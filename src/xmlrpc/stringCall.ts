import type { MethodCall } from './parser.js';
import { expandReferences, indexOfForbidden } from './text.js';

/*
 * Servers send each other calls with one string, and answers that are one string, by the thousand. Around that string the
 * serializer always writes the same bytes, so such a document is recognised by its beginning and its end, without parsing
 * it. Whatever differs in one byte is left to the parser, and so is a string with a character that XML may not carry.
 */

const CALL_OPENING = '<?xml version="1.0"?><methodCall><methodName>';
const CALL_MIDDLE = '</methodName><params><param><value><string>';
const CALL_CLOSING = '</string></value></param></params></methodCall>';
const RESPONSE_OPENING = '<?xml version="1.0"?><methodResponse><params><param><value><string>';
const RESPONSE_CLOSING = '</string></value></param></params></methodResponse>';
/** As the client of this program writes it, and its server. */
const CALL_TYPE = 'text/xml';
const RESPONSE_TYPE = 'text/xml; charset=utf-8';
/** Method names up to this length are looked for. */
const NAME_LENGTH_MAX = 100;

/** The end of the string, a line end that the parser changes, or a character that may stand for bytes that are no UTF-8. */
const UNUSUAL = /[<\r\ufffd]|\]\]>/;
const NAME = /^[A-Za-z0-9_.:/]+$/;

/** The call of a method with one string; null when it may be anything else. */
export function readStringCall(body: Buffer, contentType: string | undefined): MethodCall | null {
  if (contentType !== CALL_TYPE || !body.subarray(0, CALL_OPENING.length).equals(opening)) return null;
  const head = body.toString(
    'latin1',
    CALL_OPENING.length,
    CALL_OPENING.length + NAME_LENGTH_MAX + CALL_MIDDLE.length,
  );
  const nameLength = head.indexOf(CALL_MIDDLE);
  const methodName = head.slice(0, Math.max(nameLength, 0));
  if (!NAME.test(methodName)) return null;
  const from = CALL_OPENING.length + nameLength + CALL_MIDDLE.length;
  const text = textBetween(body, from, callClosing);
  return text === null ? null : { methodName, params: [text] };
}

/** The string that a method gave; null when the response may be anything else. */
export function readStringResponse(body: Buffer, contentType: string | undefined): string | null {
  if (contentType !== RESPONSE_TYPE) return null;
  if (!body.subarray(0, RESPONSE_OPENING.length).equals(responseOpening)) return null;
  return textBetween(body, RESPONSE_OPENING.length, responseClosing);
}

const opening = Buffer.from(CALL_OPENING);
const callClosing = Buffer.from(CALL_CLOSING);
const responseOpening = Buffer.from(RESPONSE_OPENING);
const responseClosing = Buffer.from(RESPONSE_CLOSING);

function textBetween(body: Buffer, from: number, closing: Buffer): string | null {
  const to = body.length - closing.length;
  if (to < from || !body.subarray(to).equals(closing)) return null;
  const text = body.toString('utf8', from, to);
  if (UNUSUAL.test(text) || indexOfForbidden(text) !== -1) return null;
  const plain = expandReferences(text, 0, text.length);
  return typeof plain === 'string' ? plain : null;
}
