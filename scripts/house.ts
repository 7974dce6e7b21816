/**
 * Figures of the house, for those who tidy it: sizes of files, what one call passes through, prose. `npm run house`; nothing is
 * judged here, the tests in test/tidy do that.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { importCircles, moduleOf, unusedExports } from '../test/tidy/graph.js';

const root = join(import.meta.dirname, '..');
const SMALL_LINES = 25;
const PROSE_CHARS = 100;

interface SourceFile {
  readonly path: string;
  readonly text: string;
}

const files: readonly SourceFile[] = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' })
  .split('\0')
  .filter((path) => /\.(?:tsx?|md)$/.test(path))
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
const sources = files.filter(({ path }) => /^src\/.*\.tsx?$/.test(path));
const programs = files.filter(({ path }) => /\.tsx?$/.test(path));
const pages = files.filter(({ path }) => path.endsWith('.md'));
const modules = programs.map(({ path, text }) => moduleOf(path, text));

function linesOf({ text }: SourceFile): number {
  return text.split('\n').length - 1;
}

function count(all: readonly SourceFile[], pattern: RegExp): number {
  return all.reduce((sum, { text }) => sum + (text.match(pattern)?.length ?? 0), 0);
}

/** Lines of prose: no rows of tables, no code, no link that stands alone. */
function proseLines({ text }: SourceFile): string[] {
  let isCode = false;
  return text.split('\n').filter((line) => {
    if (line.startsWith('```')) isCode = !isCode;
    return !isCode && !/^\s*(?:\||```|!\[|<|https?:)/.test(line);
  });
}

const bytes = sources.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
const rooms = new Map<string, number>();
for (const { path } of sources) {
  const room = path.split('/').slice(0, -1).join('/');
  rooms.set(room, (rooms.get(room) ?? 0) + 1);
}
const filesOnTheWay = /FILES_MAX = (\d+)/.exec(
  readFileSync(join(root, 'test/tidy/lifeOfACall.test.ts'), 'utf8'),
);
const figures: readonly (readonly [string, number | string])[] = [
  ['source files in src', sources.length],
  ['their mean size, bytes', Math.round(bytes / sources.length)],
  [`files of ${SMALL_LINES} lines or fewer`, sources.filter((file) => linesOf(file) <= SMALL_LINES).length],
  ['longest file, lines', Math.max(...sources.map(linesOf))],
  [
    'files that an update visits, on leader and follower (most that the test allows)',
    filesOnTheWay?.[1] ?? '?',
  ],
  ['doc comments that begin with "What"', count(programs, /\/\*\*\s+(?:\*\s+)?What\b/g)],
  [
    `lines of prose over ${PROSE_CHARS} characters`,
    pages.flatMap(proseLines).filter((line) => line.length > PROSE_CHARS).length,
  ],
  [
    'exports of src that nobody imports',
    unusedExports(modules, (file) => !file.startsWith('src/') || file === 'src/client/index.ts').length,
  ],
  ['circles of imports', importCircles(modules).length],
];
const width = Math.max(...figures.map(([name]) => name.length));
for (const [name, value] of figures) console.log(`${name.padEnd(width)}  ${value}`);
console.log();
for (const [room, size] of [...rooms].sort()) console.log(`${room.padEnd(width)}  ${size}`);
