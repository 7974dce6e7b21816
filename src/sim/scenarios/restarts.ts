import type { NodeId } from '../../raft/types.js';
import { succeeded, type ScenarioCall } from './calls.js';
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

const FIGURE8_ROUNDS = 300;
const LONG_REORDERING_ROUNDS = 300;
const CHURN_MS = 30_000;

/** Figure 8 again and again: leaders die at bad moments, with entries of which some servers have heard. */
async function figure8(stage: ScenarioWorld): Promise<void> {
  await stage.commit(1);
  for (let round = 0; round < FIGURE8_ROUNDS; round += 1) {
    for (const id of stage.ids) if (stage.leads(id)) stage.propose(id);
    if (stage.random.chance(0.1)) await stage.advanceBetween(0, 1_000);
    else await stage.advanceBetween(0, stage.random.pick([2, 10, 30]));
    const leader = stage.ids.find((id) => stage.leads(id));
    if (leader !== undefined) stage.kill(leader);
    const up = stage.ids.filter((id) => stage.isUp(id));
    if (up.length < stage.majority) stage.start(stage.random.pick(stage.othersThan(...up)));
    await stage.waitFor(() => stage.ids.some((id) => stage.leads(id)), 1_500, 2);
  }
  stage.start(...stage.ids);
  await stage.commit(stage.ids.length);
}

/** Figure 8 itself, (a) to (d): an entry of an earlier term is on a majority, and yet it is replaced. */
async function figure8StepByStep(stage: ScenarioWorld): Promise<void> {
  await stage.commit(5);
  const s1 = await stage.leader();
  const [s2 = s1, ...others] = stage.some(4, stage.othersThan(s1));
  stage.split([s1, s2], others);
  const old = stage.propose(s1);
  await stage.until('(a) the entry is on two servers', () => stage.holds(s2, old));
  stage.kill(s1, s2);

  await stage.waitFor(() => others.some((id) => stage.asksForVotes(id)), 10_000, 1);
  const s5 = others.find((id) => stage.asksForVotes(id)) ?? stage.random.pick(others);
  stage.mute(s5);
  await stage.waitFor(() => stage.leads(s5), 1_000, 1);
  stage.kill(s5);

  stage.rejoin(s5);
  const [s3 = s1, ...s4] = others.filter((id) => id !== s5);
  stage.split([s1, s2, s3], [s5, ...s4]);
  stage.start(s1, s2);
  const again = await stage.leader();
  await stage.waitFor(() => stage.holds(s3, old), 5_000, 1);
  stage.mute(again);
  await stage.advance(200);
  stage.kill(s1, s2);

  stage.rejoin(again);
  stage.split();
  stage.start(s5);
  await stage.commit(3);
  stage.start(s1, s2);
  await stage.commit(5);
}

/** The same with cut links instead of kills, over a network that loses and reorders. */
async function figure8OnBadNetwork(stage: ScenarioWorld): Promise<void> {
  await stage.commit(1);
  for (let round = 0; round < LONG_REORDERING_ROUNDS; round += 1) {
    if (round === Math.floor(LONG_REORDERING_ROUNDS / 5)) stage.setNetwork('reordering');
    for (const id of stage.ids) if (stage.leads(id)) stage.propose(id);
    if (stage.random.chance(0.1)) await stage.advanceBetween(0, 500);
    else await stage.advanceBetween(0, 13);
    const leader = stage.ids.find((id) => stage.leads(id) && !stage.links.isCutOff(id));
    if (leader !== undefined && stage.random.chance(0.5)) stage.cut(leader);
    const cut = stage.ids.filter((id) => stage.links.isCutOff(id));
    if (stage.ids.length - cut.length < stage.majority) stage.rejoin(stage.random.pick(cut));
    await stage.waitFor(() => stage.presentLeader() !== undefined, 1_000);
  }
}

/** Callers that never rest, while servers are cut off, ended and started. */
async function churn(stage: ScenarioWorld): Promise<void> {
  await stage.leader();
  const calls: ScenarioCall[] = [];
  const endsAt = stage.nowMs + CHURN_MS;
  while (stage.nowMs < endsAt) {
    if (stage.random.chance(0.2)) stage.cut(stage.random.pick(stage.ids));
    if (stage.random.chance(0.5)) stage.rejoin(stage.random.pick(stage.ids));
    if (stage.random.chance(0.2)) restart(stage, stage.random.pick(stage.ids));
    for (let burst = stage.random.between(1, 3); burst > 0; burst -= 1) {
      for (const id of stage.ids) if (stage.leads(id)) calls.push(stage.propose(id));
      await stage.advanceBetween(0, 400);
    }
  }
  await stage.heal();
  stage.expect(calls.some(succeeded), 'some commands succeed');
  for (const call of calls.filter(succeeded)) {
    stage.expect(stage.indexOf(call) > 0, 'an observed commit stays', call.command);
  }
}

/** The long ones: hours of bad luck. */
export const churns: readonly Scenario[] = [
  {
    name: 'persistence: figure 8',
    shows:
      '300 rounds of leaders that die with entries of which some servers have heard: nothing committed changes',
    setup: { servers: [3, 5] },
    play: figure8,
  },
  {
    name: 'persistence: figure 8, step by step',
    shows:
      'an entry of an earlier term counts as committed only with one of the current term, however many hold it',
    setup: { servers: [5] },
    play: figure8StepByStep,
  },
  {
    name: 'persistence: agreement on an unreliable network',
    shows: 'bursts of commands are all committed although messages are lost, late and doubled',
    setup: { servers: [3, 5], network: 'unreliable' },
    async play(stage) {
      for (let round = 0; round < 20; round += 1) {
        const leader = await stage.leader();
        const calls = Array.from({ length: 5 }, () => stage.propose(leader));
        await stage.commit();
        await stage.answers(calls);
      }
      stage.setNetwork('reliable');
      await stage.commit(stage.ids.length);
    },
  },
  {
    name: 'persistence: figure 8 on a network with long reordering',
    shows: '300 rounds of leaders that are cut off while messages arrive seconds late and out of order',
    setup: { servers: [5], network: 'unreliable' },
    play: figure8OnBadNetwork,
  },
  {
    name: 'persistence: churn, reliable network',
    shows: 'while servers are cut off and restarted at random, every observed commit stays',
    setup: { servers: [3, 5] },
    play: churn,
  },
  {
    name: 'persistence: churn, unreliable network',
    shows: 'the same with messages that are lost, late and doubled',
    setup: { servers: [3, 5], network: 'unreliable' },
    play: churn,
  },
];
