import type { Server } from '../calls/server.js';
import type { RunMs, ServerId } from '../runRecord.js';

/** All of a server that a crash must keep as it is. */
export interface Frozen {
  readonly versions: Readonly<Record<string, number>>;
  readonly term: number;
  readonly votedFor: number;
  readonly commitIndex: number;
  readonly lastApplied: number;
  readonly lastIndex: number;
}

/** A crashed server right after the crash and right before it was restored. */
export interface Standstill {
  readonly server: ServerId;
  readonly crashedAt: RunMs;
  readonly restoredAt: RunMs;
  readonly before: Frozen;
  readonly after: Frozen;
}

/** @throws what a call of the server throws */
export async function frozenStateOf(server: Server, files: readonly string[]): Promise<Frozen> {
  const versions: Record<string, number> = {};
  for (const file of files) versions[file] = await server.version(file);
  const { term, votedFor, commitIndex, lastApplied, lastIndex } = await server.status();
  return { versions, term, votedFor, commitIndex, lastApplied, lastIndex };
}
