import type { NodeId } from '../../raft/types.js';
import type { SnapshotPlan } from '../plan.js';
import { isSuccess } from '../requests.js';
import type { ScenarioCall } from './calls.js';
import { restart } from './restarts.js';
import type { Scenario } from './scenario.js';
import { workThrough, type Trouble } from './service.js';
import { openSession, sendUntilDone } from './sessions.js';
import type { Setup } from './setup.js';
import type { ScenarioWorld } from './stage.js';

const KEY = 'list';
const often: SnapshotPlan = { entriesMax: 10, chunkChars: 40, tailEntriesMax: 0 };

/** Appends an item through whoever leads, so that it is acknowledged. */
async function append(stage: ScenarioWorld, number: number): Promise<string> {
  const value = `i${number}`;
  const request = { clientId: await openSession(stage), sequence: 1 };
  await sendUntilDone(stage, stage.write({ kind: 'kvAppend', key: KEY, value }, request));
  return value;
}

function sees({ outcome }: ScenarioCall, item: string): boolean {
  return outcome?.kind === 'got' && JSON.stringify(outcome.value ?? null).includes(`"${item}"`);
}

async function expectSees(stage: ScenarioWorld, read: ScenarioCall, item: string): Promise<void> {
  await stage.answers([read]);
  stage.expect(isSuccess(read.outcome), 'the read is answered', JSON.stringify(read.outcome));
  stage.expect(sees(read, item), 'a read shows what was acknowledged before it', item);
}

function isHeldBy(stage: ScenarioWorld, id: NodeId, item: string): boolean {
  return JSON.stringify(stage.held(id, KEY) ?? null).includes(`"${item}"`);
}

function service(title: string, setup: Partial<Setup>, trouble: Trouble): Scenario {
  return {
    name: `service: keys, ${title}`,
    shows:
      'clients that write keys through any server, and repeat what they are not sure of, see one order of events',
    setup: { servers: [3, 5], clients: [5, 8], keyed: 0.8, network: 'unreliable', ...setup },
    play: (stage) => workThrough(stage, trouble),
  };
}

/** Every server serves every call: reads through the leader's read index, writes passed on. */
export const anyServer: readonly Scenario[] = [
  {
    name: 'any server: a read on a follower that is behind',
    shows:
      'a follower whose disk is slow lets a read wait until it has applied what the leader had committed',
    setup: { servers: [3, 5], disk: { writeMinMs: 0.2, writeMaxMs: 2 } },
    async play(stage) {
      await append(stage, 1);
      for (let sequence = 2; sequence < 8; sequence += 1) {
        const follower = stage.random.pick(stage.othersThan(await stage.leader()));
        stage.server(follower).disk.slownessMs = stage.random.between(100, 400);
        const item = await append(stage, sequence);
        const read = stage.get(follower, KEY, 'routed');
        stage.expect(!isHeldBy(stage, follower, item), 'the follower is behind');
        await expectSees(stage, read, item);
        stage.server(follower).disk.slownessMs = 0;
        await stage.commit(stage.ids.length);
      }
    },
  },
  {
    name: 'any server: a read on a follower that is cut off',
    shows: 'without a way to the leader a read waits, and is not answered from what the follower has',
    setup: { servers: [3, 5] },
    async play(stage) {
      await append(stage, 1);
      await stage.commit(stage.ids.length);
      const follower = stage.random.pick(stage.othersThan(await stage.leader()));
      stage.cut(follower);
      const early = stage.get(follower, KEY, 'routed');
      const item = await append(stage, 2);
      const late = stage.get(follower, KEY, 'routed');
      await stage.advanceBetween(500, 5_000);
      stage.expect(early.outcome === null && late.outcome === null, 'no read is answered');
      stage.rejoin(follower);
      await expectSees(stage, late, item);
      await stage.answers([early]);
    },
  },
  {
    name: 'any server: a read through a deposed leader',
    shows:
      'in a minority with its old leader a follower answers no read: the leader cannot confirm its index',
    setup: { servers: [5] },
    async play(stage) {
      await append(stage, 1);
      await stage.commit(5);
      const leader = await stage.leader();
      const follower = stage.random.pick(stage.othersThan(leader));
      stage.split([leader, follower], stage.othersThan(leader, follower));
      const item = await append(stage, 2);
      const reads = [stage.get(follower, KEY, 'routed'), stage.get(leader, KEY, 'routed')];
      await stage.advanceBetween(200, 5_000);
      stage.expect(
        reads.every(({ outcome }) => outcome === null),
        'no read is answered',
      );
      stage.split();
      for (const read of reads) await expectSees(stage, read, item);
    },
  },
  {
    name: 'any server: a read right after a restart',
    shows:
      'a server that was restored, or restarted with an empty state machine, answers when it has caught up',
    setup: { servers: [3, 5], snapshots: often },
    async play(stage) {
      await append(stage, 1);
      for (let sequence = 2; sequence < 8; sequence += 1) {
        const follower = stage.random.pick(stage.othersThan(await stage.leader()));
        const isCrash = stage.random.chance(0.5);
        if (isCrash) stage.crash(follower);
        else stage.kill(follower);
        const item = await append(stage, sequence);
        if (isCrash) stage.restore(follower);
        else stage.start(follower);
        await stage.until('it takes part', () => stage.isUp(follower));
        await expectSees(stage, stage.get(follower, KEY, 'routed'), item);
      }
    },
  },
  {
    name: 'any server: reads in a row',
    shows: 'what one server has shown every other shows, too, whoever is asked next',
    setup: { servers: [3, 5, 7], network: 'unreliable' },
    async play(stage) {
      const clientId = await openSession(stage);
      for (let sequence = 1; sequence < 12; sequence += 1) {
        const item = `i${sequence}`;
        const write = stage.write({ kind: 'kvAppend', key: KEY, value: item }, { clientId, sequence });
        stage.send(write, stage.random.pick(stage.ids), { way: 'routed' });
        let isSeen = false;
        while (!isSeen || write.outcome === null) {
          const read = stage.get(stage.random.pick(stage.ids), KEY, 'routed');
          await stage.answers([read]);
          stage.expect(!isSeen || sees(read, item), 'what was shown stays', item);
          isSeen ||= sees(read, item);
        }
      }
    },
  },
  {
    name: 'any server: a write while the leader is replaced',
    shows: 'a follower that has passed a write on gives it to the next leader as well, and it is done once',
    setup: { servers: [3, 5] },
    async play(stage) {
      await append(stage, 1);
      const clientId = await openSession(stage);
      for (let sequence = 1; sequence < 5; sequence += 1) {
        const leader = await stage.leader();
        const follower = stage.random.pick(stage.othersThan(leader));
        const value = `p${sequence}`;
        const write = stage.write({ kind: 'kvAppend', key: KEY, value }, { clientId, sequence });
        const sent = stage.send(write, follower, { way: 'routed' });
        const isTaken = stage.random.chance(0.7);
        if (isTaken) await stage.waitFor(() => stage.holds(leader, write), 100, 0.5);
        if (stage.random.chance(0.5)) stage.cut(leader);
        else stage.kill(leader);
        await stage.until('it is answered', () => sent.answer !== null);
        stage.expect(sent.answer === 'applied', 'it is done', String(sent.answer));
        if (stage.random.chance(0.5)) await stage.advanceBetween(0, 2_000);
        stage.start(leader);
        stage.rejoin(leader);
        await stage.commit(stage.ids.length);
        for (const id of stage.ids) {
          const list = stage.held(id, KEY);
          const times = Array.isArray(list) ? list.filter((item) => item === value).length : 0;
          stage.expect(times === 1, 'it is done once', `${times} times on server ${id}`);
        }
      }
    },
  },
  {
    name: 'any server: all restart',
    shows: 'lists of many long items, and who wrote them, are there again after all servers were killed',
    setup: { servers: [3, 5], snapshots: { ...often, chunkChars: 10_000 } },
    async play(stage) {
      const long = 'x'.repeat(3_000);
      const clientId = await openSession(stage);
      for (let sequence = 1; sequence < 15; sequence += 1) {
        const request = { clientId, sequence };
        const value = `${sequence} ${long}`;
        await sendUntilDone(stage, stage.write({ kind: 'kvAppend', key: KEY, value }, request));
      }
      restart(stage, ...stage.ids);
      await stage.commit(stage.ids.length);
      for (const id of stage.ids) {
        const list = stage.held(id, KEY);
        stage.expect(Array.isArray(list) && list.length === 14, 'all items are there');
      }
    },
  },
  service('many clients', {}, { partitions: false, restarts: false }),
  service('restarts and partitions', {}, { partitions: true, restarts: true }),
  service('snapshots, restarts', { snapshots: often }, { partitions: false, restarts: true }),
  service(
    'few sessions, snapshots, restarts, partitions',
    { snapshots: often, sessionsMax: 2 },
    { partitions: true, restarts: true },
  ),
];
