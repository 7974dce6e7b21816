import type { RequestId } from '../stateMachine/command.js';
import { PrebuiltXml, serializeValue, type ParsedValue, type XmlRpcValue } from '../xmlrpc/index.js';
import { ClusterCaller, type ClusterClientOptions } from './clusterCaller.js';
import { Connections, type RpcCall } from './connections.js';
import type { ServerInfo } from './leaderFinder.js';
import type { OperationOptions } from './operation.js';
import {
  asBoolean,
  asBytes,
  asFileMap,
  asInt,
  asStatus,
  asText,
  asTexts,
  asTrace,
  type FileInfo,
  type HashListInput,
  type ServerStatus,
  type TracedStep,
} from './values.js';

/** The options of a `SurfStoreClient`. */
export type SurfStoreClientOptions = ClusterClientOptions;

/**
 * A client of a SurfStore metadata cluster. It finds the leader, follows it when it changes, and tries again until the
 * deadline of the operation: an update carries a request id, so it takes effect once however often it was sent (with
 * servers that offer no sessions it is sent again only when it certainly was not done). Errors are {@link ClientError}s
 * that say whether the outcome is known; a `TypeError` means that a server's answer does not belong to this service.
 *
 * @example import { SurfStoreClient } from 'surfstore'; import { readClusterFile } from 'surfstore/cluster-file';
 *
 * const client = new SurfStoreClient({ servers: readClusterFile('myconfig.txt').servers }); await
 * client.updateFile('notes.txt', 1, ['9f86d081...']); // true (await client.getFileInfoMap()).get('notes.txt');
 * // { version: 1, hashList: ['9f86d081...'] } client.close();
 */
export class SurfStoreClient {
  private readonly caller: ClusterCaller<RpcCall, ParsedValue>;

  constructor(options: SurfStoreClientOptions) {
    const opening = { call: call('openSession'), idIn: asText };
    this.caller = new ClusterCaller(options, new Connections(options.servers), opening);
  }

  /**
   * The whole file map: name -> version and hash list. Linearizable.
   *
   * @throws ClientError
   */
  async getFileInfoMap(options: OperationOptions = {}): Promise<Map<string, FileInfo>> {
    return asFileMap(await this.caller.read(call('getfileinfomap'), options));
  }

  /**
   * Sets the hash list of a file. True when applied, false when `version` is not exactly one above the stored
   * version, which is 0 for a file never written.
   *
   * @throws ClientError; with outcome `unknown` the file's version tells later whether it was done
   */
  async updateFile(
    name: string,
    version: number,
    hashList: HashListInput,
    options: OperationOptions = {},
  ): Promise<boolean> {
    // Made once, so that every attempt sends the same call even if the caller changes the list meanwhile.
    const hashes = serializeValue(hashList);
    const hashesXml = new PrebuiltXml(() => [hashes]);
    const callFor = (request: RequestId | undefined): RpcCall =>
      request === undefined
        ? call('updatefile', name, version, hashesXml)
        : call('updatefile', name, version, hashesXml, new Map(Object.entries(request)));
    return asBoolean(await this.caller.write(callFor, options));
  }

  /**
   * As {@link updateFile}, under a name that the caller gives this request: it takes effect once, however often it is
   * sent under this name, also by another client and after a restart. Only for servers that offer sessions.
   *
   * @param epoch of the garbage collection of blocks, as the servers told it before the file's blocks were sent; the
   * update is refused with `epochMoved` when it has moved
   * @throws ClientError
   */
  async updateFileNamed(
    request: string,
    name: string,
    version: number,
    hashList: HashListInput,
    { epoch, ...options }: OperationOptions & { readonly epoch?: number | undefined } = {},
  ): Promise<boolean> {
    const params = [name, version, hashList, request, ...(epoch === undefined ? [] : [epoch])];
    return asBoolean(await this.caller.writeNamed(call('updatefile', ...params), options));
  }

  /** The committed version that one server has, 0 for a file never written. @throws ClientError */
  async versionAt(server: number, name: string, options: OperationOptions = {}): Promise<number> {
    return asInt(await this.caller.askServer(server, call('tester_getversion', name), options));
  }

  /**
   * Stores a block on one server, under the SHA-256 of its bytes in lower case hex. Blocks are not replicated.
   *
   * @throws ClientError
   */
  async putBlock(server: number, block: Uint8Array, options: OperationOptions = {}): Promise<void> {
    await this.caller.askServer(server, call('putblock', block), options);
  }

  /** The block with this SHA-256, in hex, on one server. @throws ClientError `refused` when it has none */
  async getBlock(server: number, hash: string, options: OperationOptions = {}): Promise<Uint8Array> {
    return asBytes(await this.caller.askServer(server, call('getblock', hash), options));
  }

  /** Those of the hashes whose block one server has, in the order given. @throws ClientError */
  async hasBlocks(
    server: number,
    hashes: readonly string[],
    options: OperationOptions = {},
  ): Promise<string[]> {
    return asTexts(await this.caller.askServer(server, call('hasblocks', hashes), options));
  }

  /** @throws ClientError */
  async status(server: number, options: OperationOptions = {}): Promise<ServerStatus> {
    return asStatus(await this.caller.askServer(server, call('status'), options));
  }

  /**
   * One server's latest actions and their reasons, the oldest first; a crashed server answers, too. @throws ClientError
   */
  async trace(server: number, options: OperationOptions = {}): Promise<TracedStep[]> {
    return asTrace(await this.caller.askServer(server, call('trace'), options));
  }

  /** @throws ClientError */
  async isLeader(server: number, options: OperationOptions = {}): Promise<boolean> {
    return asBoolean(await this.caller.askServer(server, call('isLeader'), options));
  }

  /** @throws ClientError */
  async isCrashed(server: number, options: OperationOptions = {}): Promise<boolean> {
    return asBoolean(await this.caller.askServer(server, call('isCrashed'), options));
  }

  /** Crashes one server until it is restored. @throws ClientError */
  async crash(server: number, options: OperationOptions = {}): Promise<void> {
    await this.caller.askServer(server, call('crash'), options);
  }

  /** @throws ClientError */
  async restore(server: number, options: OperationOptions = {}): Promise<void> {
    await this.caller.askServer(server, call('restore'), options);
  }

  /**
   * The server that leads, according to the servers themselves.
   *
   * @throws ClientError `noLeader` when none was found within the deadline
   */
  findLeader(options: OperationOptions = {}): Promise<ServerInfo> {
    return this.caller.findLeader(call('isLeader'), (answer) => answer === true, options);
  }

  /** Ends the operations under way, and later ones, with `aborted`, and closes the connections. */
  close(): void {
    this.caller.close();
  }
}

function call(name: string, ...params: readonly XmlRpcValue[]): RpcCall {
  return { methodName: `surfstore.${name}`, params };
}
