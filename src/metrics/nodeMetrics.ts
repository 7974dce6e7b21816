import type { Registry } from 'prom-client';
import {
  type NodeEvents,
  type RequestInFlight,
  type WaitingCall,
  noopObserver,
  type NodeObserver,
} from '../node/events.js';
import type { NodeId, RequestMessage } from '../raft/types.js';
import { ABANDONED, CALL_SECONDS, outcomeOf } from './callMetrics.js';
import {
  onceForEach,
  CheapCounters,
  TallyHistogram,
  type CheapCounter,
  type Now,
  type Series,
  type CheapHistogram,
} from './tallies.js';

const EXCHANGE_SECONDS = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
];
const REQUEST_TYPES: readonly RequestMessage['type'][] = [
  'preVote',
  'requestVote',
  'appendEntries',
  'heartbeat',
  'installSnapshot',
];

/** All that is counted and timed about one node: a listener to its events, and an observer. */
export class NodeMetrics implements NodeEvents {
  readonly observer: NodeObserver;
  private readonly calls: Readonly<Record<'write' | 'read', Series>>;
  private readonly entriesApplied: CheapCounter;
  private readonly persists: CheapHistogram;
  /** The requests to one peer, by their type. */
  private readonly requestsTo: (peer: NodeId) => (type: RequestMessage['type']) => Series;

  constructor(
    registry: Registry,
    private readonly now: Now,
  ) {
    this.calls = {
      write: callSeries(registry, 'proposal', 'Commands proposed on this server', ['applied', 'refused']),
      read: callSeries(registry, 'read', 'Linearizable reads confirmed by this server as the leader', ['ok']),
    };
    this.entriesApplied = new CheapCounters(
      { name: 'surfstore_raft_entries_applied_total', help: 'Log entries applied one by one' },
      registry,
    ).labels();
    this.persists = new TallyHistogram(
      {
        name: 'surfstore_storage_persist_duration_seconds',
        help: 'Seconds from handing a batch to the storage until it is durable',
      },
      EXCHANGE_SECONDS,
      registry,
    ).labels();
    this.requestsTo = requestSeries(registry);
    this.observer = countingObserver(registry);
  }

  callStarted(call: WaitingCall): void {
    call.startedAt = this.now();
  }

  callAnswered({ kind, startedAt }: WaitingCall, result: unknown): void {
    if (kind === 'whenApplied') return;
    const { countOf, durations } = this.calls[kind];
    countOf(kind === 'read' ? 'ok' : wordOf(result)).inc();
    durations.observe(this.secondsSince(startedAt));
  }

  callFailed({ kind }: WaitingCall, error: unknown): void {
    if (kind !== 'whenApplied') this.callRefused(kind, error);
  }

  callAbandoned({ kind }: WaitingCall): void {
    if (kind !== 'whenApplied') this.calls[kind].countOf(ABANDONED).inc();
  }

  callRefused(kind: 'write' | 'read', error: unknown): void {
    this.calls[kind].countOf(outcomeOf(error)).inc();
  }

  persistStarted(batch: { startedAt: number }): void {
    batch.startedAt = this.now();
  }

  persisted({ startedAt }: { readonly startedAt: number }): void {
    this.persists.observe(this.secondsSince(startedAt));
  }

  requestSent(sent: RequestInFlight): void {
    sent.startedAt = this.now();
    // Its series are there from now on, so that their first change can be watched.
    this.requestsTo(sent.request.to)(sent.request.type);
  }

  requestEnded({ request, startedAt }: RequestInFlight, outcome: 'answered' | 'failed' | 'abandoned'): void {
    const { countOf, durations } = this.requestsTo(request.to)(request.type);
    countOf(outcome).inc();
    if (outcome === 'answered') durations.observe(this.secondsSince(startedAt));
  }

  applied(entries: number): void {
    this.entriesApplied.inc(entries);
  }

  private secondsSince(startedAt: number): number {
    return (this.now() - startedAt) / 1000;
  }
}

/** The result of a command in one of a few words: the id of a session that was opened would be a series of its own. */
function wordOf(result: unknown): string {
  return String(result).startsWith('opened:') ? 'opened' : String(result);
}

function callSeries(
  registry: Registry,
  kind: 'proposal' | 'read',
  what: string,
  outcomes: readonly string[],
): Series {
  const name = `surfstore_server_${kind}`;
  const help = `${what}, by what became of them`;
  const counts = new CheapCounters({ name: `${name}s_total`, help, labelNames: ['outcome'] }, registry);
  // Series that exist from the start can be watched for their first change.
  for (const outcome of outcomes) counts.labels(outcome);
  const durations = new TallyHistogram(
    { name: `${name}_duration_seconds`, help: `${what}: seconds until the result` },
    CALL_SECONDS,
    registry,
  ).labels();
  return { countOf: onceForEach((outcome) => counts.labels(outcome)), durations };
}

function requestSeries(registry: Registry): (peer: NodeId) => (type: RequestMessage['type']) => Series {
  const sent = new CheapCounters(
    {
      name: 'surfstore_network_peer_sent_total',
      help: 'Requests to a peer, by their type and by what became of them',
      labelNames: ['peer', 'type', 'outcome'],
    },
    registry,
  );
  const roundTrips = new TallyHistogram(
    {
      name: 'surfstore_network_peer_round_trip_time_seconds',
      help: 'Seconds from sending a request to a peer until its answer',
      labelNames: ['peer'],
    },
    EXCHANGE_SECONDS,
    registry,
  );
  return onceForEach((peer) => {
    const durations = roundTrips.labels(String(peer));
    for (const type of REQUEST_TYPES)
      for (const outcome of ['answered', 'failed', ABANDONED]) sent.labels(String(peer), type, outcome);
    return onceForEach((type) => ({
      countOf: onceForEach((outcome) => sent.labels(String(peer), type, outcome)),
      durations,
    }));
  });
}

function countingObserver(registry: Registry): NodeObserver {
  const counter = (name: string, help: string): CheapCounter =>
    new CheapCounters({ name, help }, registry).labels();
  const leaderChanges = counter(
    'surfstore_server_leader_changes_seen_total',
    'Times that this server learned of a leader when it knew none or another',
  );
  const electionsWon = counter(
    'surfstore_server_elections_won_total',
    'Times that this server became leader',
  );
  const snapshotsTaken = counter(
    'surfstore_raft_snapshots_taken_total',
    'Snapshots of the own state that were taken and stored',
  );
  const snapshotsInstalled = counter(
    'surfstore_raft_snapshots_installed_total',
    'Snapshots of a leader that replaced the own state',
  );
  let known: NodeId | null = null;
  let wasLeading = false;
  return {
    ...noopObserver,
    roleChanged: ({ role, leader }) => {
      if (leader !== null && leader !== known) leaderChanges.inc();
      known = leader;
      const isLeading = role === 'leader';
      if (isLeading && !wasLeading) electionsWon.inc();
      wasLeading = isLeading;
    },
    lifecycleChanged: () => {
      known = null;
      wasLeading = false;
    },
    snapshotTaken: () => snapshotsTaken.inc(),
    snapshotInstalled: () => snapshotsInstalled.inc(),
  };
}
