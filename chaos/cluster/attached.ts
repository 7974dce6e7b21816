import type { ServerAddress } from '../../src/config/clusterFile.js';
import { NotSentError } from '../calls/rpcError.js';
import { isMethodMissing } from '../calls/outcome.js';
import { Server } from '../calls/server.js';
import { ClusterError, type Cluster } from './cluster.js';

/** A cluster that runs already: nothing but its public calls is used. */
export function attachedCluster(servers: readonly ServerAddress[]): Cluster {
  return {
    servers,
    processes: undefined,
    durable: false,
    messageCounts: () => undefined,
    close: () => Promise.resolve(),
  };
}

/**
 * Makes sure that every server is there and is one that the monkey can work with.
 *
 * @throws ClusterError
 */
export async function checkReachable(cluster: Cluster): Promise<void> {
  const problems = await Promise.all(cluster.servers.map(problemOf));
  const [first, ...more] = problems.filter((problem) => problem !== undefined);
  if (first === undefined) return;
  throw new ClusterError(more.length === 0 ? first : `${first} (and ${more.length} more)`);
}

async function problemOf(address: ServerAddress): Promise<string | undefined> {
  const server = new Server(address);
  try {
    await server.status();
    return undefined;
  } catch (error) {
    const name = `server ${server.id} at ${server.address}`;
    if (isMethodMissing(error))
      return `${name} has no method surfstore.status: it is not a server of this product`;
    if (error instanceof NotSentError)
      return `${name} cannot be reached: start all servers first, or use --managed`;
    return `${name} gives no status: ${String(error)}`;
  } finally {
    server.hangUp();
  }
}
