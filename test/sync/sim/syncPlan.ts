import { drawPlan, SESSIONS_PLENTY } from '../../../src/sim/drawPlan.js';
import type { Plan } from '../../../src/sim/plan.js';
import { Prng } from '../../../src/sim/prng.js';
import type { BlocksBehaviour } from './simBlocks.js';
import type { WireBehaviour } from './wire.js';

/** One folder with its user and its client. Times in milliseconds. */
export interface FolderPlan {
  readonly blockSize: number;
  /** The name of the machine. */
  readonly host: string;
  /** Pauses between what the user does, and between syncs, up to so long. */
  readonly userMaxMs: number;
  readonly syncMaxMs: number;
  /** A step on files takes at most so long. */
  readonly stepMaxMs: number;
  /** Its clock is so far ahead, and a time of change is a multiple of so much. */
  readonly clockAheadMs: number;
  readonly tickMs: number;
  /** Syncs that end with the client being killed, at a step that is drawn up to this one. */
  readonly kills: number;
  readonly lastStepMax: number;
  /** Kills that come with a loss of power. */
  readonly powerLosses: number;
  readonly dryRuns: number;
}

/** Everything that is decided before a run. */
export interface SyncPlan {
  readonly cluster: Plan;
  readonly wire: WireBehaviour;
  readonly blocks: BlocksBehaviour;
  /** Names that users choose from. */
  readonly names: number;
  readonly folders: readonly FolderPlan[];
  /** Pauses between collections of garbage, up to so long, by each of so many collectors. */
  readonly collectors: number;
  readonly collectMaxMs: number;
  /** Collections that are killed on their way. */
  readonly collectorKills: number;
  /** Pauses between losses of one copy of a block, up to so long; null: none is lost. */
  readonly lossMaxMs: number | null;
}

/** The draws are none of those of the cluster. */
const SYNC_FORK = 40;

/** A cluster as the simulator draws it, with folders in the place of its clients. */
export function drawSyncPlan(seed: number): SyncPlan {
  const random = new Prng(seed).fork(SYNC_FORK);
  const servers = random.pick([1, 2, 3, 3, 3, 5]);
  const chaosMs = random.between(6, 16) * 1_000;
  const cluster = drawPlan(seed, { servers, chaosMs, conditions: [] });
  const isBadWire = random.chance(0.6);
  const isPowerLost = random.chance(0.4);
  const kills = random.pick([0, 0.2, 0.5, 0.8]);
  const hosts = random.pick([
    ['lab', 'lab', 'lab'],
    ['a', 'b', 'c'],
  ] as const);
  const stepMaxMs = random.pick([0.2, 2, 20, 60]);
  const draw = (host: string): FolderPlan => ({
    blockSize: random.pick([8, 8, 16]),
    host,
    userMaxMs: random.pick([100, 400, 2_000]),
    syncMaxMs: random.pick([50, 500, 1_500]),
    stepMaxMs,
    clockAheadMs: random.pick([0, 0, 0, 90_000]),
    tickMs: random.pick([1, 10, 10, 2_000]),
    kills,
    lastStepMax: random.pick([40, 150, 400]),
    powerLosses: isPowerLost ? 0.5 : 0,
    dryRuns: 0.05,
  });
  return {
    cluster: { ...cluster, sessionsMax: SESSIONS_PLENTY, clients: [] },
    wire: {
      lost: isBadWire ? 0.02 : 0,
      unanswered: isBadWire ? 0.05 : 0,
      late: isBadWire ? 0.05 : 0,
      lateMs: 6_000,
    },
    blocks: { diskMaxMs: random.pick([0.5, 5, 50]), damage: random.pick([0, 0, 0.2]) },
    names: random.between(2, 6),
    folders: hosts.slice(0, random.pick([2, 2, 3])).map(draw),
    collectors: random.pick([0, 1, 1, 2]),
    collectMaxMs: random.pick([500, 2_000, 4_000]),
    collectorKills: random.pick([0, 0.2]),
    lossMaxMs: random.pick([null, 300, 2_000]),
  };
}
