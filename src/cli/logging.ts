import { pino, type Logger } from 'pino';
import type { LogLevel } from '../config/options.js';
import type { NodeObserver } from '../node/observer.js';
import { LogOutput, stderrSink } from './logOutput.js';
import { StorageError } from '../storage/storageError.js';
import { estrangementText } from '../node/estrangement.js';
import type { Estrangement } from '../raft/output.js';
import type { EntryId, Identity, NodeId } from '../raft/types.js';

/** JSON lines on stderr. What cannot be written there is lost, and counted; the server goes on. */
export function createLogger(level: LogLevel, server: NodeId): Logger {
  return pino(
    { level, base: { server }, timestamp: pino.stdTimeFunctions.isoTime },
    new LogOutput(stderrSink()),
  );
}

/**
 * Tells the log what happens to a node. An outage of a peer is a warning, one line at its beginning; a peer
 * that has not been seen yet (the cluster is starting) or that was crashed on purpose is not.
 */
export class LoggingObserver implements NodeObserver {
  /** Called after a failure has been logged. */
  onFailed: ((error: Error) => void) | undefined;
  private readonly seen = new Set<NodeId>();

  constructor(private readonly log: Logger) {}

  roleChanged({ role, term, leader }: Parameters<NodeObserver['roleChanged']>[0]): void {
    this.log.info({ role, term, leader }, 'role changed');
  }

  lifecycleChanged(state: Parameters<NodeObserver['lifecycleChanged']>[0]): void {
    this.log.info({ state }, 'lifecycle changed');
  }

  peerUnreachable(peer: NodeId, reason: string): void {
    const level = this.seen.has(peer) && !reason.startsWith('isCrashed') ? 'warn' : 'info';
    this.log[level]({ peer, reason }, 'peer is unreachable');
  }

  peerReachable(peer: NodeId): void {
    this.seen.add(peer);
    this.log.info({ peer }, 'peer is reachable');
  }

  peerEstranged({ peer, reason }: Estrangement): void {
    if (reason === null) this.log.warn({ peer }, 'the peer is one of this cluster again');
    else this.log.warn({ peer, reason }, estrangementText(peer, reason));
  }

  identityChanged({ cluster, directory, standing }: Identity): void {
    const text =
      standing === 'learner'
        ? 'this directory is new to its cluster, or an older copy: it neither votes nor counts until the leader has taken it in'
        : 'the directory belongs to a cluster';
    this.log.info({ cluster, directory, standing }, text);
  }

  diskSlow(): void {
    this.log.warn(
      'a write has been on its way to the disk for a second: on disks slower than that no leader may be found in time',
    );
  }

  snapshotTaken({ index, term }: EntryId): void {
    this.log.info({ index, term }, 'snapshot taken');
  }

  snapshotInstalled({ index, term }: EntryId, chunks: number): void {
    this.log.info({ index, term, chunks }, 'snapshot of the leader installed');
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
