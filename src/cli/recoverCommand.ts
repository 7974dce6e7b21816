import type { Command } from 'commander';
import { readClusterFile, serverOf } from '../config/clusterFile.js';
import { founderOf } from '../raft/founding.js';
import type { StorageBatch } from '../raft/output.js';
import type { Entry } from '../raft/types.js';
import type { Storage, StoredState } from '../storage/storage.js';
import { drawId, openDirectory } from './dataDirectory.js';
import { CommandError, EXIT, print } from './command.js';

interface RecoverFlags {
  readonly dataDir: string;
  readonly acceptLoss?: boolean;
}

export function recoverCommand(program: Command): void {
  program
    .command('recover')
    .description(
      'when a majority of the directories is lost for good: makes a new cluster from the one of this server',
    )
    .argument('<config>', 'cluster file')
    .argument('<id>', 'number of the server whose directory is kept')
    .requiredOption('--data-dir <dir>', 'its data directory; the server must not run')
    .option('--accept-loss', 'do it: what only the lost directories held is gone')
    .action((config: string, id: string, flags: RecoverFlags) => run(config, id, flags));
}

async function run(config: string, id: string, { dataDir, acceptLoss = false }: RecoverFlags): Promise<void> {
  const cluster = readClusterFile(config);
  const server = serverOf(cluster, id);
  const { storage, isEmpty } = await openDirectory(cluster, server, dataDir);
  try {
    if (isEmpty) throw new CommandError(`${dataDir} holds nothing to recover`, EXIT.usage);
    const stored = await load(storage);
    print(description(stored));
    if (!acceptLoss)
      throw new CommandError('nothing was changed; run it again with --accept-loss to do it', EXIT.usage);
    await persist(storage, rewritten(stored));
    print(whatToDo(server.id, cluster.servers.length));
  } finally {
    await new Promise<void>((resolve) => storage.close(() => resolve()));
  }
}

function description({ hardState, identity, snapshot, base, entries }: StoredState): string {
  const last = entries.at(-1) ?? base;
  return [
    `cluster ${identity?.cluster ?? 'without an id'}, term ${hardState.term}, log up to entry ${last.index} of term ${last.term}` +
      (snapshot === null ? '' : `, snapshot up to entry ${snapshot.last.index}`),
    'Compare this on all servers that are left, and recover the one with the highest last term, then the highest last entry:',
    'what the others hold beyond it, and what only the lost directories held, is gone, acknowledged or not.',
  ].join('\n');
}

function whatToDo(id: number, count: number): string {
  const others = Math.floor(count / 2);
  const start =
    count === 1
      ? '2. Start it.'
      : `2. Start server ${id}, then ${others === 1 ? 'one other' : `${others} others`}, and wait until status shows that server ${id} leads.`;
  return [
    'The directory is that of a new cluster now. Next:',
    '1. Remove the directories of all other servers: they belong to the old cluster, and would be refused.',
    start,
    '3. Start the rest. They get everything from the leader.',
  ].join('\n');
}

/**
 * The same log and snapshot, in a cluster of another id that this directory is going to found: entries about the old
 * cluster become no-ops, so that servers with empty directories, which vote for the longest log, follow it into the new
 * one.
 */
function rewritten({ base, entries, hardState }: StoredState): StorageBatch {
  const isAboutCluster = ({ kind }: Entry): boolean => kind === 'cluster' || kind === 'admit';
  const first = entries.findIndex(isAboutCluster);
  const appended =
    first === -1
      ? []
      : entries
          .slice(first)
          .map((entry): Entry => (isAboutCluster(entry) ? { ...entry, kind: 'noop', command: '' } : entry));
  const { term, index } = entries.at(-1) ?? base;
  return {
    number: 1,
    hardState,
    identity: founderOf(drawId(), drawId()),
    snapshot: null,
    truncateFrom: appended[0]?.index ?? null,
    compactTo: null,
    appended,
    last: { term, index },
  };
}

function load(storage: Storage): Promise<StoredState> {
  return new Promise((resolve, reject) =>
    storage.load((error, stored) => (error === null ? resolve(stored) : reject(error))),
  );
}

function persist(storage: Storage, batch: StorageBatch): Promise<void> {
  return new Promise((resolve, reject) =>
    storage.persist(batch, (error) => (error === null ? resolve() : reject(error))),
  );
}
