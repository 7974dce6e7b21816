import type { ServerSample, ServerView } from '../../../src/dashboard/sample.js';

type Told = NonNullable<ServerView['sample']>;

/** A follower in term 7 that has everything, with whatever is said otherwise. */
export function serverSample(id: number, changes: Partial<ServerSample> = {}): ServerSample {
  return {
    id,
    version: '1.0.0',
    atMs: 1_000_000,
    uptimeSeconds: 60,
    lifecycle: 'running',
    role: 'follower',
    term: 7,
    leader: 2,
    votedFor: 2,
    hasQuorum: false,
    snapshotIndex: 0,
    lastIndex: 100,
    commitIndex: 100,
    lastApplied: 100,
    electionTimeoutMs: 900,
    electionElapsedMs: 100,
    waiting: { calls: 0, oldestMs: null, oldestIsWrite: false },
    unreachableFrom: [],
    estranged: [],
    isLearner: false,
    peers: [],
    files: 0,
    keys: 0,
    stateBytes: 0,
    stateBytesMax: 1_000_000,
    disk: null,
    chaosHooks: true,
    eventLoopMs: 0,
    readings: {
      boundsMs: [1, 10, 100],
      writes: { answered: 0, buckets: [0, 0, 0, 0] },
      reads: { answered: 0, buckets: [0, 0, 0, 0] },
      fromPeers: 0,
      fromClients: 0,
    },
    elections: [],
    ...changes,
  };
}

export function viewOf(id: number, changes: Partial<Told> = {}, view: Partial<ServerView> = {}): ServerView {
  return {
    id,
    address: `localhost:${9000 + id}`,
    sample: serverSample(id, changes),
    ageMs: 0,
    failure: null,
    rates: null,
    lag: { entries: 0, seconds: 0 },
    contactMs: 100,
    ...view,
  };
}

/** Five servers of which 2 leads, with changes by server. */
export function fiveServers(changes: Readonly<Record<number, ServerView>> = {}): ServerView[] {
  return [0, 1, 2, 3, 4].map(
    (id) => changes[id] ?? (id === 2 ? viewOf(2, { role: 'leader', hasQuorum: true }) : viewOf(id)),
  );
}

export function crashed(id: number): ServerView {
  return viewOf(id, { lifecycle: 'crashed' });
}

export function gone(id: number): ServerView {
  return viewOf(id, {}, { failure: 'connection refused' });
}
