import type { Scenario } from './scenario.js';
import { succeeded, type ScenarioCall } from './calls.js';
import type { ScenarioWorld } from './stage.js';

const CONFLICTS = 50;
/** One probe for each term in the way, and some more for requests that crossed. */
const REJECTIONS_MAX = 20;

function proposeMany(stage: ScenarioWorld, leader: number, count: number): ScenarioCall[] {
  return Array.from({ length: count }, () => stage.propose(leader));
}

/** Figure 7: logs that went different ways become equal again, without a long search. */
export const conflicts: readonly Scenario[] = [
  {
    name: "agreement: an old leader's uncommitted entries are replaced",
    shows:
      'entries that a leader alone has taken in vanish when it rejoins, and their callers are not told that they succeeded',
    setup: { servers: [3, 5] },
    async play(stage) {
      await stage.commit(stage.ids.length);
      const first = await stage.leader();
      stage.cut(first);
      const lost = proposeMany(stage, first, stage.random.between(1, 5));
      const second = await stage.leader();
      await stage.commit(stage.majority);
      stage.cut(second);
      stage.rejoin(first);
      await stage.commit(stage.majority);
      stage.rejoin(second);
      await stage.commit(stage.ids.length);
      await stage.answers(lost);
      for (const call of lost) {
        stage.expect(!succeeded(call), 'a lost command is not called a success');
        stage.expect(stage.indexOf(call) === 0, 'a lost command is not committed');
      }
    },
  },
  {
    name: 'agreement: fast back-up over conflicting entries',
    shows: 'followers with 50 entries of several dead leaders are brought in line with a handful of probes',
    setup: { servers: [5] },
    async play(stage) {
      await stage.commit(5);
      const first = await stage.leader();
      const [companion = first] = stage.othersThan(first);
      const others = stage.othersThan(first, companion);
      stage.cut(...others);
      const lost = proposeMany(stage, first, CONFLICTS);
      await stage.advanceBetween(200, 1_000);

      stage.cut(first, companion);
      stage.rejoin(...others);
      const second = await stage.leader();
      const kept = proposeMany(stage, second, CONFLICTS);
      await stage.answers(kept);
      const third = stage.random.pick(others.filter((id) => id !== second));
      stage.cut(third);
      lost.push(...proposeMany(stage, second, CONFLICTS));
      await stage.advanceBetween(200, 1_000);

      const { rejections } = stage.traffic;
      stage.cut(...others);
      stage.rejoin(first, companion, third);
      await stage.commit(3);
      await stage.answers(proposeMany(stage, await stage.leader(), CONFLICTS));

      stage.rejoin(...stage.ids);
      await stage.commit(5);
      stage.expect(stage.traffic.rejections - rejections <= REJECTIONS_MAX, 'few probes find the place');
      stage.expect(kept.every(succeeded), 'what had a majority succeeded');
      stage.expect(!lost.some(succeeded), 'what had no majority did not');
    },
  },
];
