import { randomInt } from 'node:crypto';
import { createRequire } from 'node:module';
import type { Logger } from 'pino';
import { HttpFront } from '../api/httpFront.js';
import { RpcLeaderCalls } from '../api/leaderCalls.js';
import type { StatusSource } from '../api/status.js';
import { Dashboard } from '../dashboard/dashboard.js';
import { ElectionLog } from '../dashboard/electionLog.js';
import { rosterOf, type ClusterConfig, type ServerAddress } from '../config/clusterFile.js';
import type { ServerOptions } from '../config/options.js';
import { monkey } from './chaosCommand.js';
import { ServerMetrics } from '../metrics/serverMetrics.js';
import { systemDefer, GridTicker, systemClock } from '../node/clock.js';
import { LeaderRouter } from '../node/leaderRouter.js';
import { noopObserver, observers, type NodeObserver } from '../node/events.js';
import { RaftNode } from '../node/raftNode.js';
import { StateLimit } from '../node/stateLimit.js';
import { TraceRing } from '../node/traceRing.js';
import { defaultRaftConfig, type RaftConfig } from '../raft/config.js';
import type { CommandResult } from '../stateMachine/command.js';
import { ServiceState } from '../stateMachine/serviceState.js';
import { BYTES_PER_CHAR_MAX } from '../stateMachine/stateBytes.js';
import { MemoryStorage } from '../storage/memoryStorage.js';
import type { Storage } from '../storage/storage.js';
import { AddressBook } from '../transport/addressBook.js';
import { PeerWatch } from '../transport/peerEndpoint.js';
import { PEER_HEADER, RpcTransport } from '../transport/rpcTransport.js';
import { serveBlocks } from './blocks.js';
import { drawId, openDirectory } from './dataDirectory.js';
import { descriptorLimit, sharesOf, type DescriptorShares } from './descriptors.js';
import { surfacesOf } from './surfaces.js';

/** A server that is listening, with all its parts. */
export interface RunningServer {
  /** Answers the waiting calls with a fault, closes the sockets, and resolves when all is closed. */
  stop(): Promise<void>;
}

/** The configuration and the surroundings of a server. */
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

/** Fewer connections of clients than this are worth a warning. */
const FEW_CONNECTIONS = 500;

/** The tail of the log that is kept for a snapshot, as a divisor of the limits that trigger one. */
const TAIL_SHARE = 4;

/**
 * The transport has reported what became of a request after this long, however large it is and however slow the link.
 */
const REPORT_MS_MAX = 10 * 60 * 1000;

/** When a leader is lost, its followers campaign one after another: an election takes less than this. */
const TURN_MS = 40;

/** A chunk of a snapshot, in UTF-16 units: less than a millisecond's work. */
const SNAPSHOT_CHUNK_CHARS = 32_768;

/** Trace events that a server keeps: hours of normal operation, minutes of elections. */
const TRACED_EVENTS_MAX = 1_000;

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
  const state = new ServiceState();
  const peers = cluster.servers.filter(({ id }) => id !== server.id);
  const { storage, isEmpty } = await openStorage(cluster, server, options);
  const metrics = new ServerMetrics();
  const observerThrew = (error: unknown): void => log.error({ err: error }, 'an observer threw');
  const shares = sharesOf(descriptorLimit(), peers.length);
  sayLimits(log, shares);
  const { lookup } = new AddressBook();
  const transport = new RpcTransport(peers, options.rpcTimeoutMs, lookup);
  const trace = new TraceRing(TRACED_EVENTS_MAX, options.tickMs, Date.now);
  const raft = raftConfig(cluster, server, options, isEmpty);
  const elections = new ElectionLog();
  // The router and the dashboard come after the node whose changes they follow.
  let follow = (): void => undefined;
  const node = new RaftNode<CommandResult>({
    raft,
    storage,
    transport,
    stateMachine: state,
    ticker: new GridTicker(options.tickMs),
    defer: systemDefer,
    snapshots: {
      entriesMax: options.snapshotEntries,
      bytesMax: options.snapshotBytes,
      chunkChars: Math.min(SNAPSHOT_CHUNK_CHARS, Math.floor(options.bodyBytesMax / BATCH_GROWTH)),
    },
    drawId,
    drawElectionTicks: () => randomInt(options.electionMinMs / options.tickMs, raft.electionMaxTicks + 1),
    replyAfter: options.replyAfter,
    waitingCallsMax: options.waitingCallsMax,
    stateLimit: new StateLimit(state, options.stateBytesMax, BYTES_PER_CHAR_MAX),
    observer: observers(
      [
        metrics.node.observer,
        observer,
        { ...noopObserver, traced: trace.traced, lifecycleChanged: trace.lifecycleChanged },
        {
          ...noopObserver,
          traced: elections.traced,
          roleChanged: elections.roleChanged,
          lifecycleChanged: elections.lifecycleChanged,
        },
        { ...noopObserver, roleChanged: () => follow(), lifecycleChanged: () => follow() },
      ],
      observerThrew,
    ),
    events: metrics.node,
  });
  const leaderCalls = new RpcLeaderCalls(server.id, peers, (peer) => node.acceptsFrom(peer), {
    socketsMax: shares.passedOnMax,
    lookup,
  });
  const router = new LeaderRouter(node, leaderCalls, systemClock, {
    callsMax: options.waitingCallsMax,
    charsMax: options.uncommittedBytesMax,
  });
  const status: StatusSource = {
    id: server.id,
    servers: cluster.servers,
    node,
    tickMs: options.tickMs,
    version,
    counts: () => ({
      files: state.files.size,
      keys: state.keys.size,
      sessions: state.sessions.size,
      stateBytes: state.bytes,
      stateBytesMax: options.stateBytesMax,
    }),
    uptimeSeconds: () => Math.floor((performance.now() - startedAt) / 1000),
  };
  metrics.watch(status);
  const isThere = (peer: number): Promise<boolean> => leaderCalls.pingPeer(peer);
  const peerWatch = new PeerWatch(
    (peer) => peer !== server.id && node.knownLeader === peer,
    (peer) => leaderCalls.stateOf(peer),
    (peer) => node.leaderLost(peer),
  );
  const dashboard = new Dashboard({
    source: status,
    node,
    state,
    metrics,
    elections,
    leaderlessCalls: () => router.leaderlessCalls,
    dataDir: options.dataDir,
    chaosHooks: options.chaosHooks,
    monkey,
    lookup,
    failed: (error) => log.error({ err: error }, 'the dashboard could not look at this server'),
  });
  const blockParts = { server, peers, options, node, router, state, metrics: metrics.blocks, lookup, log };
  const served = await serveBlocks(blockParts);
  follow = () => {
    router.reconsider();
    dashboard.poke();
    served.reconsider();
  };
  const told = { status, trace, isThere, peerWatch, options, metrics, dashboard, log };
  const surfaces = surfacesOf({ node, router, state, served, ...told });
  const front = new HttpFront(surfaces, {}, { ...shares, peerHeader: PEER_HEADER });
  const stop = async (): Promise<void> => {
    node.stop();
    transport.close();
    leaderCalls.close();
    served.close();
    dashboard.close();
    await front.close();
    await new Promise<void>((resolve) =>
      storage.close((error) => {
        if (error !== undefined) log.error({ reason: error.message }, 'the data directory was not closed');
        resolve();
      }),
    );
  };
  try {
    await takePart(node, !isEmpty);
    await front.listen(server.host, server.port, options.bind);
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
}

/** Few connections are worth a warning, since nobody expects the answer `overloaded` from an idle server. */
function sayLimits(log: Logger, { clientsMax, passedOnMax }: DescriptorShares): void {
  const level = clientsMax < FEW_CONNECTIONS ? 'warn' : 'debug';
  log[level](
    { connectionsMax: clientsMax, passedOnMax },
    'connections are limited by the number of files that a process may open (ulimit -n)',
  );
}

/** Starts the node; a server with stored state may have a leader, which it must not help to replace at once. */
function takePart(node: RaftNode<CommandResult>, presumeLeader: boolean): Promise<void> {
  return new Promise((resolve, reject) =>
    node.start(presumeLeader, (error) => (error === null ? resolve() : reject(error))),
  );
}

/** `isEmpty`: the directory is new, so that the server has lost any earlier state. */
async function openStorage(
  cluster: ClusterConfig,
  server: ServerAddress,
  { dataDir }: ServerOptions,
): Promise<{ storage: Storage; isEmpty: boolean }> {
  return dataDir === undefined
    ? { storage: new MemoryStorage(), isEmpty: true }
    : openDirectory(cluster, server, dataDir);
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
    roster: rosterOf(cluster, options.clusterName),
    hasDirectory: options.dataDir !== undefined,
    heartbeatTicks: ticks(options.heartbeatMs),
    // Slightly below the shortest election timeout: the peers heard from the leader at about the same time as the
    // first server to time out, and must be free to vote for it.
    stickyTicks: Math.ceil((ticks(options.electionMinMs) * 5) / 6),
    electionMinTicks: ticks(options.electionMinMs),
    electionMaxTicks,
    turnTicks: Math.max(1, ticks(TURN_MS)),
    voteDelayTicks: mayHaveForgotten && cluster.servers.length > 1 ? electionMaxTicks : 0,
    checkQuorum: options.checkQuorum,
    inFlightTicksMax: Math.ceil(ticks(REPORT_MS_MAX)),
    silentTicksMax: 4 * Math.ceil(ticks(options.rpcTimeoutMs)),
    // Quotes and escapes make a batch longer on the wire than in the log; it has to fit in one request.
    appendBytesMax: Math.min(
      defaultRaftConfig.appendBytesMax,
      Math.floor(options.bodyBytesMax / BATCH_GROWTH),
    ),
    tailEntriesMax: Math.floor(options.snapshotEntries / TAIL_SHARE),
    tailBytesMax: Math.floor(options.snapshotBytes / TAIL_SHARE),
    uncommittedBytesMax: options.uncommittedBytesMax,
  };
}
