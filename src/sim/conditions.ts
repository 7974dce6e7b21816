import { InvalidArgumentError } from 'commander';
import type { Fault, Plan } from './plan.js';
import type { Prng } from './prng.js';
import { drawShape } from './shapes.js';
import type { NetworkBehaviour } from './simNetwork.js';

/**
 * Conditions that plans may have beside the faults that every plan may have. One under which no cluster could keep all its
 * promises is left out of {@link usualConditions}, and drawn only when it is asked for by name.
 */
const allConditions = [
  'liveness',
  'shapes',
  'slowSyncs',
  'largeValues',
  'lostDisks',
  'resets',
  'oldCopies',
] as const;
export type Condition = (typeof allConditions)[number];

export const usualConditions: readonly Condition[] = [
  'liveness',
  'shapes',
  'slowSyncs',
  'largeValues',
  'lostDisks',
  'resets',
];

/** Reads the value of a command line flag. @throws InvalidArgumentError */
export function conditionsNamed(text: string): readonly Condition[] {
  if (text === 'all') return allConditions;
  return text.split(',').map((name) => {
    const condition = allConditions.find((each) => each === name);
    if (condition === undefined)
      throw new InvalidArgumentError(`choose from ${allConditions.join(', ')}, or all.`);
    return condition;
  });
}

const SHAPES_FORK = 0;
const DISKS_FORK = 1;
const VALUES_FORK = 2;
const LOST_FORK = 3;
const COPIES_FORK = 4;
const RESETS_FORK = 5;

/** A plan with some of these conditions in it, each from draws of its own. */
export function withConditions(plan: Plan, conditions: readonly Condition[], random: Prng): Plan {
  const has = (condition: Condition): boolean => conditions.includes(condition);
  let wider = plan;
  if (has('shapes')) wider = withShapes(wider, random.fork(SHAPES_FORK));
  if (has('slowSyncs')) wider = withSlowSyncs(wider, random.fork(DISKS_FORK));
  if (has('largeValues')) wider = withLargeValues(wider, random.fork(VALUES_FORK));
  if (has('lostDisks')) wider = withLostDisks(wider, random.fork(LOST_FORK));
  if (has('oldCopies')) wider = withOldCopies(wider, random.fork(COPIES_FORK));
  if (has('resets')) wider = withResets(wider, random.fork(RESETS_FORK));
  return has('liveness') ? { ...wider, isLivenessJudged: true } : wider;
}

/** One or two shapes, long enough for the rule on liveness; mostly without anything else, which would only interrupt them. */
function withShapes(plan: Plan, random: Prng): Plan {
  if (plan.servers < 3 || random.chance(0.4)) return plan;
  const isAlone = random.chance(0.7);
  const faults: Fault[] = [];
  let atMs = random.between(1_000, 5_000);
  for (let count = random.between(1, 2); count > 0; count -= 1) {
    const forMs = random.chance(0.1) ? 40_000 : random.between(8_000, 20_000);
    faults.push({ atMs, forMs, ...drawShape(random, plan.servers) });
    if (random.chance(0.3)) {
      const kind = random.pick(['crash', 'kill'] as const);
      const early = { atMs: Math.max(0, atMs - random.between(0, 2_000)), forMs: forMs + 4_000 };
      faults.push({ ...early, kind, targets: [random.between(0, plan.servers - 1)] });
    }
    if (random.chance(0.3)) {
      const later = { atMs: atMs + random.between(0, forMs), forMs: random.between(10, 4_000) };
      faults.push({ ...later, kind: random.pick(['crash', 'kill', 'pause'] as const), targets: ['leader'] });
    }
    atMs += forMs + random.between(0, 4_000);
  }
  return {
    ...plan,
    chaosMs: Math.max(plan.chaosMs, atMs),
    network: calmed(plan.network, isAlone),
    faults: isAlone ? faults : [...plan.faults, ...faults],
  };
}

/** Connections that break although both ends are well. */
function withResets(plan: Plan, random: Prng): Plan {
  if (random.chance(0.5)) return plan;
  const faults = Array.from({ length: random.between(1, 20) }, (): Fault => ({
    atMs: random.between(0, plan.chaosMs),
    forMs: 1,
    kind: 'reset',
    targets: [random.chance(0.6) ? 'leader' : random.between(0, plan.servers - 1)],
  }));
  return { ...plan, faults: [...plan.faults, ...faults] };
}

/** A network that loses nothing and is quick, unless it shall stay as it is. */
function calmed(network: NetworkBehaviour, isCalm: boolean): NetworkBehaviour {
  const latencyMaxMs = Math.min(20, network.latencyMaxMs);
  const latencyMinMs = Math.min(latencyMaxMs, network.latencyMinMs);
  return isCalm ? { ...network, latencyMinMs, latencyMaxMs, loss: 0, tail: 0 } : network;
}

/** Disks of all or some servers that are slow from the beginning to the end. */
function withSlowSyncs(plan: Plan, random: Prng): Plan {
  if (random.chance(0.7)) return plan;
  const isOnAll = random.chance(0.5);
  const mostMs = random.pick([200, 500, 700, 990]);
  const syncMs = Array.from({ length: plan.servers }, () =>
    isOnAll || random.chance(0.5) ? random.between(isOnAll ? mostMs / 2 : 0, mostMs) : 0,
  );
  return { ...plan, syncMs };
}

/**
 * Who sends a large value again gives the attempt before it at least the time of so many uploads: else the log grows faster than
 * any cluster could carry it, and no fresh write would come through for as long as that takes.
 */
const UPLOADS_PER_ATTEMPT = 4;

/** Clients that write much at a time, over links that take their time for it. */
function withLargeValues(plan: Plan, random: Prng): Plan {
  if (random.chance(0.9)) return plan;
  const [isAlone, isPatient] = [random.chance(0.6), random.chance(0.7)];
  const bytesPerSecond = random.pick([1_250_000, 6_250_000, 12_500_000]);
  const itemChars = Math.min(random.pick([200_000, 1_000_000, 4_000_000, 8_000_000]), bytesPerSecond);
  const uploadMs = (itemChars / bytesPerSecond) * 1000;
  const operations = Math.ceil(WRITTEN_CHARS_MAX / itemChars / 2);
  const clients = plan.clients.slice(0, 2).map((client) => ({
    ...client,
    operations: Math.min(client.operations, operations),
    keyed: 1,
    puts: 1,
    ...(isPatient
      ? { patienceMs: null, attemptMs: null, breaks: 0 }
      : { attemptMs: client.attemptMs && Math.max(client.attemptMs, uploadMs * UPLOADS_PER_ATTEMPT) }),
  }));
  // A snapshot after every entry would carry all of it again and again.
  const entriesMax = Math.max(plan.snapshots.entriesMax, 20);
  return {
    ...plan,
    network: { ...calmed(plan.network, isAlone), bytesPerSecond },
    snapshots: { ...plan.snapshots, entriesMax, chunkChars: 10_000 },
    itemChars,
    clients,
    faults: isAlone ? plan.faults.filter(({ kind }) => kind === 'kill').slice(0, 2) : plan.faults,
  };
}

/** More would take long to compare. */
const WRITTEN_CHARS_MAX = 16_000_000;

/** Servers whose disk is replaced: by an empty one, or by an older copy of itself. */
function withLostDisks(plan: Plan, random: Prng): Plan {
  return withDiskFaults(plan, random, (when, targets) => ({ ...when, kind: 'wipe', targets }));
}

/**
 * Older copies of a disk put back, taken while its process ran. Where only servers that are down know of what the disk held
 * since, nobody can tell: so this is not among the usual conditions.
 */
function withOldCopies(plan: Plan, random: Prng): Plan {
  return withDiskFaults(plan, random, (when, targets) => {
    const agoMs = random.between(200, Math.min(when.atMs, 8_000));
    return { ...when, kind: 'rollback', targets, agoMs };
  });
}

type When = Pick<Fault, 'atMs' | 'forMs'>;

function withDiskFaults(
  plan: Plan,
  random: Prng,
  faultOf: (when: When, targets: ('leader' | number)[]) => Fault,
): Plan {
  if (plan.servers < 3 || random.chance(0.6)) return plan;
  const faults: Fault[] = [];
  for (let count = random.between(1, 4); count > 0; count -= 1) {
    const when = { atMs: random.between(1_000, plan.chaosMs), forMs: random.between(100, 4_000) };
    faults.push(faultOf(when, [random.pick(['leader', random.between(0, plan.servers - 1)] as const)]));
  }
  return { ...plan, faults: [...plan.faults, ...faults] };
}

/** How long what the clients of a plan write may occupy its links and disks, beyond what little writes do; in ms. */
export function carryMs({ network, itemChars, clients, syncMs = [] }: Plan): number {
  const { bytesPerSecond } = network;
  const uploadMs =
    bytesPerSecond === undefined ? 0 : (clients.length * 4 * itemChars * 1000) / bytesPerSecond;
  return uploadMs + 6 * Math.max(0, ...syncMs);
}

/** How long a server that has missed everything may take longer than usual to get it: in a snapshot, and once more in the log. */
export function catchUpMs(plan: Plan): number {
  const { network, itemChars, clients } = plan;
  const { bytesPerSecond } = network;
  if (bytesPerSecond === undefined) return carryMs(plan);
  const written = clients.reduce((sum, { operations }) => sum + operations * itemChars, 0);
  return carryMs(plan) + (2 * written * 1000) / bytesPerSecond;
}
