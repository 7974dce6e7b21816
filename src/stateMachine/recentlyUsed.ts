import { CopyOnWriteMap, type FrozenView } from './copyOnWriteMap.js';

/** The walk begins anew after so many uses. */
export const USES_PER_WALK = 1_000;

/** A map of those that were used last; whoever was not used for longest is forgotten first. */
export class RecentlyUsed<Value> {
  private readonly entries = new CopyOnWriteMap<Value>();
  /**
   * Walks from the longest unused on; whoever is used again moves behind its reach. To begin anew at each step would cost a look at all that
   * was moved or forgotten since the map last tidied up. But as long as the walk stands still, the engine keeps every table
   * that the map has outgrown: so it must not last.
   */
  private walk: Iterator<readonly [string, Value]> | undefined;
  private uses = 0;

  constructor(private readonly max: number) {}

  get size(): number {
    return this.entries.size;
  }

  get(key: string): Value | undefined {
    return this.entries.get(key);
  }

  /** Sets the value of the key, which is the one used last from now on. */
  use(key: string, value: Value): void {
    this.entries.delete(key);
    this.entries.set(key, value);
    this.uses += 1;
    if (this.uses % USES_PER_WALK === 0) this.walk = undefined;
    if (this.entries.size > this.max) this.forgetOldest();
  }

  freeze(): FrozenView<Value> {
    return this.entries.freeze();
  }

  private forgetOldest(): void {
    this.walk ??= this.entries.entries();
    const step = this.walk.next();
    if (step.done !== true) this.entries.delete(step.value[0]);
  }
}
