import {
  parentOf,
  type FileStat,
  type FileSystem,
  type Journal,
  type NewFile,
  type OpenFile,
} from '../../src/sync/fileSystem.js';

/** A file, under whatever names. */
export interface MemoryFile {
  bytes: Buffer;
  /** So many of its bytes survive a loss of power. */
  durableBytes: number;
  mtimeMs: number;
  mode: number;
  readonly inode: string;
}

/** A change of names that happens as a whole; undefined: there is nothing under this name any more. */
type NameChange = readonly (readonly [path: string, file: MemoryFile | undefined])[];

/** The client's process has ended here. */
export class Crash extends Error {
  override readonly name = 'Crash';

  /** @param isLate the client had ended before: this step does nothing at all */
  constructor(
    message: string,
    readonly isLate: boolean,
  ) {
    super(message);
  }
}

/**
 * A folder in memory. Every step can be the last one: `onStep` is called before each, and throws a {@link Crash} to end
 * the client there. A step that writes bytes may then have written a part of them. Bytes and names that were not synced
 * may be gone after a loss of power; directories, and what the user does, are durable at once.
 */
export class MemoryFileSystem implements FileSystem {
  protected readonly names = new Map<string, MemoryFile>();
  private readonly durableNames = new Map<string, MemoryFile>();
  /** Changes of names that no sync of a directory has made durable yet. */
  private unsynced: NameChange[] = [];
  private readonly directories = new Set<string>(['']);
  private inodes = 0;
  onStep: (step: string) => void | Promise<void> = () => undefined;
  /** Told of a rename before it happens. */
  protected readonly noteRenamed: (from: string, to: string) => void = () => undefined;
  /** Told of bytes that were added to a file. */
  protected readonly noteWritten: (path: string, text: string) => void = () => undefined;

  constructor(protected readonly nowMs: () => number) {}

  /** What a user does. */
  write(path: string, text: string): void {
    this.addDirectories(parentOf(path));
    const file = this.newFile(Buffer.from(text));
    file.durableBytes = file.bytes.length;
    this.change([[path, file]]);
    this.makeDurable(parentOf(path));
  }

  delete(path: string): void {
    this.change([[path, undefined]]);
    this.makeDurable(parentOf(path));
  }

  /**
   * The power fails: of what was not synced only a part is left.
   *
   * @param survives asked for each change of names
   * @param bytesOf a number from the first to the second, of the bytes that are left of a file
   */
  losePower(survives: () => boolean, bytesOf: (least: number, most: number) => number): void {
    for (const change of this.unsynced) if (survives()) apply(this.durableNames, change);
    this.unsynced = [];
    this.names.clear();
    for (const [path, file] of this.durableNames) this.names.set(path, file);
    for (const file of new Set(this.names.values())) {
      file.bytes = file.bytes.subarray(0, bytesOf(file.durableBytes, file.bytes.length));
      file.durableBytes = file.bytes.length;
    }
  }

  /** All files with their texts. */
  all(): Map<string, string> {
    return new Map([...this.names].map(([name, { bytes }]) => [name, bytes.toString()]));
  }

  /** The files that a user sees. */
  visible(): Record<string, string> {
    const seen = [...this.all()].filter(([name]) => !name.startsWith('.') && name !== 'index.txt');
    return Object.fromEntries(seen.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  async list(directory: string): Promise<{ name: string; kind: FileStat['kind'] }[]> {
    await this.onStep(`list ${directory}`);
    const inIt = (path: string): boolean => path !== '' && parentOf(path) === directory;
    const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
    return [
      ...[...this.names.keys()].filter(inIt).map((path) => ({ name: nameOf(path), kind: 'file' as const })),
      ...[...this.directories]
        .filter(inIt)
        .map((path) => ({ name: nameOf(path), kind: 'directory' as const })),
    ];
  }

  async stat(path: string): Promise<FileStat | undefined> {
    await this.onStep(`stat ${path}`);
    const node = this.names.get(path);
    if (node === undefined)
      return this.directories.has(path)
        ? { kind: 'directory', size: 0, mtimeMs: 0, inode: path, mode: 0o755 }
        : undefined;
    const { bytes, mtimeMs, inode, mode } = node;
    return { kind: 'file', size: bytes.length, mtimeMs, inode, mode };
  }

  async open(path: string): Promise<OpenFile> {
    await this.onStep(`open ${path}`);
    const node = this.at(path);
    return {
      read: async (offset, length) => {
        await this.onStep(`read ${path}`);
        return Buffer.from(node.bytes.subarray(offset, offset + length));
      },
      close: () => Promise.resolve(),
    };
  }

  async create(path: string): Promise<NewFile> {
    await this.onStep(`create ${path}`);
    const file = this.newFile(Buffer.alloc(0));
    this.change([[path, file]]);
    return {
      write: (bytes) => this.add(path, file, bytes, `write ${path}`),
      finish: () => this.sync(path, file),
      abandon: () => Promise.resolve(),
    };
  }

  async journal(path: string): Promise<Journal> {
    await this.onStep(`open ${path}`);
    const file = this.names.get(path) ?? this.newFile(Buffer.alloc(0));
    if (!this.names.has(path)) this.change([[path, file]]);
    return {
      append: (text) => this.add(path, file, Buffer.from(text), `append ${path}`),
      close: () => this.sync(path, file),
    };
  }

  async rename(from: string, to: string): Promise<void> {
    await this.onStep(`rename ${from} ${to}`);
    const file = this.at(from);
    this.noteRenamed(from, to);
    const replacement: NameChange = [
      [from, undefined],
      [to, file],
    ];
    this.change(replacement);
  }

  async link(from: string, to: string): Promise<boolean> {
    await this.onStep(`link ${from} ${to}`);
    if (this.names.has(to)) return false;
    this.change([[to, this.at(from)]]);
    return true;
  }

  async remove(path: string): Promise<void> {
    await this.onStep(`remove ${path}`);
    this.change([[path, undefined]]);
  }

  async makeDirectory(path: string): Promise<void> {
    await this.onStep(`mkdir ${path}`);
    this.addDirectories(path);
  }

  async removeDirectory(path: string): Promise<boolean> {
    await this.onStep(`rmdir ${path}`);
    const isEmpty = ![...this.names.keys(), ...this.directories].some(
      (other) => parentOf(other) === path && other !== '',
    );
    if (isEmpty) this.directories.delete(path);
    return isEmpty;
  }

  async syncDirectory(path: string): Promise<void> {
    await this.onStep(`syncdir ${path}`);
    this.makeDurable(path);
  }

  async setAttributes(path: string, { mode, mtimeMs }: { mode?: number; mtimeMs?: number }): Promise<void> {
    await this.onStep(`set ${path}`);
    const node = this.at(path);
    if (mode !== undefined) node.mode = mode;
    if (mtimeMs !== undefined) node.mtimeMs = mtimeMs;
  }

  protected at(path: string): MemoryFile {
    const file = this.names.get(path);
    if (file === undefined) throw Object.assign(new Error(`there is no ${path}`), { code: 'ENOENT' });
    return file;
  }

  protected change(change: NameChange): void {
    apply(this.names, change);
    this.unsynced.push(change);
  }

  protected makeDurable(directory: string): void {
    const isIn = (change: NameChange): boolean => change.some(([path]) => parentOf(path) === directory);
    for (const change of this.unsynced) if (isIn(change)) apply(this.durableNames, change);
    this.unsynced = this.unsynced.filter((change) => !isIn(change));
  }

  private async sync(path: string, file: MemoryFile): Promise<void> {
    await this.onStep(`sync ${path}`);
    file.durableBytes = file.bytes.length;
  }

  private async add(path: string, file: MemoryFile, bytes: Uint8Array, step: string): Promise<void> {
    try {
      const waiting = this.onStep(step);
      // Nothing comes between the step and its effect: a torn text is the last one.
      if (waiting !== undefined) await waiting;
    } catch (error) {
      const isTorn = error instanceof Crash && !error.isLate;
      if (isTorn) file.bytes = Buffer.concat([file.bytes, bytes.subarray(0, bytes.length / 2)]);
      throw error;
    }
    file.bytes = Buffer.concat([file.bytes, bytes]);
    file.mtimeMs = this.nowMs();
    this.noteWritten(path, Buffer.from(bytes).toString());
  }

  private newFile(bytes: Buffer): MemoryFile {
    this.inodes += 1;
    return { bytes, durableBytes: 0, mtimeMs: this.nowMs(), mode: 0o644, inode: String(this.inodes) };
  }

  private addDirectories(path: string): void {
    for (let at = path; at !== ''; at = parentOf(at)) this.directories.add(at);
  }
}

function apply(names: Map<string, MemoryFile>, change: NameChange): void {
  for (const [path, file] of change)
    if (file === undefined) names.delete(path);
    else names.set(path, file);
}
