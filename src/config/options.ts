import { getHeapStatistics } from 'node:v8';
import { ConfigError } from './configError.js';

/** One JSON object a line, or lines for people. */
export const logFormats = ['json', 'pretty'] as const;
type LogFormat = (typeof logFormats)[number];

/** Any character that XML can carry, or only those of the Basic Multilingual Plane. */
export const nameCharacters = ['all', 'bmp'] as const;
export type NameCharacters = (typeof nameCharacters)[number];

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
type LogLevel = (typeof logLevels)[number];

export const replyMoments = ['majority', 'commit'] as const;
type ReplyMoment = (typeof replyMoments)[number];

/** The settings of a server. The command line flag of each is its name in kebab case: `--heartbeat-ms`. */
export interface ServerOptions {
  /**
   * The grid on which the protocol's timers run.
   * @default 10
   */
  readonly tickMs: number;
  /**
   * An idle leader contacts each follower this often.
   * @default 250
   */
  readonly heartbeatMs: number;
  /**
   * The shortest election timeout.
   * @default 600
   */
  readonly electionMinMs: number;
  /**
   * The longest election timeout; each one is drawn anew between the two.
   * @default 1200
   */
  readonly electionMaxMs: number;
  /**
   * A peer that has not answered a call after this long counts as unreachable.
   * @default 500
   */
  readonly rpcTimeoutMs: number;
  /**
   * When `updatefile` replies: once a majority knows that the entry is committed (the assignment's rule) or at commit
   * (the paper's).
   * @default 'majority'
   */
  readonly replyAfter: ReplyMoment;
  /**
   * Whether a leader that hears from no majority steps down. The assignment requires it to keep its clients waiting.
   * @default false
   */
  readonly checkQuorum: boolean;
  /**
   * Client calls that may wait for a majority at the same time; more are refused as overload.
   * @default 10_000
   */
  readonly waitingCallsMax: number;
  /**
   * The size of the log entries that may wait to be committed; more are refused as overload.
   * @default 64 MiB
   */
  readonly uncommittedBytesMax: number;
  /**
   * The memory that files and keys may use. Commands that would exceed it are refused as overload; deletes and reads
   * are not.
   * @default a quarter of the memory that Node.js may use, less its own needs
   */
  readonly stateBytesMax: number;
  /**
   * The largest request body; a larger one is answered with 413.
   * @default 8 MiB
   */
  readonly bodyBytesMax: number;
  /**
   * The total size of the blocks this server stores.
   * @default undefined: 256 MiB in memory; with a data directory, what its disk holds
   */
  readonly blockStoreBytesMax?: number | undefined;
  /**
   * A snapshot replaces the log once it has grown by this many entries, or this many bytes of them, since the last
   * snapshot, and by at least the size of that snapshot.
   * @default 20_000, 8 MiB
   */
  readonly snapshotEntries: number;
  readonly snapshotBytes: number;
  /**
   * The directory where this server keeps term, vote, log and snapshot; made when missing. Without it they are kept in
   * memory and lost when the process ends.
   * @default undefined
   */
  readonly dataDir?: string | undefined;
  /**
   * Stands in place of the list of servers when peers compare it, for clusters whose files differ from server to
   * server: all servers are given the same name.
   * @default undefined: the addresses in the cluster file
   */
  readonly clusterName?: string | undefined;
  /**
   * The address to listen on. Without it a loopback host of the cluster file listens on 127.0.0.1 and ::1, and any
   * other host on every interface.
   * @default undefined
   */
  readonly bind?: string | undefined;
  /**
   * Whether `crash`, `restore` and `makeUnreachableFrom` exist.
   * @default true
   */
  readonly chaosHooks: boolean;
  /** @default 'info' */
  readonly logLevel: LogLevel;
  /** @default 'json' */
  readonly logFormat: LogFormat;
  /** Which characters file names and hashes may hold. @default 'all' */
  readonly names: NameCharacters;
}

const mebibyte = 1024 * 1024;

/** The program and its buffers. */
const ownBytes = 64 * mebibyte;

/** The log and a snapshot take as much again each, and the garbage collector needs room. */
const stateShare = 4;

const defaultStateBytesMax = Math.max(
  4 * mebibyte,
  Math.floor((getHeapStatistics().heap_size_limit - ownBytes) / stateShare),
);

export const defaultOptions: ServerOptions = {
  tickMs: 10,
  heartbeatMs: 250,
  electionMinMs: 600,
  electionMaxMs: 1200,
  rpcTimeoutMs: 500,
  replyAfter: 'majority',
  checkQuorum: false,
  waitingCallsMax: 10_000,
  uncommittedBytesMax: 64 * mebibyte,
  stateBytesMax: defaultStateBytesMax,
  bodyBytesMax: 8 * mebibyte,
  snapshotEntries: 20_000,
  snapshotBytes: 8 * mebibyte,
  chaosHooks: true,
  logLevel: 'info',
  logFormat: 'json',
  names: 'all',
};

/** Far more than any cluster needs, and far below the 2^31 - 1 ms from which on Node's timers fire at once. */
const durationMsMax = 60 * 60 * 1000;

/** A body is read into one string, and a string of V8 ends at 512 MiB. */
const bodyBytesLimit = 256 * mebibyte;

type NumericOption = {
  [Name in keyof ServerOptions]-?: ServerOptions[Name] extends number ? Name : never;
}[keyof ServerOptions];

/** Room for a message between servers and a reasonable file. */
const bodyBytesLeast = 65_536;

/**
 * The largest value that each number may have; the smallest is 1, and for the body what servers need among themselves.
 */
const largest: Readonly<Record<NumericOption, number>> = {
  tickMs: durationMsMax,
  heartbeatMs: durationMsMax,
  electionMinMs: durationMsMax,
  electionMaxMs: durationMsMax,
  rpcTimeoutMs: durationMsMax,
  waitingCallsMax: Number.MAX_SAFE_INTEGER,
  uncommittedBytesMax: Number.MAX_SAFE_INTEGER,
  stateBytesMax: Number.MAX_SAFE_INTEGER,
  bodyBytesMax: bodyBytesLimit,
  snapshotEntries: Number.MAX_SAFE_INTEGER,
  snapshotBytes: Number.MAX_SAFE_INTEGER,
};

const countedInTicks = ['heartbeatMs', 'electionMinMs', 'electionMaxMs'] as const;

/**
 * Checks options that came from outside, whatever their types claim, and gives them back.
 *
 * A heartbeat must be shorter than half the shortest election timeout, so that one lost message elects nobody
 * (section 5.6 of the Raft paper: the broadcast time must be well below the election timeout).
 *
 * @throws {ConfigError} that names the flag, the value and what is allowed
 */
export function validateOptions(options: ServerOptions): ServerOptions {
  for (const name of Object.keys(largest) as NumericOption[]) checkNumber(name, options[name], largest[name]);
  for (const name of countedInTicks) {
    if (options[name] % options.tickMs !== 0) {
      throw new ConfigError(
        `${flag(name)} must be a multiple of the tick (${flag('tickMs')}, ${options.tickMs} ms), got ${options[name]}`,
      );
    }
  }
  if (options.heartbeatMs * 2 >= options.electionMinMs) {
    throw new ConfigError(
      `${flag('heartbeatMs')} must be below half of ${flag('electionMinMs')} (${options.electionMinMs}), ` +
        `got ${options.heartbeatMs}: lower the one or raise the other`,
    );
  }
  if (options.electionMinMs > options.electionMaxMs) {
    throw new ConfigError(
      `${flag('electionMinMs')} must not be above ${flag('electionMaxMs')} (${options.electionMaxMs}), ` +
        `got ${options.electionMinMs}`,
    );
  }
  if (options.rpcTimeoutMs >= options.electionMinMs) {
    throw new ConfigError(
      `${flag('rpcTimeoutMs')} must be below ${flag('electionMinMs')} (${options.electionMinMs}), ` +
        `got ${options.rpcTimeoutMs}: a request that is lost would cost an election`,
    );
  }
  if (options.blockStoreBytesMax !== undefined)
    checkNumber('blockStoreBytesMax', options.blockStoreBytesMax, Number.MAX_SAFE_INTEGER);
  checkChoice('replyAfter', options.replyAfter, replyMoments);
  checkChoice('logLevel', options.logLevel, logLevels);
  if (options.bind !== undefined && !/^\S+$/.test(options.bind)) {
    throw new ConfigError(
      `${flag('bind')} must be an address or a host name, got ${JSON.stringify(options.bind)}`,
    );
  }
  if (options.dataDir === '') throw new ConfigError(`${flag('dataDir')} must be the path of a directory`);
  return options;
}

function checkNumber(name: NumericOption | 'blockStoreBytesMax', value: number, most: number): void {
  const least = name === 'bodyBytesMax' ? bodyBytesLeast : 1;
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new ConfigError(
      `${flag(name)} must be a whole number from ${least} to ${most}, got ${value}`,
    );
  }
}

function checkChoice(name: keyof ServerOptions, value: string, choices: readonly string[]): void {
  if (!choices.includes(value)) {
    throw new ConfigError(`${flag(name)} must be one of ${choices.join(', ')}, got ${JSON.stringify(value)}`);
  }
}

function flag(name: keyof ServerOptions): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
