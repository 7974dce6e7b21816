import { Option, type Command } from 'commander';
import { ClientError, type SurfStoreClientOptions } from '../client/index.js';
import { readClusterFile, type ClusterConfig } from '../config/clusterFile.js';
import { parseDuration } from './duration.js';
import { CommandError, EXIT } from './exitCodes.js';

/** What every command that talks to a running cluster works with. */
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

/** Runs the action with a client of its own. @throws CommandError for what the client could not do */
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
