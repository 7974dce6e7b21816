import type { NodeId } from '../../raft/types.js';
import type { SnapshotPlan } from '../plan.js';
import { succeeded, type ScenarioCall } from './calls.js';
import { restart } from './restarts.js';
import type { Scenario } from './scenario.js';
import { workThrough } from './service.js';
import type { Setup } from './setup.js';
import type { ScenarioWorld } from './stage.js';

/** A snapshot every ten entries, of many small chunks, and no log behind it. */
const often: SnapshotPlan = { entriesMax: 10, chunkChars: 40, tailEntriesMax: 0 };
/** The same with something left for slow followers. */
const withTail: SnapshotPlan = { ...often, tailEntriesMax: 5 };
/** Chunks that are not so small, where many messages are lost. */
const onBadNetwork: SnapshotPlan = { ...often, chunkChars: 200 };
/** Entries in the log that no snapshot covers yet, at most, while one is taken and stored. */
const UNCOVERED_MAX = 60;
const ROUNDS = 8;

/** What takes a follower away for a while. */
type Away = (stage: ScenarioWorld, id: NodeId) => { readonly back: () => void };

const disconnected: Away = (stage, id) => {
  stage.cut(id);
  return { back: () => stage.rejoin(id) };
};
const killed: Away = (stage, id) => {
  stage.kill(id);
  return { back: () => stage.start(id) };
};
const crashed: Away = (stage, id) => {
  stage.crash(id);
  return { back: () => stage.restore(id) };
};

async function commitMany(stage: ScenarioWorld, count: number): Promise<ScenarioCall> {
  for (let left = count; left > 1; left -= 1) await stage.commit();
  return stage.commit();
}

/** Whether what a server lacks is only to be had as a snapshot, whoever leads. */
function needsSnapshot(stage: ScenarioWorld, id: NodeId): boolean {
  const lastIndex = stage.server(id).log.length;
  return stage.othersThan(id).every((other) => stage.core(other).firstIndex > lastIndex + 1);
}

/** Commits until nobody has the entries any more that this server lacks. */
async function outrun(stage: ScenarioWorld, id: NodeId): Promise<ScenarioCall> {
  let last = await stage.commit(stage.ids.length - 1);
  for (let round = 0; !needsSnapshot(stage, id); round += 1) {
    stage.expect(round < 200, 'logs are compacted', `server ${id} could still be helped by the log`);
    last = await stage.commit(stage.ids.length - 1);
  }
  return last;
}

/** A follower is away for longer than the log remembers, again and again. */
async function fallBehind(stage: ScenarioWorld, away: Away): Promise<void> {
  await stage.commit(stage.ids.length);
  for (let round = 0; round < ROUNDS; round += 1) {
    const follower = stage.random.pick(stage.othersThan(await stage.leader()));
    const { back } = away(stage, follower);
    const last = await outrun(stage, follower);
    const before = stage.installed;
    back();
    await stage.until('the follower catches up', () => stage.hasApplied(follower, stage.indexOf(last)));
    stage.expect(stage.installed > before, 'it is caught up by a snapshot');
  }
}

/** Chunks of a snapshot are on their way to a follower, some have arrived. */
async function inMidTransfer(
  stage: ScenarioWorld,
): Promise<{ leader: NodeId; follower: NodeId; last: ScenarioCall }> {
  await commitMany(stage, 30);
  const follower = stage.random.pick(stage.othersThan(await stage.leader()));
  stage.cut(follower);
  const last = await outrun(stage, follower);
  const leader = await stage.leader();
  const chunks = stage.traffic.chunksTo(follower) + stage.random.between(2, 8);
  stage.rejoin(follower);
  await stage.waitFor(() => stage.traffic.chunksTo(follower) >= chunks, 5_000, 1);
  return { leader, follower, last };
}

async function catchesUp(stage: ScenarioWorld, id: NodeId, last: ScenarioCall): Promise<void> {
  await stage.until('the follower catches up', () => stage.hasApplied(id, stage.indexOf(last)));
}

function behind(title: string, setup: Partial<Setup>, away: Away): Scenario {
  return {
    name: `snapshots: ${title}`,
    shows: 'a follower that missed more than the log remembers is caught up by a snapshot, eight times over',
    setup: { servers: [3, 5], snapshots: often, ...setup },
    play: (stage) => fallBehind(stage, away),
  };
}

/** Section 7: the log is compacted, and who needs what is gone gets a snapshot. */
export const snapshots: readonly Scenario[] = [
  {
    name: 'snapshots: basic',
    shows: 'logs stay short however many commands are committed, and nothing is lost with what is dropped',
    setup: { servers: [1, 3, 5], snapshots: withTail },
    async play(stage) {
      await stage.commit(stage.ids.length);
      for (let round = 0; round < ROUNDS; round += 1) {
        const leader = await stage.leader();
        const calls = Array.from({ length: 25 }, () => stage.propose(leader));
        await stage.answers(calls);
        await stage.advanceBetween(50, 1_000);
      }
      await stage.advance(2_000);
      for (const id of stage.ids) {
        const { firstIndex, lastIndex } = stage.core(id);
        stage.expect(
          lastIndex - firstIndex < UNCOVERED_MAX,
          'logs stay short',
          `server ${id} holds ${firstIndex} to ${lastIndex}`,
        );
      }
    },
  },
  behind('a follower that was cut off', {}, disconnected),
  behind(
    'a follower that was cut off, unreliable network',
    { network: 'unreliable', snapshots: onBadNetwork },
    disconnected,
  ),
  behind('a follower that was killed', {}, killed),
  behind(
    'a follower that was killed, unreliable network',
    { network: 'unreliable', snapshots: onBadNetwork },
    killed,
  ),
  behind('a follower that was crashed', {}, crashed),
  {
    name: 'snapshots: all restart',
    shows: 'servers that were all killed go on from their snapshots and the logs behind them',
    setup: { servers: [1, 3, 5], snapshots: withTail },
    async play(stage) {
      for (let round = 0; round < ROUNDS; round += 1) {
        const last = await commitMany(stage, stage.random.between(5, 30));
        if (stage.random.chance(0.5)) await stage.advanceBetween(0, 100);
        restart(stage, ...stage.ids);
        await stage.commit(stage.ids.length);
        stage.expect(stage.appliedBy(last) === stage.ids.length, 'what was committed is everywhere');
      }
    },
  },
  {
    name: 'snapshots: an emptied disk',
    shows: 'a server that lost its disk is caught up by a snapshot, and nobody stands for election',
    setup: { servers: [3, 5], snapshots: often, voteDelayTicks: 120 },
    async play(stage) {
      await stage.commit(stage.ids.length);
      await commitMany(stage, 40);
      const leader = await stage.leader();
      const term = stage.termOf(leader);
      const follower = stage.random.pick(stage.othersThan(leader));
      stage.kill(follower);
      stage.wipe(follower);
      const last = await outrun(stage, follower);
      stage.start(follower);
      await catchesUp(stage, follower, last);
      stage.expect(
        stage.termOf(leader) === term,
        'no election',
        `term ${stage.termOf(leader)} after ${term}`,
      );
    },
  },
  {
    name: 'snapshots: the leader dies in the middle of a transfer',
    shows: 'another leader, with a snapshot of its own, begins anew; nothing of the two is mixed',
    setup: { servers: [3, 5], snapshots: often },
    async play(stage) {
      const { leader, follower, last } = await inMidTransfer(stage);
      stage.kill(leader);
      if (stage.ids.length === 3) stage.start(leader);
      await stage.commit();
      await catchesUp(stage, follower, last);
    },
  },
  {
    name: 'snapshots: the follower dies in the middle of a transfer',
    shows: 'what had arrived is forgotten with the process; the follower starts from what it had stored',
    setup: { servers: [3, 5], snapshots: often },
    async play(stage) {
      const { follower, last } = await inMidTransfer(stage);
      if (stage.random.chance(0.5)) restart(stage, follower);
      else {
        stage.crash(follower);
        await stage.advanceBetween(0, 500);
        stage.restore(follower);
      }
      await catchesUp(stage, follower, last);
    },
  },
  {
    name: 'snapshots: an election in the middle of a transfer',
    shows:
      'a follower that installs a snapshot keeps its vote and its term right, and never wins with an old log',
    setup: { servers: [3, 5], snapshots: onBadNetwork, network: 'unreliable' },
    async play(stage) {
      for (let round = 0; round < 3; round += 1) {
        const { leader, follower, last } = await inMidTransfer(stage);
        stage.cut(leader);
        await stage.advanceBetween(500, 3_000);
        stage.rejoin(leader);
        await stage.commit();
        await catchesUp(stage, follower, last);
      }
    },
  },
  {
    name: 'snapshots: a tail that conflicts',
    shows: 'entries of a leader that was cut off give way to a snapshot, and its callers are told the truth',
    setup: { servers: [3, 5], snapshots: often },
    async play(stage) {
      await stage.commit(stage.ids.length);
      for (let round = 0; round < 3; round += 1) {
        const leader = await stage.leader();
        stage.cut(leader);
        const lost = Array.from({ length: stage.random.between(1, 60) }, () => stage.propose(leader));
        const ahead = stage.server(leader).log.length;
        let last = await outrunOld(stage, leader);
        while (stage.random.chance(0.5) && stage.indexOf(last) < ahead) last = await stage.commit();
        stage.rejoin(leader);
        await catchesUp(stage, leader, last);
        await stage.answers(lost);
        stage.expect(!lost.some(succeeded), 'no caller of a leader that was replaced is told a success');
      }
    },
  },
  {
    name: 'snapshots: the disk is slow',
    shows: 'batches and chunks that become durable late, in the order in which they were written',
    setup: { servers: [3], snapshots: often, disk: { writeMinMs: 0, writeMaxMs: 100 } },
    play: (stage) => fallBehind(stage, killed),
  },
];

/** The others commit until they have dropped all that they had in common with the server that was cut off. */
async function outrunOld(stage: ScenarioWorld, old: NodeId): Promise<ScenarioCall> {
  const { commitIndex } = stage.core(old);
  let last = await stage.commit();
  const others = stage.othersThan(old);
  for (let round = 0; others.some((id) => stage.core(id).firstIndex <= commitIndex + 1); round += 1) {
    stage.expect(round < 200, 'logs are compacted');
    last = await stage.commit(others.length);
  }
  return last;
}

function service(title: string, setup: Partial<Setup>, trouble: Parameters<typeof workThrough>[1]): Scenario {
  return {
    name: `service: snapshots, ${title}`,
    shows: 'clients see one order of events while logs are compacted and snapshots installed all the time',
    setup: { servers: [3, 5], clients: [5, 8], snapshots: often, ...setup },
    play: (stage) => workThrough(stage, trouble),
  };
}

/** The file service on servers that compact all the time. */
export const snapshotServices: readonly Scenario[] = [
  service('many clients', { servers: [1, 3, 5] }, { partitions: false, restarts: false }),
  service('restarts', { snapshots: withTail }, { partitions: false, restarts: true }),
  service('partitions', {}, { partitions: true, restarts: false }),
  service(
    'unreliable network, restarts, partitions',
    { network: 'unreliable' },
    { partitions: true, restarts: true },
  ),
];
