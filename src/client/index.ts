/**
 * SurfStore as a library: clients of the file metadata and of the key/value service that find the leader of a cluster
 * and try again without doing anything twice.
 */
export { SurfStoreClient, type SurfStoreClientOptions } from './client.js';
export { KeyValueClient, type KeyValueClientOptions } from './keyValueClient.js';
export type { OperationOptions } from './operation.js';
export { ClientError, type ClientErrorCode } from './errors.js';
export type { ServerInfo } from './leaderFinder.js';
export type { FileInfo, HashListInput, PeerInfo, ServerStatus, TracedStep } from './values.js';
export type { JsonValue } from '../stateMachine/command.js';
