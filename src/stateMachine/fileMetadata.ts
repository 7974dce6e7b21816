import type { Entry } from '../raft/types.js';
import { ChunkReader, recordsOf } from './chunks.js';
import { CopyOnWriteMap, type FrozenView } from './copyOnWriteMap.js';
import {
  SnapshotError,
  type SnapshotLoader,
  type SnapshotReader,
  type StateMachine,
} from './stateMachine.js';

/**
 * A hash list, kept exactly as the client sent it: opaque to us. Types that JSON lacks are tagged objects;
 * `base64` and `i8` hold text, `struct` the members in order.
 */
export type HashList =
  | string
  | number
  | boolean
  | readonly HashList[]
  | { readonly base64: string }
  | { readonly i8: string }
  | { readonly struct: readonly (readonly [string, HashList])[] };

/** What is known of a file. Never changed in place: an update makes a new record. */
export interface FileRecord {
  readonly version: number;
  readonly hashList: HashList;
}

interface UpdateFile {
  readonly type: 'updateFile';
  readonly name: string;
  readonly version: number;
  readonly hashList: HashList;
}

/** The command that updates a file, as text for the log. */
export function encodeUpdateFile(name: string, version: number, hashList: HashList): string {
  const command: UpdateFile = { type: 'updateFile', name, version, hashList };
  return JSON.stringify(command);
}

/**
 * The file map: name -> version and hash list. An update is applied only when its version is exactly one
 * above the stored one (0 for a file never written), checked when the entry is applied; so of two
 * concurrent updates with the same version exactly one succeeds. A deleted file is one with its client's
 * tombstone as hash list: it stays, and keeps counting.
 */
export class FileMetadata implements StateMachine<boolean> {
  private files = new CopyOnWriteMap<FileRecord>();
  private applied = 0;

  get lastApplied(): number {
    return this.applied;
  }

  /** Number of files ever written. */
  get size(): number {
    return this.files.size;
  }

  /** Whether the entry's update took effect; false for an entry that is none of ours. */
  apply(entry: Entry): boolean {
    this.applied = entry.index;
    if (entry.kind === 'noop') return false;
    const command = decode(entry.command);
    return command !== undefined && this.update(command);
  }

  /** Version of a file, 0 when it was never written. */
  versionOf(name: string): number {
    return this.files.get(name)?.version ?? 0;
  }

  /** All files as they are at this moment, in order of their first update; later updates do not show in it. */
  list(): (readonly [string, FileRecord])[] {
    return [...this.files.entries()];
  }

  /** Records are `[name, version, hashList]`, in order of the files' first updates. */
  snapshot(chunkChars: number): SnapshotReader {
    return new ChunkReader(recordsFrom(this.files.freeze()), chunkChars);
  }

  load(): SnapshotLoader {
    const files = new CopyOnWriteMap<FileRecord>();
    return {
      add: (chunk) => {
        for (const record of recordsOf(chunk)) addRecord(files, record);
      },
      install: (lastApplied) => {
        this.files = files;
        this.applied = lastApplied;
      },
    };
  }

  private update({ name, version, hashList }: UpdateFile): boolean {
    if (version !== this.versionOf(name) + 1) return false;
    this.files.set(name, { version, hashList });
    return true;
  }
}

/** No generator: one that was never begun would not release its view when it is ended early. */
function recordsFrom(view: FrozenView<FileRecord>): Iterator<unknown> {
  return {
    next: () => {
      const step = view.next();
      if (step.done === true) return step;
      const [name, { version, hashList }] = step.value;
      return { done: false, value: [name, version, hashList] };
    },
    return: () => {
      view.release();
      return { done: true, value: undefined };
    },
  };
}

function addRecord(files: CopyOnWriteMap<FileRecord>, record: unknown): void {
  const [name, version, hashList] = Array.isArray(record) ? (record as readonly unknown[]) : [];
  const isFile =
    typeof name === 'string' &&
    Number.isSafeInteger(version) &&
    hashList !== undefined &&
    hashList !== null &&
    files.get(name) === undefined;
  if (!isFile)
    throw new SnapshotError('a record of the snapshot is no file, or a file that is there already');
  files.set(name, { version: version as number, hashList: hashList as HashList });
}

function decode(text: string): UpdateFile | undefined {
  try {
    const command = JSON.parse(text) as Partial<Record<keyof UpdateFile, unknown>> | null;
    const isUpdate =
      command?.type === 'updateFile' &&
      typeof command.name === 'string' &&
      Number.isSafeInteger(command.version) &&
      command.hashList !== undefined &&
      command.hashList !== null;
    return isUpdate ? (command as UpdateFile) : undefined;
  } catch {
    return undefined;
  }
}
