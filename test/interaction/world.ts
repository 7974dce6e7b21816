import type { RequestMessage } from '../../src/raft/types.js';
import type { Call } from '../support/calls.js';
import { ManualCluster } from '../support/manualCluster.js';
import type { ManualServer } from '../support/manualServer.js';
import { describeCall, describeOutcome } from './describe.js';

/** The world of a script: one cluster, the script's knowledge of it so far, and the lines to print. */
export class World {
  lines: string[] = [];
  isTracing = false;
  /** Requests that left since they were last counted. */
  sent: RequestMessage[] = [];
  /** Election timeouts set by the script, in ticks. */
  readonly drawTicks = new Map<number, number>();

  private current: ManualCluster | undefined;
  private seenLeader = 'no leader';
  private reported = new Map<Call, boolean>();
  /** How many of each server's snapshot reports have been printed. */
  private snapshotsReported = new Map<ManualServer, number>();

  get cluster(): ManualCluster {
    if (this.current === undefined) throw new Error('the script must begin with `cluster`');
    return this.current;
  }

  create(size: number, options: ConstructorParameters<typeof ManualCluster>[1]): void {
    const drawElectionTicks = (id: number): number => this.drawTicks.get(id) ?? 60 + 6 * id;
    const cluster = new ManualCluster(size, { ...options, drawElectionTicks });
    this.current = cluster;
    cluster.onSent = (request) => {
      this.sent.push(request);
    };
  }

  server(word: string | undefined): ManualServer {
    if (word === undefined || !/^\d+$/.test(word)) throw new Error(`not a server: ${word ?? 'nothing'}`);
    return this.cluster.server(Number(word));
  }

  /** The servers named, or all. */
  servers(words: readonly string[]): readonly ManualServer[] {
    return words.length === 0 ? this.cluster.servers : words.map((word) => this.server(word));
  }

  print(line: string): void {
    this.lines.push(line);
  }

  /**
   * Prints what has come since the last time: calls that were made or that ended, snapshots, and who leads if that has
   * changed.
   */
  reportNews(): void {
    const news = this.cluster.calls.all.filter(
      (call) => this.reported.get(call) !== (call.outcome !== undefined),
    );
    for (const call of news) this.reported.set(call, call.outcome !== undefined);
    if (news.length <= 8) for (const call of news) this.print(describeCall(call));
    else for (const line of summary(news)) this.print(line);
    for (const server of this.cluster.servers) this.reportSnapshots(server);
    const leader = this.cluster.leader;
    const now =
      leader === undefined ? 'no leader' : `${leader} leads term ${this.cluster.server(leader).status.term}`;
    if (now !== this.seenLeader) this.print(now);
    this.seenLeader = now;
  }

  private reportSnapshots(server: ManualServer): void {
    const { id, snapshotReports } = server;
    const seen = this.snapshotsReported.get(server) ?? 0;
    for (const report of snapshotReports.slice(seen)) this.print(`${id} snapshot ${report}`);
    this.snapshotsReported.set(server, snapshotReports.length);
  }
}

function summary(calls: readonly Call[]): string[] {
  const counts = new Map<string, number>();
  for (const { outcome } of calls) {
    const text = describeOutcome(outcome);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts].map(([text, count]) => `${count} calls: ${text}`);
}
