import { INDEX_FILE, OWN_FOLDER } from './names.js';
import type { BaseFile } from './plan.js';
import { readText, replaceText, type FileSystem } from './fileSystem.js';
import { contentIn, hashListOf } from './store.js';

/** Not beside the index file: after a crash it would be taken for a file of the user. */
const TEMPORARY_FILE = `${OWN_FOLDER}/index.new`;

/**
 * The base as clients of the course keep it: a line `name version h0 h1 ...` for each file. Names may hold blanks, so
 * a line is read from its end.
 */
function parseIndex(text: string): Map<string, BaseFile> | undefined {
  const base = new Map<string, BaseFile>();
  for (const line of text.split(/\r?\n/)) {
    if (line.trim() === '') continue;
    const found = /^(?<name>.*\S) (?<version>\d{1,15})(?<hashes>(?: (?:[0-9a-f]{64}|0|-1))*) ?$/.exec(line);
    const { name, version, hashes = '' } = found?.groups ?? {};
    if (name === undefined || version === undefined) return undefined;
    const content = contentIn(hashes.split(' ').filter((hash) => hash !== ''));
    if (content !== null && 'reason' in content) return undefined;
    base.set(name, { version: Number(version), content });
  }
  return base;
}

/** The lines of the index file. Names with line ends cannot be in it. */
function formatIndex(base: ReadonlyMap<string, BaseFile>): string {
  return [...base]
    .filter(([name]) => !/[\r\n]/.test(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { version, content }]) => `${[name, version, ...hashListOf(content)].join(' ')}\n`)
    .join('');
}

/** The base that a client of the course has left in the folder; undefined when there is none that can be read. */
export async function readIndex(files: FileSystem): Promise<Map<string, BaseFile> | undefined> {
  const text = await readText(files, INDEX_FILE);
  return text === undefined ? undefined : parseIndex(text);
}

/** Writes the index file unless it is there already, exactly so. */
export async function writeIndex(files: FileSystem, base: ReadonlyMap<string, BaseFile>): Promise<void> {
  const text = formatIndex(base);
  if ((await readText(files, INDEX_FILE)) !== text)
    await replaceText(files, INDEX_FILE, text, TEMPORARY_FILE);
}
