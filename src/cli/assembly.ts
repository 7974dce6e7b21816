import { randomInt } from 'node:crypto';
import { createRequire } from 'node:module';
import type { Logger } from 'pino';
import { FaultTranslator } from '../api/faults.js';
import { HttpFront } from '../api/httpFront.js';
import { probePages } from '../api/probes.js';
import type { StatusSource } from '../api/status.js';
import { surfstoreMethods } from '../api/surfstoreMethods.js';
import { XmlRpcSurface } from '../api/xmlrpcSurface.js';
import { MemoryBlockStore } from '../blocks/memoryBlockStore.js';
import { addressOf, type ClusterConfig, type ServerAddress } from '../config/clusterFile.js';
import type { ServerOptions } from '../config/options.js';
import { systemDefer } from '../node/defer.js';
import type { NodeObserver } from '../node/observer.js';
import { RaftNode } from '../node/raftNode.js';
import { GridTicker } from '../node/ticker.js';
import { defaultRaftConfig, type RaftConfig } from '../raft/config.js';
import { FileMetadata } from '../stateMachine/fileMetadata.js';
import { LevelStorage } from '../storage/level/levelStorage.js';
import { MemoryStorage } from '../storage/memoryStorage.js';
import type { Storage } from '../storage/storage.js';
import { answerPeer, bytesOnTheWire } from '../transport/peerEndpoint.js';
import { RpcTransport } from '../transport/rpcTransport.js';

/** One server with everything it is made of, listening. */
export interface RunningServer {
  /** Answers the waiting calls with a fault, closes the sockets, and resolves when nothing is left. */
  stop(): Promise<void>;
}

/** What a server is started from. */
export interface ServerSetup {
  readonly cluster: ClusterConfig;
  readonly server: ServerAddress;
  readonly options: ServerOptions;
  readonly log: Logger;
  readonly observer: NodeObserver;
}

/** No command takes more bytes in a request than this times its length, its entry included. */
const BATCH_GROWTH = 10;

const { version } = createRequire(import.meta.url)('surfstore/package.json') as { version: string };

/** This part of what fills the log once is kept behind a snapshot. */
const TAIL_SHARE = 4;

/** A chunk of a snapshot, in UTF-16 units: less than a millisecond's work. */
const SNAPSHOT_CHUNK_CHARS = 32_768;

/** The version of this program. */
export const programVersion = version;

/**
 * Puts a server together and starts it: it listens once it has read its storage.
 *
 * @throws ListenError when its port cannot be listened on; StorageError when its data directory is not usable
 */
export async function startServer({
  cluster,
  server,
  options,
  log,
  observer,
}: ServerSetup): Promise<RunningServer> {
  const startedAt = performance.now();
  const files = new FileMetadata();
  const peers = cluster.servers.filter(({ id }) => id !== server.id);
  const { storage, isEmpty } = await openStorage(cluster, server, options);
  const transport = new RpcTransport(peers, options.rpcTimeoutMs);
  const raft = raftConfig(cluster, server, options, isEmpty);
  const node = new RaftNode<boolean>({
    raft,
    storage,
    transport,
    stateMachine: files,
    ticker: new GridTicker(options.tickMs),
    defer: systemDefer,
    snapshots: {
      entriesMax: options.snapshotEntries,
      bytesMax: options.snapshotBytes,
      chunkChars: Math.min(SNAPSHOT_CHUNK_CHARS, Math.floor(options.bodyBytesMax / BATCH_GROWTH)),
    },
    drawElectionTicks: () => randomInt(options.electionMinMs / options.tickMs, raft.electionMaxTicks + 1),
    replyAfter: options.replyAfter,
    waitingCallsMax: options.waitingCallsMax,
    observer,
  });
  const status: StatusSource = {
    id: server.id,
    servers: cluster.servers,
    node,
    tickMs: options.tickMs,
    version,
    fileCount: () => files.size,
    uptimeSeconds: () => Math.floor((performance.now() - startedAt) / 1000),
  };
  const methods = surfstoreMethods({
    node,
    files,
    blocks: new MemoryBlockStore({ bytesMax: options.blockStoreBytesMax }),
    wire: { bytesOnTheWire, bodyBytesMax: options.bodyBytesMax },
    chaosHooks: options.chaosHooks,
    answerPeer: (message) => answerPeer(node, message),
    status,
  });
  const surface = new XmlRpcSurface(methods, new FaultTranslator(cluster.servers));
  const front = new HttpFront(
    {
      dispatch: surface.call,
      bodyBytesMax: options.bodyBytesMax,
      onInternalError: (error, methodName) => log.error({ err: error, method: methodName }, 'internal error'),
    },
    probePages(
      status,
      surface.methods.map(({ name }) => name),
    ),
  );
  const stop = async (): Promise<void> => {
    node.stop();
    transport.close();
    await front.close();
    await new Promise<void>((resolve) => storage.close(resolve));
  };
  try {
    await takePart(node, !isEmpty);
    await front.listen(server.host, server.port, options.bind);
  } catch (error) {
    await stop();
    throw error;
  }
  // Alone in the cluster there is nobody to wait for.
  if (peers.length === 0) node.campaign();
  return { stop };
}

/** A server that has a past may have a leader, too, which it must not help to replace at once. */
function takePart(node: RaftNode<boolean>, presumeLeader: boolean): Promise<void> {
  return new Promise((resolve, reject) =>
    node.start(presumeLeader, (error) => (error === null ? resolve() : reject(error))),
  );
}

/** `isEmpty`: whatever this server knew before, it knows no more. */
async function openStorage(
  cluster: ClusterConfig,
  server: ServerAddress,
  { dataDir }: ServerOptions,
): Promise<{ storage: Storage; isEmpty: boolean }> {
  if (dataDir === undefined) return { storage: new MemoryStorage(), isEmpty: true };
  const storage = await LevelStorage.open(dataDir, {
    server: server.id,
    servers: cluster.servers.map(addressOf),
  });
  return { storage, isEmpty: storage.isFresh };
}

/** The protocol's settings in ticks. A server that may have forgotten a vote must not vote at once. */
function raftConfig(
  cluster: ClusterConfig,
  server: ServerAddress,
  options: ServerOptions,
  mayHaveForgotten: boolean,
): RaftConfig {
  const ticks = (ms: number): number => ms / options.tickMs;
  const electionMaxTicks = ticks(options.electionMaxMs);
  return {
    ...defaultRaftConfig,
    id: server.id,
    servers: cluster.servers.map(({ id }) => id),
    heartbeatTicks: ticks(options.heartbeatMs),
    // A little below the shortest timeout: whose timer fires first has heard from the leader last a moment ago.
    stickyTicks: Math.ceil((ticks(options.electionMinMs) * 5) / 6),
    electionMaxTicks,
    voteDelayTicks: mayHaveForgotten && cluster.servers.length > 1 ? electionMaxTicks : 0,
    checkQuorum: options.checkQuorum,
    inFlightTicksMax: 4 * Math.ceil(ticks(options.rpcTimeoutMs)),
    // What a batch takes in the log grows on the way, by quotes and escapes; it has to fit in one request.
    appendBytesMax: Math.min(
      defaultRaftConfig.appendBytesMax,
      Math.floor(options.bodyBytesMax / BATCH_GROWTH),
    ),
    tailEntriesMax: Math.floor(options.snapshotEntries / TAIL_SHARE),
    tailBytesMax: Math.floor(options.snapshotBytes / TAIL_SHARE),
    uncommittedBytesMax: options.uncommittedBytesMax,
  };
}
