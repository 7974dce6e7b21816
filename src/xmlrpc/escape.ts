const SPECIAL = /[^\t\n\u0020-%'-;=?-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;
const UNWRITABLE = /[^\t\n\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;
const REPLACEMENT_CHARACTER = '\ufffd';

/**
 * The text as it may stand between tags. `&`, `<`, `>` and the carriage return, which a reader would otherwise turn into
 * a line feed, become references; whatever XML 1.0 cannot carry (control characters, lone surrogates, U+FFFE, U+FFFF)
 * becomes U+FFFD. A text without any of these is returned as it is.
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
