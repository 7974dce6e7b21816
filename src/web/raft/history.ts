import { World, type Action, type WorldSetup } from './world.js';

/** An action after so many events. */
export interface PlacedAction {
  readonly at: number;
  readonly action: Action;
}

/** A run that can be gone through in both directions: it goes back by running again from the start. */
export class History {
  private current: World;
  private placed: PlacedAction[];
  private performed = 0;
  /** The positions at which something happened that can be seen. */
  private readonly marks: number[] = [];
  private furthest = 0;

  constructor(
    readonly setup: WorldSetup,
    actions: readonly PlacedAction[] = [],
  ) {
    this.placed = [...actions].sort((a, b) => a.at - b.at);
    this.current = new World(setup);
    this.performDue();
  }

  get world(): World {
    return this.current;
  }

  get actions(): readonly PlacedAction[] {
    return this.placed;
  }

  /** The last position that was seen, in this future. */
  get end(): number {
    return this.furthest;
  }

  /** Lets one event happen; true when it can be seen. */
  next(): boolean {
    const { changes } = this.current;
    this.current.next();
    this.performDue();
    const { position } = this.current;
    this.furthest = Math.max(this.furthest, position);
    if (this.current.changes === changes) return false;
    if (position > (this.marks.at(-1) ?? 0)) this.marks.push(position);
    return true;
  }

  seek(position: number): void {
    if (position < this.current.position) {
      this.current = new World(this.setup);
      this.performed = 0;
      this.performDue();
    }
    while (this.current.position < position) this.next();
  }

  /** Goes on until something can be seen. @returns false when nothing was within `eventsMax` events */
  step(eventsMax = 2000): boolean {
    for (let event = 0; event < eventsMax; event += 1) if (this.next()) return true;
    return false;
  }

  /** To the moment before the last thing that could be seen. */
  stepBack(): void {
    const { position } = this.current;
    this.seek(this.marks.findLast((mark) => mark < position) ?? 0);
  }

  /** Goes on until `holds`. @returns false when it does not within `eventsMax` events */
  until(holds: (world: World) => boolean, eventsMax = 20_000): boolean {
    for (let event = 0; event < eventsMax; event += 1) {
      if (holds(this.current)) return true;
      this.next();
    }
    return false;
  }

  /** Does it now; what had been seen of the future is gone. */
  act(action: Action): void {
    const at = this.current.position;
    this.placed = [...this.placed.slice(0, this.performed), { at, action }];
    this.performed = this.placed.length;
    while ((this.marks.at(-1) ?? 0) > at) this.marks.pop();
    this.furthest = at;
    this.current.perform(action);
  }

  private performDue(): void {
    for (;;) {
      const next = this.placed[this.performed];
      if (next === undefined || next.at > this.current.position) return;
      this.performed += 1;
      this.current.perform(next.action);
    }
  }
}
