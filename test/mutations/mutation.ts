/** One replacement in a source file; `find` must occur there exactly once. */
export interface Edit {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** A bug put back: what is wrong with it in a few words, where it was seen, and the edits that make it. */
export interface Mutation {
  readonly id: string;
  readonly title: string;
  readonly source: string;
  readonly edits: readonly Edit[];
}

/** The sources have moved on: a mutation must be written anew, or the run would prove nothing. */
export class OutdatedMutation extends Error {
  override readonly name = 'OutdatedMutation';
}

/**
 * The files that a mutation changes, with their new text. Edits of one file build on each other.
 *
 * @param read gives the text of a source file by its path from the root
 * @throws OutdatedMutation when an edit does not apply exactly once
 */
export function mutate(mutation: Mutation, read: (file: string) => string): Map<string, string> {
  const changed = new Map<string, string>();
  for (const { file, find, replace } of mutation.edits) {
    const text = changed.get(file) ?? read(file);
    const parts = text.split(find);
    const [before, after] = parts;
    if (before === undefined || after === undefined || parts.length !== 2 || find === replace) {
      const times = parts.length - 1;
      throw new OutdatedMutation(
        `mutation ${mutation.id} no longer applies: in ${file} its text occurs ${times} times, not once:\n${find}`,
      );
    }
    changed.set(file, before + replace + after);
  }
  return changed;
}
