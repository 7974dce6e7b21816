import type { Snapshot } from '../../raft/types.js';
import type { Change, Standing } from './ledger.js';
import type { Put } from './levelRecord.js';
import type { Staged, Stagings } from './stagings.js';
import { nothingStored, type StoredState } from '../storage.js';

type Done = (error: Error | null) => void;
type LoadDone = (error: Error | null, stored: StoredState) => void;

interface Batch {
  readonly change: Change;
  readonly done: Done;
}

/** What is written at once, or not at all. */
export interface Group {
  readonly puts: readonly Put[];
  /** What counts then; null: no batch is in the group. */
  readonly standing: Standing | null;
  readonly changes: readonly Change[];
  readonly staged: readonly Staged[];
  /** Who is to be told, in this order. */
  readonly dones: readonly Done[];
}

/** What was handed over and is not being written yet. */
export class WriteQueue {
  private waiting: (Batch | { readonly load: LoadDone })[] = [];

  constructor(private readonly stagings: Stagings) {}

  addBatch(batch: Batch): void {
    this.waiting.push(batch);
  }

  addSnapshot(snapshot: Snapshot, done: Done): void {
    this.stagings.add(snapshot, done);
  }

  addLoad(load: LoadDone): void {
    this.waiting.push({ load });
  }

  /** The loads that wait for nothing any more. */
  takeLoads(): LoadDone[] {
    const loads: LoadDone[] = [];
    for (const item of this.waiting) {
      if (!('load' in item)) break;
      loads.push(item.load);
    }
    this.waiting.splice(0, loads.length);
    return loads;
  }

  /** All batches up to the next load, and some chunks of the snapshots that are staged; null when there is nothing to write. */
  takeGroup(): Group | null {
    const batches = this.takeBatches();
    if (batches.length === 0 && this.stagings.isEmpty) return null;
    const { puts, staged } = this.stagings.take();
    return {
      puts: [...batches.flatMap(({ change }) => change.puts), ...puts],
      standing: batches.at(-1)?.change.standing ?? null,
      changes: batches.map(({ change }) => change),
      staged,
      dones: [...batches, ...staged].map(({ done }) => done),
    };
  }

  /** Forgets all; who is to be told that it failed. */
  abandon(): Done[] {
    const waiting = this.waiting.map((item): Done => {
      if (!('load' in item)) return item.done;
      return (error) => item.load(error, nothingStored);
    });
    this.waiting = [];
    return [...this.stagings.abandon(), ...waiting];
  }

  private takeBatches(): Batch[] {
    const batches: Batch[] = [];
    for (const item of this.waiting) {
      if ('load' in item) break;
      batches.push(item);
    }
    this.waiting.splice(0, batches.length);
    return batches;
  }
}
