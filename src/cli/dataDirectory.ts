import { areSameServers, type ClusterConfig, type ServerAddress } from '../config/clusterFile.js';
import { addressOf } from '../net/address.js';
import { LevelStorage } from '../storage/level/levelStorage.js';
import type { Storage } from '../storage/storage.js';

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
  const storage = await LevelStorage.open(dataDir, {
    server: server.id,
    servers: cluster.servers.map(addressOf),
    areSame: areSameServers,
  });
  return { storage, isEmpty: storage.isFresh };
}
