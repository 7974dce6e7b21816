import type { Output } from '../raft/output.js';
import type { Entry, Snapshot } from '../raft/types.js';
import type { StateMachine } from '../stateMachine/stateMachine.js';
import type { Storage, StoredState } from '../storage/storage.js';
import type { Defer } from './defer.js';
import type { NodeObserver } from './observer.js';
import { loadSnapshot } from './snapshotLoading.js';
import { SnapshotReceiver } from './snapshotReceiver.js';
import { SnapshotTaker, type SnapshotPolicy } from './snapshotTaker.js';

/** What snapshots are made of and kept in. */
export interface SnapshotParts {
  readonly policy: SnapshotPolicy;
  readonly stateMachine: StateMachine<unknown>;
  readonly storage: Storage;
  readonly defer: Defer;
  readonly observer: Pick<NodeObserver, 'snapshotTaken' | 'snapshotInstalled' | 'snapshotUnusable'>;
}

/** What the core is to be told. */
export interface SnapshotEvents {
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
  follow({ received, installed, batch }: Output): void {
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
