import type { Snapshot } from '../raft/types.js';
import type { SnapshotLoader, StateMachine } from '../stateMachine/stateMachine.js';
import type { Storage } from '../storage/storage.js';
import type { Defer } from './defer.js';
import { loadSnapshot } from './snapshotLoading.js';

/** What a receiver reports. */
export interface ReceiverEvents {
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
