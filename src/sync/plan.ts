import { conflictName } from './conflictName.js';

/** The hashes of a file's blocks, in order; none for an empty file. */
export type Content = readonly string[];

/** A file in the folder. */
export interface LocalFile {
  readonly content: Content;
  /** When it was last changed; a conflict copy carries it in its name. */
  readonly mtimeMs: number;
}

/** A file in the store; content null: deleted. */
export interface RemoteFile {
  readonly version: number;
  readonly content: Content | null;
}

/** A file as folder and store had it when both last agreed. */
export type BaseFile = RemoteFile;

/** The three trees, by file name. */
export interface Trees {
  readonly local: ReadonlyMap<string, LocalFile>;
  readonly remote: ReadonlyMap<string, RemoteFile>;
  readonly base: ReadonlyMap<string, BaseFile>;
}

/**
 * One thing to do for one file. Each can be done by itself, in any order, and any of them may be left undone: the next
 * plan has what is missing. `version` is the version of the file in the store afterwards. `replaces` is what the folder
 * must still have at this moment; otherwise the operation is left to the next plan.
 */
export type SyncOperation =
  /** Both sides agree already; only the base does not know. */
  | {
      readonly kind: 'adopt';
      readonly name: string;
      readonly version: number;
      readonly content: Content | null;
    }
  | { readonly kind: 'upload'; readonly name: string; readonly version: number; readonly content: Content }
  | {
      readonly kind: 'download';
      readonly name: string;
      readonly version: number;
      readonly content: Content;
      readonly replaces: Content | null;
    }
  /** Both sides changed: the folder's file goes to `copy`, and the store's takes its name. */
  | {
      readonly kind: 'conflict';
      readonly name: string;
      readonly version: number;
      readonly content: Content;
      readonly replaces: Content;
      readonly copy: string;
    }
  | { readonly kind: 'deleteRemote'; readonly name: string; readonly version: number }
  | {
      readonly kind: 'deleteLocal';
      readonly name: string;
      readonly version: number;
      readonly replaces: Content;
    };

/** How plans are made. */
interface PlanOptions {
  /** The name of this machine, for the names of conflict copies. */
  readonly host: string;
}

/** Operations that make bytes available come before those that take them away. */
const order: readonly SyncOperation['kind'][] = [
  'adopt',
  'upload',
  'download',
  'conflict',
  'deleteRemote',
  'deleteLocal',
];

/**
 * The operations after which folder, store and base are equal, unless somebody changes something meanwhile. A change
 * on one side goes to the other. Of two different changes the store's keeps the name and the folder's becomes a
 * conflict copy, but an edit wins over a deletion. A file without a base is new on the side that has it, so a lost base
 * makes the union of both sides and deletes nothing.
 */
export function plan(trees: Trees, options: PlanOptions): SyncOperation[] {
  const names = new Set([...trees.local.keys(), ...trees.remote.keys(), ...trees.base.keys()]);
  const copies = new Copies(trees, options.host);
  const operations: SyncOperation[] = [];
  for (const name of [...names].sort()) {
    const operation = operationFor(name, trees, copies);
    if (operation !== undefined) operations.push(operation);
  }
  return operations.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
}

const nowhere: RemoteFile = { version: 0, content: null };

function operationFor(name: string, trees: Trees, copies: Copies): SyncOperation | undefined {
  const file = trees.local.get(name);
  const local = file?.content ?? null;
  const { version, content } = trees.remote.get(name) ?? nowhere;
  const base = trees.base.get(name) ?? nowhere;
  if (isSame(local, content)) {
    const isKnown = base.version === version && isSame(base.content, content);
    return isKnown ? undefined : { kind: 'adopt', name, version, content };
  }
  const isStoreUnchanged = isSame(content, base.content);
  if (local === null) {
    // The folder's deletion counts only against what it has seen.
    if (isStoreUnchanged) return { kind: 'deleteRemote', name, version: version + 1 };
    return content === null ? undefined : { kind: 'download', name, version, content, replaces: null };
  }
  if (isSame(local, base.content)) {
    return content === null
      ? { kind: 'deleteLocal', name, version, replaces: local }
      : { kind: 'download', name, version, content, replaces: local };
  }
  if (isStoreUnchanged || content === null)
    return { kind: 'upload', name, version: version + 1, content: local };
  const copy = copies.nameFor(name, { content: local, mtimeMs: file?.mtimeMs ?? 0 }, base.version + 1);
  return { kind: 'conflict', name, version, content, replaces: local, copy };
}

/** Names for conflict copies, none of which is that of another file. */
class Copies {
  private readonly given = new Set<string>();

  constructor(
    private readonly trees: Trees,
    private readonly host: string,
  ) {}

  nameFor(name: string, file: LocalFile, version: number): string {
    for (let count = 1; ; count += 1) {
      const copy = conflictName(name, { host: this.host, atMs: file.mtimeMs, version, count });
      if (!this.given.has(copy) && this.isFree(copy, file.content)) {
        this.given.add(copy);
        return copy;
      }
    }
  }

  /** The copy of an earlier attempt that was interrupted is as good as a new one. */
  private isFree(copy: string, content: Content): boolean {
    const { local, remote } = this.trees;
    const there = local.get(copy)?.content ?? null;
    const stored = remote.get(copy)?.content ?? null;
    return (there === null || isSame(there, content)) && (stored === null || isSame(stored, content));
  }
}

/** Whether two files have the same blocks; null stands for no file. */
export function isSame(a: Content | null, b: Content | null): boolean {
  if (a === null || b === null) return a === b;
  return a === b || (a.length === b.length && a.every((hash, index) => hash === b[index]));
}
