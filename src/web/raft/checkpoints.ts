import { World } from './world.js';
import type { WorldSetup } from './setup.js';
import type { Action } from './actions.js';

/** An action after so many events. */
export interface PlacedAction {
  readonly at: number;
  readonly action: Action;
}

/** A world on its way through a list of actions. */
export class Playback {
  readonly world: World;
  private readonly done: PlacedAction[] = [];

  constructor(setup: WorldSetup) {
    this.world = new World(setup);
  }

  get position(): number {
    return this.world.position;
  }

  /** How many actions it has behind it. */
  get performed(): number {
    return this.done.length;
  }

  next(actions: readonly PlacedAction[]): void {
    this.world.next();
    this.performDue(actions);
  }

  /** The actions that are due at its position. */
  performDue(actions: readonly PlacedAction[]): void {
    for (;;) {
      const due = actions[this.done.length];
      if (due === undefined || due.at > this.position) return;
      this.done.push(due);
      this.world.perform(due.action);
    }
  }

  /** Whether whoever follows the list comes through this very state. */
  isOn(actions: readonly PlacedAction[]): boolean {
    const due = actions[this.done.length];
    if (due !== undefined && due.at < this.position) return false;
    return this.done.every((placed, index) => placed === actions[index]);
  }
}

/** A checkpoint every so many events, as far as there are checkpoints. */
const EVERY = 200;
/** So many of them right before the present. */
const NEAR = 8;
/** So many over the whole run, for those who leap. */
const WIDE = 8;
const KEPT_MAX = 2 * (NEAR + WIDE);

/**
 * Worlds that stand still at earlier positions, so that going back is going on from the last of them before. A world cannot be
 * copied: its servers are the ones that ship. So a checkpoint that is used is gone, and is made anew while there is time.
 */
export class Checkpoints {
  private parked: Playback[] = [];
  private making: { readonly run: Playback; readonly target: number } | undefined;

  constructor(private readonly setup: WorldSetup) {}

  get positions(): readonly number[] {
    return this.parked.map(({ position }) => position).sort((a, b) => a - b);
  }

  park(run: Playback): void {
    if (run.position > 0) this.parked.push(run);
  }

  /** Takes out the last one on this way up to `position`; a new world when there is none. */
  take(actions: readonly PlacedAction[], position: number): Playback {
    const best = this.best(actions, position);
    this.parked = this.parked.filter((run) => run !== best);
    return best ?? new Playback(this.setup);
  }

  /** The position of the one that {@link take} would take. */
  nearest(actions: readonly PlacedAction[], position: number): number {
    return this.best(actions, position)?.position ?? 0;
  }

  /**
   * Works on the checkpoints before `position`, for so many events at most.
   *
   * @returns false when all are there
   */
  tend(actions: readonly PlacedAction[], position: number, eventsMax: number): boolean {
    if (this.making?.run.isOn(actions) !== true) this.making = this.begin(actions, position);
    if (this.making === undefined) return false;
    const { run, target } = this.making;
    for (let event = 0; event < eventsMax && run.position < target; event += 1) run.next(actions);
    if (run.position < target) return true;
    this.making = undefined;
    this.park(run);
    return true;
  }

  private best(actions: readonly PlacedAction[], position: number): Playback | undefined {
    return this.parked
      .filter((run) => run.position <= position && run.isOn(actions))
      .reduce<Playback | undefined>(
        (best, run) => (run.position > (best?.position ?? 0) ? run : best),
        undefined,
      );
  }

  private begin(
    actions: readonly PlacedAction[],
    position: number,
  ): { run: Playback; target: number } | undefined {
    const wanted = wantedBefore(position);
    const here = this.parked.filter((run) => run.isOn(actions));
    const there = new Set(here.map((run) => run.position));
    const target = wanted.find((place) => !there.has(place));
    this.discard(position, new Set(wanted), here);
    if (target === undefined) return undefined;
    // One that is not wanted where it is goes on.
    const spare = here
      .filter((run) => run.position < target && !wanted.includes(run.position))
      .sort((a, b) => b.position - a.position)[0];
    this.parked = this.parked.filter((run) => run !== spare);
    return { run: spare ?? this.fresh(actions), target };
  }

  private fresh(actions: readonly PlacedAction[]): Playback {
    const run = new Playback(this.setup);
    run.performDue(actions);
    return run;
  }

  /** Those of this future that are wanted stay, and of the others those that are nearest. */
  private discard(position: number, wanted: ReadonlySet<number>, here: readonly Playback[]): void {
    if (this.parked.length <= KEPT_MAX) return;
    const rank = (run: Playback): number =>
      (here.includes(run) && wanted.has(run.position) ? 0 : 1e9) + Math.abs(run.position - position);
    this.parked = this.parked.sort((a, b) => rank(a) - rank(b)).slice(0, KEPT_MAX);
  }
}

/** The positions at which there should be checkpoints, the most useful first. */
function wantedBefore(position: number): number[] {
  const last = Math.floor((position - 1) / EVERY);
  const near = Array.from({ length: NEAR }, (_, index) => (last - index) * EVERY);
  const step = Math.ceil(position / WIDE / EVERY) * EVERY;
  const wide = Array.from({ length: WIDE }, (_, index) => (index + 1) * step);
  return [...new Set([...near, ...wide])].filter((place) => place > 0 && place < position);
}
