import { entryBytes } from '../raft/log.js';
import type { Entry, EntryId, Snapshot, SnapshotChunks } from '../raft/types.js';
import type { SnapshotReader, StateMachine } from '../stateMachine/stateMachine.js';
import { inPieces, type Defer } from './defer.js';

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
