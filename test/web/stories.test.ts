import { expect } from 'chai';
import { History } from '../../src/web/raft/history.js';
import { leaderIn, Script } from '../../src/web/raft/script.js';
import { stories } from '../../src/web/raft/stories.js';
import type { Story } from '../../src/web/raft/storyParts.js';
import { StoryRun } from '../../src/web/raft/storyRun.js';
import type { Action } from '../../src/web/raft/actions.js';

/** Plays a story as its texts say. */
class Player {
  readonly history: History;
  readonly run: StoryRun;

  constructor(readonly story: Story) {
    this.history = new History(story.setup);
    this.run = new StoryRun(story);
  }

  get leader(): number {
    return leaderIn(this.history.world)?.id ?? -1;
  }

  /** Lets time pass until so many steps are done. */
  playTo(done: number): void {
    const isThere = this.history.until((world) => {
      this.run.look(world);
      return this.run.done >= done;
    });
    expect(isThere, `${this.story.title}: step ${done}`).to.equal(true);
    expect(this.run.done).to.equal(done);
    expect(this.history.world.violation).to.equal(undefined);
  }

  act(done: number, ...actions: readonly Action[]): void {
    for (const action of actions) this.history.act(action);
    this.run.look(this.history.world);
    expect(this.run.done, `${this.story.title}: after ${JSON.stringify(actions)}`).to.equal(done);
  }

  save(name: string): void {
    expect(this.run.figure).to.equal(name);
    this.run.saved(this.history.world);
  }
}

function storyOf(id: string): Story {
  const story = stories.find((each) => each.id === id);
  if (story === undefined) throw new Error(`there is no story ${id}`);
  return story;
}

function links(kind: 'cut' | 'heal', server: number): Action[] {
  const others = [0, 1, 2, 3, 4].filter((id) => id !== server);
  return others.flatMap((other) => [
    { kind, from: server, to: other },
    { kind, from: other, to: server },
  ]);
}

describe('the stories', () => {
  it('1: one server is first, is elected, and followed', () => {
    const player = new Player(storyOf('q1'));
    for (const done of [1, 2, 3]) player.playTo(done);
    expect(player.run.isEnded).to.equal(true);
  });

  it('2: the entry of a stopped leader is replaced', () => {
    const player = new Player(storyOf('q2'));
    player.playTo(1);
    const old = player.leader;
    player.act(2, { kind: 'request', server: old });
    player.playTo(3);
    player.act(4, { kind: 'request', server: old });
    player.save('task1_q2_1.PNG');
    player.act(6, { kind: 'stop', server: old });
    player.playTo(7);
    player.act(8, { kind: 'request', server: player.leader });
    player.act(9, { kind: 'start', server: old });
    player.playTo(10);
    player.save('task1_q2_2.PNG');
    expect(player.run.isEnded).to.equal(true);
  });

  for (const id of ['q3', 'q5']) {
    it(`${id}: two of five elect nobody until the others are back`, () => {
      const player = new Player(storyOf(id));
      player.playTo(1);
      const down = [0, 1, 2].map((step) => (player.leader + step) % 5);
      player.act(2, ...down.map((server): Action => ({ kind: 'stop', server })));
      player.playTo(3);
      if (id === 'q3') player.save('task1_q3_1.PNG');
      const { done } = player.run;
      player.act(done + 1, ...down.map((server): Action => ({ kind: 'start', server })));
      player.playTo(done + 2);
      if (id === 'q3') player.save('task1_q3_2.PNG');
      expect(player.run.isEnded).to.equal(true);
    });
  }

  it('4: a leader that is cut off takes a request that is lost', () => {
    const player = new Player(storyOf('q4'));
    player.playTo(1);
    const old = player.leader;
    player.act(2, ...links('cut', old));
    player.act(3, { kind: 'request', server: old });
    player.playTo(4);
    player.act(5, { kind: 'request', server: player.leader });
    player.playTo(6);
    player.act(7, ...links('heal', old));
    player.playTo(8);
    expect(player.history.world.calls.all.map(({ outcome }) => outcome)).to.deep.equal(['unknown', 'done']);
  });

  for (const { id, title } of stories) {
    it(`“${title}” can be shown step by step to its end, as the page does it`, function () {
      this.timeout(20_000);
      const told = storyOf(id);
      const history = new History(told.setup);
      told.open?.(new Script(history));
      const run = new StoryRun(told);
      run.look(history.world, 0);
      for (let step = 0; step < told.steps.length; step += 1) {
        if (run.figure !== undefined) run.saved(history.world);
        for (let attempt = 0; attempt < 50 && run.done === step; attempt += 1) {
          for (const action of run.demoIn(history.world)) history.act(action);
          history.until((world) => {
            run.look(world, step + 1);
            return run.done > step;
          }, 150);
        }
        expect(run.done, told.steps[step]?.text).to.equal(step + 1);
      }
      expect(history.world.violation).to.equal(undefined);
      if (told.check !== undefined) expect(told.check.answers[told.check.right]).to.be.a('string');
    });
  }
});
