// Control characters, and those that change the direction or the look of what follows them without being seen.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/**
 * A text that somebody else chose, for a terminal: what could steer it is shown as an escape, such as `\u001b`. Unchanged
 * where the output is not a terminal, since programs want the bytes.
 */
export function terminalText(text: string, isTerminal: boolean = process.stdout.isTTY): string {
  return isTerminal ? text.replaceAll(UNSEEN, escaped) : text;
}

function escaped(character: string): string {
  const codePoint = character.codePointAt(0) ?? 0;
  const digits = codePoint.toString(16);
  return codePoint > 0xffff ? `\\u{${digits}}` : `\\u${digits.padStart(4, '0')}`;
}
