import type { FileSystem } from './fileSystem.js';
import { parentOf } from './fileSystem.js';
import { OWN_FOLDER } from './names.js';

const TRASH_FOLDER = `${OWN_FOLDER}/trash`;
const DAY_MS = 86_400_000;

/** Where files go that the client replaces or deletes: `.surfstore/trash/2026-11-28/NAME`. */
export class Trash {
  constructor(
    private readonly files: FileSystem,
    private readonly nowMs: () => number,
  ) {}

  /** Gives the file a second name in the trash, so that nothing can be lost by replacing it. */
  async keep(name: string): Promise<void> {
    await this.put(name, (path) => this.files.link(name, path));
  }

  /** Moves the file there. */
  async take(name: string): Promise<void> {
    await this.put(name, async (path) => {
      if ((await this.files.stat(path)) !== undefined) return false;
      await this.files.rename(name, path);
      return true;
    });
    await this.files.syncDirectory(parentOf(name));
  }

  /** Deletes what has been here for more than so many days. */
  async prune(days: number): Promise<void> {
    const last = this.dayOf(this.nowMs() - days * DAY_MS);
    for (const { name, kind } of await this.files.list(TRASH_FOLDER))
      if (kind === 'directory' && /^\d{4}-\d\d-\d\d$/.test(name) && name < last)
        await this.removeAll(`${TRASH_FOLDER}/${name}`);
  }

  private async put(name: string, place: (path: string) => Promise<boolean>): Promise<void> {
    const path = `${TRASH_FOLDER}/${this.dayOf(this.nowMs())}/${name}`;
    await this.files.makeDirectory(parentOf(path));
    for (let count = 1; ; count += 1) {
      if (await place(count === 1 ? path : `${path}.${count}`)) break;
    }
    // Not every file system makes this name durable before the change of the folder that follows.
    await this.files.syncDirectory(parentOf(path));
  }

  private async removeAll(directory: string): Promise<void> {
    for (const { name, kind } of await this.files.list(directory)) {
      const path = `${directory}/${name}`;
      if (kind === 'directory') await this.removeAll(path);
      else await this.files.remove(path);
    }
    await this.files.removeDirectory(directory);
  }

  private dayOf(ms: number): string {
    return new Date(ms).toISOString().slice(0, 10);
  }
}
