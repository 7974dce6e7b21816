import type { Scenario } from './scenario.js';
import { succeeded } from './calls.js';

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
