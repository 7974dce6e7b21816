import type { StorageBatch } from '../raft/output.js';
import type { Snapshot } from '../raft/types.js';
import { AcknowledgedFile } from './acknowledgedFile.js';
import {
  acknowledgedPathOf,
  drawLogId,
  prepareDirectory,
  readOwner,
  syncDirectory,
  writeOwner,
  type DirectoryOwner,
  DirectoryLock,
} from './directory.js';
import { MetaTracker, type LogChange, type LogMeta, TermRuns } from './logMeta.js';
import { GroupEncoder, seedOf } from './records.js';
import { readLog, type RecoveredLog } from './recovery.js';
import {
  deleteSegment,
  Segment,
  SEGMENT_SIZES,
  SegmentWriter,
  segmentsOf,
  type SegmentSizes,
} from './segments.js';
import {
  deleteOtherSnapshots,
  openSnapshot,
  writeSnapshot,
  type SnapshotFile,
  type SnapshotRecord,
} from './snapshotFiles.js';
import {
  nothingStored,
  type Storage,
  type StoredState,
  Damage,
  StorageError,
  storageErrorOf,
} from './storage.js';

type Done = (error: Error | null) => void;
type LoadDone = (error: Error | null, stored: StoredState) => void;
type StageDone = (error: Error | null, staged: Snapshot) => void;

/** A batch or a load that was handed over, and whose turn has not come. */
type Waiting = { readonly change: LogChange; readonly done: Done } | { readonly load: LoadDone };

/** The parts of an open directory. */
interface OpenDirectory {
  readonly lock: DirectoryLock;
  readonly logId: string;
  readonly acknowledged: AcknowledgedFile;
  readonly reading: RecoveredLog;
  readonly writer: SegmentWriter;
  readonly snapshot: SnapshotFile | null;
  readonly lastSnapshotId: number;
}

/**
 * Keeps everything in a directory: survives the end of the process and of the machine.
 *
 * While one group of batches is synced, batches handed over gather for the next group, which takes one write and one
 * sync. Snapshots are files of their own, written at the same time. Obsolete segments and snapshots are deleted between
 * groups.
 */
export class LogStorage implements Storage {
  /** Whether nothing was ever written to the directory: the server has lost any earlier state. */
  readonly isFresh: boolean;
  private readonly logId: string;
  private readonly lock: DirectoryLock;
  private readonly acknowledged: AcknowledgedFile;
  private readonly writer: SegmentWriter;
  private readonly tracker: MetaTracker;
  private readonly encoder = new GroupEncoder();
  /** The metadata according to the durable groups. */
  private meta: LogMeta;
  private groups: number;
  /** All segments but those prepared, in order, with the highest index of an entry in each. */
  private readonly segments: { number: number; highestIndex: number }[];
  /** All snapshots that can still be read, by id. */
  private readonly snapshots = new Map<number, SnapshotFile>();
  private nextSnapshotId: number;
  private waiting: Waiting[] = [];
  private readonly loads = new Set<Promise<void>>();
  /** The state that was read when it was opened, until it is loaded or written to. */
  private asOpened: StoredState | null;
  private failure: StorageError | null = null;
  private running: Promise<void> = Promise.resolve();
  private isRunning = false;
  private staging: Promise<void> = Promise.resolve();
  private closing: Promise<void> | null = null;

  private constructor(
    private readonly directory: string,
    { lock, logId, acknowledged, reading, writer, snapshot, lastSnapshotId }: OpenDirectory,
  ) {
    const { meta, entries, groups, segments } = reading;
    this.isFresh = groups === 0;
    this.logId = logId;
    this.lock = lock;
    this.acknowledged = acknowledged;
    this.writer = writer;
    this.tracker = new MetaTracker(meta, TermRuns.after(meta.base).append(entries));
    this.meta = meta;
    this.groups = groups;
    this.segments = segments.map((segment) => ({ ...segment }));
    if (snapshot !== null) this.snapshots.set(snapshot.record.id, snapshot);
    this.nextSnapshotId = lastSnapshotId + 1;
    this.asOpened = storedOf(reading, snapshot);
  }

  /**
   * Opens a data directory, or makes one, and verifies all that it holds.
   * @throws StorageError
   */
  static async open(
    directory: string,
    owner: DirectoryOwner,
    sizes: SegmentSizes = SEGMENT_SIZES,
  ): Promise<LogStorage> {
    try {
      await prepareDirectory(directory);
      const lock = await DirectoryLock.acquire(directory);
      try {
        return new LogStorage(directory, await openDirectory(directory, owner, sizes, lock));
      } catch (error) {
        lock.release();
        throw error;
      }
    } catch (error) {
      throw storageErrorOf(directory, 'open', error);
    }
  }

  /** @throws when the batch does not fit what was handed over before: a bug in the caller */
  persist(batch: StorageBatch, done: Done): void {
    if (this.refuses(done)) return;
    this.asOpened = null;
    this.waiting.push({ change: this.tracker.apply(batch), done });
    this.wake();
  }

  stage(snapshot: Snapshot, done: StageDone): void {
    if (this.refuses((error) => done(error, snapshot))) return;
    const id = this.nextSnapshotId;
    this.nextSnapshotId += 1;
    this.staging = this.staging.then(() => this.writeSnapshot(id, snapshot, done));
  }

  load(done: LoadDone): void {
    if (this.refuses((error) => done(error, nothingStored))) return;
    const { asOpened } = this;
    this.asOpened = null;
    if (asOpened === null) {
      this.waiting.push({ load: done });
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

  /** A failure is final; `done` receives it after all batches that waited at the time. */
  private refuses(done: Done): boolean {
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
    // All batches handed over in this turn go into one group.
    await Promise.resolve();
    for (;;) {
      const group = this.takeGroup();
      if (group.length === 0) break;
      await this.writeGroup(group);
    }
    this.isRunning = false;
  }

  /** All batches up to the next load; loads that nothing precedes are started. */
  private takeGroup(): { readonly change: LogChange; readonly done: Done }[] {
    const group: { readonly change: LogChange; readonly done: Done }[] = [];
    let taken = 0;
    for (const item of this.waiting) {
      if ('change' in item) group.push(item);
      else if (group.length > 0) break;
      else this.startLoad(item.load);
      taken += 1;
    }
    this.waiting.splice(0, taken);
    return group;
  }

  private async writeGroup(
    group: readonly { readonly change: LogChange; readonly done: Done }[],
  ): Promise<void> {
    const changes = group.map(({ change }) => change);
    await this.attempt('write to', () => this.writeChanges(changes));
    for (const { done } of group) done(this.failure);
    if (this.failure === null) await this.attempt('delete from', () => this.deleteOutdated(changes));
    this.refuseWaiting();
  }

  private async writeChanges(changes: readonly LogChange[]): Promise<void> {
    const number = this.groups + 1;
    let bytes = this.encode(changes, number);
    if (!this.writer.hasRoomFor(bytes.length)) {
      await this.writer.advance();
      bytes = this.encode(changes, number);
    }
    await this.writer.write(bytes);
    this.acknowledged.write(number);
    this.groups = number;
    this.meta = changes.at(-1)?.meta ?? this.meta;
    this.noteEntries(changes);
  }

  private encode(changes: readonly LogChange[], number: number): Buffer {
    const { encoder } = this;
    encoder.begin();
    if (this.writer.isAtStart) encoder.start(this.meta);
    for (const { batch, snapshot, truncatedTo } of changes) {
      if (batch.hardState !== null) encoder.hardState(batch.hardState);
      if (batch.identity !== null) encoder.identity(batch.identity);
      if (truncatedTo !== null) encoder.truncate(truncatedTo);
      if (snapshot !== null) encoder.snapshot(snapshot);
      if (batch.compactTo !== null) encoder.compact(batch.compactTo);
      for (const entry of batch.appended) encoder.entry(entry);
    }
    return encoder.finish(number, seedOf(this.logId, this.writer.number));
  }

  private noteEntries(changes: readonly LogChange[]): void {
    const { number } = this.writer;
    if (this.segments.at(-1)?.number !== number) this.segments.push({ number, highestIndex: 0 });
    const segment = this.segments.at(-1);
    if (segment === undefined) return;
    for (const { batch } of changes)
      segment.highestIndex = Math.max(segment.highestIndex, batch.appended.at(-1)?.index ?? 0);
  }

  /** Deletes obsolete files, unless a load under way may need them. */
  private async deleteOutdated(changes: readonly LogChange[]): Promise<void> {
    for (const { outdated } of changes) for (const record of outdated) await this.deleteSnapshot(record);
    if (this.loads.size > 0) return;
    const { base, snapshot } = this.meta;
    // A follower may be receiving an older snapshot: it stays useful as long as the log continues from it.
    for (const { record } of this.snapshots.values())
      if (snapshot !== null && record.id < snapshot.id && record.last.index < base.index)
        await this.deleteSnapshot(record);
    for (let first = this.segments[0]; first !== undefined; first = this.segments[0]) {
      if (first.number === this.writer.number || first.highestIndex > base.index) break;
      await deleteSegment(this.directory, first.number);
      this.segments.shift();
    }
  }

  private async deleteSnapshot({ id }: SnapshotRecord): Promise<void> {
    const file = this.snapshots.get(id);
    this.snapshots.delete(id);
    await file?.delete();
  }

  private async writeSnapshot(id: number, snapshot: Snapshot, done: StageDone): Promise<void> {
    let staged = snapshot;
    if (this.failure === null)
      await this.attempt('write to', async () => {
        const file = await writeSnapshot(this.directory, id, snapshot);
        this.snapshots.set(id, file);
        this.tracker.addStaged(file.record);
        staged = file.snapshot;
      });
    done(this.failure, staged);
    if (!this.isRunning) this.refuseWaiting();
  }

  /** Reads while later groups are written: the load returns the log as it is now. */
  private startLoad(done: LoadDone): void {
    const snapshot = this.meta.snapshot === null ? null : (this.snapshots.get(this.meta.snapshot.id) ?? null);
    let stored = nothingStored;
    const load = this.attempt('read', async () => {
      stored = storedOf(await readLog(this.directory, this.logId, this.groups, this.writer.end), snapshot);
    }).then(() => {
      this.loads.delete(load);
      done(this.failure, this.failure === null ? stored : nothingStored);
      if (!this.isRunning) this.refuseWaiting();
    });
    this.loads.add(load);
  }

  /** Does something with the directory; an error is final. */
  private async attempt(doing: string, action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      this.failure ??= storageErrorOf(this.directory, doing, error);
    }
  }

  private refuseWaiting(): void {
    const { failure } = this;
    if (failure === null) return;
    for (const item of this.waiting.splice(0))
      if ('change' in item) item.done(failure);
      else item.load(failure, nothingStored);
  }

  private async shutDown(): Promise<void> {
    while (this.isRunning || this.loads.size > 0) await Promise.all([this.running, ...this.loads]);
    await this.staging;
    this.failure ??= new StorageError('io', `The data directory ${this.directory} is closed.`);
    this.acknowledged.sync();
    this.acknowledged.close();
    for (const file of this.snapshots.values()) file.close();
    await this.writer.close();
    this.lock.release();
  }
}

function storedOf({ meta, entries }: RecoveredLog, snapshot: SnapshotFile | null): StoredState {
  const { hardState, identity, base } = meta;
  return { hardState, identity, snapshot: snapshot?.snapshot ?? null, base, entries };
}

async function openDirectory(
  directory: string,
  owner: DirectoryOwner,
  sizes: SegmentSizes,
  lock: DirectoryLock,
): Promise<OpenDirectory> {
  const logId = (await readOwner(directory, owner)) ?? (await create(directory, owner, sizes));
  const acknowledged = AcknowledgedFile.open(acknowledgedPathOf(directory), logId);
  try {
    const reading = await readLog(directory, logId, acknowledged.group);
    const record = reading.meta.snapshot;
    const snapshot = record === null ? null : await openSnapshot(directory, record);
    // From here on the directory is written to.
    acknowledged.write(reading.groups);
    acknowledged.sync();
    const lastSnapshotId = await deleteOtherSnapshots(directory, record?.id ?? null);
    const writer = await openWriter(directory, reading, sizes);
    return { lock, logId, acknowledged, reading, writer, snapshot, lastSnapshotId };
  } catch (error) {
    acknowledged.close();
    throw error;
  }
}

/** Makes a log with nothing in it. A process that was killed while it did so may have left parts behind. */
async function create(directory: string, owner: DirectoryOwner, sizes: SegmentSizes): Promise<string> {
  await refuseUnowned(directory);
  const logId = drawLogId();
  const segment = await Segment.create(directory, 1, sizes.first);
  await segment.close();
  AcknowledgedFile.create(acknowledgedPathOf(directory), logId).close();
  await syncDirectory(directory);
  await writeOwner(directory, owner, logId);
  return logId;
}

/** The log of a directory that is being made is one segment of zeros. */
async function refuseUnowned(directory: string): Promise<void> {
  const [first, ...others] = await segmentsOf(directory);
  const isBegun = first === undefined || (first === 1 && others.length === 0);
  if (!isBegun || (first !== undefined && !(await Segment.isEmpty(directory, first))))
    throw new Damage('the file owner is missing');
}

/** Removes what a write that was never completed has left behind, and the segments after the end. */
async function openWriter(
  directory: string,
  { end, isTorn }: RecoveredLog,
  sizes: SegmentSizes,
): Promise<SegmentWriter> {
  for (const number of await segmentsOf(directory))
    if (number > end.segment) await deleteSegment(directory, number);
  await syncDirectory(directory);
  const segment = await Segment.open(directory, end.segment);
  if (isTorn) await segment.zero(end.position);
  return new SegmentWriter(directory, sizes, segment, end.position);
}
