import type { NodeId, RequestMessage } from '../../raft/types.js';
import type { Prng } from '../prng.js';
import type { Scenario } from './scenario.js';
import { succeeded, type ScenarioCall } from './calls.js';
import type { ScenarioWorld } from './stage.js';

/** Whether a read shows the update of a call. */
function shows({ outcome }: ScenarioCall, { command }: ScenarioCall): boolean {
  const { name } = JSON.parse(command) as { readonly name: string };
  return outcome?.kind === 'read' && outcome.files.has(name);
}

/** A request that no server has sent, of a drawn kind. */
function forged(random: Prng, term: number, from: NodeId, to: NodeId): RequestMessage {
  const addressed = { from, to, term };
  const log = { lastLogIndex: random.pick([0, 1_000]), lastLogTerm: random.pick([0, term - 1]) };
  return random.pick<RequestMessage>([
    { type: 'preVote', ...addressed, ...log },
    { type: 'requestVote', ...addressed, ...log },
    {
      type: 'appendEntries',
      ...addressed,
      prevLogIndex: 0,
      prevLogTerm: 0,
      entries: [],
      leaderCommit: 0,
      hasQuorum: true,
      sequence: 1,
      readRound: random.pick([0, 1]),
    },
  ]);
}

/** Forged terms hit the servers between commands; the cluster must go on. */
async function forgeTerms(stage: ScenarioWorld, terms: readonly number[]): Promise<void> {
  await stage.commit(stage.ids.length);
  for (const term of terms) {
    for (let count = stage.random.between(1, 10); count > 0; count -= 1) {
      const [from = 0, to = 0] = stage.some(2);
      stage.forge(forged(stage.random, term, from, to));
      await stage.advanceBetween(0, 300);
    }
    await stage.commit(stage.ids.length);
  }
}

/** Faults that other implementations have had, by the name of the report. */
export const regressions: readonly Scenario[] = [
  {
    name: 'regression: a deposed leader reads locally',
    shows: 'a leader that was replaced without knowing answers no read from its own state (etcd #741)',
    setup: { servers: [3, 5] },
    async play(stage) {
      await stage.commit(stage.ids.length);
      const old = await stage.leader();
      stage.cut(old);
      const early = stage.read(old);
      const fresh = await stage.commit();
      const late = stage.read(old);
      await stage.advanceBetween(100, 3_000);
      stage.expect(early.outcome === null && late.outcome === null, 'a deposed leader answers no read');
      stage.rejoin(old);
      await stage.answers([early, late]);
      stage.expect(!succeeded(late) || shows(late, fresh), 'no read is stale');
    },
  },
  {
    name: 'regression: a read before the first commit of a term',
    shows:
      'a new leader, which does not know yet what is committed, lets reads wait until it does (etcd #7331)',
    setup: { servers: [3, 5] },
    async play(stage) {
      for (let round = 0; round < 5; round += 1) {
        const old = await stage.leader();
        const written = stage.propose(old);
        await stage.waitFor(() => written.outcome !== null, 10_000, 1);
        stage.kill(...stage.random.pick([stage.ids, [old]]));
        stage.start(...stage.othersThan(old));
        await stage.waitFor(() => stage.presentLeader() !== undefined, 10_000, 1);
        const leader = await stage.leader();
        if (stage.random.chance(0.5)) stage.cut(leader);
        const read = stage.read(leader);
        await stage.advanceBetween(0, 100);
        stage.rejoin(leader);
        stage.start(old);
        await stage.answers([read]);
        stage.expect(
          !succeeded(read) || !succeeded(written) || shows(read, written),
          'a read shows what was acknowledged before',
        );
      }
    },
  },
  {
    name: 'regression: a stale read after a process pause',
    shows:
      'a leader that slept through its replacement answers no read from what it knew before (etcd #20418)',
    setup: { servers: [3, 5] },
    async play(stage) {
      for (let round = 0; round < 5; round += 1) {
        await stage.commit(stage.ids.length);
        const old = await stage.leader();
        const reads = [stage.read(old)];
        await stage.advanceBetween(0, 30);
        stage.pause(old);
        reads.push(stage.read(old));
        const fresh = await stage.commit(stage.ids.length - 1);
        const afterwards = stage.read(old);
        stage.resume(old);
        const last = stage.read(old);
        await stage.answers([...reads, afterwards, last]);
        for (const read of [afterwards, last]) {
          stage.expect(!succeeded(read) || shows(read, fresh), 'no read is stale');
        }
      }
    },
  },
  {
    name: 'regression: an acknowledged write is lost in a crash',
    shows:
      'whatever was acknowledged is there although all servers end at that moment, on slow disks (etcd #14370)',
    setup: { servers: [1, 3, 5], disk: { writeMinMs: 0, writeMaxMs: 150 } },
    async play(stage) {
      const acknowledged: ScenarioCall[] = [];
      for (let round = 0; round < 5; round += 1) {
        const leader = await stage.leader();
        const calls = Array.from({ length: stage.random.between(1, 20) }, () => stage.propose(leader));
        await stage.waitFor(() => calls.some(succeeded), 10_000, 1);
        await stage.advanceBetween(0, 20);
        acknowledged.push(...calls.filter(succeeded));
        stage.kill(...stage.ids);
        stage.start(...stage.ids);
        const read = await stage.readFromLeader();
        for (const call of acknowledged) stage.expect(shows(read, call), 'what was acknowledged is there');
      }
    },
  },
  {
    name: 'regression: forged terms near 2^31',
    shows: 'messages with terms around 2^31 and 2^32 neither stop the cluster nor lose anything',
    setup: { servers: [3, 5] },
    play: (stage) =>
      forgeTerms(stage, [2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1]),
  },
  {
    name: 'regression: forged terms near 2^53',
    shows: 'messages with terms that leave none to campaign in are ignored',
    setup: { servers: [3, 5] },
    async play(stage) {
      await forgeTerms(stage, [2 ** 52, 2 ** 53 - 2, 2 ** 53 - 1, 2 ** 53, Number.MAX_VALUE]);
      for (const id of stage.ids) {
        stage.expect(
          stage.termOf(id) < 2 ** 31,
          'no server takes over an absurd term',
          `${stage.termOf(id)}`,
        );
      }
    },
  },
  {
    name: 'regression: a wiped server rejoins',
    shows: 'a server that lost its disk is filled again by the leader, which stays',
    setup: { servers: [3, 5], voteDelayTicks: 120 },
    async play(stage) {
      for (let count = stage.random.between(1, 50); count > 0; count -= 1) await stage.commit();
      const last = await stage.commit(stage.ids.length);
      await stage.advance(1_000);
      const leader = await stage.leader();
      const term = stage.termOf(leader);
      const wiped = stage.random.pick(stage.othersThan(leader));
      stage.kill(wiped);
      stage.wipe(wiped);
      await stage.advanceBetween(0, 5_000);
      stage.start(wiped);
      await stage.until(
        'the wiped server is filled again',
        () => stage.hasApplied(wiped, stage.indexOf(last)),
        5_000,
      );
      await stage.commit(stage.ids.length);
      await stage.advanceBetween(0, 3_000);
      stage.expect((await stage.leader()) === leader, 'the leader stays');
      stage.expect(stage.termOf(leader) === term, 'the term stays');
    },
  },
];
