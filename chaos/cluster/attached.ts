import type { ServerAddress } from '../../src/config/clusterFile.js';
import { NotSentError, RpcFault } from '../calls/rpcError.js';
import { Server, type Dialect } from '../calls/server.js';
import { ClusterError, type Cluster } from './cluster.js';

/** A cluster that runs already: nothing but its public calls is used. */
export function attachedCluster(servers: readonly ServerAddress[], dialect: Dialect): Cluster {
  return {
    servers,
    dialect,
    processes: undefined,
    durable: false,
    messageCounts: () => undefined,
    close: () => Promise.resolve(),
  };
}

/**
 * Makes sure that every server is there and is one that the monkey can work with: one of this product, or one that has at least
 * the calls of the assignment. A fault of whatever code says that a server has no `status`: each library has its own code for that.
 *
 * @throws ClusterError
 */
export async function findDialect(servers: readonly ServerAddress[]): Promise<Dialect> {
  const found = await Promise.all(servers.map(dialectOf));
  const [first, ...more] = found.flatMap((dialect) => ('problem' in dialect ? [dialect.problem] : []));
  if (first !== undefined)
    throw new ClusterError(more.length === 0 ? first : `${first} (and ${more.length} more)`);
  return found.every((each) => 'dialect' in each && each.dialect === 'own') ? 'own' : 'assignment';
}

async function dialectOf(
  address: ServerAddress,
): Promise<{ readonly dialect: Dialect } | { readonly problem: string }> {
  for (const dialect of ['own', 'assignment'] as const) {
    const server = new Server(address, dialect);
    try {
      await server.status();
      return { dialect };
    } catch (error) {
      const name = `server ${server.id} at ${server.address}`;
      if (error instanceof NotSentError)
        return { problem: `${name} cannot be reached: start all servers first, or use --managed` };
      if (!(error instanceof RpcFault))
        return { problem: `${name} does not say who leads: ${String(error)}` };
      if (dialect === 'assignment') {
        const problem = `${name} has neither surfstore.status nor surfstore.isLeader and surfstore.isCrashed: ${error.message}`;
        return { problem };
      }
    } finally {
      server.hangUp();
    }
  }
  throw new Error('there are two dialects');
}
