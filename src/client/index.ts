/** SurfStore as a library: a client that finds the leader of a cluster and retries what is safe to retry. */
export { SurfStoreClient, type SurfStoreClientOptions } from './client.js';
export type { OperationOptions } from './operation.js';
export { ClientError, type ClientErrorCode } from './errors.js';
export type { ServerInfo } from './leaderFinder.js';
export type { FileInfo, HashListInput, PeerInfo, ServerStatus } from './values.js';
