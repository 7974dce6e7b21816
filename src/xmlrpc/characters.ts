/** Which characters XML 1.0 can carry (section 2.2), and the few that the parser asks for by code. */

export const TAB = 0x09;
export const LINE_FEED = 0x0a;
export const CARRIAGE_RETURN = 0x0d;
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

/** Index of the first character that XML 1.0 cannot carry (control characters, lone surrogates, U+FFFE, U+FFFF), or -1. */
export function indexOfForbidden(text: string): number {
  return text.search(FORBIDDEN);
}

/** Whether XML 1.0 can carry this code point. */
export function isAllowed(codePoint: number): boolean {
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
