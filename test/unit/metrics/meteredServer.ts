import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { pino } from 'pino';
import { Dashboard } from '../../../src/dashboard/dashboard.js';
import { ElectionLog } from '../../../src/dashboard/electionLog.js';
import { HttpFront } from '../../../src/api/httpFront.js';
import { ClusterBlocks } from '../../../src/blocks/clusterBlocks.js';
import { CollectedStore } from '../../../src/blocks/collectedStore.js';
import { MemoryBlockStore } from '../../../src/blocks/memoryBlockStore.js';
import { surfacesOf } from '../../../src/cli/surfaces.js';
import { defaultOptions } from '../../../src/config/options.js';
import { ServerMetrics } from '../../../src/metrics/serverMetrics.js';
import { systemDefer, systemClock } from '../../../src/node/clock.js';
import { LeaderRouter } from '../../../src/node/leaderRouter.js';
import { TraceRing } from '../../../src/node/traceRing.js';
import { RaftNode } from '../../../src/node/raftNode.js';
import { defaultRaftConfig } from '../../../src/raft/config.js';
import { ServiceState } from '../../../src/stateMachine/serviceState.js';
import { MemoryStorage } from '../../../src/storage/memoryStorage.js';
import type { CommandResult } from '../../../src/stateMachine/command.js';
import { XmlRpcClient, type ParsedValue, type XmlRpcValue } from '../../../src/xmlrpc/index.js';
import { PeerWatch } from '../../../src/transport/peerEndpoint.js';
import { ManualTicker } from '../../support/manualParts.js';
import { PuppetPeers, servers } from '../api/service.js';
import { listen } from '../api/fronts.js';
import { Scrape } from './scrape.js';

const running: MeteredServer[] = [];

/** Server 0 of three with all that it listens with; its peers are puppets. */
export class MeteredServer {
  readonly peers = new PuppetPeers();
  readonly metrics = new ServerMetrics();
  readonly node: RaftNode<CommandResult>;
  port = 0;
  private readonly front: HttpFront;

  constructor() {
    const state = new ServiceState();
    this.node = new RaftNode<CommandResult>({
      raft: { ...defaultRaftConfig, id: 0, servers: servers.map(({ id }) => id) },
      storage: new MemoryStorage(),
      transport: this.peers,
      stateMachine: state,
      ticker: new ManualTicker(),
      defer: systemDefer,
      snapshots: { entriesMax: 10, bytesMax: 1_000_000, chunkChars: 1_000 },
      drawElectionTicks: () => 60,
      replyAfter: 'majority',
      waitingCallsMax: 100,
      observer: this.metrics.node.observer,
      events: this.metrics.node,
    });
    const notHere = (): never => {
      throw new Error('no test of metrics asks another server');
    };
    const router = new LeaderRouter(this.node, { propose: notHere, readIndex: notHere }, systemClock, {
      callsMax: 100,
      charsMax: 1_000_000,
    });
    const status = {
      id: 0,
      servers,
      node: this.node,
      tickMs: 10,
      version: '1.2.3',
      counts: () => ({
        files: state.files.size,
        keys: state.keys.size,
        sessions: state.sessions.size,
        stateBytes: state.bytes,
        stateBytesMax: 1_000_000,
      }),
      uptimeSeconds: () => 7,
    };
    this.metrics.watch(status);
    const own = new CollectedStore(new MemoryBlockStore());
    this.metrics.blocks.watch(
      () => own.usage(),
      () => state.epoch.current,
      () => 0,
    );
    const surfaces = surfacesOf({
      node: this.node,
      router,
      state,
      status,
      trace: new TraceRing(10, 10, () => 0),
      isThere: () => Promise.resolve(true),
      peerWatch: new PeerWatch(
        () => false,
        () => Promise.resolve('up'),
        () => undefined,
      ),
      options: defaultOptions,
      metrics: this.metrics,
      dashboard: new Dashboard({
        source: status,
        node: this.node,
        state,
        metrics: this.metrics,
        elections: new ElectionLog(),
        leaderlessCalls: () => 0,
        dataDir: undefined,
        monkey: '/nowhere',
        chaosHooks: true,
        failed: () => undefined,
      }),
      served: {
        blocks: new ClusterBlocks(0, own, []),
        routes: [],
        reconsider: () => undefined,
        close: () => undefined,
      },
      log: pino({ level: 'silent' }),
    });
    this.front = new HttpFront(surfaces);
    this.node.start();
  }

  /** A server that listens; {@link stopServers} ends it. */
  static async start(): Promise<MeteredServer> {
    const server = new MeteredServer();
    running.push(server);
    server.port = await listen(server.front);
    return server;
  }

  static async leading(): Promise<MeteredServer> {
    const server = await MeteredServer.start();
    server.node.campaign();
    while (!server.node.isLeader) await new Promise((resolve) => setImmediate(resolve));
    return server;
  }

  /** An XML-RPC call. */
  async call(name: string, ...params: readonly XmlRpcValue[]): Promise<ParsedValue> {
    const client = new XmlRpcClient({ host: 'localhost', port: this.port });
    try {
      return await client.call(name, params);
    } finally {
      client.close();
    }
  }

  /** An XML-RPC call that ends in a fault. */
  async fault(name: string, ...params: readonly XmlRpcValue[]): Promise<void> {
    try {
      await this.call(name, ...params);
    } catch {
      return;
    }
    throw new Error(`${name} gave no fault`);
  }

  http(path: string, options?: RequestInit): Promise<Response> {
    return fetch(`http://localhost:${this.port}${path}`, options);
  }

  post(path: string, value: unknown): Promise<Response> {
    return this.http(path, { method: 'POST', body: JSON.stringify(value), headers: JSON_BODY });
  }

  /** The reply to one JSON line. */
  async line(value: unknown): Promise<unknown> {
    const socket: Socket = connect(this.port, 'localhost');
    socket.end(`${JSON.stringify(value)}\n`);
    const [reply] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    return JSON.parse(reply.toString());
  }

  async scrape(): Promise<Scrape> {
    return new Scrape(await (await this.http('/metrics')).text());
  }

  async stop(): Promise<void> {
    this.node.stop();
    await this.front.close();
  }
}

const JSON_BODY = { 'Content-Type': 'application/json' };

export async function stopServers(): Promise<void> {
  await Promise.all(running.splice(0).map((server) => server.stop()));
}
