import { computed, signal } from '@preact/signals';
import type { PlacedAction } from './checkpoints.js';
import { type Branch, History } from './history.js';
import type { LinkedMoment, Selection } from './permalink.js';
import { cook, recipeFor } from './recipes.js';
import { Script } from './script.js';
import type { Story } from './storyParts.js';
import { StoryRun } from './storyRun.js';
import type { Action } from './actions.js';
import type { World } from './world.js';
import type { WorldSetup } from './setup.js';

/** Simulated milliseconds per millisecond. */
export const speeds = [0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10] as const;
const USUAL_SPEED = 0.1;
export type Speed = (typeof speeds)[number];

/** At most so many events in one frame, so that the page answers at any speed. */
const FRAME_EVENTS_MAX = 2500;
/** Checkpoints are made in the time that frames leave, and in slices while nothing plays. */
const TEND_EVENTS_A_FRAME = 120;
const TEND_EVENTS_A_SLICE = 1000;
/** A step that is shown has so many attempts, of so many events each. */
const DEMO_ATTEMPTS = 50;
const DEMO_EVENTS = 150;
/** At a higher speed the frames need their time for themselves. */
const TEND_SPEED_MAX = 0.5;

/**
 * The one state of the page. A history changes in place; `version` counts its changes, and whoever shows it reads `version`
 * through {@link world}.
 */
export class PageModel {
  readonly isPlaying = signal(false);
  readonly speed = signal<Speed>(USUAL_SPEED);
  readonly selection = signal<Selection | null>(null);
  /** A message to the user, such as a search that found nothing. */
  readonly notice = signal('');
  readonly story = signal<StoryRun | null>(null);
  private readonly version = signal(0);
  private readonly held = signal<History>(new History({ seed: 1, servers: 5, mode: 'shipped' }));
  /** The moment that is shown lies between two events: messages fly smoothly. */
  private shown = 0;
  private lastFrame = 0;
  private isTending = false;

  /** A new object after each change, whatever has changed. */
  private readonly now = computed(() => ({
    version: this.version.value,
    history: this.held.value,
    story: this.story.value,
  }));
  readonly setup = computed<WorldSetup>(() => this.held.value.setup);

  get world(): World {
    return this.now.value.history.world;
  }

  /** The story at this moment; it changes in place as a history does. */
  get storyNow(): StoryRun | null {
    return this.now.value.story;
  }

  /** The last position that was seen. */
  get end(): number {
    return this.now.value.history.end;
  }

  get actions(): readonly PlacedAction[] {
    return this.held.value.actions;
  }

  /** The futures that were seen, the first one first. */
  get branches(): readonly Branch[] {
    return this.now.value.history.branches;
  }

  /** Everything that a link to this moment holds. */
  get moment(): LinkedMoment {
    const { world, actions } = this;
    const selection = this.selection.value;
    return {
      ...world.setup,
      position: world.position,
      actions,
      ...(selection === null ? {} : { selection }),
    };
  }

  get shownMs(): number {
    return this.isPlaying.value ? Math.min(this.shown, this.world.nowMs) : this.world.nowMs;
  }

  open(setup: WorldSetup, actions: readonly PlacedAction[] = [], position = 0): void {
    const history = new History(setup, actions);
    history.seek(position);
    this.show(history);
  }

  private show(history: History): void {
    this.selection.value = null;
    this.held.value = history;
    this.changed();
  }

  /** A world with this bug in it, in which nothing has happened; undefined: without any. */
  plant(bug: string | undefined): void {
    this.pause();
    this.story.value = null;
    this.open(bug === undefined ? withoutBug(this.setup.value) : { ...recipeFor(bug).setup, bug });
  }

  /** The run that brings the bug of this world to light, at its end. */
  showBug(): void {
    const { bug } = this.setup.value;
    if (bug === undefined) return;
    this.pause();
    this.show(cook(bug, true));
  }

  /** The same actions at the same positions in servers without the bug. */
  withoutBug(): void {
    const { position } = this.world;
    this.pause();
    this.open(withoutBug(this.setup.value), this.actions, position);
  }

  goTo(branch: number): void {
    this.pause();
    this.held.value.goTo(branch);
    this.selection.value = null;
    this.changed();
  }

  /** Chooses the next message under way, in the order in which they were sent. */
  selectMessage(): void {
    const { flights } = this.world;
    const selection = this.selection.value;
    const last = selection?.kind === 'message' ? selection.number : 0;
    const next = flights.find(({ number }) => number > last) ?? flights[0];
    this.pause();
    if (next === undefined) this.notice.value = 'No message is under way.';
    else this.selection.value = { kind: 'message', number: next.number };
  }

  /** Chooses a message, and stops time: it will not wait. */
  selectFlight(number: number): void {
    this.pause();
    this.selection.value = { kind: 'message', number };
  }

  changeSpeed(by: -1 | 0 | 1): void {
    const at = speeds.indexOf(this.speed.value);
    this.speed.value = by === 0 ? USUAL_SPEED : (speeds[at + by] ?? this.speed.value);
  }

  /** New servers, so many, in place of those that were taken from somewhere. */
  startNew(servers: number): void {
    const { start, ...setup } = this.setup.value;
    if (start !== undefined)
      this.notice.value = 'These are new servers, which have nothing to do with the cluster.';
    this.startAnew({ ...setup, servers });
  }

  /** A fresh world; a story that is told begins anew in it, with the guess that was made. */
  startAnew(setup: WorldSetup): void {
    this.pause();
    const told = this.story.value;
    if (told === null) {
      this.open(setup);
      return;
    }
    const run = new StoryRun(told.story);
    run.guess = told.guess;
    this.story.value = run;
    this.begin({ ...told.story, setup });
  }

  /** Begins a story in its own world; without one the world stays as it is. */
  tell(story: Story | undefined): void {
    this.isPlaying.value = false;
    this.story.value = story === undefined ? null : new StoryRun(story);
    if (story !== undefined) this.begin(story);
  }

  /** The situation in which a story begins. */
  private begin({ setup, open }: Story): void {
    const history = new History(setup);
    open?.(new Script(history));
    this.show(history);
  }

  /** Does the step of the story that is due, and lets time pass until it has come true. */
  showStep(): void {
    const run = this.story.value;
    if (run === null) return;
    this.pause();
    const { done } = run;
    for (let attempt = 0; attempt < DEMO_ATTEMPTS && run.done === done; attempt += 1) {
      for (const action of run.demoIn(this.world)) this.held.value.act(action);
      this.held.value.until((world) => {
        run.look(world, done + 1);
        return run.done > done;
      }, DEMO_EVENTS);
    }
    this.notice.value = run.done > done ? '' : 'This step did not come true. Start the story anew.';
    this.changed();
  }

  answer(answer: number): void {
    if (this.story.value !== null) this.story.value.answer = answer;
    this.changed();
  }

  guess(guess: string): void {
    if (this.story.value !== null) this.story.value.guess = guess;
    this.changed();
  }

  /** The figure that the story asks for is saved. */
  figureSaved(): void {
    this.story.value?.saved(this.world);
    this.changed();
  }

  play(): void {
    this.isPlaying.value = true;
    this.notice.value = '';
    this.shown = this.world.nowMs;
    this.lastFrame = performance.now();
    requestAnimationFrame((now) => this.frame(now));
  }

  pause(): void {
    this.isPlaying.value = false;
    this.changed();
  }

  toggle(): void {
    if (this.isPlaying.value) this.pause();
    else this.play();
  }

  act(...actions: readonly Action[]): void {
    this.notice.value = '';
    for (const action of actions) this.held.value.act(action);
    this.changed();
  }

  seek(position: number): void {
    this.notice.value = '';
    this.held.value.seek(position);
    this.shown = this.world.nowMs;
    this.changed();
  }

  step(): void {
    this.isPlaying.value = false;
    this.notice.value = this.held.value.step() ? '' : 'Nothing happens any more: all servers are down.';
    this.changed();
  }

  stepBack(): void {
    this.isPlaying.value = false;
    this.held.value.stepBack();
    this.changed();
  }

  /** Goes on until a message arrives. */
  toMessage(): void {
    this.isPlaying.value = false;
    const { delivered } = this.world;
    this.notice.value = this.held.value.until((world) => world.delivered > delivered, 2000)
      ? ''
      : 'No message arrived in the time that followed.';
    this.changed();
  }

  /** Goes on until a server is elected. */
  toElection(): void {
    this.isPlaying.value = false;
    const { world } = this;
    const known = world.happenings.length;
    const isElected = ({ happenings }: World): boolean =>
      happenings.slice(known).some(({ kind }) => kind === 'elected');
    this.notice.value = this.held.value.until(isElected, 12_000)
      ? ''
      : 'No server was elected in the time that followed. Is there a majority, and does the leader go on to lead?';
    this.changed();
  }

  private frame(now: number): void {
    if (!this.isPlaying.value) return;
    const elapsedMs = Math.min(100, now - this.lastFrame);
    this.lastFrame = now;
    this.shown += elapsedMs * this.speed.value;
    const history = this.held.value;
    for (let event = 0; event < FRAME_EVENTS_MAX && history.world.nowMs < this.shown; event += 1)
      history.next();
    this.shown = Math.min(this.shown, history.world.nowMs);
    if (this.speed.value <= TEND_SPEED_MAX) history.tend(TEND_EVENTS_A_FRAME);
    this.changed();
    requestAnimationFrame((next) => this.frame(next));
  }

  private changed(): void {
    const story = this.story.value;
    if (story !== null && story.guess !== null) story.look(this.held.value.world);
    this.version.value += 1;
    if (!this.isTending && !this.isPlaying.value) this.tend();
  }

  /** Makes checkpoints while nothing plays. */
  private tend(): void {
    this.isTending = !this.isPlaying.value && this.held.value.tend(TEND_EVENTS_A_SLICE);
    if (this.isTending) setTimeout(() => this.tend());
  }
}

function withoutBug({ seed, servers, mode }: WorldSetup): WorldSetup {
  return { seed, servers, mode };
}
