import type { NodeId } from './types.js';

/** Everything that shapes a core's behaviour. Times are counted in ticks of the driver's clock. */
export interface RaftConfig {
  readonly id: NodeId;
  /** All servers of the cluster, this one included. */
  readonly servers: readonly NodeId[];
  /** Stands for the list of servers: those that were started with another one are refused. Empty: not compared. */
  readonly roster: string;
  /** Whether the storage outlives the process, so that the server has an identity which can be lost. */
  readonly hasDirectory: boolean;
  /** A leader contacts each follower at least this often. */
  readonly heartbeatTicks: number;
  /**
   * After contact with a leader, a server refuses votes for this long (section 6); below the shortest election timeout.
   */
  readonly stickyTicks: number;
  /** The shortest election timeout. A leader without answers from a majority for this long says so in its messages. */
  readonly electionMinTicks: number;
  /** The longest election timeout. A leader with check-quorum steps down when no majority answered for this long. */
  readonly electionMaxTicks: number;
  /** When a leader is lost, its followers campaign one after another, this many ticks apart. */
  readonly turnTicks: number;
  /**
   * The server neither votes nor campaigns in its first ticks: it may have forgotten a vote. 0 when its storage is
   * durable.
   */
  readonly voteDelayTicks: number;
  /**
   * Step down without a quorum. Off: the assignment requires a leader without a majority to keep its clients waiting.
   */
  readonly checkQuorum: boolean;
  /**
   * Elections as figure 2 has them: no pre-vote, no voter that protects a leader, no haste when a leader is lost, and every
   * leader is followed, with or without a majority. For lessons.
   *
   * @default false
   */
  readonly paperElections?: boolean;
  /** An append is taken for lost when the driver has reported neither a response nor a failure after this long. */
  readonly inFlightTicksMax: number;
  /** A follower that receives a snapshot and is silent for this long no longer holds back compaction of the log. */
  readonly silentTicksMax: number;
  readonly appendEntriesMax: number;
  readonly appendBytesMax: number;
  /**
   * The longest tail of the log, in entries and in bytes, that is kept for followers which lag slightly behind a
   * snapshot.
   */
  readonly tailEntriesMax: number;
  readonly tailBytesMax: number;
  /** Proposals beyond this size of uncommitted log are refused as overload. */
  readonly uncommittedBytesMax: number;
}

/** Defaults for a tick of 10 ms: heartbeat 250 ms, elections after 600 to 1200 ms. */
export const defaultRaftConfig = {
  roster: '',
  hasDirectory: false,
  heartbeatTicks: 25,
  stickyTicks: 50,
  electionMinTicks: 60,
  electionMaxTicks: 120,
  turnTicks: 4,
  voteDelayTicks: 0,
  checkQuorum: false,
  inFlightTicksMax: 200,
  silentTicksMax: 200,
  appendEntriesMax: 1024,
  appendBytesMax: 1024 * 1024,
  tailEntriesMax: 5_000,
  tailBytesMax: 4 * 1024 * 1024,
  uncommittedBytesMax: 64 * 1024 * 1024,
} as const satisfies Omit<RaftConfig, 'id' | 'servers'>;

/**
 * A message more than this many terms ahead is nonsense and is ignored: at one election per 600 ms it would
 * take 80 years to get there. Without the bound one forged message near 2^53 would leave no term to campaign in.
 */
export const TERM_JUMP_MAX = 2 ** 32;

/** @throws Error naming the first setting that cannot work */
export function validateRaftConfig(config: RaftConfig): void {
  const { id, servers } = config;
  if (!servers.includes(id))
    throw new Error(`server ${id} is not one of the cluster's ${servers.length} servers`);
  if (new Set(servers).size !== servers.length) throw new Error('a server is listed twice');
  for (const name of [
    'heartbeatTicks',
    'turnTicks',
    'inFlightTicksMax',
    'silentTicksMax',
    'appendEntriesMax',
    'appendBytesMax',
    'uncommittedBytesMax',
  ] as const) {
    if (!(config[name] >= 1)) throw new Error(`${name} must be at least 1, got ${config[name]}`);
  }
  for (const name of ['voteDelayTicks', 'tailEntriesMax', 'tailBytesMax'] as const) {
    if (!(config[name] >= 0)) throw new Error(`${name} must be at least 0, got ${config[name]}`);
  }
  if (!(config.heartbeatTicks < config.stickyTicks)) {
    throw new Error('heartbeatTicks must be below stickyTicks, else followers doubt a leader that is alive');
  }
  if (!(config.stickyTicks < config.electionMinTicks)) {
    throw new Error(
      'stickyTicks must be below electionMinTicks, else nobody may vote for the first to campaign',
    );
  }
  if (!(config.electionMinTicks <= config.electionMaxTicks)) {
    throw new Error('electionMinTicks must not be above electionMaxTicks');
  }
}

/** How many of `serverCount` servers are a majority: the smallest number of which any two sets share a server. */
export function majorityOf(serverCount: number): number {
  return Math.floor(serverCount / 2) + 1;
}

/**
 * The largest value that a majority has reached.
 *
 * @param values one per server of the cluster, the asking server's own included; in any order, not changed
 */
export function majorityReached(values: readonly number[]): number {
  const descending = [...values].sort((a, b) => b - a);
  return descending[majorityOf(values.length) - 1] ?? 0;
}
