import type { ServerAddress } from '../../src/config/clusterFile.js';
import type { Dialect } from '../calls/server.js';
import type { ServerId } from '../runRecord.js';

/** The faults of servers whose processes are ours. */
export interface Processes {
  /** SIGKILL; it is gone when this resolves. */
  kill(server: ServerId): Promise<void>;
  /** Starts a server that is not running; it answers when this resolves. */
  start(server: ServerId): Promise<void>;
  /** SIGSTOP: it stands still in the middle of whatever it does. */
  pause(server: ServerId): Promise<void>;
  /** SIGCONT. */
  resume(server: ServerId): Promise<void>;
  /** Servers that ended though nobody here killed them, one line each. */
  deaths(): readonly string[];
}

/** How many messages each server was sent by the others so far. */
export type MessageCounts = ReadonlyMap<ServerId, number>;

/** The servers that the monkey is let loose on. */
export interface Cluster {
  readonly servers: readonly ServerAddress[];
  /** The calls that they offer. Only servers with this product's own calls have links that can be cut, and keys. */
  readonly dialect: Dialect;
  /** Undefined: they were running before, and go on when we are gone. */
  readonly processes: Processes | undefined;
  /** Whether they keep their state on disk, as far as this is known here. */
  readonly durable: boolean;
  /** Undefined where messages cannot be counted. */
  messageCounts(): MessageCounts | undefined;
  /** Ends what we started. */
  close(): Promise<void>;
}

/** A cluster that cannot be used; the message says what to do. */
export class ClusterError extends Error {
  override readonly name = 'ClusterError';
}
