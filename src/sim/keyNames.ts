import type { Prng } from './prng.js';

/** Few enough for the checker to search quickly, however many writes have an unknown outcome. */
const WRITES_PER_KEY = 30;

interface Slot {
  generation: number;
  writes: number;
  isRemoved: boolean;
}

/** The keys that all clients share. One that was written often is left for a fresh one, so that lists stay short. */
export class KeyNames {
  private readonly slots: Slot[];

  constructor(count: number) {
    this.slots = Array.from({ length: count }, () => ({ generation: 0, writes: 0, isRemoved: false }));
  }

  /** A key to read, or one to write. */
  draw(random: Prng, isWrite: boolean): string {
    const [number, slot] = this.drawSlot(random);
    if (isWrite) slot.writes += 1;
    if (slot.writes > WRITES_PER_KEY) {
      slot.generation += 1;
      slot.writes = 1;
      slot.isRemoved = false;
    }
    return nameOf(number, slot);
  }

  /** A key to remove, which nobody else is to remove; undefined when the one that was drawn is none. */
  drawToRemove(random: Prng): string | undefined {
    const [number, slot] = this.drawSlot(random);
    if (slot.isRemoved || slot.writes === 0) return undefined;
    slot.isRemoved = true;
    return nameOf(number, slot);
  }

  private drawSlot(random: Prng): [number, Slot] {
    const number = random.between(0, this.slots.length - 1);
    const slot = this.slots[number];
    if (slot === undefined) throw new Error('there are no keys');
    return [number, slot];
  }
}

function nameOf(number: number, { generation }: Slot): string {
  return `k${number}.${generation}`;
}
