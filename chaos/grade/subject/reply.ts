/** The outcome of one call as it was seen: nothing is interpreted yet. */
export type Reply =
  | { readonly kind: 'value'; readonly value: unknown; readonly ms: number }
  | { readonly kind: 'fault'; readonly text: string; readonly ms: number }
  /** The connection was refused or broke, or the time was up. */
  | { readonly kind: 'silent'; readonly text: string; readonly ms: number };

/** The meaning of an answer to `updatefile`; `unclear`: neither yes nor no. */
type UpdateSays = 'applied' | 'refused' | 'unclear';

/** A file of the map, as far as it can be made out. */
interface MapEntry {
  readonly version: number;
  readonly hashList: unknown;
}

// Tolerances. An answer of the right form is what the table of the assignment asks for. What is accepted besides is still
// understood by the other assertions, so that one slip of form does not hide the rest.

/** `true` and `false`; 1 and 0 are understood, too. */
export function asTruth(reply: Reply): boolean | undefined {
  if (reply.kind !== 'value') return undefined;
  if (typeof reply.value === 'boolean') return reply.value;
  if (reply.value === 1) return true;
  return reply.value === 0 ? false : undefined;
}

export function updateSays(reply: Reply): UpdateSays {
  const truth = asTruth(reply);
  if (truth === undefined) return 'unclear';
  return truth ? 'applied' : 'refused';
}

/** A whole number; for a file that was never written `None` and a fault are understood as 0. */
export function asVersion(reply: Reply): number | undefined {
  if (reply.kind === 'fault') return 0;
  if (reply.kind !== 'value') return undefined;
  if (reply.value === null) return 0;
  return wholeNumber(reply.value);
}

/** An `i8` arrives as a text of digits. */
export function wholeNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isInteger(number) ? number : undefined;
}

/** The entry of a file in a map of the right form; undefined when there is no such map, or no such file. */
export function entryOf(reply: Reply, file: string): MapEntry | undefined {
  if (reply.kind !== 'value' || mapProblem(reply.value) !== undefined) return undefined;
  const entry = (reply.value as Readonly<Record<string, readonly [unknown, unknown]>>)[file];
  if (entry === undefined) return undefined;
  return { version: wholeNumber(entry[0]) ?? 0, hashList: entry[1] };
}

/** How an answer differs from a map of name to [version, hash list]; undefined when it does not. */
export function mapProblem(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return `is ${inWords(value)}, not a map of name to [version, hash list]`;
  for (const [name, entry] of Object.entries(value)) {
    if (!Array.isArray(entry) || entry.length !== 2)
      return `has ${inWords(entry)} under "${name}", not [version, hash list]`;
    const [version, hashList] = entry as readonly unknown[];
    if (wholeNumber(version) === undefined)
      return `has version ${inWords(version)} under "${name}", not a whole number`;
    if (!Array.isArray(hashList)) return `has ${inWords(hashList)} as the hash list of "${name}", not a list`;
  }
  return undefined;
}

/** As in `True`, `[{}, {}]`, `a fault: notLeader`, `no answer: within 2 s`. */
export function replyText(reply: Reply): string {
  if (reply.kind === 'value') return inWords(reply.value);
  return reply.kind === 'fault' ? `a fault: ${reply.text}` : `no answer: ${reply.text}`;
}

const TEXT_MAX = 160;

/** As a student of Python would read it. */
export function inWords(value: unknown): string {
  const text = pythonText(value);
  return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}...` : text;
}

function pythonText(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(pythonText).join(', ')}]`;
  if (typeof value === 'object') {
    const members = Object.entries(value).map(
      ([name, member]) => `${JSON.stringify(name)}: ${pythonText(member)}`,
    );
    return `{${members.join(', ')}}`;
  }
  return typeof value === 'number' ? String(value) : typeof value;
}
