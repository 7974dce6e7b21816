/** A file name may have so many bytes in the file systems of today. */
export const NAME_BYTES_MAX = 255;

/** Which version lost, and where it was made. */
interface LosingVersion {
  readonly host: string;
  /** When the file was last changed. */
  readonly atMs: number;
  /** The version it would have become. */
  readonly version: number;
  /** From 1 on; larger when the name is taken. */
  readonly count: number;
}

const encoder = new TextEncoder();

/**
 * The name of the copy of a file that lost a conflict: `notes (conflict, lab3, 2026-11-28 14.03, v7).txt`. It depends on
 * the losing version and on no clock, so an interrupted attempt and the next one make the same copy. The time is in UTC.
 */
export function conflictName(path: string, { host, atMs, version, count }: LosingVersion): string {
  const at = new Date(atMs).toISOString();
  const time = `${at.slice(0, 10)} ${at.slice(11, 13)}.${at.slice(14, 16)}`;
  const again = count === 1 ? '' : `, ${count}`;
  const mark = ` (conflict, ${wordOf(host)}, ${time}, v${version}${again})`;
  const slash = path.lastIndexOf('/') + 1;
  const name = path.slice(slash);
  const dot = name.lastIndexOf('.');
  // A name that only begins with a dot has no extension, and a long end is none.
  const isExtension = dot > 0 && name.length - dot <= 16;
  const extension = isExtension ? name.slice(dot) : '';
  const stem = isExtension ? name.slice(0, dot) : name;
  const room = NAME_BYTES_MAX - byteLength(mark) - byteLength(extension);
  return `${path.slice(0, slash)}${shortened(stem, room)}${mark}${extension}`;
}

export function byteLength(text: string): number {
  return encoder.encode(text).length;
}

/** Names of machines can hold anything; in a file name they are one plain word. */
function wordOf(host: string): string {
  const word = host.replaceAll(/[^A-Za-z0-9.-]+/g, '-').replaceAll(/^[-.]+|[-.]+$/g, '');
  return word === '' ? 'unknown' : word.slice(0, 40);
}

/** As much of the text as fits, whole characters only. */
function shortened(text: string, bytesMax: number): string {
  let bytes = 0;
  let result = '';
  for (const character of text) {
    bytes += byteLength(character);
    if (bytes > bytesMax) break;
    result += character;
  }
  return result;
}
