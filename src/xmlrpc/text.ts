/** Which characters XML 1.0 can carry (section 2.2), and the few that the parser asks for by code. */

const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
export const SPACE = 0x20;
export const EXCLAMATION_MARK = 0x21;
export const QUOTATION_MARK = 0x22;
export const APOSTROPHE = 0x27;
export const SLASH = 0x2f;
export const LESS_THAN = 0x3c;
export const EQUALS_SIGN = 0x3d;
export const GREATER_THAN = 0x3e;
export const QUESTION_MARK = 0x3f;
export const BYTE_ORDER_MARK = 0xfeff;

const FORBIDDEN = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;
const NOT_BLANK = /[^\t\n\r ]/;

/**
 * Index of the first character that XML 1.0 cannot carry (control characters, lone surrogates, U+FFFE, U+FFFF), or -1.
 */
export function indexOfForbidden(text: string): number {
  return text.search(FORBIDDEN);
}

/** Whether XML 1.0 can carry this code point. */
function isAllowed(codePoint: number): boolean {
  if (codePoint < SPACE) return codePoint === TAB || codePoint === LINE_FEED || codePoint === CARRIAGE_RETURN;
  if (codePoint < 0xd800) return true;
  return (codePoint >= 0xe000 && codePoint <= 0xfffd) || (codePoint >= 0x10000 && codePoint <= 0x10ffff);
}

/** Whether this code unit is white space in the sense of XML. False for the NaN that follows the end of a text. */
export function isSpace(code: number): boolean {
  return code === SPACE || code === LINE_FEED || code === TAB || code === CARRIAGE_RETURN;
}

/** Whether the text is empty or nothing but white space. */
export function isBlank(text: string): boolean {
  return !NOT_BLANK.test(text);
}

/** The text without the white space of XML around it. */
export function trimSpace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text.charCodeAt(start))) start += 1;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end -= 1;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

const NAMED: ReadonlyMap<string, string> = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
]);

const SMALL_A = 0x61;
const SMALL_G = 0x67;
const SMALL_L = 0x6c;

const NUMERIC = /^#(?:x([0-9a-fA-F]+)|([0-9]+))$/;
/** Longest reference looked at, without `&` and `;`: more leading zeros are never sent in good faith. */
const REFERENCE_LENGTH_MAX = 16;

/**
 * The character that `&name;` stands for: one of the five that XML defines, or a numeric one that XML 1.0 can carry.
 * Undefined for any other, since without a document type there are no more.
 */
function resolveReference(name: string): string | undefined {
  const named = NAMED.get(name);
  if (named !== undefined) return named;
  const match = NUMERIC.exec(name);
  if (match === null) return undefined;
  const codePoint = codePointOf(match);
  return isAllowed(codePoint) ? String.fromCodePoint(codePoint) : undefined;
}

function codePointOf([, hexadecimal, decimal = '']: RegExpExecArray): number {
  return hexadecimal === undefined ? Number.parseInt(decimal, 10) : Number.parseInt(hexadecimal, 16);
}

const SURROGATES = /&#(?:x([0-9a-fA-F]{1,12})|([0-9]{1,12}));/y;

/**
 * The two references to the halves of one character beyond U+FFFF that begin at `start`, as Apache XML-RPC 2 for Java
 * writes an emoji. Undefined when there is no such pair: half a character alone is none.
 */
function surrogatePair(
  text: string,
  start: number,
  end: number,
): { readonly character: string; readonly end: number } | undefined {
  SURROGATES.lastIndex = start;
  const high = SURROGATES.exec(text);
  const low = high === null ? null : SURROGATES.exec(text);
  if (high === null || low === null || SURROGATES.lastIndex > end) return undefined;
  const [first, second] = [codePointOf(high), codePointOf(low)];
  const isPair = first >= 0xd800 && first <= 0xdbff && second >= 0xdc00 && second <= 0xdfff;
  return isPair ? { character: String.fromCharCode(first, second), end: SURROGATES.lastIndex } : undefined;
}

/**
 * The characters from `start` to `end` with every reference replaced. Returns the index of the first reference that
 * is not a valid one instead when there is such.
 */
export function expandReferences(text: string, start: number, end: number): string | number {
  let result = '';
  let from = start;
  let ampersand = text.indexOf('&', start);
  while (ampersand !== -1 && ampersand < end) {
    let character: string | undefined = frequentReference(text, ampersand + 1);
    let semicolon = character === '&' ? ampersand + 4 : ampersand + 3;
    if (character === '') {
      semicolon = text.indexOf(';', ampersand);
      if (semicolon === -1 || semicolon >= end || semicolon - ampersand > REFERENCE_LENGTH_MAX + 1)
        return ampersand;
      character = resolveReference(text.slice(ampersand + 1, semicolon));
      if (character === undefined) {
        const pair = surrogatePair(text, ampersand, end);
        if (pair === undefined) return ampersand;
        ({ character } = pair);
        semicolon = pair.end - 1;
      }
    }
    result += ampersand > from ? text.slice(from, ampersand) + character : character;
    from = semicolon + 1;
    ampersand = text.indexOf('&', from);
  }
  return result + text.slice(from, end);
}

/**
 * The character of `lt;`, `gt;` or `amp;` at this index, the three that writers use, without making a string; else ''.
 */
function frequentReference(text: string, at: number): '<' | '>' | '&' | '' {
  switch (text.charCodeAt(at)) {
    case SMALL_L:
      return text.startsWith('t;', at + 1) ? '<' : '';
    case SMALL_G:
      return text.startsWith('t;', at + 1) ? '>' : '';
    case SMALL_A:
      return text.startsWith('mp;', at + 1) ? '&' : '';
    default:
      return '';
  }
}

const SPECIAL = /[^\t\n\u0020-%'-;=?-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;
const UNWRITABLE = /[^\t\n\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;
const REPLACEMENT_CHARACTER = '\ufffd';

/**
 * The text as it may stand between tags. `&`, `<`, `>` and the carriage return, which a reader would otherwise turn
 * into a line feed, become references; whatever XML 1.0 cannot carry (control characters, lone surrogates, U+FFFE,
 * U+FFFF) becomes U+FFFD. A text without any of these is returned as it is.
 */
export function escapeText(text: string): string {
  if (!SPECIAL.test(text)) return text;
  return text
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/\r/g, '&#13;')
    .replace(UNWRITABLE, REPLACEMENT_CHARACTER);
}

/**
 * The characters that JSON may hold as they are and XML 1.0 cannot carry; a lone surrogate JSON.stringify escapes by
 * itself.
 */
const NONCHARACTERS = /[\ufffe\uffff]/g;

/** The same JSON in a spelling that survives XML, which would otherwise put U+FFFD for two characters. */
export function carriedByXml(json: string): string {
  return json.replace(NONCHARACTERS, (character) => `\\u${character.charCodeAt(0).toString(16)}`);
}

const encoder = new TextEncoder();

/** Bytes that a text takes in a request when it is quoted as JSON, then escaped as XML. */
export function bytesOnTheWire(text: string): number {
  return encoder.encode(escapeText(carriedByXml(JSON.stringify(text)))).length;
}
