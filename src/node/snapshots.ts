import { entryBytes } from '../raft/log.js';
import type { Output } from '../raft/output.js';
import type { Entry, Snapshot, EntryId, SnapshotChunks } from '../raft/types.js';
import type { StateMachine, SnapshotReader, SnapshotLoader } from '../stateMachine/stateMachine.js';
import type { Storage, StoredState } from '../storage/storage.js';
import { type Defer, inPieces } from './clock.js';
import { errorOf } from './errors.js';
import type { NodeObserver } from './events.js';

/** What snapshots are made of and kept in. */
interface SnapshotParts {
  readonly policy: SnapshotPolicy;
  readonly stateMachine: StateMachine<unknown>;
  readonly storage: Storage;
  readonly defer: Defer;
  readonly observer: Pick<NodeObserver, 'snapshotTaken' | 'snapshotInstalled' | 'snapshotUnusable'>;
}

/** What the core is to be told. */
interface SnapshotEvents {
  staged(snapshot: Snapshot): void;
  unusable(): void;
  failed(error: Error): void;
}

/** A node's snapshots: those it takes, those it receives, and the one that it starts from. */
export class Snapshots {
  private readonly taker: SnapshotTaker;
  private readonly receiver: SnapshotReceiver;
  private cancelRecovery: () => void = () => undefined;
  /** Whatever was begun in an earlier epoch counts no more. */
  private epoch = 0;

  constructor(
    private readonly parts: SnapshotParts,
    private readonly events: SnapshotEvents,
  ) {
    const { policy, stateMachine, storage, defer, observer } = parts;
    this.taker = new SnapshotTaker(policy, stateMachine, defer, (snapshot) => this.stageOwn(snapshot));
    this.receiver = new SnapshotReceiver(stateMachine, storage, defer, {
      ready: (snapshot) => events.staged(snapshot),
      unusable: (error) => {
        observer.snapshotUnusable(error);
        events.unusable();
      },
      failed: (error) => events.failed(error),
    });
  }

  /**
   * A state machine that is behind the stored snapshot, as that of a new process is, becomes that snapshot.
   *
   * @param done may be called before this returns
   */
  recover({ snapshot, entries }: StoredState, done: (error: Error | null) => void): void {
    const { stateMachine, defer } = this.parts;
    const isBehind = snapshot !== null && snapshot.last.index > stateMachine.lastApplied;
    const ready = (): void => {
      const covered = snapshot?.last.index ?? 0;
      const isApplied = ({ index }: Entry): boolean => index > covered && index <= stateMachine.lastApplied;
      this.taker.reset(snapshot, entries.filter(isApplied));
      done(null);
    };
    if (!isBehind) {
      ready();
      return;
    }
    this.cancelRecovery = loadSnapshot(snapshot, stateMachine, defer, (error, loader) => {
      if (error !== null) {
        done(error);
        return;
      }
      loader.install(snapshot.last.index);
      ready();
    });
  }

  /** What a step says of snapshots; before its entries are applied. */
  onOutput({ received, installed, batch }: Output): void {
    const { observer } = this.parts;
    if (received !== null) {
      // It will be newer than anything that could be taken meanwhile.
      this.taker.cancel();
      this.receiver.begin(received);
    }
    if (installed !== null) {
      this.receiver.install(installed);
      this.taker.reset(installed, []);
      observer.snapshotInstalled(installed.last, installed.chunks.length);
    } else if (batch !== null && batch.snapshot !== null) {
      observer.snapshotTaken(batch.snapshot);
    }
  }

  /** The core has been told that this snapshot is staged: if it had use for it, it is installed by now. */
  settled(snapshot: Snapshot): void {
    this.receiver.forget(snapshot);
  }

  /** These entries were applied: it may be time for a snapshot. */
  applied(entries: readonly Entry[]): void {
    const last = entries.at(-1);
    if (last === undefined) return;
    for (const entry of entries) this.taker.note(entry);
    this.taker.takeIfDue(last);
  }

  /** Forgets all that is under way. */
  cancel(): void {
    this.epoch += 1;
    this.taker.cancel();
    this.receiver.cancel();
    this.cancelRecovery();
  }

  private stageOwn(snapshot: Snapshot): void {
    const { epoch } = this;
    this.parts.storage.stage(snapshot, (error, staged) => {
      if (error !== null) this.events.failed(error);
      else if (epoch === this.epoch) this.events.staged(staged);
    });
  }
}

/** When snapshots are taken, and how large their chunks are. */
export interface SnapshotPolicy {
  /** After so many entries, or so many bytes of them, whatever comes first. */
  readonly entriesMax: number;
  readonly bytesMax: number;
  /** Length of a chunk in UTF-16 units; a single record that is longer makes a chunk of its own. */
  readonly chunkChars: number;
}

/**
 * Takes snapshots of the own state machine, piece by piece while it works on, when the log has grown enough. It is not
 * taken before the log has grown by as much as the last one is large: so snapshots never write more than the log does.
 */
export class SnapshotTaker {
  private entries = 0;
  private bytes = 0;
  private lastSize = 0;
  private giveUp: (() => void) | undefined;

  constructor(
    private readonly policy: SnapshotPolicy,
    private readonly stateMachine: Pick<StateMachine<unknown>, 'snapshot'>,
    private readonly defer: Defer,
    private readonly onTaken: (snapshot: Snapshot) => void,
  ) {}

  /** Begins anew from a stored or installed snapshot, and the entries that were applied after it. */
  reset(snapshot: Snapshot | null, applied: readonly Entry[]): void {
    this.cancel();
    this.entries = 0;
    this.bytes = 0;
    this.lastSize = snapshot === null ? 0 : sizeOf(snapshot.chunks);
    applied.forEach((entry) => this.note(entry));
  }

  /** An entry was applied. */
  note(entry: Entry): void {
    this.entries += 1;
    this.bytes += entryBytes(entry);
  }

  /** `last` is the last entry applied: begins a snapshot if it is time and none is under way. */
  takeIfDue(last: EntryId): void {
    const { entriesMax, bytesMax } = this.policy;
    if (this.giveUp !== undefined || this.bytes < this.lastSize) return;
    if (this.entries < entriesMax && this.bytes < bytesMax) return;
    this.entries = 0;
    this.bytes = 0;
    this.take(last);
  }

  cancel(): void {
    this.giveUp?.();
    this.giveUp = undefined;
  }

  private take(last: EntryId): void {
    const reader: SnapshotReader = this.stateMachine.snapshot(this.policy.chunkChars);
    const chunks = new RemadeChunks();
    const stop = inPieces(this.defer, () => {
      const step = reader.next();
      if (step.done !== true) {
        const { value } = step;
        chunks.add(value.length, reader.remake?.() ?? (() => value));
        return true;
      }
      this.giveUp = undefined;
      this.lastSize = chunks.chars;
      this.onTaken({ last: { term: last.term, index: last.index }, chunks });
      return false;
    });
    this.giveUp = () => {
      stop();
      reader.return?.();
    };
  }
}

/**
 * Chunks that are made anew whenever they are asked for: a snapshot in memory takes little beside the state until values
 * are replaced.
 */
class RemadeChunks implements SnapshotChunks {
  chars = 0;
  private readonly makers: (() => string)[] = [];

  get length(): number {
    return this.makers.length;
  }

  add(chars: number, make: () => string): void {
    this.chars += chars;
    this.makers.push(make);
  }

  at(index: number): string | undefined {
    return this.makers.at(index)?.();
  }

  *[Symbol.iterator](): IterableIterator<string> {
    for (const make of this.makers) yield make();
  }
}

function sizeOf(chunks: SnapshotChunks): number {
  if (chunks.chars !== undefined) return chunks.chars;
  let size = 0;
  for (const chunk of chunks) size += chunk.length;
  return size;
}

/** What a receiver reports. */
interface ReceiverEvents {
  /** Durable in the storage, and ready to be installed. */
  ready(snapshot: Snapshot): void;
  /** The state machine can make nothing of it. */
  unusable(error: Error): void;
  /** The storage failed, which is final. */
  failed(error: Error): void;
}

/** Makes a leader's snapshot ready: in the storage and beside the state machine, both at the same time. */
export class SnapshotReceiver {
  private giveUp: (() => void) | undefined;
  private loader: SnapshotLoader | undefined;
  private current: Snapshot | undefined;

  constructor(
    private readonly stateMachine: Pick<StateMachine<unknown>, 'load'>,
    private readonly storage: Pick<Storage, 'stage'>,
    private readonly defer: Defer,
    private readonly events: ReceiverEvents,
  ) {}

  begin(snapshot: Snapshot): void {
    this.cancel();
    this.current = snapshot;
    let isGivenUp = false;
    let stored: Snapshot | null = null;
    const readyIfBoth = (): void => {
      if (stored !== null && this.loader !== undefined) this.events.ready(stored);
    };
    const stopLoading = loadSnapshot(snapshot, this.stateMachine, this.defer, (error, loader) => {
      if (error !== null) {
        this.cancel();
        this.events.unusable(error);
        return;
      }
      this.loader = loader;
      readyIfBoth();
    });
    this.giveUp = () => {
      isGivenUp = true;
      stopLoading();
    };
    this.storage.stage(snapshot, (error, staged) => {
      if (error !== null) this.events.failed(error);
      else if (!isGivenUp) {
        stored = staged;
        this.current = staged;
        readyIfBoth();
      }
    });
  }

  /** The state machine becomes the snapshot that was ready. */
  install({ last }: Snapshot): void {
    const { loader } = this;
    if (loader === undefined) throw new Error(`no snapshot up to entry ${last.index} is ready`);
    this.cancel();
    loader.install(last.index);
  }

  /** Forgets this snapshot, be it under way or ready; another one stays. */
  forget(snapshot: Snapshot): void {
    if (this.current === snapshot) this.cancel();
  }

  /** Forgets what is under way or was ready. */
  cancel(): void {
    this.giveUp?.();
    this.giveUp = undefined;
    this.loader = undefined;
    this.current = undefined;
  }
}

/**
 * Loads a snapshot beside the state machine, chunk by chunk.
 *
 * @param done gets the loader when it is ready to be installed, or what is wrong with the snapshot
 * @returns calls the loading off
 */
function loadSnapshot(
  snapshot: Snapshot,
  stateMachine: Pick<StateMachine<unknown>, 'load'>,
  defer: Defer,
  done: (error: Error | null, loader: SnapshotLoader) => void,
): () => void {
  const loader = stateMachine.load();
  let next = 0;
  return inPieces(defer, () => {
    const chunk = snapshot.chunks.at(next);
    next += 1;
    if (chunk === undefined) {
      done(null, loader);
      return false;
    }
    try {
      loader.add(chunk);
      return true;
    } catch (error) {
      done(errorOf(error), loader);
      return false;
    }
  });
}
