import type { StorageBatch } from '../raft/output.js';
import type { Entry, EntryId, HardState, Identity, Snapshot, Standing } from '../raft/types.js';
import { StagedSnapshots } from '../storage/memoryStorage.js';
import { nothingStored, type Storage, type StoredState } from '../storage/storage.js';
import type { Prng } from './prng.js';
import { SafetyViolation } from './safety.js';
import type { SimHost } from './simHost.js';

/**
 * A log as a disk keeps it, which also remembers what the compacted entries were, so that the watch over safety can go on
 * asking for them.
 */
export class DiskLog {
  private readonly all: Entry[] = [];
  private beforeFirst: EntryId = { term: 0, index: 0 };

  static of(entries: readonly Entry[]): DiskLog {
    const log = new DiskLog();
    log.all.push(...entries);
    return log;
  }

  /** Every entry, the compacted ones included; entry i at position i - 1. */
  get entries(): readonly Entry[] {
    return this.all;
  }

  /** The entry before the first one that is still there. */
  get base(): EntryId {
    return this.beforeFirst;
  }

  /** The entries that are still there. */
  get kept(): Entry[] {
    return this.all.slice(this.beforeFirst.index);
  }

  /** @param committed all that is committed so far, in order: what a snapshot from elsewhere stands for */
  apply({ truncateFrom, compactTo, appended }: StorageBatch, committed: readonly Entry[]): void {
    if (truncateFrom !== null) this.all.length = truncateFrom - 1;
    if (compactTo !== null) this.compact(compactTo, committed);
    for (const entry of appended) {
      if (entry.index !== this.all.length + 1)
        throw new SafetyViolation('a log has no gaps', `entry ${entry.index} after ${this.all.length}`);
      this.all.push(entry);
    }
  }

  copyFrom(other: DiskLog): void {
    this.all.length = 0;
    for (const entry of other.all) this.all.push(entry);
    this.beforeFirst = other.beforeFirst;
  }

  clear(): void {
    this.copyFrom(new DiskLog());
  }

  private compact(to: EntryId, committed: readonly Entry[]): void {
    if (this.all[to.index - 1]?.term !== to.term) {
      if (this.all.length > this.beforeFirst.index)
        throw new SafetyViolation(
          'a log is compacted to an entry that it holds',
          `entry ${to.index} of term ${to.term}`,
        );
      this.all.length = 0;
      for (const entry of committed.slice(0, to.index)) this.all.push(entry);
      if (this.all[to.index - 1]?.term !== to.term)
        throw new SafetyViolation(
          'a snapshot covers committed entries only',
          `up to entry ${to.index} of term ${to.term}`,
        );
    }
    this.beforeFirst = to;
  }
}

/** How a disk behaves; times in milliseconds. */
export interface DiskBehaviour {
  readonly writeMinMs: number;
  readonly writeMaxMs: number;
}

/** The contents of a disk at one time. */
export interface DiskCopy {
  readonly hardState: HardState;
  readonly identity: Identity | null;
  readonly snapshot: Snapshot | null;
  readonly log: DiskLog;
}

/** The message of the error that a failing disk gives. */
export const DISK_FAILURE = 'the disk failed';

type Write = { readonly host: SimHost; readonly done: (error: Error | null) => void } & (
  { readonly batch: StorageBatch } | { readonly staged: Snapshot }
);

/**
 * A disk that outlives the process which writes to it. Writes take time and become durable in order, each
 * wholly or not at all. When the process is killed, some of those under way may have reached the disk although
 * nobody was told: a drawn number of them, from the oldest on.
 */
export class SimDisk {
  /** Added to every write while positive. */
  slownessMs = 0;
  /** Told of every batch when it is handed over, and of the log as it will be then. */
  onHandedOver: (batch: StorageBatch, log: readonly Entry[]) => void = () => undefined;
  /** The entries committed in the cluster so far, for which a snapshot from another server stands. */
  committed: () => readonly Entry[] = () => [];

  private hardState: HardState = nothingStored.hardState;
  private identity: Identity | null = nothingStored.identity;
  private snapshot: Snapshot | null = null;
  private readonly staged = new StagedSnapshots();
  private readonly durable = new DiskLog();
  /** The contents once all writes under way are durable. */
  private readonly handedOver = new DiskLog();
  private writes: Write[] = [];
  private loads: ((error: Error | null) => void)[] = [];
  private failing = false;
  private isWriting = false;
  private held = false;

  /** @param syncMs what each write takes beyond its behaviour */
  constructor(
    private readonly random: Prng,
    private readonly behaviour: DiskBehaviour,
    private readonly syncMs = 0,
  ) {}

  /** The most that a write takes at present. */
  get syncMaxMs(): number {
    return this.behaviour.writeMaxMs + this.syncMs + this.slownessMs;
  }

  /** The log that would be read after a sudden end, with what was compacted. */
  get durableLog(): readonly Entry[] {
    return this.durable.entries;
  }

  /** The log with everything that was handed over, and what was compacted. */
  get log(): readonly Entry[] {
    return this.handedOver.entries;
  }

  /** The last entry that the stored snapshot covers; 0 without one. */
  get snapshotIndex(): number {
    return this.snapshot?.last.index ?? 0;
  }

  /** The first entry that is not in the snapshot alone. */
  get firstIndex(): number {
    return this.durable.base.index + 1;
  }

  get durableHardState(): HardState {
    return this.hardState;
  }

  /** The standing of this disk's directory in its cluster; null before it was written to. */
  get durableStanding(): Standing | null {
    return this.identity?.standing ?? null;
  }

  /** From now on every write fails, until the disk is repaired. */
  breakDown(): void {
    this.failing = true;
  }

  /** Writes that begin from now on succeed again. */
  repair(): void {
    this.failing = false;
  }

  /** Whether writes wait for {@link complete}; those under way are lost with their process. */
  get isHeld(): boolean {
    return this.held;
  }

  /** From now on no write ends by itself. */
  hold(): void {
    this.held = true;
  }

  /** Held writes end, and later ones take their time again. */
  free(): void {
    this.held = false;
    this.complete(this.writes.length);
  }

  get writesUnderWay(): number {
    return this.writes.length;
  }

  /** The oldest writes that are held end. */
  complete(count = 1): void {
    for (let left = count; left > 0 && this.writes.length > 0; left -= 1) this.finishWrites(1);
  }

  /** The storage of one process on this disk. */
  open(host: SimHost): Storage {
    return {
      persist: (batch, done) => this.persist(host, batch, done),
      stage: (snapshot, done) =>
        this.begin({ host, staged: snapshot, done: (error) => done(error, snapshot) }),
      load: (done) => this.whenIdle((error) => done(error, this.stored())),
      close: (done) => this.whenIdle(() => done()),
    };
  }

  /** The process has ended: what was under way is decided. */
  loseProcess(): void {
    const survivors = this.held ? 0 : this.random.between(0, this.writes.length);
    for (const write of this.writes.slice(0, survivors)) this.write(write);
    this.staged.clear();
    this.loads = [];
    this.failing = false;
    this.forgetWrites();
  }

  /** Forgets everything, as a disk that was replaced; only while no process uses it. */
  wipe(): void {
    this.hardState = nothingStored.hardState;
    this.identity = nothingStored.identity;
    this.snapshot = null;
    this.durable.clear();
    this.handedOver.clear();
  }

  /** The contents that would be read after a sudden end, for {@link putBack}. */
  copy(): DiskCopy {
    const log = new DiskLog();
    log.copyFrom(this.durable);
    return { hardState: this.hardState, identity: this.identity, snapshot: this.snapshot, log };
  }

  /** Becomes what it was when the copy was made; only while no process uses it. */
  putBack({ hardState, identity, snapshot, log }: DiskCopy): void {
    this.hardState = hardState;
    this.identity = identity;
    this.snapshot = snapshot;
    this.durable.copyFrom(log);
    this.handedOver.copyFrom(log);
  }

  private stored(): StoredState {
    const { hardState, identity, snapshot, durable } = this;
    return { hardState, identity, snapshot, base: durable.base, entries: durable.kept };
  }

  private persist(host: SimHost, batch: StorageBatch, done: (error: Error | null) => void): void {
    Object.freeze(batch.appended);
    this.handedOver.apply(batch, this.committed());
    this.onHandedOver(batch, this.handedOver.entries);
    this.begin({ host, batch, done });
  }

  private begin(write: Write): void {
    this.writes.push(write);
    if (!this.isWriting && !this.held) this.startWrite(write.host);
  }

  private startWrite(host: SimHost): void {
    const { writeMinMs, writeMaxMs } = this.behaviour;
    const takesMs =
      writeMinMs + (writeMaxMs - writeMinMs) * this.random.next() + this.syncMs + this.slownessMs;
    const group = this.writes.length;
    this.isWriting = true;
    if (takesMs === 0) this.finishWrites(group);
    else host.after(takesMs, () => this.finishWrites(group));
  }

  /**
   * The writes that had gathered when the sync began become durable with it; after a failure nothing more is written.
   */
  private finishWrites(count: number): void {
    this.isWriting = true;
    if (this.failing) {
      this.failAll();
      return;
    }
    for (const write of this.writes.splice(0, count)) {
      this.write(write);
      write.done(null);
    }
    this.isWriting = false;
    const [next] = this.writes;
    if (next !== undefined) {
      if (!this.held) this.startWrite(next.host);
    } else for (const load of this.loads.splice(0)) load(null);
  }

  private failAll(): void {
    const { writes } = this;
    this.forgetWrites();
    for (const { done } of writes) done(new Error(DISK_FAILURE));
    for (const load of this.loads.splice(0)) load(new Error(DISK_FAILURE));
  }

  private forgetWrites(): void {
    this.writes = [];
    this.isWriting = false;
    this.handedOver.copyFrom(this.durable);
  }

  private whenIdle(action: (error: Error | null) => void): void {
    if (this.writes.length === 0) action(null);
    else this.loads.push(action);
  }

  private write(write: Write): void {
    if ('staged' in write) {
      this.staged.add(write.staged);
      return;
    }
    const { batch } = write;
    if (batch.hardState !== null) this.hardState = batch.hardState;
    if (batch.identity !== null) this.identity = batch.identity;
    if (batch.snapshot !== null) this.snapshot = this.staged.take(batch.snapshot);
    this.durable.apply(batch, this.committed());
  }
}
