import type { Registry } from 'prom-client';
import { deafObserver, type NodeObserver } from '../node/observer.js';
import type { NodeId, RequestMessage } from '../raft/types.js';
import { ABANDONED, CallMeter, onceForEach, type Now } from './callMeter.js';
import { TallyCounter, TallyHistogram, type Counted, type Timed } from './tallies.js';

type RequestType = RequestMessage['type'];

/** From half a millisecond to ten seconds: a call waits for a network, maybe for a disk, maybe for an election. */
export const CALL_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const EXCHANGE_SECONDS = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
];

/** All that is counted and timed about one node. */
export class NodeMetrics {
  readonly proposals: CallMeter;
  readonly reads: CallMeter;
  readonly entriesApplied: Counted;
  readonly persists: Timed;
  /** The requests to one peer, by their type. */
  readonly requests: (peer: NodeId) => Readonly<Record<RequestType, CallMeter>>;
  readonly observer: NodeObserver;

  constructor(
    registry: Registry,
    readonly now: Now,
  ) {
    const counter = (name: string, help: string): Counted =>
      new TallyCounter({ name, help }, registry).labels();
    const calls = (kind: 'proposal' | 'read', what: string, outcomes: readonly string[]): CallMeter => {
      const name = `surfstore_server_${kind}`;
      const help = `${what}, by what became of them`;
      const counts = new TallyCounter({ name: `${name}s_total`, help, labelNames: ['outcome'] }, registry);
      // What is there from the start can be watched for its first change.
      for (const outcome of outcomes) counts.labels(outcome);
      const durations = new TallyHistogram(
        { name: `${name}_duration_seconds`, help: `${what}: seconds until the result` },
        CALL_SECONDS,
        registry,
      ).labels();
      return new CallMeter(
        onceForEach((outcome) => counts.labels(outcome)),
        durations,
        now,
      );
    };
    this.proposals = calls('proposal', 'Commands proposed on this server', ['applied', 'refused']);
    this.reads = calls('read', 'Linearizable reads confirmed by this server as the leader', ['ok']);
    this.entriesApplied = counter('surfstore_raft_entries_applied_total', 'Log entries applied one by one');
    this.persists = new TallyHistogram(
      {
        name: 'surfstore_storage_persist_duration_seconds',
        help: 'Seconds from handing a batch to the storage until it is durable',
      },
      EXCHANGE_SECONDS,
      registry,
    ).labels();
    this.requests = requestMeters(registry, now);
    this.observer = countingObserver({
      leaderChanges: counter(
        'surfstore_server_leader_changes_seen_total',
        'Times that this server learned of a leader when it knew none or another',
      ),
      electionsWon: counter('surfstore_server_elections_won_total', 'Times that this server became leader'),
      snapshotsTaken: counter(
        'surfstore_raft_snapshots_taken_total',
        'Snapshots of the own state that were taken and stored',
      ),
      snapshotsInstalled: counter(
        'surfstore_raft_snapshots_installed_total',
        'Snapshots of a leader that replaced the own state',
      ),
    });
  }
}

function requestMeters(registry: Registry, now: Now): NodeMetrics['requests'] {
  const sent = new TallyCounter(
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
    const meter = (type: RequestType): CallMeter => {
      for (const outcome of ['answered', 'failed', ABANDONED]) sent.labels(String(peer), type, outcome);
      return new CallMeter(
        onceForEach((outcome) => sent.labels(String(peer), type, outcome)),
        durations,
        now,
      );
    };
    return {
      preVote: meter('preVote'),
      requestVote: meter('requestVote'),
      appendEntries: meter('appendEntries'),
      heartbeat: meter('heartbeat'),
      installSnapshot: meter('installSnapshot'),
    };
  });
}

function countingObserver(
  counters: Readonly<
    Record<'leaderChanges' | 'electionsWon' | 'snapshotsTaken' | 'snapshotsInstalled', Counted>
  >,
): NodeObserver {
  let known: NodeId | null = null;
  let wasLeading = false;
  return {
    ...deafObserver,
    roleChanged: ({ role, leader }) => {
      if (leader !== null && leader !== known) counters.leaderChanges.inc();
      known = leader;
      const isLeading = role === 'leader';
      if (isLeading && !wasLeading) counters.electionsWon.inc();
      wasLeading = isLeading;
    },
    lifecycleChanged: () => {
      known = null;
      wasLeading = false;
    },
    snapshotTaken: () => counters.snapshotsTaken.inc(),
    snapshotInstalled: () => counters.snapshotsInstalled.inc(),
  };
}
