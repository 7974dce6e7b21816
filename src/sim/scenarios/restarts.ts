import type { NodeId } from '../../raft/types.js';
import type { Scenario } from './scenario.js';
import type { ScenarioWorld } from './stage.js';

/** Ends processes and starts them again on their disks. */
export function restart(stage: ScenarioWorld, ...ids: readonly NodeId[]): void {
  stage.kill(...ids);
  stage.start(...ids);
}

/** Figure 2, "Persistent state": a process may end at any moment, and what was committed stays. */
export const restarts: readonly Scenario[] = [
  {
    name: 'persistence: all restart, then one by one',
    shows: 'the log goes on where it was after restarts of all servers, of the leader, and of a follower',
    setup: { servers: [1, 3, 5] },
    async play(stage) {
      const all = stage.ids.length;
      await stage.commit(all);
      restart(stage, ...stage.ids);
      await stage.commit(all);
      restart(stage, await stage.leader());
      await stage.commit(all);

      const leader = await stage.leader();
      stage.kill(leader);
      if (all > 1) await stage.commit(all - 1);
      stage.start(leader);
      await stage.commit(all);
      const follower = stage.random.pick(stage.ids);
      stage.kill(follower);
      if (all > 1) await stage.commit(all - 1);
      stage.start(follower);
      await stage.commit(all);
    },
  },
  {
    name: 'persistence: majorities take turns',
    shows: 'servers that missed entries while they were off, in every order, never take anything back',
    setup: { servers: [5] },
    async play(stage) {
      for (let round = 0; round < 5; round += 1) {
        await stage.commit(5);
        const order = stage.some(5, [...stage.ids]);
        const [a = 0, b = 1, c = 2, d = 3, e = 4] = order;
        stage.kill(a, b);
        await stage.commit(3);
        stage.kill(c, d, e);
        stage.start(a, b);
        await stage.advanceBetween(0, 2_000);
        stage.start(c);
        await stage.commit(3);
        stage.start(d, e);
      }
    },
  },
  {
    name: 'persistence: leader and followers mixed',
    shows: 'a leader cut off with entries of its own, a restarted pair and a late third agree in the end',
    setup: { servers: [3] },
    async play(stage) {
      await stage.commit(3);
      const leader = await stage.leader();
      const [a = 0, b = 0] = stage.some(2, stage.othersThan(leader));
      stage.cut(b);
      await stage.commit(2);
      stage.kill(leader, a);
      stage.rejoin(b);
      stage.start(leader);
      await stage.commit(2);
      stage.start(a);
      await stage.commit(3);
    },
  },
];
