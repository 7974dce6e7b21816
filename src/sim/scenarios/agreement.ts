import { succeeded, type ScenarioCall } from './calls.js';
import type { Scenario } from './scenario.js';
import type { ScenarioWorld } from './stage.js';

/** Section 5.3: commands are committed wherever a majority is together, and nowhere else. */
export const agreement: readonly Scenario[] = [
  {
    name: 'agreement: basic',
    shows: 'commands, one after another, are applied by all servers in that order',
    setup: { servers: [1, 2, 3, 4, 5, 6, 7] },
    async play(stage) {
      const commands: string[] = [];
      for (let count = stage.random.between(3, 10); count > 0; count -= 1) {
        stage.expect(stage.committed.length === commands.length, 'nothing is committed unasked');
        commands.push((await stage.commit(stage.ids.length)).command);
      }
      stage.expect(stage.committed.join() === commands.join(), 'the order is that of the calls');
    },
  },
  {
    name: 'agreement: each command is sent once to each peer',
    shows:
      'on a network that loses nothing the leader sends every command, of up to 5,000 bytes, exactly once to each peer',
    setup: { servers: [2, 3, 5, 7] },
    async play(stage) {
      await stage.commit(stage.ids.length);
      const leader = await stage.leader();
      const calls: ScenarioCall[] = [];
      for (let count = 0; count < 10; count += 1) {
        calls.push(stage.propose(leader, 'x'.repeat(stage.random.between(0, 5_000))));
        if (stage.random.chance(0.5)) await stage.answers(calls);
      }
      await stage.until('all servers apply all', () =>
        calls.every((call) => stage.appliedBy(call) === stage.ids.length),
      );
      for (const { command } of calls) {
        for (const peer of stage.othersThan(leader)) {
          const copies = stage.traffic.copiesOf(command, peer);
          stage.expect(copies === 1, 'each command is sent once', `${copies} times to server ${peer}`);
        }
      }
    },
  },
  {
    name: 'agreement: followers fail one after another',
    shows: 'commands are committed for as long as a majority is left, and none afterwards',
    setup: { servers: [3, 5, 7] },
    async play(stage) {
      await stage.commit(stage.ids.length);
      const leader = await stage.leader();
      const followers = stage.some(stage.ids.length, stage.othersThan(leader));
      for (let left = stage.ids.length - 1; left >= stage.majority; left -= 1) {
        stage.cut(...followers.splice(0, 1));
        await stage.commit(left);
        stage.expect((await stage.leader()) === leader, 'the leader stays');
      }
      stage.cut(...followers.splice(0, 1));
      const call = stage.propose(leader);
      await stage.advanceBetween(2_000, 10_000);
      stage.expect(call.outcome === null, 'nobody is answered without a majority');
      stage.expect(stage.indexOf(call) === 0, 'nothing is committed without a majority');
    },
  },
  {
    name: 'agreement: leaders fail one after another',
    shows: 'each lost leader is replaced for as long as a majority is left, and then nothing is committed',
    setup: { servers: [3, 5, 7] },
    async play(stage) {
      await stage.commit(stage.ids.length);
      for (let left = stage.ids.length - 1; left >= stage.majority; left -= 1) {
        stage.cut(await stage.leader());
        await stage.commit(left);
      }
      stage.cut(await stage.leader());
      const calls = stage.ids.map((id) => stage.propose(id));
      await stage.advanceBetween(2_000, 10_000);
      stage.expect(!calls.some(succeeded), 'nobody succeeds without a majority');
      stage.expect(
        calls.every((call) => stage.indexOf(call) === 0),
        'nothing is committed without a majority',
      );
    },
  },
  {
    name: 'agreement: a reconnected follower catches up',
    shows: 'what was committed without a follower reaches it when it rejoins',
    setup: { servers: [3, 5, 7] },
    async play(stage) {
      await stage.commit(stage.ids.length);
      const follower = stage.random.pick(stage.othersThan(await stage.leader()));
      stage.cut(follower);
      for (let count = stage.random.between(1, 20); count > 0; count -= 1) await stage.commit();
      await stage.advanceBetween(0, 5_000);
      const last = await stage.commit(stage.ids.length - 1);
      stage.expect(!stage.hasApplied(follower, stage.indexOf(last)), 'nothing passes a cut link');
      stage.rejoin(follower);
      await stage.until('the follower catches up', () => stage.appliedBy(last) === stage.ids.length, 5_000);
      await stage.commit(stage.ids.length);
    },
  },
  {
    name: 'agreement: no commit with three of five cut off',
    shows:
      'a leader with one follower of four keeps its callers waiting; after rejoining the cluster goes on',
    setup: { servers: [5] },
    async play(stage) {
      await stage.commit(5);
      const leader = await stage.leader();
      const cut = stage.some(3, stage.othersThan(leader));
      stage.cut(...cut);
      const calls = Array.from({ length: stage.random.between(1, 10) }, () => stage.propose(leader));
      await stage.advanceBetween(2_000, 10_000);
      stage.expect(
        calls.every((call) => call.outcome === null && stage.indexOf(call) === 0),
        'nothing is committed, and nobody answered, without a majority',
      );
      stage.rejoin(...cut);
      await stage.answers(calls);
      await stage.commit(5);
    },
  },
  {
    name: 'agreement: concurrent starts in one term',
    shows: 'commands that reach a leader at the same moment all get places of their own, in its term',
    setup: { servers: [1, 3, 4, 5] },
    async play(stage) {
      const leader = await stage.leader();
      const term = stage.termOf(leader);
      const calls = Array.from({ length: stage.random.between(2, 20) }, () => stage.propose(leader));
      await stage.answers(calls);
      stage.expect(stage.termOf(leader) === term, 'the term stays');
      stage.expect(calls.every(succeeded), 'all succeed');
      const places = new Set(calls.map((call) => stage.indexOf(call)));
      stage.expect(places.size === calls.length && !places.has(0), 'each has a place of its own');
    },
  },
];

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
