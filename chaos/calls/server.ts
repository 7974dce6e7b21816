import type { ServerAddress } from '../../src/config/clusterFile.js';
import { addressOf } from '../../src/net/address.js';
import type { FileState } from '../../src/verify/index.js';
import type { ServerId } from '../runRecord.js';
import { asBoolean, asFileMap, asInt, asStatus, type SeenStatus } from './answers.js';
import { RpcClient } from './rpcClient.js';

/** Calls that a server answers by itself. */
const OWN_CALL_MS = 2_000;

/** The public calls of one server, over a connection of its own. All of them throw what {@link RpcClient.call} throws. */
export class Server {
  readonly id: ServerId;
  readonly address: string;
  private readonly client: RpcClient;

  constructor(server: ServerAddress) {
    this.id = server.id;
    this.address = addressOf(server);
    this.client = new RpcClient(server.host, server.port);
  }

  async updateFile(
    file: string,
    version: number,
    hashList: readonly string[],
    timeoutMs: number,
  ): Promise<boolean> {
    return asBoolean(await this.client.call('surfstore.updatefile', [file, version, hashList], timeoutMs));
  }

  async fileMap(timeoutMs: number): Promise<Map<string, FileState>> {
    return asFileMap(await this.client.call('surfstore.getfileinfomap', [], timeoutMs));
  }

  async version(file: string): Promise<number> {
    return asInt(await this.client.call('surfstore.tester_getversion', [file], OWN_CALL_MS));
  }

  async status(timeoutMs = OWN_CALL_MS): Promise<SeenStatus> {
    return asStatus(await this.client.call('surfstore.status', [], timeoutMs));
  }

  async crash(): Promise<void> {
    await this.client.call('surfstore.crash', [], OWN_CALL_MS);
  }

  async restore(): Promise<void> {
    await this.client.call('surfstore.restore', [], OWN_CALL_MS);
  }

  async makeUnreachableFrom(servers: readonly ServerId[]): Promise<void> {
    await this.client.call('surfstore.makeUnreachableFrom', [servers], OWN_CALL_MS);
  }

  hangUp(): void {
    this.client.hangUp();
  }
}
