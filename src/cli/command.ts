import { Option, type Command, InvalidArgumentError } from 'commander';
import { ClientError, type SurfStoreClientOptions } from '../client/index.js';
import { readClusterFile, type ClusterConfig } from '../config/clusterFile.js';

/** The exit codes of commands. */
export const EXIT = { ok: 0, failure: 1, usage: 2, noLeader: 3 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends a command with one line on stderr. */
export class CommandError extends Error {
  override readonly name = 'CommandError';

  constructor(
    message: string,
    readonly exitCode: ExitCode = EXIT.failure,
  ) {
    super(message);
  }
}

/** The cluster and the client of a command that talks to a running cluster. */
export interface Session<Client> {
  readonly cluster: ClusterConfig;
  readonly client: Client;
}

/** A command that talks to a running cluster: its cluster file, and how long it may take. */
export function clientCommand(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .argument('<config>', 'cluster file')
    .addOption(
      new Option('--timeout <duration>', 'give up after so long')
        .argParser(parseDuration)
        .default(10_000, '10s'),
    );
}

/** Runs the action with a client of its own. @throws CommandError for a failure of the client */
export async function withClientOf<Client extends { close(): void }>(
  kind: new (options: SurfStoreClientOptions) => Client,
  config: string,
  deadlineMs: number,
  action: (session: Session<Client>) => Promise<void>,
): Promise<void> {
  const cluster = readClusterFile(config);
  const client = new kind({ servers: cluster.servers, deadlineMs });
  try {
    await action({ cluster, client });
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    throw new CommandError(error.message, error.code === 'noLeader' ? EXIT.noLeader : EXIT.failure);
  } finally {
    client.close();
  }
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** A duration such as `500ms`, `5s`, `2m` or `24h`, in milliseconds; a bare number counts seconds. */
export function parseDuration(text: string): number {
  const found = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  if (found === null) throw new InvalidArgumentError('write a duration such as 500ms, 5s or 2m.');
  return Number(found[1]) * (unitsMs[found[2] ?? 's'] ?? 1_000);
}

/**
 * Calls the listener for each signal that asks this process to stop. SIGHUP, which a terminal sends when it is closed,
 * is one of them, unless the process was started by `nohup ./run-server.sh`: Node gives every signal its default
 * meaning at its start, so the script, which sees that SIGHUP was to be ignored, says so in the environment.
 */
export function onStopSignal(listener: () => void): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, listener);
  const ignoresHangUp = process.env['SURFSTORE_NOHUP'] === '1';
  process.on('SIGHUP', ignoresHangUp ? () => undefined : listener);
}
