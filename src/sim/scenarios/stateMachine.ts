import { restart } from './restarts.js';
import type { Scenario } from './scenario.js';
import { succeeded } from './calls.js';

/** The replicated state machine, as those see it who submit commands to a server. */
export const stateMachine: readonly Scenario[] = [
  {
    name: 'state machine: basic',
    shows: 'submissions, one after another, are answered in order, and all states are equal',
    setup: { servers: [1, 3, 5] },
    async play(stage) {
      const submitted: string[] = [];
      for (let count = 0; count < 10; count += 1) submitted.push((await stage.commit()).command);
      stage.expect(stage.committed.join() === submitted.join(), 'the order is that of the answers');
    },
  },
  {
    name: 'state machine: fifty concurrent submissions',
    shows: 'all fifty are answered, each with its own result, and each takes effect once',
    setup: { servers: [3, 4, 5] },
    async play(stage) {
      const leader = await stage.leader();
      const calls = Array.from({ length: 50 }, () => stage.propose(leader));
      await stage.answers(calls);
      stage.expect(calls.every(succeeded), 'all succeed');
      const asked = calls.map(({ command }) => command).sort();
      stage.expect([...stage.committed].sort().join() === asked.join(), 'each takes effect once');
    },
  },
  {
    name: 'state machine: leader failure',
    shows:
      'after the loss of a leader submissions succeed at its successor, and everything before is still there',
    setup: { servers: [3, 5] },
    async play(stage) {
      const before = await stage.commit();
      const leader = await stage.leader();
      if (stage.random.chance(0.5)) stage.cut(leader);
      else stage.crash(leader);
      const after = await stage.commit(stage.ids.length - 1);
      await stage.readFromLeader();
      stage.expect(stage.indexOf(before) < stage.indexOf(after), 'what was there stays');
    },
  },
  {
    name: 'state machine: leader in a minority',
    shows:
      'a hundred submissions to a leader without a majority never succeed, and after healing all are answered',
    setup: { servers: [3, 5, 7] },
    async play(stage) {
      await stage.commit(stage.ids.length);
      const leader = await stage.leader();
      const few = stage.some(stage.ids.length - stage.majority - 1, stage.othersThan(leader));
      stage.split([leader, ...few], stage.othersThan(leader, ...few));
      const calls = Array.from({ length: 100 }, () => stage.propose(leader));
      await stage.commit();
      await stage.advanceBetween(1_000, 10_000);
      stage.expect(
        calls.every(({ outcome }) => outcome === null),
        'nobody is answered without a majority',
      );
      stage.split();
      await stage.answers(calls);
      await stage.commit(stage.ids.length);
      stage.expect(!calls.some(succeeded), 'none succeeds');
      stage.expect(
        calls.every((call) => stage.indexOf(call) === 0),
        'none takes effect',
      );
    },
  },
  {
    name: 'state machine: restart and replay',
    shows: 'an empty state machine is brought back to the same state from the log',
    setup: { servers: [1, 3, 5] },
    async play(stage) {
      for (let count = stage.random.between(1, 20); count > 0; count -= 1) await stage.commit();
      const last = await stage.commit(stage.ids.length);
      restart(stage, ...stage.ids);
      await stage.until('all are replayed', () => stage.appliedBy(last) === stage.ids.length);
      const read = await stage.readFromLeader();
      const files = read.outcome?.kind === 'read' ? read.outcome.files.size : 0;
      stage.expect(files === stage.committed.length, 'a read shows everything', `${files} files`);
    },
  },
  {
    name: 'state machine: shutdown ends pending submissions',
    shows: 'who waits for a server that shuts down, or crashes, is told at once that the outcome is unknown',
    setup: { servers: [3, 5] },
    async play(stage) {
      await stage.commit(stage.ids.length);
      const leader = await stage.leader();
      stage.cut(leader);
      const calls = Array.from({ length: stage.random.between(1, 20) }, () => stage.propose(leader));
      calls.push(stage.read(leader));
      await stage.advanceBetween(0, 2_000);
      if (stage.random.chance(0.5)) stage.stop(leader);
      else stage.crash(leader);
      await stage.advance(0);
      stage.expect(
        calls.every(({ outcome }) => outcome?.kind === 'unknown'),
        'each is told that the outcome is unknown',
      );
      const late = stage.propose(leader);
      stage.expect(late.outcome?.kind === 'failed', 'later calls are refused');
      restart(stage, leader);
      stage.rejoin(leader);
      await stage.commit(stage.ids.length);
    },
  },
  {
    name: 'state machine: submissions right after a restart',
    shows: 'submissions to servers that have only just started are refused or carried out, never forgotten',
    setup: { servers: [1, 3, 5] },
    async play(stage) {
      await stage.commit(stage.ids.length);
      restart(stage, ...stage.ids);
      const calls = stage.ids.map((id) => stage.propose(id));
      for (let count = 0; count < 10; count += 1) {
        await stage.advanceBetween(0, 200);
        calls.push(...stage.ids.map((id) => stage.propose(id)));
      }
      await stage.answers(calls);
      await stage.commit(stage.ids.length);
      for (const call of calls.filter(succeeded)) stage.expect(stage.indexOf(call) > 0, 'a success is kept');
    },
  },
];
