import { defaultRaftConfig } from '../../raft/config.js';
import type { SimServerSettings } from '../../sim/simServer.js';
import type { CallBook } from './calls.js';
import type { Start } from './start.js';

/** `shipped`: the servers as they are delivered. `paper`: elections and answers as in figure 2 of the paper. */
export type Mode = 'shipped' | 'paper';

/** All that decides a world, but for what its user does. */
export interface WorldSetup {
  readonly seed: number;
  readonly servers: number;
  readonly mode: Mode;
  /** A bug that is planted in every server, by its id. @default none */
  readonly bug?: string;
  /** Entries after which a server takes a snapshot. @default none is taken */
  readonly snapshotEvery?: number;
  /** @default new servers with empty disks */
  readonly start?: Start;
}

export const TICK_MS = 10;
export const disk = { writeMinMs: 4, writeMaxMs: 12 };
/** Clocks differ by so much at most, so that no two servers tick at the same moment for long. */
export const CLOCK_SKEW = 0.01;
const SESSIONS_MAX = 100;
const WAITING_CALLS_MAX = 100;

/** The settings that all servers of a world have. */
export function settingsOf(
  { servers, mode, snapshotEvery = Infinity }: WorldSetup,
  calls: CallBook,
): SimServerSettings {
  const isPaper = mode === 'paper';
  return {
    serverCount: servers,
    raft: { ...defaultRaftConfig, paperElections: isPaper, tailEntriesMax: 0 },
    tickMs: TICK_MS,
    electionMinTicks: defaultRaftConfig.electionMinTicks,
    exchange: { timeoutMs: 500 },
    waitingCallsMax: WAITING_CALLS_MAX,
    snapshots: { entriesMax: snapshotEvery, chunkChars: 1000, bytesMax: Number.POSITIVE_INFINITY },
    sessionsMax: SESSIONS_MAX,
    replyAfter: isPaper ? 'commit' : 'majority',
    calls: calls.events,
  };
}
