interface Slot<Value> {
  /** Position in order of insertion; never used again. */
  readonly ordinal: number;
  readonly value: Value;
}

/** The contents of a map at one time, read while the map continues to change. */
export interface FrozenView<Value> extends IterableIterator<readonly [string, Value]> {
  /** Ends the reading early; costs nothing when it has ended already. */
  release(): void;
}

/**
 * A map that can be read as of one time, without copying it: a value that has not been read yet is set aside when it
 * first changes. Order is that of insertion.
 */
export class CopyOnWriteMap<Value> {
  private readonly slots = new Map<string, Slot<Value>>();
  private readonly views = new Set<View<Value>>();
  private nextOrdinal = 0;

  get size(): number {
    return this.slots.size;
  }

  get(key: string): Value | undefined {
    return this.slots.get(key)?.value;
  }

  set(key: string, value: Value): void {
    const before = this.slots.get(key);
    if (before === undefined) {
      this.slots.set(key, { ordinal: this.nextOrdinal, value });
      this.nextOrdinal += 1;
      return;
    }
    this.setAside(key, before);
    this.slots.set(key, { ordinal: before.ordinal, value });
  }

  delete(key: string): boolean {
    const before = this.slots.get(key);
    if (before === undefined) return false;
    this.setAside(key, before);
    return this.slots.delete(key);
  }

  /** The keys; what changes meanwhile may or may not show. */
  keys(): IterableIterator<string> {
    return this.slots.keys();
  }

  *entries(): IterableIterator<readonly [string, Value]> {
    for (const [key, { value }] of this.slots) yield [key, value];
  }

  /** The contents as they are now. Records that are deleted before they are read come last. */
  freeze(): FrozenView<Value> {
    const view = new View(this.slots, this.nextOrdinal, () => this.views.delete(view));
    this.views.add(view);
    return view;
  }

  private setAside(key: string, slot: Slot<Value>): void {
    for (const view of this.views) view.setAside(key, slot);
  }
}

class View<Value> implements FrozenView<Value> {
  private readonly aside = new Map<string, Value>();
  private readonly live: Iterator<[string, Slot<Value>]>;
  private rest: Iterator<[string, Value]> | undefined;
  private passedOrdinal = -1;
  private isReleased = false;

  constructor(
    slots: ReadonlyMap<string, Slot<Value>>,
    private readonly endOrdinal: number,
    private readonly onRelease: () => void,
  ) {
    this.live = slots.entries();
  }

  [Symbol.iterator](): this {
    return this;
  }

  setAside(key: string, { ordinal, value }: Slot<Value>): void {
    const isAhead = ordinal > this.passedOrdinal && ordinal < this.endOrdinal;
    if (isAhead && !this.aside.has(key)) this.aside.set(key, value);
  }

  next(): IteratorResult<readonly [string, Value]> {
    if (this.isReleased) return { done: true, value: undefined };
    const passed = this.nextLive() ?? this.nextDeleted();
    if (passed !== undefined) return { done: false, value: passed };
    this.release();
    return { done: true, value: undefined };
  }

  /** A `for` loop that is left early. */
  return(): IteratorResult<readonly [string, Value]> {
    this.release();
    return { done: true, value: undefined };
  }

  release(): void {
    if (this.isReleased) return;
    this.isReleased = true;
    this.aside.clear();
    this.onRelease();
  }

  private nextLive(): readonly [string, Value] | undefined {
    if (this.rest !== undefined) return undefined;
    const step = this.live.next();
    if (step.done === true || step.value[1].ordinal >= this.endOrdinal) {
      this.rest = this.aside.entries();
      this.passedOrdinal = this.endOrdinal;
      return undefined;
    }
    const [key, { ordinal, value }] = step.value;
    this.passedOrdinal = ordinal;
    const before = this.aside.get(key);
    if (before === undefined) return [key, value];
    this.aside.delete(key);
    return [key, before];
  }

  private nextDeleted(): readonly [string, Value] | undefined {
    const step = this.rest?.next();
    return step === undefined || step.done === true ? undefined : step.value;
  }
}
