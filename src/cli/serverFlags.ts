import { InvalidArgumentError, Option, type Command } from 'commander';
import {
  defaultOptions,
  logFormats,
  logLevels,
  nameCharacters,
  replyMoments,
  validateOptions,
  type ServerOptions,
} from '../config/options.js';

/** Adds the flags that tune a server. Their values are checked together by `serverOptionsFrom`. */
export function addServerFlags(command: Command): Command {
  return command
    .addOption(
      new Option('--log-level <level>', 'what to log to stderr')
        .choices(logLevels)
        .env('SURFSTORE_LOG_LEVEL')
        .default(defaultOptions.logLevel),
    )
    .addOption(
      new Option('--log-format <format>', 'as JSON lines, or as lines for people')
        .choices(logFormats)
        .default(defaultOptions.logFormat),
    )
    .addOption(
      new Option(
        '--names <characters>',
        'characters of file names and hashes: bmp for clients of libxmlrpc-c, which cannot read others',
      )
        .choices(nameCharacters)
        .default(defaultOptions.names),
    )
    .option(
      '--bind <address>',
      'address to listen on (default: 127.0.0.1 and ::1 for a loopback host, else all)',
    )
    .addOption(
      new Option(
        '--reply-after <moment>',
        'when updatefile replies: its commit known on a majority, or at commit',
      )
        .choices(replyMoments)
        .default(defaultOptions.replyAfter),
    )
    .option('--no-chaos-hooks', 'no calls that crash this server or cut it off from others')
    .option('--check-quorum', 'a leader without a majority steps down instead of keeping its clients waiting')
    .option(
      ...number(
        '--heartbeat-ms',
        'an idle leader contacts each follower this often',
        defaultOptions.heartbeatMs,
      ),
    )
    .option(...number('--election-min-ms', 'shortest election timeout', defaultOptions.electionMinMs))
    .option(...number('--election-max-ms', 'longest election timeout', defaultOptions.electionMaxMs))
    .option(...number('--tick-ms', 'grid of all protocol timers', defaultOptions.tickMs))
    .option(
      ...number(
        '--rpc-timeout-ms',
        'a peer that is silent for so long is unreachable',
        defaultOptions.rpcTimeoutMs,
      ),
    )
    .option(
      ...number('--waiting-calls-max', 'calls that may wait for a majority', defaultOptions.waitingCallsMax),
    )
    .option(
      ...number(
        '--uncommitted-bytes-max',
        'log that may wait for a majority',
        defaultOptions.uncommittedBytesMax,
      ),
    )
    .option(
      ...number(
        '--state-bytes-max',
        'memory that files and keys may take, from there on what makes them grow is refused',
        defaultOptions.stateBytesMax,
      ),
    )
    .option(...number('--body-bytes-max', 'largest request body', defaultOptions.bodyBytesMax))
    .option(
      '--cluster-name <name>',
      'the same on all servers, where their cluster files differ: peers compare it in place of the addresses',
    )
    .option('--data-dir <dir>', 'keep term, vote, log and snapshot in this directory (default: in memory)')
    .option(
      ...number(
        '--snapshot-entries',
        'the log is cut when it has grown by so many entries',
        defaultOptions.snapshotEntries,
      ),
    )
    .option(...number('--snapshot-bytes', 'or by so many bytes of them', defaultOptions.snapshotBytes))
    .option(
      '--block-store-bytes-max <number>',
      'total size of stored blocks (default: 256 MiB in memory, the whole disk with --data-dir)',
      wholeNumber,
    );
}

/** @throws ConfigError naming the flag */
export function serverOptionsFrom(flags: Partial<ServerOptions>): ServerOptions {
  const given = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
  return validateOptions({ ...defaultOptions, ...given });
}

function number(
  flag: string,
  description: string,
  byDefault: number,
): [string, string, (text: string) => number, number] {
  return [`${flag} <number>`, description, wholeNumber, byDefault];
}

function wholeNumber(text: string): number {
  if (!/^-?\d{1,15}$/.test(text)) throw new InvalidArgumentError('Write a whole number.');
  return Number(text);
}
