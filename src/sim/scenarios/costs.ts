import { succeeded } from './calls.js';
import type { Scenario } from './scenario.js';

const ELECTION_REQUESTS_MAX = 30;
const TEN_ENTRIES_REQUESTS_MAX = 42;
/** A heartbeat every 250 ms to each of two followers makes eight. */
const IDLE_REQUESTS_PER_S_MAX = 10;
/** A client waits for three exchanges and a disk; the shortest timer, that of heartbeats, takes longer than this. */
const PUT_MS_MAX = 200;

/** The costs of operations. */
export const counts: readonly Scenario[] = [
  {
    name: 'counts: requests to elect, for ten entries, and when idle',
    shows: 'three servers need at most 30 requests to elect, 42 for ten entries, and 10 a second when idle',
    setup: { servers: [3] },
    async play(stage) {
      const leader = await stage.leader();
      const { requests: toElect } = stage.traffic;
      stage.expect(toElect <= ELECTION_REQUESTS_MAX, 'few requests elect a leader', `${toElect}`);

      await stage.commit(3);
      const before = stage.traffic.requests;
      const calls = Array.from({ length: 10 }, () => stage.propose(leader));
      await stage.answers(calls);
      await stage.until('all servers apply all', () => calls.every((call) => stage.appliedBy(call) === 3));
      const forTen = stage.traffic.requests - before;
      stage.expect(calls.every(succeeded), 'all succeed');
      stage.expect(forTen <= TEN_ENTRIES_REQUESTS_MAX, 'few requests carry ten entries', `${forTen}`);

      await stage.advance(1_000);
      const idleFrom = stage.traffic.requests;
      const seconds = stage.random.between(1, 20);
      await stage.advance(seconds * 1_000);
      const idle = (stage.traffic.requests - idleFrom) / seconds;
      stage.expect(idle <= IDLE_REQUESTS_PER_S_MAX, 'an idle cluster is quiet', `${idle} requests/s`);
    },
  },
  {
    name: 'counts: a hundred writes without waiting for a timer',
    shows:
      'of a hundred writes one after another, on healthy disks and links, each is answered within 200 ms',
    setup: { servers: [3, 5] },
    async play(stage) {
      await stage.commit(stage.ids.length);
      const leader = await stage.leader();
      for (let count = 0; count < 100; count += 1) {
        const call = stage.propose(leader);
        await stage.waitFor(() => call.outcome !== null, 1_000, 1);
        const tookMs = (call.returnedAt ?? Number.POSITIVE_INFINITY) - call.invokedAt;
        stage.expect(succeeded(call), 'each write succeeds');
        stage.expect(tookMs <= PUT_MS_MAX, 'a write waits for no timer', `${tookMs.toFixed(1)} ms`);
      }
    },
  },
];

const LEADER_WITHIN_MS = 5_000;
const BYTES_PER_SECOND = 50_000_000 / 8;
const VALUE_CHARS = 5_000_000;

/** Disks and links that work, and take their time. */
export const slowness: readonly Scenario[] = [
  {
    name: 'slowness: every disk takes 700 ms',
    shows: 'leaders are lost, one after another, and there is another within 5 s each time',
    setup: { servers: [3, 5], syncMs: 700, disk: { writeMinMs: 0, writeMaxMs: 5 } },
    condition: 'slowSyncs',
    async play(stage) {
      for (let round = 0; round < 4; round += 1) {
        const old = await stage.leader(LEADER_WITHIN_MS);
        await stage.commit();
        const loss = stage.random.pick(['kill', 'crash', 'cut'] as const);
        stage[loss](old);
        await stage.leader(LEADER_WITHIN_MS);
        await stage.commit();
        if (loss === 'kill') stage.start(old);
        else if (loss === 'crash') stage.restore(old);
        else stage.rejoin(old);
      }
    },
  },
  {
    name: 'slowness: one disk takes a second',
    shows: 'a follower with a slow disk holds nobody back, whoever leads',
    setup: { servers: [3, 5], syncMs: [900, 0, 0, 0, 0], disk: { writeMinMs: 0, writeMaxMs: 5 } },
    condition: 'slowSyncs',
    async play(stage) {
      const first = await stage.leader(LEADER_WITHIN_MS);
      for (let round = 0; round < 10; round += 1) {
        await stage.commit();
        await stage.advanceBetween(0, 500);
      }
      const term = stage.termOf(first);
      stage.expect((await stage.leader()) === first, 'the leader stays');
      stage.kill(first);
      stage.expect(stage.termOf(await stage.leader(LEADER_WITHIN_MS)) > term, 'another one leads');
      stage.start(first);
    },
  },
  {
    name: 'slowness: a large value over slow links',
    shows:
      'a value of 5 MB reaches five servers over 50 Mbit/s; leader and term stay, and others write meanwhile',
    setup: { servers: [5], bytesPerSecond: BYTES_PER_SECOND },
    condition: 'largeValues',
    async play(stage) {
      await stage.commit(stage.ids.length);
      const leader = await stage.leader();
      const term = stage.termOf(leader);
      const large = stage.propose(leader, 'x'.repeat(VALUE_CHARS));
      await stage.advanceBetween(0, 300);
      const small = stage.propose(leader);
      await stage.answers([large, small], 10_000);
      await stage.until('all servers apply it', () => stage.appliedBy(large) === stage.ids.length, 10_000);
      stage.expect((await stage.leader()) === leader, 'the leader stays');
      stage.expect(stage.termOf(leader) === term, 'the term stays');
    },
  },
];
