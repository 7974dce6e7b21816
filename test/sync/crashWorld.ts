import { syncFolder, type SyncResult } from '../../src/sync/syncFolder.js';
import { Crash, MemoryFileSystem } from './memoryFileSystem.js';
import { MemoryStore } from './memoryStore.js';

/** Two folders of two machines on one store, and a clock that ticks with every look at it. */
export class CrashWorld {
  readonly store = new MemoryStore();
  private nowMs = Date.UTC(2026, 10, 28, 14, 3);
  readonly a = new MemoryFileSystem(() => this.tick());
  readonly b = new MemoryFileSystem(() => this.tick());
  private ids = 0;

  /** Changes of every kind on both sides, after which both folders and the store differ. */
  async prepare(): Promise<void> {
    for (const name of [
      'same',
      'edited-a',
      'edited-b',
      'both',
      'gone-a',
      'gone-b',
      'gone-a-edited-b',
      'old name',
    ])
      this.a.write(name, `${name}: the first version`);
    await this.sync('a');
    await this.sync('b');
    this.nowMs += 60_000;
    this.b.write('edited-b', 'edited in b');
    this.b.write('both', 'from b');
    this.b.write('gone-a-edited-b', 'still wanted');
    this.b.write('new in b', 'new in b, with more than one block');
    this.b.delete('gone-b');
    await this.sync('b');
    this.nowMs += 60_000;
    this.a.write('edited-a', 'edited in a');
    this.a.write('both', 'from a');
    this.a.write('new in a', 'new in a, with more than one block');
    this.a.write('new name', 'old name: the first version');
    for (const name of ['gone-a', 'gone-a-edited-b', 'old name']) this.a.delete(name);
    this.nowMs += 60_000;
  }

  /** What must be in both folders in the end, whatever happened on the way. */
  static readonly expected = {
    both: 'from b',
    'both (conflict, a, 2026-11-28 14.05, v2)': 'from a',
    'edited-a': 'edited in a',
    'edited-b': 'edited in b',
    'gone-a-edited-b': 'still wanted',
    'new in a': 'new in a, with more than one block',
    'new in b': 'new in b, with more than one block',
    'new name': 'old name: the first version',
    same: 'same: the first version',
  };

  /** @returns the last step, when the client ended there */
  async syncUntil(which: 'a' | 'b', step: number): Promise<string | undefined> {
    let steps = 0;
    let last: string | undefined;
    const onStep = (name: string): void => {
      steps += 1;
      if (steps < step) return;
      const isLate = last !== undefined;
      last ??= name;
      throw new Crash(name, isLate);
    };
    this[which].onStep = onStep;
    this.store.before = onStep;
    // Half of the calls are carried out and then not answered.
    this.store.after = onStep;
    try {
      await this.sync(which);
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    } finally {
      this[which].onStep = () => undefined;
      this.store.before = () => undefined;
      this.store.after = () => undefined;
    }
    return last;
  }

  sync(which: 'a' | 'b'): Promise<SyncResult> {
    return syncFolder({
      files: this[which],
      store: this.store,
      profile: 'classic',
      blockSize: 8,
      host: which,
      allowed: new Set(),
      isDryRun: false,
      isIgnored: () => false,
      trashDays: 30,
      servers: [],
      registry: undefined,
      nowMs: () => this.tick(),
      newId: () => `${which}${(this.ids += 1)}`,
      emit: () => undefined,
      isStopping: () => false,
    });
  }

  private tick(): number {
    return (this.nowMs += 1);
  }
}
