/** Separates the monkey's own arguments from those after `--`, which are for its servers. */
export function splitArguments(all: readonly string[]): {
  readonly own: readonly string[];
  readonly serverFlags: readonly string[];
} {
  const place = all.indexOf('--');
  return place === -1
    ? { own: all, serverFlags: [] }
    : { own: all.slice(0, place), serverFlags: all.slice(place + 1) };
}

/** The command that runs it again: what was typed, with the seed that was drawn. */
export function commandLine(own: readonly string[], serverFlags: readonly string[], seed: number): string {
  const hasSeed = own.some((word) => word === '--seed' || word.startsWith('--seed='));
  const words = [
    ...own,
    ...(hasSeed ? [] : ['--seed', String(seed)]),
    ...(serverFlags.length === 0 ? [] : ['--', ...serverFlags]),
  ];
  return ['npm run chaos --', ...words.map(quoted)].join(' ');
}

export function quoted(word: string): string {
  return /^[\w./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
