import type { ServerAddress } from '../../src/config/clusterFile.js';
import { addressOf } from '../../src/net/address.js';
import type { FileState } from '../../src/verify/index.js';
import type { ServerId } from '../runRecord.js';
import { asBoolean, asFileMap, asInt, asStatus, type SeenStatus } from './answers.js';
import { RpcClient } from './rpcClient.js';

/** Calls that a server answers by itself. */
const OWN_CALL_MS = 2_000;

/**
 * The calls that a server has: this product's own, `surfstore.status` among them, or those that every server of the
 * assignment has.
 */
export type Dialect = 'own' | 'assignment';

/** The public calls of one server, over a connection of its own. All of them throw what {@link RpcClient.call} throws. */
export class Server {
  readonly id: ServerId;
  readonly address: string;
  private readonly client: RpcClient;

  constructor(
    server: ServerAddress,
    readonly dialect: Dialect = 'own',
  ) {
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

  /** Of a server of the assignment, only who leads and who is crashed is known. */
  async status(timeoutMs = OWN_CALL_MS): Promise<SeenStatus> {
    if (this.dialect === 'own') return asStatus(await this.client.call('surfstore.status', [], timeoutMs));
    const leads = await this.isLeader(timeoutMs);
    const crashed = await this.isCrashed(timeoutMs);
    return {
      ...{
        role: leads ? 'leader' : 'follower',
        crashed,
        leader: leads ? this.id : -1,
        term: 0,
        votedFor: -1,
      },
      ...{ commitIndex: 0, lastApplied: 0, lastIndex: 0, waitingCalls: 0, unreachableFrom: [] },
    };
  }

  async isLeader(timeoutMs = OWN_CALL_MS): Promise<boolean> {
    return asBoolean(await this.client.call('surfstore.isLeader', [], timeoutMs));
  }

  async isCrashed(timeoutMs = OWN_CALL_MS): Promise<boolean> {
    return asBoolean(await this.client.call('surfstore.isCrashed', [], timeoutMs));
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
