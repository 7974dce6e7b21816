import { pino, type Logger } from 'pino';
import { isatty } from 'node:tty';
import type { ServerOptions } from '../config/options.js';
import type { NodeObserver } from '../node/events.js';
import { LogOutput, stderrSink } from './logOutput.js';
import { StorageError } from '../storage/storage.js';
import { estrangementText } from '../node/errors.js';
import type { Estrangement, RoleChange } from '../raft/output.js';
import { traceText, type TraceRecord } from '../raft/trace.js';
import type { EntryId, Identity, NodeId } from '../raft/types.js';

/** JSON lines on stderr, or lines for people. What cannot be written there is lost, and counted; the server goes on. */
export async function createLogger(
  { logLevel: level, logFormat }: Pick<ServerOptions, 'logLevel' | 'logFormat'>,
  server: NodeId,
): Promise<Logger> {
  const output = new LogOutput(stderrSink());
  const form = logFormat === 'pretty' ? await formForPeople() : (line: string) => line;
  return pino(
    { level, base: { server }, timestamp: pino.stdTimeFunctions.isoTime },
    { write: (line) => output.write(form(line)) },
  );
}

/** Loaded only where it is wanted: it takes a quarter of the time of a start. */
async function formForPeople(): Promise<(line: string) => string> {
  const { prettyFactory } = await import('pino-pretty');
  return prettyFactory({
    colorize: isatty(2),
    ignore: 'pid,hostname,server',
    messageFormat: 'server {server}: {msg}',
    translateTime: 'SYS:HH:MM:ss.l',
    singleLine: true,
  });
}

/**
 * Tells the log what happens to a node. As information: each change of leader. An outage of a peer is a warning at its
 * beginning, and information at its end; a peer that has not been seen yet (the cluster is starting) or that was crashed on
 * purpose is neither. All else is for those who look for a fault.
 */
export class LoggingObserver implements NodeObserver {
  /** Called after a failure has been logged. */
  onFailed: ((error: Error) => void) | undefined;
  private readonly seen = new Set<NodeId>();
  private readonly missed = new Set<NodeId>();
  /** The last leader that was heard of, and the one that the log knows of. */
  private leadership: RoleChange | undefined;
  private announced: RoleChange | undefined;
  private isHeldBack = false;

  constructor(
    private readonly log: Logger,
    private readonly tickMs: number,
  ) {}

  /** Says nothing of leaders until the server is ready: until then it may still fail to start. */
  holdBack(): void {
    this.isHeldBack = true;
  }

  ready(): void {
    this.isHeldBack = false;
    this.announceLeader();
  }

  roleChanged(change: RoleChange): void {
    const { role, term, leader } = change;
    this.log.debug({ role, term, leader }, 'role changed');
    if (leader !== null) this.leadership = change;
    this.announceLeader();
  }

  traced(records: readonly TraceRecord[]): void {
    if (!this.log.isLevelEnabled('debug')) return;
    for (const record of records)
      if (record.kind !== 'role') this.log.debug(record, traceText(record, this.tickMs));
  }

  private announceLeader(): void {
    if (this.isHeldBack || this.leadership === undefined) return;
    const { role, term, leader } = this.leadership;
    if (this.announced?.term === term && this.announced.leader === leader) return;
    this.announced = this.leadership;
    this.log.info({ leader, term }, role === 'leader' ? 'this server leads' : `server ${leader} leads`);
  }

  lifecycleChanged(state: Parameters<NodeObserver['lifecycleChanged']>[0]): void {
    this.log.debug({ state }, 'lifecycle changed');
  }

  peerUnreachable(peer: NodeId, reason: string): void {
    const isOutage = this.seen.has(peer) && !reason.startsWith('isCrashed');
    if (isOutage) this.missed.add(peer);
    this.log[isOutage ? 'warn' : 'debug']({ peer, reason }, 'peer is unreachable');
  }

  peerReachable(peer: NodeId): void {
    this.seen.add(peer);
    this.log[this.missed.delete(peer) ? 'info' : 'debug']({ peer }, 'peer is reachable');
  }

  peerEstranged({ peer, reason }: Estrangement): void {
    if (reason === null) this.log.warn({ peer }, 'the peer is one of this cluster again');
    else this.log.warn({ peer, reason }, estrangementText(peer, reason));
  }

  identityChanged({ cluster, directory, standing }: Identity): void {
    const isLearner = standing === 'learner';
    const text = isLearner
      ? 'this directory is new to its cluster, or an older copy: it neither votes nor counts until the leader has taken it in'
      : 'the directory belongs to a cluster';
    this.log[isLearner ? 'info' : 'debug']({ cluster, directory, standing }, text);
  }

  diskSlow(): void {
    this.log.warn(
      'a write has been on its way to the disk for a second: on disks slower than that no leader may be found in time',
    );
  }

  snapshotTaken({ index, term }: EntryId): void {
    this.log.debug({ index, term }, 'snapshot taken');
  }

  snapshotInstalled({ index, term }: EntryId, chunks: number): void {
    this.log.debug({ index, term, chunks }, 'snapshot of the leader installed');
  }

  snapshotUnusable(error: Error): void {
    this.log.error({ err: error }, 'a snapshot of the leader is of no use');
  }

  failed(error: Error): void {
    // A broken disk is no mistake of the program: where it was noticed tells nobody anything.
    if (error instanceof StorageError) this.log.fatal({ reason: error.message }, 'this server cannot go on');
    else this.log.fatal({ err: error }, 'this server cannot go on');
    this.onFailed?.(error);
  }
}
