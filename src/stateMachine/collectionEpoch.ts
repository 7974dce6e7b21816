import type { ChangeResult, RaiseEpoch } from './command.js';
import { SnapshotError } from './stateMachine.js';
import type { PartLoader, StatePart } from './statePart.js';

/** The record of a snapshot; there is none while no epoch was ever begun. */
export interface EpochRecord {
  readonly epoch: number;
}

/**
 * Counts the garbage collections of blocks. A client reads the epoch before it asks which blocks are stored, and sends
 * it with the update that names them; once a collection has begun another epoch, the update is refused, since the
 * blocks may be gone.
 */
export class CollectionEpoch implements StatePart<EpochRecord> {
  private epoch = 0;

  get current(): number {
    return this.epoch;
  }

  raise({ epoch }: RaiseEpoch): ChangeResult {
    if (epoch !== this.epoch + 1) return 'refused';
    this.epoch = epoch;
    return 'applied';
  }

  records(): Iterator<unknown> {
    const records: EpochRecord[] = this.epoch === 0 ? [] : [{ epoch: this.epoch }];
    return records.values();
  }

  load(): PartLoader<EpochRecord> {
    let loaded: number | undefined;
    return {
      add: ({ epoch }) => {
        if (!Number.isSafeInteger(epoch) || epoch < 1 || loaded !== undefined)
          throw new SnapshotError('a record of the snapshot is no epoch, or a second one');
        loaded = epoch;
      },
      install: () => {
        this.epoch = loaded ?? 0;
      },
    };
  }
}
