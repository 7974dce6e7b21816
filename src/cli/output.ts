import Table from 'cli-table3';
import { styleText } from 'node:util';
import { EXIT } from './command.js';

let needsOutput = true;

/**
 * Decides what becomes of a process whose output cannot be written. A command whose answer nobody got has failed, and says so.
 * A reader that goes away (`surfstore files ... | head`) is no reason to complain.
 */
export function watchOutput(): void {
  // There is nobody left to tell.
  process.stderr.on('error', () => undefined);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (!needsOutput) return;
    if (error.code === 'EPIPE') process.exit(EXIT.ok);
    process.stderr.write(`surfstore: cannot write the answer to stdout: ${error.message}\n`);
    process.exit(EXIT.failure);
  });
}

/** From now on this process lives on without its output: that of a server is a courtesy. */
export function liveWithoutOutput(): void {
  needsOutput = false;
}

/** Whether the output is a terminal that wants colours (https://no-color.org). */
export function wantsColour(stream: NodeJS.WriteStream = process.stdout): boolean {
  return stream.isTTY && (process.env['NO_COLOR'] ?? '') === '' && process.env['TERM'] !== 'dumb';
}

type Style = 'green' | 'red' | 'yellow' | 'bold' | 'dim';

/** The text in a colour, or as it is where colours are not wanted. */
export function coloured(style: Style, text: string): string {
  // It is decided here, not once more by `styleText`.
  return wantsColour() ? styleText(style, text, { validateStream: false }) : text;
}

const NO_LINES_BETWEEN_ROWS = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' };

/** Rows under a heading, in columns. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const drawn = new Table({
    head: heading.map((text) => coloured('bold', text)),
    style: { head: [], border: [] },
    chars: NO_LINES_BETWEEN_ROWS,
  });
  for (const row of rows) drawn.push([...row]);
  return drawn.toString();
}

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
