import { randomBytes } from 'node:crypto';
import type { SweepResult } from '../blocks/collectedStore.js';
import type { ServerAddress } from '../config/clusterFile.js';
import { BlockCallError, type BlockCalls } from './blockCalls.js';

/** The calls of a collection. */
type CollectionCalls = Pick<BlockCalls, 'step' | 'sweep'>;

/** The result for one server: what its sweep has found, or why there was none. */
export interface Swept {
  readonly server: number;
  readonly result: SweepResult | undefined;
  readonly problem: string | undefined;
}

/**
 * Counts what a garbage collection would remove; changes nothing. A store that all servers share is counted once.
 */
export async function countGarbage(
  calls: CollectionCalls,
  servers: readonly ServerAddress[],
  graceMs: number,
): Promise<Swept[]> {
  return sweepAll(servers, (server) => calls.sweep(server, { dry_run: true, grace_ms: graceMs }));
}

/**
 * A garbage collection of all servers that answer. The order is what keeps it safe: a server first begins to note what
 * clients are told, then the epoch is raised, so that an update is refused whose client was told something before; then
 * each server removes what no file needs and is not in its notes.
 *
 * @throws BlockCallError when no server answers, or another collection is under way
 */
export async function collectGarbage(
  calls: CollectionCalls,
  servers: readonly ServerAddress[],
  graceMs: number,
): Promise<Swept[]> {
  const collection = randomBytes(12).toString('base64url');
  const begun: ServerAddress[] = [];
  const absent: Swept[] = [];
  let epoch = 0;
  for (const server of servers) {
    try {
      epoch = Math.max(epoch, (await calls.step(server, { step: 'begin', collection })) + 1);
      begun.push(server);
    } catch (error) {
      absent.push({ server: server.id, result: undefined, problem: messageOf(error) });
    }
  }
  const [first] = begun;
  if (first === undefined)
    throw new BlockCallError(absent.map(({ problem = '' }) => problem).join('; ') || 'there are no servers');
  await calls.step(first, { step: 'raise', epoch });
  const swept = await sweepAll(begun, (server) =>
    calls.sweep(server, { collection, epoch, grace_ms: graceMs }),
  );
  for (const server of begun) {
    // A server that went down meanwhile has forgotten the collection anyway.
    await calls.step(server, { step: 'end', collection }).catch(() => 0);
  }
  return [...swept, ...absent].sort((a, b) => a.server - b.server);
}

/** One after another: removing files is hard work for a disk that also carries the log. */
async function sweepAll(
  servers: readonly ServerAddress[],
  sweep: (server: ServerAddress) => Promise<SweepResult>,
): Promise<Swept[]> {
  const swept: Swept[] = [];
  for (const server of servers) {
    try {
      swept.push({ server: server.id, result: await sweep(server), problem: undefined });
    } catch (error) {
      swept.push({ server: server.id, result: undefined, problem: messageOf(error) });
    }
  }
  return swept;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
