import { MemoryFileSystem } from '../memoryFileSystem.js';
import type { FileStat } from '../../../src/sync/fileSystem.js';
import type { Prng } from '../../../src/sim/prng.js';

/** Told of what happens to files. */
export interface FolderWatch {
  /** The user has put this text under a name. */
  authored(name: string, text: string): void;
  /** The user has taken this text away from a name, knowing it. */
  released(name: string, text: string): void;
  /** The user did something to the file in the moment between the client's last look at it and its taking it away. */
  missed(name: string, text: string): void;
  /** The client has taken the last name from a file that the user can see, and it is nowhere else in the folder. */
  dropped(name: string, text: string): void;
  /** The client writes these lines of its base, which may be torn. */
  baseWritten(text: string): void;
}

/**
 * The folder of one user and one client, which do not wait for each other. What the user sees can be told apart from what
 * the client keeps for itself.
 */
export class SimFolder extends MemoryFileSystem {
  /** The user's changes since the client's last look at it. */
  private readonly unseen = new Set<string>();
  /** Texts that the client has taken away from the user's eyes, and must keep in the trash. */
  private readonly owed = new Set<string>();

  protected override readonly noteRenamed = (from: string, to: string): void => {
    const replaced = isVisible(to) ? this.names.get(to) : undefined;
    if (replaced !== undefined && replaced !== this.names.get(from)) {
      const text = replaced.bytes.toString();
      // A copy with the same bytes is as good as another name.
      const others = [...this.names].filter(
        ([name, file]) => name !== to && file.bytes.equals(replaced.bytes),
      );
      if (this.unseen.has(to)) this.watch.missed(to, text);
      else if (others.some(([name]) => isTrash(name))) this.owed.add(text);
      else if (!others.some(([name]) => isVisible(name) || name === from)) this.watch.dropped(to, text);
    }
    if (!isVisible(from)) return;
    const text = this.textOf(from);
    if (this.unseen.has(from)) this.watch.missed(from, text);
    if (isTrash(to)) this.owed.add(text);
    else this.watch.dropped(from, text);
  };

  protected override readonly noteWritten = (path: string, text: string): void => {
    if (path === BASE || path === `${BASE}.new`) this.watch.baseWritten(text);
  };

  constructor(
    nowMs: () => number,
    private readonly watch: FolderWatch,
  ) {
    super(nowMs);
  }

  /** The names that the user sees, in order. */
  get userNames(): string[] {
    return [...this.names.keys()].filter(isVisible).sort();
  }

  textOf(name: string): string {
    return this.at(name).bytes.toString();
  }

  has(name: string): boolean {
    return this.names.has(name);
  }

  /** A program writes a new file and gives it this name. */
  save(name: string, text: string): void {
    this.release(name);
    this.write(name, text);
    this.author(name, text);
  }

  /** A program writes into the file itself, which an interrupted client may have left under two names. */
  overwrite(name: string, text: string): void {
    const file = this.at(name);
    const names = this.userNames.filter((each) => this.names.get(each) === file);
    for (const each of names) this.release(each);
    file.bytes = Buffer.from(text);
    file.durableBytes = file.bytes.length;
    file.mtimeMs = this.nowMs();
    for (const each of names) this.author(each, text);
  }

  discard(name: string): void {
    this.release(name);
    this.delete(name);
    this.unseen.add(name);
  }

  /** Gives a file another name, which nothing has. */
  move(from: string, to: string): void {
    const file = this.at(from);
    this.release(from);
    this.change([
      [from, undefined],
      [to, file],
    ]);
    this.makeDurable('');
    this.unseen.add(from);
    this.author(to, file.bytes.toString());
  }

  override async stat(path: string): Promise<FileStat | undefined> {
    const stat = await super.stat(path);
    this.unseen.delete(path);
    return stat;
  }

  override async remove(path: string): Promise<void> {
    await super.remove(path);
    if (isVisible(path)) this.watch.dropped(path, 'removed by the client');
  }

  /** @returns the texts that were to be kept and are not */
  missing(): string[] {
    const kept = new Set(this.all().values());
    return [...this.owed].filter((text) => !kept.has(text));
  }

  failPower(random: Prng): void {
    this.losePower(
      () => random.chance(0.5),
      (least, most) => random.between(least, most),
    );
  }

  private author(name: string, text: string): void {
    this.unseen.add(name);
    this.watch.authored(name, text);
  }

  private release(name: string): void {
    if (this.has(name)) this.watch.released(name, this.textOf(name));
  }
}

const BASE = '.surfstore/base';

function isVisible(name: string): boolean {
  return !name.startsWith('.') && name !== 'index.txt';
}

function isTrash(name: string): boolean {
  return name.startsWith('.surfstore/trash/');
}
