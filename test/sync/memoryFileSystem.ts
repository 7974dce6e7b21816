import {
  parentOf,
  type FileStat,
  type FileSystem,
  type Journal,
  type NewFile,
  type OpenFile,
} from '../../src/sync/fileSystem.js';

interface Node {
  bytes: Buffer;
  mtimeMs: number;
  mode: number;
  readonly inode: string;
}

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
 * the client there. A step that writes bytes may then have written a part of them.
 */
export class MemoryFileSystem implements FileSystem {
  private readonly names = new Map<string, Node>();
  private readonly directories = new Set<string>(['']);
  private inodes = 0;
  onStep: (step: string) => void | Promise<void> = () => undefined;

  constructor(private readonly nowMs: () => number) {}

  /** What a user does. */
  write(path: string, text: string): void {
    this.addDirectories(parentOf(path));
    this.names.set(path, this.newNode(Buffer.from(text)));
  }

  delete(path: string): void {
    this.names.delete(path);
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
    const node = this.newNode(Buffer.alloc(0));
    this.names.set(path, node);
    return {
      write: (bytes) => this.add(node, bytes, `write ${path}`),
      finish: async () => {
        await this.onStep(`sync ${path}`);
      },
      abandon: () => Promise.resolve(),
    };
  }

  async journal(path: string): Promise<Journal> {
    await this.onStep(`open ${path}`);
    let node = this.names.get(path);
    if (node === undefined) this.names.set(path, (node = this.newNode(Buffer.alloc(0))));
    const there = node;
    return {
      append: (text) => this.add(there, Buffer.from(text), `append ${path}`),
      close: () => Promise.resolve(),
    };
  }

  async rename(from: string, to: string): Promise<void> {
    await this.onStep(`rename ${from} ${to}`);
    const node = this.at(from);
    this.names.delete(from);
    this.names.set(to, node);
  }

  async link(from: string, to: string): Promise<boolean> {
    await this.onStep(`link ${from} ${to}`);
    if (this.names.has(to)) return false;
    this.names.set(to, this.at(from));
    return true;
  }

  async remove(path: string): Promise<void> {
    await this.onStep(`remove ${path}`);
    this.names.delete(path);
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
  }

  async setAttributes(path: string, { mode, mtimeMs }: { mode?: number; mtimeMs?: number }): Promise<void> {
    await this.onStep(`set ${path}`);
    const node = this.at(path);
    if (mode !== undefined) node.mode = mode;
    if (mtimeMs !== undefined) node.mtimeMs = mtimeMs;
  }

  private async add(node: Node, bytes: Uint8Array, step: string): Promise<void> {
    try {
      const waiting = this.onStep(step);
      // Nothing comes between the step and its effect: a torn text is the last one.
      if (waiting !== undefined) await waiting;
    } catch (error) {
      const isTorn = error instanceof Crash && !error.isLate;
      if (isTorn) node.bytes = Buffer.concat([node.bytes, bytes.subarray(0, bytes.length / 2)]);
      throw error;
    }
    node.bytes = Buffer.concat([node.bytes, bytes]);
    node.mtimeMs = this.nowMs();
  }

  private newNode(bytes: Buffer): Node {
    this.inodes += 1;
    return { bytes, mtimeMs: this.nowMs(), mode: 0o644, inode: String(this.inodes) };
  }

  private at(path: string): Node {
    const node = this.names.get(path);
    if (node === undefined) throw Object.assign(new Error(`there is no ${path}`), { code: 'ENOENT' });
    return node;
  }

  private addDirectories(path: string): void {
    for (let at = path; at !== ''; at = parentOf(at)) this.directories.add(at);
  }
}
