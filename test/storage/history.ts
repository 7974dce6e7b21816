import type { Entry } from '../../src/raft/types.js';
import type { Prng } from '../../src/sim/prng.js';
import { LogStorage } from '../../src/storage/logStorage.js';
import { MemoryStorage } from '../../src/storage/memoryStorage.js';
import type { StoredState } from '../../src/storage/storage.js';
import type { StorageBatch } from '../../src/raft/output.js';
import { BatchWriter, close, load, persist, snapshotUpTo, stage } from './batchWriter.js';
import { identity } from './dataDirectories.js';

/** A few hundred kilobytes make several segments. */
const sizes = { first: 16 * 1024, max: 64 * 1024 };

/**
 * A life of a server's storage: appends, truncations at new terms, compactions, elections. Every batch also goes to a
 * `MemoryStorage`, which knows what must be found later.
 */
export class History {
  private readonly memory = new MemoryStorage();
  private readonly planned = new BatchWriter(this.memory);
  private term = 1;

  constructor(private readonly random: Prng) {}

  /** Opens the directory, writes `steps` batches and closes it. */
  async write(directory: string, steps: number): Promise<void> {
    const storage = await LogStorage.open(directory, identity, sizes);
    let last: Promise<void> = Promise.resolve();
    for (let step = 1; step <= steps; step += 1) {
      last = this.persist(storage, this.drawBatch());
      if (this.random.chance(0.2)) await last;
      if (step % 400 === 0) {
        await last;
        await this.compact(storage);
      }
    }
    await last;
    await close(storage);
  }

  /** The state that must be found after the last batch. */
  state(): Promise<StoredState> {
    return load(this.memory);
  }

  /** One more batch, and what must be found after it. */
  async step(storage: LogStorage): Promise<StoredState> {
    await this.persist(storage, this.drawBatch());
    return this.state();
  }

  private async persist(storage: LogStorage, batch: StorageBatch): Promise<void> {
    await persist(this.memory, batch);
    await persist(storage, batch);
  }

  private drawBatch(): StorageBatch {
    const { random, planned } = this;
    const baseIndex = planned.base.index;
    if (random.chance(0.05)) {
      this.term += 1;
      const lastKept = random.between(Math.max(baseIndex, planned.last.index - 20), planned.last.index);
      const hardState = { term: this.term, votedFor: random.between(0, 2) };
      return planned.batch({ hardState, truncateFrom: lastKept + 1, appended: this.draw(lastKept + 1) });
    }
    return planned.batch({ appended: this.draw(planned.last.index + 1) });
  }

  private draw(firstIndex: number): Entry[] {
    const count = this.random.between(0, 5);
    return Array.from({ length: count }, (_, k) => ({
      term: this.term,
      index: firstIndex + k,
      kind: 'command',
      command: Array.from({ length: 8 }, () => this.random.next().toString(36)).join(' '),
    }));
  }

  /** A snapshot somewhere in the newer half of the log; the log is cut a little before it. */
  private async compact(storage: LogStorage): Promise<void> {
    const { entries } = await this.state();
    const end = entries[this.random.between(Math.floor(entries.length / 2), entries.length - 10)];
    if (end === undefined) throw new Error('the log is too short');
    const cut = entries[entries.indexOf(end) - this.random.between(0, 5)] ?? end;
    const snapshot = snapshotUpTo(end.term, end.index, 300);
    await stage(this.memory, snapshot);
    await stage(storage, snapshot);
    const compactTo = { term: cut.term, index: cut.index };
    await this.persist(storage, this.planned.batch({ snapshot: snapshot.last, compactTo }));
  }
}
