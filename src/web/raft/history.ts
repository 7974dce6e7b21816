import type { Action } from './actions.js';
import { Checkpoints, type PlacedAction, Playback } from './checkpoints.js';
import type { WorldSetup } from './setup.js';
import type { World } from './world.js';

/** One of the futures that were seen. */
export interface Branch {
  readonly id: number;
  /** The one that it left, and where; null for the first. */
  readonly parent: number | null;
  readonly forkAt: number;
  /** The last position that was seen in it. */
  readonly end: number;
  readonly actions: readonly PlacedAction[];
  readonly isCurrent: boolean;
}

interface Future {
  readonly id: number;
  readonly parent: number | null;
  readonly forkAt: number;
  end: number;
  readonly actions: PlacedAction[];
  /** The positions at which something happened that can be seen. */
  readonly marks: number[];
}

/** More futures than anybody keeps apart; the oldest that has no children goes. */
const FUTURES_MAX = 24;

/**
 * A run that can be gone through in both directions, and its other futures: an action in the past begins a new one, and the one
 * that was seen before stays.
 */
export class History {
  private run: Playback;
  private futures: Future[];
  private future: Future;
  private count = 1;
  private readonly checkpoints: Checkpoints;

  constructor(
    readonly setup: WorldSetup,
    actions: readonly PlacedAction[] = [],
  ) {
    const sorted = [...actions].sort((a, b) => a.at - b.at);
    this.future = { id: 0, parent: null, forkAt: 0, end: 0, actions: sorted, marks: [] };
    this.futures = [this.future];
    this.checkpoints = new Checkpoints(setup);
    this.run = new Playback(setup);
    this.run.performDue(sorted);
  }

  get world(): World {
    return this.run.world;
  }

  get actions(): readonly PlacedAction[] {
    return this.future.actions;
  }

  /** The last position that was seen, in this future. */
  get end(): number {
    return this.future.end;
  }

  get branches(): readonly Branch[] {
    return this.futures.map(({ id, parent, forkAt, end, actions }) => ({
      id,
      parent,
      forkAt,
      end,
      actions,
      isCurrent: id === this.future.id,
    }));
  }

  /** The positions of the checkpoints. */
  get checkpointPositions(): readonly number[] {
    return this.checkpoints.positions;
  }

  /** Lets one event happen; true when it can be seen. */
  next(): boolean {
    const { future, run } = this;
    const { changes } = run.world;
    run.next(future.actions);
    const { position } = run;
    future.end = Math.max(future.end, position);
    if (run.world.changes === changes) return false;
    if (position > (future.marks.at(-1) ?? 0)) future.marks.push(position);
    return true;
  }

  seek(position: number): void {
    const nearest = this.checkpoints.nearest(this.actions, position);
    if (position < this.run.position || nearest > this.run.position) {
      const run = this.checkpoints.take(this.actions, position);
      this.checkpoints.park(this.run);
      this.run = run;
      this.run.performDue(this.actions);
    }
    while (this.run.position < position) this.next();
  }

  /** Works on the checkpoints, for so many events at most. @returns false when there is nothing left to do */
  tend(eventsMax: number): boolean {
    return this.checkpoints.tend(this.actions, this.run.position, eventsMax);
  }

  /** Goes on until something can be seen. @returns false when nothing was within `eventsMax` events */
  step(eventsMax = 2000): boolean {
    for (let event = 0; event < eventsMax; event += 1) if (this.next()) return true;
    return false;
  }

  /** To the moment before the last thing that could be seen. */
  stepBack(): void {
    const { position } = this.run;
    this.seek(this.future.marks.findLast((mark) => mark < position) ?? 0);
  }

  /** Goes on until `holds`. @returns false when it does not within `eventsMax` events */
  until(holds: (world: World) => boolean, eventsMax = 20_000): boolean {
    for (let event = 0; event < eventsMax; event += 1) {
      if (holds(this.run.world)) return true;
      this.next();
    }
    return false;
  }

  /** Does it now. In the past it begins another future; the one that was seen is kept. */
  act(action: Action): void {
    const at = this.run.position;
    if (this.future.end > at || this.future.actions.length > this.run.performed) this.fork(at);
    this.future.actions.push({ at, action });
    this.run.performDue(this.future.actions);
  }

  /** Goes to the last moment that was seen in another future. */
  goTo(branch: number): void {
    const future = this.futures.find(({ id }) => id === branch);
    if (future === undefined || future === this.future) return;
    this.checkpoints.park(this.run);
    this.future = future;
    this.run = this.checkpoints.take(future.actions, future.end);
    this.run.performDue(future.actions);
    this.seek(future.end);
  }

  private fork(at: number): void {
    const { id, actions, marks } = this.future;
    this.future = {
      id: this.count,
      parent: id,
      forkAt: at,
      end: at,
      actions: actions.slice(0, this.run.performed),
      marks: marks.filter((mark) => mark <= at),
    };
    this.count += 1;
    this.futures.push(this.future);
    if (this.futures.length <= FUTURES_MAX) return;
    const parents = new Set(this.futures.map(({ parent }) => parent));
    const oldest = this.futures.find((future) => !parents.has(future.id) && future !== this.future);
    this.futures = this.futures.filter((future) => future !== oldest);
  }
}
