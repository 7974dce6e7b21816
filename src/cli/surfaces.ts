import type { Logger } from 'pino';
import { AdminStatus } from '../api/adminStatus.js';
import { FaultTranslator } from '../api/faults.js';
import { JsonMessages } from '../api/jsonMessages.js';
import { KeyValueHttp } from '../api/keyValueHttp.js';
import { KeyValueService } from '../api/keyValueService.js';
import { MetricsPage } from '../api/metricsPage.js';
import { probePages } from '../api/probes.js';
import type { StatusSource } from '../api/status.js';
import type { Surfaces } from '../api/surfaces.js';
import { surfstoreMethods } from '../api/surfstoreMethods.js';
import { XmlRpcSurface } from '../api/xmlrpcSurface.js';
import type { ServerOptions } from '../config/options.js';
import type { Dashboard } from '../dashboard/dashboard.js';
import type { ServerMetrics } from '../metrics/serverMetrics.js';
import { errorTable } from '../node/errors.js';
import { ClientSessions } from '../node/clientSessions.js';
import type { LeaderRouter } from '../node/leaderRouter.js';
import type { RaftNode } from '../node/raftNode.js';
import type { TraceRing } from '../node/traceRing.js';
import type { CommandResult } from '../stateMachine/command.js';
import type { ServiceState } from '../stateMachine/serviceState.js';
import { bytesOnTheWire } from '../xmlrpc/text.js';
import { type PeerWatch, answerPeer } from '../transport/peerEndpoint.js';
import type { ServedBlocks } from './blocks.js';

/** The parts of one server that its surfaces use. */
interface SurfaceParts {
  readonly node: RaftNode<CommandResult>;
  readonly router: LeaderRouter<CommandResult>;
  readonly state: ServiceState;
  readonly status: StatusSource;
  readonly trace: TraceRing;
  /** Whether another server answers. */
  readonly isThere: (server: number) => Promise<boolean>;
  readonly peerWatch: PeerWatch;
  readonly options: ServerOptions;
  readonly metrics: ServerMetrics;
  readonly dashboard: Dashboard;
  readonly served: ServedBlocks;
  readonly log: Logger;
}

/** The surfaces that a server offers on its port. */
export function surfacesOf({
  node,
  router,
  state,
  status,
  trace,
  isThere,
  peerWatch,
  options,
  metrics,
  dashboard,
  served,
  log,
}: SurfaceParts): Surfaces {
  const { bodyBytesMax } = options;
  const wire = { bytesOnTheWire, bodyBytesMax };
  const service = new KeyValueService({
    router,
    keys: state.keys,
    sessions: new ClientSessions(),
    wire,
    requireRunning: () => node.requireRunning(),
  });
  const messages = new JsonMessages({
    service,
    router,
    servers: status.servers,
    bodyBytesMax,
  });
  const methods = surfstoreMethods({
    node,
    files: state.files,
    blocks: served.blocks,
    wire,
    names: options.names,
    chaosHooks: options.chaosHooks,
    answerPeer: (message, { connection }) =>
      answerPeer(node, message, ({ type, from }) => {
        if (type === 'appendEntries' || type === 'heartbeat') peerWatch.heard(from, connection);
      }),
    status,
    trace,
    sample: () => dashboard.sampleText(),
    logTail: () => dashboard.logTailText(),
  });
  const surface = new XmlRpcSurface(methods, new FaultTranslator(status.servers));
  return {
    xmlrpc: {
      dispatch: surface.dispatch,
      bodyBytesMax,
      tooMuchUnreadCode: errorTable.overloaded.code,
    },
    pages: probePages(
      status,
      surface.methods.map(({ name }) => name),
    ),
    routes: [
      new KeyValueHttp(service, bodyBytesMax),
      messages,
      ...served.routes,
      new AdminStatus(status, isThere),
      new MetricsPage(metrics),
      dashboard,
    ],
    lines: messages,
    events: metrics.calls.events(({ method }, error) => log.error({ err: error, method }, 'internal error')),
  };
}
