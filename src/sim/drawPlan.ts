import type { NodeId } from '../raft/types.js';
import { usualConditions, withConditions, type Condition } from './conditions.js';
import type { ClientPlan, Fault, FaultKind, Plan, SnapshotPlan, Target } from './plan.js';
import { Prng } from './prng.js';
import type { DiskBehaviour } from './simDisk.js';
import type { NetworkBehaviour } from './simNetwork.js';

/** What may be fixed instead of drawn. */
interface PlanLimits {
  readonly servers?: number;
  readonly chaosMs?: number;
  readonly kinds?: readonly DrawnKind[];
  /** @default usualConditions */
  readonly conditions?: readonly Condition[];
}

/** The draws for snapshots, and those for keys and sessions, are none of those for the rest of the plan. */
const SNAPSHOT_FORK = 9;
const KEYS_FORK = 10;
const CONDITIONS_FORK = 11;

/** With so many nobody is ever forgotten: no run has as many sessions. */
export const SESSIONS_PLENTY = 50_000;

/** More entries than any log has; unlike Infinity JSON can carry it. */
const NEVER = Number.MAX_SAFE_INTEGER;

const allKinds = [
  'crash',
  'kill',
  'pause',
  'diskFailure',
  'slowDisk',
  'partition',
  'bridge',
  'isolate',
  'deafen',
  'mute',
  'slowLinks',
] as const satisfies readonly FaultKind[];

/** Kinds that every plan may have; for the others see `conditions`. */
type DrawnKind = (typeof allKinds)[number];

/**
 * Draws a plan. Each seed leaves out some kinds of faults and chooses its own intensities ("swarm testing"):
 * a mixture of everything all the time would hide what a few faults by themselves can do.
 */
export function drawPlan(seed: number, limits: PlanLimits = {}): Plan {
  const random = new Prng(seed).fork(0);
  const servers = limits.servers ?? random.pick([1, 2, 3, 3, 3, 4, 5, 5, 5, 6, 7]);
  const chaosMs = limits.chaosMs ?? random.between(10, 40) * 1000;
  const kinds = limits.kinds ?? allKinds.filter(() => random.chance(0.45));
  const keysRandom = new Prng(seed).fork(KEYS_FORK);
  const workload = drawWorkload(keysRandom);
  const plan: Plan = {
    seed,
    servers,
    chaosMs,
    network: drawNetwork(random),
    disk: drawDisk(random),
    clockSkew: random.pick([0, 0, 0.01, 0.05]),
    files: random.between(1, 5),
    snapshots: drawSnapshots(new Prng(seed).fork(SNAPSHOT_FORK)),
    waitingCallsMax: random.pick([2, 10_000, 10_000, 10_000]),
    keys: keysRandom.between(1, 3),
    itemChars: keysRandom.pick([0, 0, 0, 0, 0, 0, 0, 3_000]),
    sessionsMax: keysRandom.pick([1, 2, 5, SESSIONS_PLENTY, SESSIONS_PLENTY, SESSIONS_PLENTY]),
    clients: Array.from({ length: random.between(1, 6) }, () => ({
      ...drawClient(random),
      ...drawKeyClient(keysRandom, workload),
    })),
    faults: drawFaults(random, servers, chaosMs, kinds),
  };
  const conditions = limits.conditions ?? usualConditions;
  return withConditions(plan, conditions, new Prng(seed).fork(CONDITIONS_FORK));
}

/** Mostly so often that chunks are on their way while everything else happens. */
function drawSnapshots(random: Prng): SnapshotPlan {
  return {
    entriesMax: random.pick([NEVER, 1, 5, 20, 50]),
    chunkChars: random.pick([1, 100, 10_000]),
    tailEntriesMax: random.pick([0, 0, 3, 20]),
  };
}

/** No server takes a snapshot. */
export const noSnapshots: SnapshotPlan = {
  entriesMax: NEVER,
  chunkChars: 1,
  tailEntriesMax: 0,
};

function drawNetwork(random: Prng): NetworkBehaviour {
  const latencyMaxMs = random.pick([1, 5, 20, 100]);
  return {
    latencyMinMs: random.pick([0.05, 0.5, latencyMaxMs / 2]),
    latencyMaxMs,
    tail: random.pick([0, 0, 0.01, 0.1]),
    tailMs: random.pick([200, 1000, 3000]),
    loss: random.pick([0, 0, 0.01, 0.05, 0.2]),
    duplication: random.pick([0, 0, 0.02, 0.2]),
  };
}

/** How fast a disk is. */
export function drawDisk(random: Prng): DiskBehaviour {
  return random.pick([
    { writeMinMs: 0, writeMaxMs: 0 },
    { writeMinMs: 0.2, writeMaxMs: 2 },
    { writeMinMs: 1, writeMaxMs: 30 },
    { writeMinMs: 0, writeMaxMs: 150 },
  ]);
}

type FileClientPlan = Pick<
  ClientPlan,
  'operations' | 'thinkMinMs' | 'thinkMaxMs' | 'patienceMs' | 'reads' | 'wrongVersions' | 'breaks'
>;

function drawClient(random: Prng): FileClientPlan {
  const isBursty = random.chance(0.2);
  return {
    operations: random.between(20, isBursty ? 300 : 120),
    thinkMinMs: 0,
    thinkMaxMs: isBursty ? 20 : random.pick([100, 500, 2000]),
    patienceMs: random.pick([null, null, 300, 2_000, 10_000]),
    reads: random.pick([0.1, 0.3, 0.5]),
    wrongVersions: random.pick([0, 0.05, 0.2]),
    breaks: random.pick([0, 0, 0.02, 0.1]),
  };
}

/** What the clients of one run have in common: files only, keys only, or both. */
type Workload = Pick<ClientPlan, 'keyed' | 'puts' | 'deletes' | 'routed'>;

function drawWorkload(random: Prng): Workload {
  return {
    keyed: random.pick([0, 1, 0.3, 0.6, 0.6]),
    puts: random.pick([0, 0.1, 0.4]),
    routed: random.pick([0, 0.3, 0.7, 1]),
    deletes: random.pick([0, 0.05, 0.2]),
  };
}

/** Most clients number their writes. */
function drawKeyClient(random: Prng, workload: Workload): Omit<ClientPlan, keyof FileClientPlan> {
  return {
    ...workload,
    routedMs: random.pick([300, 2_000, 30_000]),
    isNumbered: random.chance(0.75),
    attemptMs: random.pick([null, 50, 300, 1_500]),
  };
}

function drawFaults(random: Prng, servers: number, chaosMs: number, kinds: readonly DrawnKind[]): Fault[] {
  const faults: Fault[] = [];
  if (kinds.length === 0) return faults;
  const meanGapMs = random.pick([400, 1500, 4000]);
  const longestMs = random.pick([500, 2_000, 8_000]);
  let atMs = random.between(0, 3000);
  while (atMs < chaosMs) {
    const forMs = random.between(10, longestMs);
    faults.push(drawFault(random, servers, random.pick(kinds), { atMs, forMs }));
    atMs += random.between(1, 2 * meanGapMs);
  }
  return faults;
}

function drawFault(
  random: Prng,
  servers: number,
  kind: DrawnKind,
  when: { readonly atMs: number; readonly forMs: number },
): Fault {
  switch (kind) {
    case 'partition':
      return { ...when, kind, side: drawSide(random, servers) };
    case 'bridge':
      return { ...when, kind, side: drawSide(random, servers), over: random.between(0, servers - 1) };
    case 'slowDisk':
      return { ...when, kind, targets: drawTargets(random, servers), extraMs: random.between(10, 1000) };
    case 'slowLinks':
      return { ...when, kind, targets: drawTargets(random, servers), extraMs: random.between(50, 3000) };
    case 'crash':
    case 'kill':
    case 'pause':
    case 'diskFailure':
    case 'isolate':
    case 'deafen':
    case 'mute':
      return { ...when, kind, targets: drawTargets(random, servers) };
  }
}

function drawSide(random: Prng, servers: number): NodeId[] {
  return random.shuffle(allIds(servers)).slice(0, random.between(1, Math.max(1, servers - 1)));
}

/** Mostly one server, often the leader; sometimes several at once, or all. */
function drawTargets(random: Prng, servers: number): Target[] {
  if (random.chance(0.4)) return ['leader'];
  const count = random.chance(0.75) ? 1 : random.between(1, servers);
  return random.shuffle(allIds(servers)).slice(0, count);
}

function allIds(servers: number): NodeId[] {
  return Array.from({ length: servers }, (_, id) => id);
}
