import type { ClassicLevel } from 'classic-level';
import type { KeyRange } from './garbage.js';
import type { Highwater } from './highwater.js';
import type { Standing } from './ledger.js';
import { META_KEY, putOf, type Meta, type Put } from './levelRecord.js';

/** Writes groups to the database, one at a time, each with the record of all that counts after it. */
export class LevelWriter {
  private generation: number;
  private standing: Standing;

  constructor(
    private readonly db: ClassicLevel,
    private readonly highwater: Highwater,
    { generation, ...standing }: Meta,
  ) {
    this.generation = generation;
    this.standing = standing;
  }

  /** Durable when it resolves. @param standing what counts then; null: what counted before */
  async write(puts: readonly Put[], standing: Standing | null): Promise<void> {
    if (standing !== null) this.standing = standing;
    this.generation += 1;
    const meta: Meta = { generation: this.generation, ...this.standing };
    await this.db.batch([...puts, putOf(META_KEY, meta)], { sync: true });
    this.highwater.write(this.generation);
  }

  /** Deletes what counts for nothing; not synced, since it may as well be deleted later. */
  async clear(range: KeyRange): Promise<void> {
    await this.db.clear(range);
  }

  async close(): Promise<void> {
    try {
      await this.db.close();
    } finally {
      this.highwater.close();
    }
  }
}
