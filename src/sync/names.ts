import { byteLength, NAME_BYTES_MAX } from './conflictName.js';
import type { Trees } from './plan.js';

/** Which names a profile syncs: one folder without its subfolders as in the course, or a whole tree. */
export type Profile = 'classic' | 'tree';

/** A file that is left alone on both sides, and why. */
export interface LeftFile {
  readonly name: string;
  readonly reason: string;
}

/** The folder's own room for the client: base, temporary files, trash. */
export const OWN_FOLDER = '.surfstore';

/** The file in which clients of the course keep their base; no client syncs it. */
export const INDEX_FILE = 'index.txt';

const PATH_BYTES_MAX = 4096;

/** Windows opens a device for these, whatever the extension. */
const deviceName = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?:\.|$)/iu;

/**
 * Whether files of this name are none of the client's business, by the rules of the course: silently, on both sides.
 */
export function isOutside(name: string, profile: Profile): boolean {
  if (profile === 'classic') return name === INDEX_FILE || /^\.[^./][^/]*$/.test(name);
  return name === INDEX_FILE || name === OWN_FOLDER || name.startsWith(`${OWN_FOLDER}/`);
}

/**
 * The reason why no file of this name is written or sent, undefined when there is none. Names come from other clients,
 * so they may be mistaken or hostile: what leads out of the folder, or means something else on another system.
 */
export function problemOfName(name: string, profile: Profile): string | undefined {
  if (name === '') return 'the name is empty';
  if (!name.isWellFormed()) return 'the name is no valid Unicode text';
  if (/\p{Cc}/u.test(name)) return 'the name has control characters';
  if (name.startsWith('/') || /^[a-z]:/i.test(name)) return 'the name is an absolute path';
  if (name.includes('\\')) return 'the name has a backslash, which separates folders on Windows';
  if (profile === 'classic' && name.includes('/')) return 'the name is a path: use --tree';
  if (isLonger(name, PATH_BYTES_MAX)) return `the path has more than ${PATH_BYTES_MAX} bytes`;
  for (const part of name.split('/')) {
    const problem = problemOfPart(part);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function problemOfPart(part: string): string | undefined {
  if (part === '' || part === '.' || part === '..') return 'the name has an empty part, "." or ".."';
  if (part.endsWith('.') || part.endsWith(' ')) return 'the name ends with a dot or a blank';
  if (deviceName.test(part)) return 'the name is that of a device on Windows';
  if (isLonger(part, NAME_BYTES_MAX)) return `the name has more than ${NAME_BYTES_MAX} bytes`;
  return undefined;
}

function isLonger(text: string, bytes: number): boolean {
  // No UTF-16 code unit takes more than three bytes.
  return text.length * 3 > bytes && byteLength(text) > bytes;
}

/** Names that some file systems take for the same. */
function foldedName(name: string): string {
  // Most names are of letters that have one Unicode form only.
  if (/^[\x20-\x7e]*$/.test(name)) return name.toLowerCase();
  return name.normalize('NFC').toLowerCase().normalize('NFC');
}

/** The trees without the files that are left alone, and these. */
export function judgeNames(
  trees: Trees,
  profile: Profile,
): { readonly trees: Trees; readonly refused: LeftFile[] } {
  const names = new Set([...trees.local.keys(), ...trees.remote.keys(), ...trees.base.keys()]);
  const reasons = new Map<string, string>();
  const live: string[] = [];
  for (const name of names) {
    if (!isLive(name, trees)) continue;
    const reason = isOutside(name, profile) ? '' : problemOfName(name, profile);
    if (reason === undefined) live.push(name);
    else reasons.set(name, reason);
  }
  for (const [name, other] of twins(live, trees))
    reasons.set(name, `the name differs from ${JSON.stringify(other)} only by case or Unicode form`);
  if (profile === 'tree') for (const [name, reason] of clashes(live, trees)) reasons.set(name, reason);
  const refused = [...reasons]
    .filter(([, reason]) => reason !== '')
    .map(([name, reason]) => ({ name, reason }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  if (reasons.size === 0) return { trees, refused };
  const kept = <T>(tree: ReadonlyMap<string, T>): Map<string, T> =>
    new Map([...tree].filter(([name]) => !reasons.has(name)));
  return {
    trees: { local: kept(trees.local), remote: kept(trees.remote), base: kept(trees.base) },
    refused,
  };
}

function isLive(name: string, { local, remote, base }: Trees): boolean {
  return (
    local.has(name) ||
    (remote.get(name)?.content ?? null) !== null ||
    (base.get(name)?.content ?? null) !== null
  );
}

/** Names that have a twin which is kept instead: the one that both sides know, else the store's, else the first. */
function* twins(names: readonly string[], trees: Trees): Iterable<readonly [name: string, kept: string]> {
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const folded = foldedName(name);
    const group = groups.get(folded);
    if (group === undefined) groups.set(folded, [name]);
    else group.push(name);
  }
  const rank = (name: string): number => {
    if ((trees.base.get(name)?.content ?? null) !== null) return 0;
    return (trees.remote.get(name)?.content ?? null) !== null ? 1 : 2;
  };
  for (const group of groups.values()) {
    if (group.length < 2) continue;
    const [kept = '', ...others] = group.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
    for (const other of others) yield [other, kept];
  }
}

/** Files of the store at whose name the folder has a subfolder, or the other way round. */
function* clashes(names: readonly string[], trees: Trees): Iterable<readonly [name: string, reason: string]> {
  const all = new Set(names);
  for (const name of names) {
    for (let end = name.indexOf('/'); end !== -1; end = name.indexOf('/', end + 1)) {
      const parent = name.slice(0, end);
      if (!all.has(parent)) continue;
      // What the folder has can stay where it is; the other side waits.
      if (trees.local.has(parent)) yield [name, `${JSON.stringify(parent)} is a file in the folder`];
      else if (trees.local.has(name)) yield [parent, 'it is a file in the store and a subfolder here'];
      else yield [name, `${JSON.stringify(parent)} is also a file in the store`];
    }
  }
}
