import type { StorageBatch } from '../../src/raft/output.js';
import type { Snapshot } from '../../src/raft/types.js';
import { Prng } from '../../src/sim/prng.js';
import { SimDisk } from '../../src/sim/simDisk.js';
import { SimHost, VirtualTime } from '../../src/sim/simHost.js';
import type { Storage, StoredState } from '../../src/storage/storage.js';
import { deepFreeze } from './overTheWire.js';

/** A disk on which writes take no time and nothing is drawn. */
function manualDisk(): SimDisk {
  return new SimDisk(new Prng(0), { writeMinMs: 0, writeMaxMs: 0 });
}

/**
 * The simulator's disk as the storage of one process. Writes become durable at once, or, while it is held, one by one
 * when the test says so.
 */
export class ManualStorage implements Storage {
  readonly disk = manualDisk();
  /** Every batch handed over, in order; for tests that count or inspect writes. */
  readonly batches: StorageBatch[] = [];
  private readonly opened = this.disk.open(new SimHost(new VirtualTime(), 1));

  /** The durable contents. */
  get durable(): StoredState {
    const { hardState, identity, snapshot, log } = this.disk.copy();
    return { hardState, identity, snapshot, base: log.base, entries: log.kept };
  }

  persist(batch: StorageBatch, done: (error: Error | null) => void): void {
    this.batches.push(deepFreeze(batch));
    this.opened.persist(batch, done);
  }

  stage(snapshot: Snapshot, done: (error: Error | null, staged: Snapshot) => void): void {
    this.opened.stage(deepFreeze(snapshot), done);
  }

  load(done: (error: Error | null, stored: StoredState) => void): void {
    this.opened.load(done);
  }

  close(done: () => void): void {
    this.opened.close(done);
  }
}
