import { randomBytes } from 'node:crypto';
import { areSameServers, type ClusterConfig, type ServerAddress } from '../config/clusterFile.js';
import { addressOf } from '../net/address.js';
import { LogStorage } from '../storage/logStorage.js';
import type { Storage } from '../storage/storage.js';

const ID_BYTES = 9;

/** Draws an id for a cluster, a directory or a run: no two are ever the same. */
export function drawId(): string {
  return randomBytes(ID_BYTES).toString('base64url');
}

/**
 * Opens the data directory of a server of a cluster, or makes one. `isEmpty`: nothing was ever written to it.
 *
 * @throws StorageError
 */
export async function openDirectory(
  cluster: ClusterConfig,
  server: ServerAddress,
  dataDir: string,
): Promise<{ storage: Storage; isEmpty: boolean }> {
  const storage = await LogStorage.open(dataDir, {
    server: server.id,
    servers: cluster.servers.map(addressOf),
    areSame: areSameServers,
  });
  return { storage, isEmpty: storage.isFresh };
}
