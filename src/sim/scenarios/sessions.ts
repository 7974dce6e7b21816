import { ServiceError } from '../../node/errors.js';
import type { NodeId } from '../../raft/types.js';
import type { SnapshotPlan } from '../plan.js';
import { contentsOf } from '../effects.js';
import { restart } from './restarts.js';
import type { Scenario } from './scenario.js';
import type { Sent, SentWrite } from './calls.js';
import type { ScenarioWorld } from './stage.js';

const KEY = 'list';
const often: SnapshotPlan = { entriesMax: 10, chunkChars: 40, tailEntriesMax: 0 };

/** An append of an item that is named like its request. */
function append(stage: ScenarioWorld, clientId: string, sequence: number): SentWrite {
  return stage.write(
    { kind: 'kvAppend', key: KEY, value: itemOf(clientId, sequence) },
    { clientId, sequence },
  );
}

function itemOf(clientId: string, sequence: number): string {
  return `${clientId}.${sequence}`;
}

/** Sends a write to whoever leads, again and again, until it has a result. */
export async function sendUntilDone(stage: ScenarioWorld, write: SentWrite): Promise<Sent> {
  for (;;) {
    const sent = stage.send(write, await stage.leader());
    await stage.waitFor(() => sent.answer !== null || stage.presentLeader() !== sent.server, 30_000, 5);
    if (typeof sent.answer === 'string' && sent.answer !== 'lost') return sent;
    stage.expect(stage.nowMs < 600_000, 'a write is done in the end');
  }
}

/** The id of a session that was opened at whoever leads. */
export async function openSession(stage: ScenarioWorld): Promise<string> {
  for (;;) {
    const leader = await stage.leader();
    const opening = stage.openSession(leader);
    await stage.waitFor(() => opening.sessionId !== null || stage.presentLeader() !== leader, 30_000, 5);
    if (opening.sessionId !== null) return opening.sessionId;
    stage.expect(stage.nowMs < 600_000, 'a session is opened in the end');
  }
}

function expectOnce(stage: ScenarioWorld, id: NodeId, item: string): void {
  const list = stage.held(id, KEY);
  const times = Array.isArray(list) ? list.filter((each) => each === item).length : 0;
  stage.expect(times === 1, 'an append takes effect once', `${item} is there ${times} times`);
}

async function expectOnceEverywhere(stage: ScenarioWorld, write: SentWrite, item: string): Promise<void> {
  await stage.commit(stage.ids.length);
  for (const id of stage.ids) expectOnce(stage, id, item);
  stage.expect(write.outcome?.kind === 'written', 'the client is told that it is done');
}

/** The leader goes, in a drawn way. */
function lose(stage: ScenarioWorld, leader: NodeId): void {
  stage.random.pick([() => stage.crash(leader), () => stage.kill(leader), () => stage.cut(leader)])();
}

function bringBack(stage: ScenarioWorld, id: NodeId): void {
  stage.start(id);
  stage.restore(id);
  stage.rejoin(id);
}

/** Sessions, which make retries harmless (section 8; dissertation, section 6.3). */
export const sessions: readonly Scenario[] = [
  {
    name: 'sessions: a retry when the entry was committed',
    shows: 'the leader is lost with the answer; the same request at its successor is answered, and done once',
    setup: { servers: [3, 5] },
    async play(stage) {
      const client = await openSession(stage);
      for (let sequence = 2; sequence < 6; sequence += 1) {
        const leader = await stage.leader();
        const write = append(stage, client, sequence);
        stage.send(write, leader, { isHeard: false });
        await stage.until('it is committed', () => stage.indexOf(write) > 0);
        const first = stage.indexOf(write);
        lose(stage, leader);
        const retry = await sendUntilDone(stage, write);
        stage.expect(retry.answer === 'applied', 'the retry has the first result', String(retry.answer));
        stage.expect(stage.indexOf(write) > first, 'the retry is an entry of its own');
        bringBack(stage, leader);
        await expectOnceEverywhere(stage, write, itemOf(client, sequence));
      }
    },
  },
  {
    name: 'sessions: a retry when the entry was not committed',
    shows: 'the leader dies when some servers hold the entry: whether it comes back or not, it is done once',
    setup: { servers: [3, 5] },
    async play(stage) {
      const client = await openSession(stage);
      for (let sequence = 2; sequence < 6; sequence += 1) {
        const leader = await stage.leader();
        const [witness = leader, ...others] = stage.some(stage.ids.length - 1, stage.othersThan(leader));
        const isSeen = stage.random.chance(0.7);
        stage.split(isSeen ? [leader, witness] : [leader], isSeen ? others : [witness, ...others]);
        const write = append(stage, client, sequence);
        stage.send(write, leader, { isHeard: false });
        if (isSeen && stage.ids.length > 3) await stage.waitFor(() => stage.holds(witness, write), 2_000, 1);
        else await stage.advanceBetween(0, 50);
        stage.kill(leader);
        stage.split();
        await sendUntilDone(stage, write);
        stage.start(leader);
        await expectOnceEverywhere(stage, write, itemOf(client, sequence));
      }
    },
  },
  {
    name: 'sessions: a retry when the entry was overwritten',
    shows: 'an entry of a leader that was cut off gives way to the retry of the same request',
    setup: { servers: [3, 5] },
    async play(stage) {
      const client = await openSession(stage);
      const leader = await stage.leader();
      stage.cut(leader);
      const write = append(stage, client, 2);
      const lost = stage.send(write, leader);
      await stage.until('the old leader holds it', () => stage.holds(leader, write));
      await stage.until('it is replaced', () => (stage.presentLeader() ?? leader) !== leader);
      await sendUntilDone(stage, write);
      stage.rejoin(leader);
      await stage.until('the first attempt is answered', () => lost.answer !== null);
      stage.expect(lost.answer instanceof ServiceError, 'the first attempt is no success');
      await expectOnceEverywhere(stage, write, itemOf(client, 2));
    },
  },
  {
    name: 'sessions: a retry of an update',
    shows:
      'an update of a file that is sent again is no refusal: its version is one above that before itself',
    setup: { servers: [1, 3, 5] },
    async play(stage) {
      const request = { clientId: await openSession(stage), sequence: 1 };
      const write = stage.write({ kind: 'update', file: 'f', version: 1, content: 'f1' }, request);
      stage.send(write, await stage.leader(), { isHeard: false });
      await stage.until('it is committed', () => stage.indexOf(write) > 0);
      if (stage.random.chance(0.5)) restart(stage, ...stage.ids);
      const retry = await sendUntilDone(stage, write);
      stage.expect(retry.answer === 'applied', 'the retry has the first result', String(retry.answer));
      const other = stage.write({ kind: 'update', file: 'f', version: 2, content: 'f2' }, request);
      const reused = await sendUntilDone(stage, other);
      stage.expect(reused.answer === 'reused', 'another command has no use of the name');
    },
  },
  {
    name: 'sessions: a retry on other servers',
    shows:
      'one request that goes to every server, at the same moment or later, through the leader, is done once',
    setup: { servers: [3, 5, 7], network: 'unreliable' },
    async play(stage) {
      const client = await openSession(stage);
      for (let sequence = 2; sequence < 8; sequence += 1) {
        const write = append(stage, client, sequence);
        const attempts = stage.some(stage.random.between(2, stage.ids.length)).map((id) => {
          return stage.send(write, id, { way: 'routed', isHeard: stage.random.chance(0.5) });
        });
        await stage.advanceBetween(0, 100);
        if (stage.random.chance(0.5)) lose(stage, await stage.leader());
        attempts.push(await sendUntilDone(stage, write));
        for (const id of stage.ids) bringBack(stage, id);
        const isAnswered = ({ answer }: Sent): boolean => answer !== null;
        await stage.until('every attempt is answered', () => attempts.every(isAnswered));
        await expectOnceEverywhere(stage, write, itemOf(client, sequence));
      }
    },
  },
  {
    name: 'sessions: an old request after its successor',
    shows:
      'a request that was on its way when the client had gone on is stale when it comes, and does nothing',
    setup: { servers: [3, 5] },
    async play(stage) {
      const client = await openSession(stage);
      const leader = await stage.leader();
      const slow = stage.random.pick(stage.othersThan(leader));
      stage.pause(slow);
      const old = append(stage, client, 2);
      const delayed = stage.send(old, slow, { way: 'routed', isHeard: false });
      await stage.advanceBetween(0, 400);
      const next = append(stage, client, 3);
      await sendUntilDone(stage, next);
      stage.resume(slow);
      await stage.until('the old one is answered', () => delayed.answer !== null);
      stage.expect(delayed.answer === 'stale', 'it is stale', String(delayed.answer));
      await expectOnceEverywhere(stage, next, itemOf(client, 3));
      for (const id of stage.ids)
        stage.expect(!JSON.stringify(stage.held(id, KEY)).includes(itemOf(client, 2)), 'it does nothing');
    },
  },
  {
    name: 'sessions: a retry after snapshots and restarts',
    shows: 'what is known of a client goes with a snapshot to servers that were away, and with their disks',
    setup: { servers: [3, 5], snapshots: often },
    async play(stage) {
      const client = await openSession(stage);
      const away = stage.random.pick(stage.othersThan(await stage.leader()));
      stage.cut(away);
      const write = append(stage, client, 2);
      const first = stage.send(write, await stage.leader(), { isHeard: false });
      await stage.until('it is answered', () => first.answer !== null);
      for (let count = stage.random.between(25, 40); count > 0; count -= 1) await stage.commit();
      const before = stage.installed;
      stage.rejoin(away);
      const last = await stage.commit(stage.ids.length);
      stage.expect(stage.installed > before, 'a snapshot was installed');
      restart(stage, ...stage.some(stage.random.between(1, stage.ids.length)), away);
      await stage.until('all are back', () => stage.appliedBy(last) === stage.ids.length);
      const retry = stage.send(write, away, { way: 'routed' });
      await stage.until('the retry is answered', () => retry.answer !== null);
      stage.expect(retry.answer === 'applied', 'it has the first result', String(retry.answer));
      await expectOnceEverywhere(stage, write, itemOf(client, 2));
    },
  },
  {
    name: 'sessions: forgotten alike',
    shows:
      'who is forgotten is decided by the log: also on servers that had a snapshot in between, or restarted',
    setup: { servers: [3, 5], snapshots: often, sessionsMax: 4 },
    async play(stage) {
      const clients: { id: string; sequence: number }[] = [];
      const newClient = async (): Promise<(typeof clients)[number]> => ({
        id: await openSession(stage),
        sequence: 1,
      });
      while (clients.length < 6) clients.push(await newClient());
      for (let round = 0; round < 6; round += 1) {
        const away = stage.random.pick(stage.othersThan(await stage.leader()));
        stage.kill(away);
        for (let count = stage.random.between(10, 20); count > 0; count -= 1) {
          const client = stage.random.pick(clients);
          const sent = await sendUntilDone(stage, append(stage, client.id, client.sequence));
          if (sent.answer === 'applied') client.sequence += 1;
          else {
            stage.expect(sent.answer === 'sessionExpired', 'a forgotten client is told so');
            clients[clients.indexOf(client)] = await newClient();
          }
        }
        stage.start(away);
        await stage.commit(stage.ids.length);
        const all = stage.ids.map((id) => stage.server(id).process?.state);
        const texts = new Set(all.map((state) => (state === undefined ? '' : contentsOf(state))));
        stage.expect(texts.size === 1, 'all servers remember the same clients');
      }
    },
  },
  {
    name: 'sessions: a forgotten client',
    shows:
      'a retry whose session is forgotten is not done a second time, were it the first request of the session; the ' +
      'client is told that nobody knows',
    setup: { servers: [3, 5], sessionsMax: 1 },
    async play(stage) {
      for (let last = 1; last < 4; last += 1) {
        const client = await openSession(stage);
        for (let sequence = 1; sequence < last; sequence += 1)
          await sendUntilDone(stage, append(stage, client, sequence));
        const write = append(stage, client, last);
        const first = stage.send(write, await stage.leader(), { isHeard: false });
        await stage.until('it is done', () => first.answer === 'applied');
        await openSession(stage);
        const retry = await sendUntilDone(stage, write);
        stage.expect(retry.answer === 'sessionExpired', 'nobody knows', String(retry.answer));
        await stage.commit(stage.ids.length);
        for (const id of stage.ids) expectOnce(stage, id, itemOf(client, last));
      }
    },
  },
  {
    name: 'sessions: opened again and again',
    shows:
      'an opening whose answer is lost may be repeated: each opens a session of its own, and no two are the same',
    setup: { servers: [3, 5], network: 'unreliable', snapshots: often },
    async play(stage) {
      const opened = new Set<string>();
      for (let round = 0; round < 5; round += 1) {
        const leader = await stage.leader();
        const openings = stage.some(stage.ids.length).map((id) => stage.openSession(id, 'routed'));
        await stage.advanceBetween(0, 100);
        if (stage.random.chance(0.5)) lose(stage, leader);
        const client = await openSession(stage);
        for (const id of stage.ids) bringBack(stage, id);
        stage.expect(!opened.has(client), 'a session is opened once', client);
        opened.add(client);
        for (const { sessionId } of openings) {
          if (sessionId === null) continue;
          stage.expect(!opened.has(sessionId), 'a session is opened once', sessionId);
          opened.add(sessionId);
        }
        const write = append(stage, client, 1);
        await sendUntilDone(stage, write);
        await expectOnceEverywhere(stage, write, itemOf(client, 1));
      }
    },
  },
];
