import { leaderIn } from './script.js';
import type { Action } from './actions.js';
import type { Story, StoryMemory, StoryStep } from './storyParts.js';
import type { World } from './world.js';

/** How far somebody has come in a story. */
export class StoryRun {
  /** The number of steps that are done. */
  done = 0;
  guess: string | null = null;
  /** The answer to the check at the end. */
  answer: number | null = null;
  private readonly memory: StoryMemory = { leader: -1, term: 0, calls: 0 };

  constructor(readonly story: Story) {}

  get step(): StoryStep | undefined {
    return this.story.steps[this.done];
  }

  get isEnded(): boolean {
    return this.done >= this.story.steps.length;
  }

  /** The name of the figure that is due. */
  get figure(): string | undefined {
    const { step } = this;
    return step !== undefined && 'figure' in step ? step.figure : undefined;
  }

  /** Looks whether what is due has come true; steps that were done stay done, and no more than `doneMax` are. */
  look(world: World, doneMax = Number.POSITIVE_INFINITY): void {
    while (this.done < doneMax) {
      const { step } = this;
      if (step === undefined || 'figure' in step) return;
      if (!step.isDone(world, this.memory)) return;
      this.finish(world);
    }
  }

  /** The actions that do the due step; none when it only needs time. */
  demoIn(world: World): readonly Action[] {
    const { step } = this;
    return step !== undefined && 'demo' in step ? step.demo(world, this.memory) : [];
  }

  /** The figure that is due was saved. */
  saved(world: World): void {
    if (this.figure !== undefined) this.finish(world);
  }

  private finish(world: World): void {
    this.done += 1;
    const leader = leaderIn(world);
    this.memory.calls = world.calls.all.length;
    // A cut-off leader stays the one that the story is about, until its successor is there.
    if (leader === undefined || leader.term <= this.memory.term) return;
    const isFirst = this.memory.leader === -1;
    if (isFirst) Object.assign(this.memory, { leader: leader.id, term: leader.term });
  }
}
