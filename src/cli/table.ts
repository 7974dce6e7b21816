import Table from 'cli-table3';
import { styleText } from 'node:util';

/** Whether the output is a terminal that wants colours (https://no-color.org). */
export function wantsColour(stream: NodeJS.WriteStream = process.stdout): boolean {
  return stream.isTTY && (process.env['NO_COLOR'] ?? '') === '' && process.env['TERM'] !== 'dumb';
}

export type Style = 'green' | 'red' | 'yellow' | 'bold' | 'dim';

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
