import { constants, lstatSync, type BigIntStats, type Dirent } from 'node:fs';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  codeOf,
  type FileStat,
  type FileSystem,
  type Journal,
  type NewFile,
  type OpenFile,
} from './fileSystem.js';

/** For so long stats may keep the event loop to themselves: the user may want to stop, and the lock must be renewed. */
const TURN_MS = 20;

/** A folder of this machine. */
export class NodeFileSystem implements FileSystem {
  private turnBeganAt = 0;

  constructor(private readonly root: string) {}

  async list(directory: string): Promise<{ name: string; kind: FileStat['kind'] }[]> {
    try {
      const entries = await fs.readdir(this.at(directory), { withFileTypes: true });
      return entries.map((entry) => ({ name: entry.name, kind: kindOf(entry) }));
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return [];
      throw error;
    }
  }

  /** In this thread: to hand a stat to another one takes five times as long as the stat, and a folder has thousands. */
  async stat(path: string): Promise<FileStat | undefined> {
    if (performance.now() - this.turnBeganAt > TURN_MS) {
      await nextTurn();
      this.turnBeganAt = performance.now();
    }
    try {
      const stat = lstatSync(this.at(path), { bigint: true });
      return {
        kind: kindOf(stat),
        size: Number(stat.size),
        mtimeMs: Number(stat.mtimeNs / 1000n) / 1000,
        inode: String(stat.ino),
        mode: Number(stat.mode & 0o777n),
      };
    } catch (error) {
      if (['ENOENT', 'ENOTDIR'].includes(codeOf(error))) return undefined;
      throw error;
    }
  }

  async open(path: string): Promise<OpenFile> {
    const handle = await fs.open(this.at(path), constants.O_RDONLY | constants.O_NOFOLLOW);
    return {
      read: async (offset, length) => {
        const bytes = Buffer.allocUnsafe(length);
        let filled = 0;
        while (filled < length) {
          const { bytesRead } = await handle.read(bytes, filled, length - filled, offset + filled);
          if (bytesRead === 0) break;
          filled += bytesRead;
        }
        return bytes.subarray(0, filled);
      },
      close: () => handle.close(),
    };
  }

  async create(path: string): Promise<NewFile> {
    const handle = await fs.open(this.at(path), 'w');
    return {
      write: (bytes) => handle.writeFile(bytes),
      finish: async () => {
        await handle.sync();
        await handle.close();
      },
      abandon: () => handle.close(),
    };
  }

  async journal(path: string): Promise<Journal> {
    const handle = await fs.open(this.at(path), 'a');
    // Texts that come while another is written are written together, and never into each other.
    let waiting = '';
    let writing: Promise<void> | undefined;
    let next: Promise<void> | undefined;
    const write = async (): Promise<void> => {
      await writing;
      const text = waiting;
      [waiting, next] = ['', undefined];
      writing = handle.appendFile(text);
      await writing;
    };
    return {
      append: (text) => {
        waiting += text;
        return (next ??= write());
      },
      close: async () => {
        await handle.sync();
        await handle.close();
      },
    };
  }

  rename(from: string, to: string): Promise<void> {
    return fs.rename(this.at(from), this.at(to));
  }

  async link(from: string, to: string): Promise<boolean> {
    try {
      await fs.link(this.at(from), this.at(to));
      return true;
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
      if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(codeOf(error))) throw error;
    }
    try {
      await fs.copyFile(this.at(from), this.at(to), constants.COPYFILE_EXCL);
      return true;
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
      throw error;
    }
  }

  async remove(path: string): Promise<void> {
    try {
      await fs.unlink(this.at(path));
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
  }

  async makeDirectory(path: string): Promise<void> {
    await fs.mkdir(this.at(path), { recursive: true });
  }

  async removeDirectory(path: string): Promise<boolean> {
    try {
      await fs.rmdir(this.at(path));
      return true;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return true;
      if (['ENOTEMPTY', 'EEXIST'].includes(codeOf(error))) return false;
      throw error;
    }
  }

  async syncDirectory(path: string): Promise<void> {
    // Windows cannot open a directory, and does not need it.
    if (process.platform === 'win32') return;
    const handle = await fs.open(this.at(path), 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  async setAttributes(path: string, attributes: { mode?: number; mtimeMs?: number }): Promise<void> {
    const { mode, mtimeMs } = attributes;
    if (mode !== undefined) await fs.chmod(this.at(path), mode);
    if (mtimeMs !== undefined) await fs.utimes(this.at(path), mtimeMs / 1000, mtimeMs / 1000);
  }

  private at(path: string): string {
    return join(this.root, path);
  }
}

function kindOf(entry: Dirent | BigIntStats): FileStat['kind'] {
  if (entry.isFile()) return 'file';
  return entry.isDirectory() ? 'directory' : 'other';
}
