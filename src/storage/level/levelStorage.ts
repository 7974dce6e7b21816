import type { ClassicLevel } from 'classic-level';
import type { StorageBatch } from '../../raft/output.js';
import type { Snapshot } from '../../raft/types.js';
import { Garbage, type KeyRange } from './garbage.js';
import { Ledger } from './ledger.js';
import { openLevel, readAllNow, type LevelOptions, type OpenLevel } from './levelOpening.js';
import { LevelWriter } from './levelWriter.js';
import type { StorageIdentity } from './levelRecord.js';
import { Stagings } from './stagings.js';
import { nothingStored, type Storage, type StoredState } from '../storage.js';
import { StorageError, storageErrorOf } from '../storageError.js';
import { TermRuns } from './termRuns.js';
import { WriteQueue, type Group } from './writeQueue.js';

/**
 * Keeps everything in a directory, in a LevelDB: survives the end of the process and of the machine.
 *
 * While one group of batches is synced, all that is handed over gathers for the next one: one sync for all of it. Each
 * group ends with the one record that says what counts, so a truncation or a compaction costs that record; what counts for
 * nothing any more is deleted between groups, never while one is written.
 */
export class LevelStorage implements Storage {
  /** Nothing was ever written to the directory: whatever this server knew before, it knows no more. */
  readonly isFresh: boolean;
  private readonly db: ClassicLevel;
  private readonly writer: LevelWriter;
  private readonly ledger: Ledger;
  private readonly queue: WriteQueue;
  private readonly garbage = new Garbage();
  private readonly loads = new Set<Promise<void>>();
  /** What was read when it was opened, until it is loaded or written to. */
  private asOpened: StoredState | null;
  private failure: StorageError | null = null;
  private running: Promise<void> = Promise.resolve();
  private isRunning = false;
  private closing: Promise<void> | null = null;

  private constructor(
    private readonly directory: string,
    { db, highwater, reading: { meta, stored }, nextSnapshotId }: OpenLevel,
  ) {
    this.isFresh = meta.generation === 0;
    this.asOpened = stored;
    this.db = db;
    this.writer = new LevelWriter(db, highwater, meta);
    this.ledger = new Ledger(meta, TermRuns.after(meta.before).append(stored.entries));
    this.queue = new WriteQueue(new Stagings(nextSnapshotId));
  }

  /**
   * Opens a data directory, or makes one, and verifies all that it holds.
   * @throws StorageError
   */
  static async open(
    directory: string,
    identity: StorageIdentity,
    options: LevelOptions = {},
  ): Promise<LevelStorage> {
    try {
      return new LevelStorage(directory, await openLevel(directory, identity, options));
    } catch (error) {
      throw storageErrorOf(directory, 'open', error);
    }
  }

  /** @throws when the batch does not fit what was handed over before: a mistake of the caller */
  persist(batch: StorageBatch, done: (error: Error | null) => void): void {
    if (this.refuses(done)) return;
    this.asOpened = null;
    this.queue.addBatch({ change: this.ledger.apply(batch), done });
    this.wake();
  }

  stage(snapshot: Snapshot, done: (error: Error | null) => void): void {
    if (this.refuses(done)) return;
    this.queue.addSnapshot(snapshot, done);
    this.wake();
  }

  load(done: (error: Error | null, stored: StoredState) => void): void {
    if (this.refuses((error) => done(error, nothingStored))) return;
    const { asOpened } = this;
    this.asOpened = null;
    if (asOpened === null) {
      this.queue.addLoad(done);
      this.wake();
    } else queueMicrotask(() => done(null, asOpened));
  }

  close(done: (error?: Error) => void): void {
    this.closing ??= this.shutDown();
    this.closing.then(
      () => done(),
      (error: unknown) => done(storageErrorOf(this.directory, 'close', error)),
    );
  }

  /** Once failed, always failed; `done` hears it after all who waited when it failed. */
  private refuses(done: (error: Error | null) => void): boolean {
    const { failure } = this;
    if (failure !== null) queueMicrotask(() => done(failure));
    return failure !== null;
  }

  private wake(): void {
    if (this.isRunning) return;
    this.isRunning = true;
    this.running = this.run();
  }

  /** Works until there is nothing left to do. */
  private async run(): Promise<void> {
    // All that is handed over in this turn goes into one group.
    await Promise.resolve();
    for (;;) {
      for (const done of this.queue.takeLoads()) this.startLoad(done);
      const group = this.queue.takeGroup();
      if (group !== null) await this.writeGroup(group);
      const slice = this.failure === null ? this.garbage.take() : undefined;
      if (slice !== undefined) await this.clear(slice);
      if (group === null && slice === undefined) break;
    }
    this.isRunning = false;
  }

  private async writeGroup(group: Group): Promise<void> {
    try {
      await this.writer.write(group.puts, group.standing);
    } catch (error) {
      this.fail('write to', error);
    }
    for (const { dropped, replaced } of group.changes) {
      if (dropped !== null) this.garbage.addEntries(dropped.first, dropped.last);
      for (const snapshot of replaced) this.garbage.addSnapshot(snapshot);
    }
    for (const { record } of group.staged) this.ledger.addStaged(record);
    for (const done of group.dones) done(this.failure);
    this.refuseWaiting();
  }

  private async clear(slice: KeyRange): Promise<void> {
    try {
      await this.writer.clear(slice);
    } catch (error) {
      this.fail('delete from', error);
      this.refuseWaiting();
    }
  }

  /** Reads while later groups are written: what is in the database now is what the load is to give. */
  private startLoad(done: (error: Error | null, stored: StoredState) => void): void {
    const load = readAllNow(this.db).then(
      ({ stored }) => done(this.failure, this.failure === null ? stored : nothingStored),
      (error: unknown) => {
        this.fail('read', error);
        done(this.failure, nothingStored);
        if (!this.isRunning) this.refuseWaiting();
      },
    );
    this.loads.add(load);
    void load.finally(() => this.loads.delete(load));
  }

  private fail(doing: string, error: unknown): void {
    this.failure ??= storageErrorOf(this.directory, doing, error);
  }

  private refuseWaiting(): void {
    if (this.failure === null) return;
    for (const done of this.queue.abandon()) done(this.failure);
  }

  private async shutDown(): Promise<void> {
    while (this.isRunning || this.loads.size > 0) await Promise.all([this.running, ...this.loads]);
    this.failure ??= new StorageError('io', `The data directory ${this.directory} is closed.`);
    await this.writer.close();
  }
}
