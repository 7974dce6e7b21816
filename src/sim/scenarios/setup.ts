import { drawDisk, noSnapshots, SESSIONS_PLENTY } from '../drawPlan.js';
import type { ClientPlan, Plan, SnapshotPlan } from '../plan.js';
import { Prng } from '../prng.js';
import type { DiskBehaviour } from '../simDisk.js';
import type { NetworkBehaviour } from '../simNetwork.js';

/** How messages fare in a scenario; the seed draws the figures. */
export type NetworkKind = 'reliable' | 'unreliable' | 'reordering';

/** What a scenario asks for; where there are several values, the seed picks one. */
export interface Setup {
  readonly servers: readonly number[];
  /** @default 'reliable' */
  readonly network?: NetworkKind;
  /** How many clients; they begin when the scenario lets them. @default none */
  readonly clients?: readonly number[];
  /** Files that the clients share. @default one to five */
  readonly files?: readonly number[];
  /** @default drawn: at most 30 ms for a write */
  readonly disk?: DiskBehaviour;
  /** What each write takes beyond that, on every disk or by server. @default 0 */
  readonly syncMs?: number | readonly number[];
  /** Of each link in each direction. @default unlimited */
  readonly bytesPerSecond?: number;
  /** As a server whose storage is lost with its process needs it. @default 0 */
  readonly voteDelayTicks?: number;
  /** @default none are taken */
  readonly snapshots?: SnapshotPlan;
  /** What the clients do on keys, numbered and through any server, instead of on files. @default none of it */
  readonly keyed?: number;
  /** Clients whose sessions a server remembers. @default more than there are */
  readonly sessionsMax?: number;
  /** What clients write under keys has at least this length. @default 0 */
  readonly itemChars?: number;
}

/** More than any scenario has time for: a client goes on until it is stopped. */
const OPERATIONS_ENDLESS = 1_000_000;
const KEYS = 2;
/** The draws for a setup are none of those for the run. */
const SETUP_FORK = 7;

/** The plan of a scenario under one seed. */
export function drawSetup(setup: Setup, seed: number): Plan {
  const random = new Prng(seed).fork(SETUP_FORK);
  const servers = random.pick(setup.servers);
  const clients = random.pick(setup.clients ?? [0]);
  return {
    seed,
    servers,
    chaosMs: 0,
    network: {
      ...drawNetworkOf(random, setup.network ?? 'reliable'),
      ...(setup.bytesPerSecond === undefined ? {} : { bytesPerSecond: setup.bytesPerSecond }),
    },
    ...(setup.syncMs === undefined ? {} : { syncMs: syncsOf(setup.syncMs, servers) }),
    disk: setup.disk ?? drawQuickDisk(random),
    clockSkew: random.pick([0, 0, 0.01]),
    files: random.pick(setup.files ?? [1, 2, 3, 5]),
    waitingCallsMax: 10_000,
    snapshots: setup.snapshots ?? noSnapshots,
    ...(setup.voteDelayTicks === undefined ? {} : { voteDelayTicks: setup.voteDelayTicks }),
    keys: KEYS,
    itemChars: setup.itemChars ?? 0,
    sessionsMax: setup.sessionsMax ?? SESSIONS_PLENTY,
    clients: Array.from({ length: clients }, () => ({
      ...drawWorkload(random),
      ...keyClient(setup.keyed ?? 0),
    })),
    faults: [],
  };
}

function syncsOf(syncMs: number | readonly number[], servers: number): readonly number[] {
  return typeof syncMs === 'number' ? Array.from({ length: servers }, () => syncMs) : syncMs;
}

/** How messages fare from now on. */
export function drawNetworkOf(random: Prng, kind: NetworkKind): NetworkBehaviour {
  switch (kind) {
    case 'reliable': {
      const latencyMaxMs = random.pick([0.5, 2, 10, 20]);
      const latencyMinMs = random.pick([0.05, latencyMaxMs / 2]);
      return { latencyMinMs, latencyMaxMs, tail: 0, tailMs: 0, loss: 0, duplication: 0 };
    }
    case 'unreliable':
      return {
        latencyMinMs: 0.1,
        latencyMaxMs: random.pick([5, 27]),
        tail: random.pick([0.02, 0.1]),
        tailMs: random.pick([200, 1000]),
        loss: random.pick([0.03, 0.1]),
        duplication: random.pick([0, 0.05]),
      };
    case 'reordering':
      return {
        latencyMinMs: 0.1,
        latencyMaxMs: 27,
        tail: random.pick([0.2, 0.4]),
        tailMs: 2400,
        loss: 0.1,
        duplication: 0.1,
      };
  }
}

function drawQuickDisk(random: Prng): DiskBehaviour {
  const drawn = drawDisk(random);
  return drawn.writeMaxMs <= 30 ? drawn : { writeMinMs: 0.2, writeMaxMs: 2 };
}

/** Half of the calls of clients that work on keys go to any server. */
function keyClient(keyed: number): Omit<ClientPlan, keyof ReturnType<typeof drawWorkload>> {
  const isNumbered = keyed > 0;
  return {
    keyed,
    puts: 0.1,
    deletes: 0.05,
    routed: isNumbered ? 0.5 : 0,
    routedMs: 2_000,
    isNumbered,
    attemptMs: 1_000,
  };
}

function drawWorkload(
  random: Prng,
): Pick<
  ClientPlan,
  'operations' | 'thinkMinMs' | 'thinkMaxMs' | 'patienceMs' | 'reads' | 'wrongVersions' | 'breaks'
> {
  return {
    operations: OPERATIONS_ENDLESS,
    thinkMinMs: 0,
    thinkMaxMs: random.pick([20, 100, 300]),
    patienceMs: null,
    reads: random.pick([0.2, 0.5]),
    wrongVersions: 0.05,
    breaks: 0,
  };
}
