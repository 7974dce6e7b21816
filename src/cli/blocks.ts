import { join } from 'node:path';
import type { LookupFunction } from 'node:net';
import type { Logger } from 'pino';
import { BlockPeers } from '../api/blockPeers.js';
import { BlocksHttp } from '../api/blocksHttp.js';
import { Changes } from '../api/changes.js';
import { Collections } from '../api/collections.js';
import type { Route } from '../api/surfaces.js';
import type { BlockStore } from '../blocks/blockStore.js';
import { ClusterBlocks } from '../blocks/clusterBlocks.js';
import { CollectedStore } from '../blocks/collectedStore.js';
import { DirectoryBlockStore } from '../blocks/directoryBlockStore.js';
import { MemoryBlockStore } from '../blocks/memoryBlockStore.js';
import { S3BlockStore } from '../blocks/s3BlockStore.js';
import { blockLocationOf } from '../config/blockLocation.js';
import type { ServerAddress } from '../config/clusterFile.js';
import type { ServerOptions } from '../config/options.js';
import type { BlockMetrics } from '../metrics/blockMetrics.js';
import type { LeaderRouter } from '../node/leaderRouter.js';
import type { RaftNode } from '../node/raftNode.js';
import { storageErrorOf } from '../storage/storage.js';
import type { CommandResult } from '../stateMachine/command.js';
import type { ServiceState } from '../stateMachine/serviceState.js';
import { PEER_HEADER } from '../transport/rpcTransport.js';

/** In the data directory. */
const BLOCKS = 'blocks';

/** The parts of one server that its blocks use. */
interface BlockParts {
  readonly server: ServerAddress;
  readonly peers: readonly ServerAddress[];
  readonly options: ServerOptions;
  readonly node: RaftNode<CommandResult>;
  readonly router: LeaderRouter<CommandResult>;
  readonly state: ServiceState;
  readonly metrics: BlockMetrics;
  readonly lookup: LookupFunction;
  readonly log: Logger;
}

/** The blocks of the cluster as one server serves them. */
export interface ServedBlocks {
  readonly blocks: ClusterBlocks;
  readonly routes: readonly Route[];
  /** To be called when the server has gone down or come back. */
  reconsider(): void;
  close(): void;
}

/** Opens the store of a server and puts its surfaces together. */
export async function serveBlocks(parts: BlockParts): Promise<ServedBlocks> {
  const { server, peers, node, router, state, metrics, lookup, log } = parts;
  const own = new CollectedStore(await openStore(parts));
  const acceptsFrom = (peer: number): boolean => node.acceptsFrom(peer);
  const requireRunning = (): void => node.requireRunning();
  const epoch = (): number => state.epoch.current;
  const blockPeers = new BlockPeers({
    self: server.id,
    peers,
    acceptsFrom,
    headers: { [PEER_HEADER]: '1' },
    lookup,
  });
  const blocks = new ClusterBlocks(server.id, own, blockPeers.all, {
    stored: metrics.stored,
    read: metrics.read,
    repaired: (hash, to) => {
      metrics.repaired();
      log.info({ hash, to }, 'a block was given back to a server that should have it');
    },
  });
  const changes = new Changes(state, requireRunning);
  metrics.watch(
    () => own.usage(),
    epoch,
    () => changes.waiting,
  );
  return {
    blocks,
    routes: [
      new Collections({ own, router, state, requireRunning, onCollected: metrics.collected }),
      new BlocksHttp({ blocks, own, epoch, acceptsFrom, requireRunning }),
      changes,
    ],
    reconsider: () => changes.reconsider(),
    close: () => blockPeers.close(),
  };
}

/**
 * In an object store if one is named, otherwise beside the log where there is a data directory, or in memory.
 * @throws StorageError when the directory cannot be made
 */
async function openStore({ options, log }: BlockParts): Promise<BlockStore> {
  const { dataDir, blockStoreBytesMax: bytesMax, blocks } = options;
  if (blocks !== undefined)
    return new S3BlockStore(blockLocationOf(blocks, process.env), {
      onDamaged: (hash, name) => log.error({ hash, name }, 'a block in the object store is damaged'),
    });
  const limits = bytesMax === undefined ? {} : { bytesMax };
  if (dataDir === undefined) return new MemoryBlockStore(limits);
  const directory = join(dataDir, BLOCKS);
  try {
    return await DirectoryBlockStore.open(directory, {
      limits,
      onDamaged: (hash, path) => log.error({ hash, path }, 'a block is damaged, and was set aside'),
    });
  } catch (error) {
    throw storageErrorOf(directory, 'open', error);
  }
}
