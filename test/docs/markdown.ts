import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

export const root = join(import.meta.dirname, '..', '..');

/** A fenced block of a page. */
export interface Block {
  readonly page: string;
  /** The line of the opening fence, from 1. */
  readonly line: number;
  readonly language: string;
  readonly text: string;
  /** The reason in a comment `<!-- not run: REASON -->` before the block. */
  readonly notRun: string | undefined;
}

export interface Page {
  /** Relative to the root of the tree. */
  readonly path: string;
  readonly text: string;
}

/** The pages for readers, the README first. */
export function readPages(): Page[] {
  const docs = readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => `docs/${name}`);
  return ['README.md', 'chaos/README.md', ...docs].map((path) => ({
    path,
    text: readFileSync(join(root, path), 'utf8'),
  }));
}

export function blocksOf({ path, text }: Page): Block[] {
  const blocks: Block[] = [];
  const lines = text.split('\n');
  let remark: string | undefined;
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    const fence = /^( *)```(\w*)$/.exec(line);
    if (fence === null) {
      remark = /^ *<!-- not run: (.+) -->$/.exec(line)?.[1] ?? (line.trim() === '' ? remark : undefined);
      continue;
    }
    const [, indent = '', language = ''] = fence;
    const end = lines.indexOf(`${indent}\`\`\``, index + 1);
    if (end < 0) throw new Error(`${path}:${index + 1}: the block has no end`);
    const inside = lines.slice(index + 1, end).map((inner) => inner.slice(indent.length));
    blocks.push({
      page: path,
      line: index + 1,
      language,
      text: `${inside.join('\n')}\n`,
      notRun: remark,
    });
    remark = undefined;
    index = end;
  }
  return blocks;
}

/** The text of a page without what is in its fenced blocks; lines keep their numbers. */
function withoutBlocks({ text }: Page): string[] {
  let inside = false;
  return text.split('\n').map((line) => {
    const isFence = /^ *```/.test(line);
    if (isFence) inside = !inside;
    return inside || isFence ? '' : line;
  });
}

const PROSE_WIDTH = 100;

/** Lines of prose that are too wide. Tables, headings and the targets of links may be. */
export function wideLines(page: Page): string[] {
  return withoutBlocks(page).flatMap((line, index) => {
    if (/^\s*(?:\||#|<)/.test(line)) return [];
    const start = /^\s*(?:[-*] |\d+\. )?/.exec(line)?.[0].length ?? 0;
    const measured = line.replace(/\]\([^)]*\)/g, ']()');
    // A single word, or code that cannot be broken, has no narrower form.
    const breakable = measured.replace(/`[^`]*`/g, (code) => '`'.repeat(code.length));
    const canBeBroken = breakable.lastIndexOf(' ', PROSE_WIDTH) >= start;
    if (measured.length <= PROSE_WIDTH || !canBeBroken) return [];
    return [`${page.path}:${index + 1}: ${measured.length} characters`];
  });
}

/** The anchor that GitHub gives to a heading. */
function anchorOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');
}

function anchorsOf(page: Page): Set<string> {
  return new Set(
    withoutBlocks(page).flatMap((line) => {
      const heading = /^#+ (.+)$/.exec(line)?.[1];
      return heading === undefined ? [] : [anchorOf(heading)];
    }),
  );
}

/** Links to files that do not exist, or to headings that a page does not have. */
export function brokenLinks(page: Page, pages: readonly Page[]): string[] {
  return withoutBlocks(page).flatMap((line, index) =>
    [...line.replace(/`[^`]*`/g, '').matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) => {
      if (/^[a-z]+:/.test(target)) return [];
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? page.path : normalize(join(dirname(page.path), path));
      const where = `${page.path}:${index + 1}: ${target}`;
      if (path !== '' && !existsSync(join(root, file))) return [`${where}: there is no such file`];
      if (anchor === undefined) return [];
      const linked = pages.find((other) => other.path === file);
      return linked !== undefined && anchorsOf(linked).has(anchor)
        ? []
        : [`${where}: there is no such heading`];
    }),
  );
}
