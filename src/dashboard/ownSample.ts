import type { StatusSource } from '../api/status.js';
import { estrangementText } from '../node/errors.js';
import { DiskWatch } from './diskWatch.js';
import type { ElectionLog } from './electionLog.js';
import { EventLoopWatch } from './eventLoopWatch.js';
import type { Readings, ServerSample } from './sample.js';

/** The counters of a server. */
export interface ReadingsSource {
  readings(): Promise<Readings>;
}

interface OwnSampleOptions {
  readonly source: StatusSource;
  readonly metrics: ReadingsSource;
  readonly elections: ElectionLog;
  /** Calls that wait for a leader, beside those that wait for the log. */
  readonly leaderlessCalls: () => number;
  /** Undefined: the state is kept in memory. */
  readonly dataDir: string | undefined;
  readonly chaosHooks: boolean;
}

/** Makes the samples of this very server. Nothing is measured before the first one is asked for. */
export class OwnSample {
  private readonly disk: DiskWatch | undefined;
  private readonly eventLoop = new EventLoopWatch();

  constructor(private readonly options: OwnSampleOptions) {
    const { dataDir } = options;
    this.disk = dataDir === undefined ? undefined : new DiskWatch(dataDir);
  }

  async take(): Promise<ServerSample> {
    const { source, metrics, elections, leaderlessCalls, chaosHooks } = this.options;
    const readings = await metrics.readings();
    const { node, tickMs } = source;
    const { core, lifecycle, lastApplied, waitingCalls, oldestCall, unreachableFrom } = node.status;
    const { files, keys, stateBytes, stateBytesMax } = source.counts();
    return {
      id: source.id,
      version: source.version,
      atMs: Date.now(),
      uptimeSeconds: source.uptimeSeconds(),
      lifecycle,
      role: core.role,
      term: core.term,
      leader: core.leader,
      votedFor: core.votedFor,
      hasQuorum: core.hasQuorum,
      snapshotIndex: core.snapshotIndex,
      lastIndex: core.lastIndex,
      commitIndex: core.commitIndex,
      lastApplied,
      electionTimeoutMs: core.electionTimeoutTicks * tickMs,
      electionElapsedMs: core.electionElapsedTicks * tickMs,
      waiting: {
        calls: waitingCalls + leaderlessCalls(),
        // The metrics note when a call began, by this clock.
        oldestMs: oldestCall === undefined ? null : Math.round(performance.now() - oldestCall.startedAt),
        oldestIsWrite: oldestCall?.kind === 'write',
      },
      unreachableFrom,
      estranged: [...core.estranged].map(([id, reason]) => ({ id, reason: estrangementText(id, reason) })),
      isLearner: core.standing === 'learner',
      peers: core.peers.map(({ id, matchIndex, contactTicks }) => ({
        id,
        matchIndex,
        contactMs: contactTicks === undefined ? null : contactTicks * tickMs,
      })),
      files,
      keys,
      stateBytes,
      stateBytesMax,
      disk: this.disk?.look() ?? null,
      chaosHooks,
      eventLoopMs: this.eventLoop.look(),
      readings,
      elections: elections.list(),
    };
  }

  close(): void {
    this.eventLoop.stop();
  }
}
