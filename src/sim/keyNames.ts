import type { Prng } from './prng.js';

/** What the checker can search quickly, however often the clients lose sight of a write. */
const WRITES_PER_KEY = 30;

/** The keys that all clients share. One that was written often is left for a fresh one, so that lists stay short. */
export class KeyNames {
  private readonly slots: { generation: number; writes: number }[];

  constructor(count: number) {
    this.slots = Array.from({ length: count }, () => ({ generation: 0, writes: 0 }));
  }

  /** A key to read, or one to write. */
  draw(random: Prng, isWrite: boolean): string {
    const number = random.between(0, this.slots.length - 1);
    const slot = this.slots[number];
    if (slot === undefined) throw new Error('there are no keys');
    if (isWrite) slot.writes += 1;
    if (slot.writes > WRITES_PER_KEY) {
      slot.generation += 1;
      slot.writes = 1;
    }
    return `k${number}.${slot.generation}`;
  }
}
