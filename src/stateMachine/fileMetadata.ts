import type { ChangeResult, HashList, UpdateFile } from './command.js';
import { bytesOfRecord, bytesOfValue, SizedMap } from './stateBytes.js';
import { recordsFrom, type PartLoader, type StatePart } from './statePart.js';
import { SnapshotError } from './stateMachine.js';

/** The record of a file. Never changed in place: an update makes a new record. */
export interface FileRecord {
  readonly version: number;
  readonly hashList: HashList;
}

/** Names and records, in order of the first update. */
export type FileList = readonly (readonly [string, FileRecord])[];

/**
 * The file map: name -> version and hash list. An update is applied only when its version is exactly one
 * above the stored one (0 for a file never written), checked when the entry is applied; so of two
 * concurrent updates with the same version exactly one succeeds. A deleted file is one with its client's
 * tombstone as hash list: it stays, and keeps counting. Snapshot records are `[name, version, hashList]`.
 */
export class FileMetadata implements StatePart<readonly unknown[]> {
  private files = new SizedMap<FileRecord>(bytesOfFile);
  /** The list since the last change, if somebody asked for it. */
  private listed: FileList | undefined;

  /** Number of files ever written. */
  get size(): number {
    return this.files.size;
  }

  /** The size of all files together, as {@link bytesOfRecord} counts it. */
  get bytes(): number {
    return this.files.bytes;
  }

  /** By how much the update would change {@link bytes}, were it applied now. */
  growthBy({ name, version, hashList }: UpdateFile): number {
    return bytesOfFile(name, { version, hashList }) - this.files.bytesAt(name);
  }

  update({ name, version, hashList }: UpdateFile): ChangeResult {
    if (version !== this.versionOf(name) + 1) return 'refused';
    this.files.set(name, { version, hashList });
    this.listed = undefined;
    return 'applied';
  }

  /** Version of a file, 0 when it was never written. */
  versionOf(name: string): number {
    return this.files.get(name)?.version ?? 0;
  }

  /** The record of a file; undefined when it was never written. */
  recordOf(name: string): FileRecord | undefined {
    return this.files.get(name);
  }

  /** All names, in order of the first update; what changes while they are read may or may not show. */
  names(): IterableIterator<string> {
    return this.files.keys();
  }

  /**
   * All files as they are at this moment, in order of their first update; later updates do not show in it. It is the
   * same object until the next change.
   */
  list(): FileList {
    this.listed ??= [...this.files.entries()];
    return this.listed;
  }

  records(): Iterator<unknown> {
    return recordsFrom(this.files.freeze(), (name, { version, hashList }) => [[name, version, hashList]]);
  }

  load(): PartLoader<readonly unknown[]> {
    const files = new SizedMap<FileRecord>(bytesOfFile);
    return {
      add: (record) => addRecord(files, record),
      install: () => {
        this.files = files;
        this.listed = undefined;
      },
    };
  }
}

function bytesOfFile(name: string, { hashList }: FileRecord): number {
  return bytesOfRecord(name, bytesOfValue(hashList));
}

function addRecord(files: SizedMap<FileRecord>, record: readonly unknown[]): void {
  const [name, version, hashList] = record;
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
