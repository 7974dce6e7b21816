/** Commands, and the text they are expected to print. */
export interface Block {
  /** Comments and empty lines before the commands. */
  readonly preamble: readonly string[];
  readonly commands: readonly string[];
  readonly expected: readonly string[];
}

const SEPARATOR = '----';

/**
 * Reads a script: blocks of commands, `----`, and the expected text up to an empty line. Lines that start
 * with `#` before the commands are comments.
 *
 * @throws Error when commands lack their expected text
 */
export function parseScript(text: string): Block[] {
  const lines = text.trimEnd().split('\n');
  const blocks: Block[] = [];
  for (let line = 0; line < lines.length;) {
    const preamble = takeWhile(lines, line, (text) => text === '' || text.startsWith('#'));
    line += preamble.length;
    const commands = takeWhile(lines, line, (text) => text !== '' && text !== SEPARATOR);
    line += commands.length;
    if (lines[line] !== SEPARATOR) throw new Error(`line ${line + 1}: commands without ${SEPARATOR}`);
    const expected = takeWhile(lines, line + 1, (text) => text !== '');
    line += 1 + expected.length;
    blocks.push({ preamble, commands, expected });
  }
  return blocks;
}

export function formatScript(blocks: readonly Block[]): string {
  const lines = blocks.flatMap(({ preamble, commands, expected }) => [
    ...preamble,
    ...commands,
    SEPARATOR,
    ...expected,
  ]);
  return `${lines.join('\n')}\n`;
}

function takeWhile(lines: readonly string[], from: number, holds: (line: string) => boolean): string[] {
  const taken: string[] = [];
  for (let line = from; line < lines.length; line += 1) {
    const text = lines[line] ?? '';
    if (!holds(text)) break;
    taken.push(text);
  }
  return taken;
}
