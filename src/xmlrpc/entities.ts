import { isAllowed } from './characters.js';

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
/** Longest reference looked at, without `&` and `;`: leading zeros beyond this are nobody's honest intent. */
const REFERENCE_LENGTH_MAX = 16;

/**
 * The character that `&name;` stands for: one of the five that XML defines, or a numeric one that XML 1.0 can carry.
 * Undefined for any other, since without a document type there are no more.
 */
export function resolveReference(name: string): string | undefined {
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

/** The character of `lt;`, `gt;` or `amp;` at this index, the three that writers use, without making a string; else ''. */
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
