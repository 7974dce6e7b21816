import { SINGLE, encodeAppend, encodeUpdateFile } from '../../../src/stateMachine/command.js';
import type { PendingCall } from '../../../src/node/pendingRequests.js';
import type { Prng } from '../../../src/sim/prng.js';
import type { VirtualTime } from '../../../src/sim/simHost.js';
import type { SimProcess } from '../../../src/sim/simServer.js';
import { StoreRefusal } from '../../../src/sync/blockTransport.js';
import {
  hashListOf,
  remoteMapOf,
  type FileUpdate,
  type RemoteMap,
  type Store,
  type StoredBlocks,
  type UpdateResult,
} from '../../../src/sync/store.js';
import type { ClientLife } from './clientLife.js';
import type { Ledger } from './ledger.js';
import type { SimAnswer, SimRequest } from './servedHttp.js';
import type { SimBlocks } from './simBlocks.js';
import type { Wire } from './wire.js';

/** The surroundings of all clients. */
export interface StoreWorld {
  readonly wire: Wire;
  readonly blocks: SimBlocks;
  readonly ledger: Ledger;
  readonly time: VirtualTime;
  readonly servers: number;
}

const PAUSE_MIN_MS = 50;
const PAUSE_MAX_MS = 1_000;
const CLUSTER_KEY = 'surfstore/cluster';

/**
 * The cluster as a client's process sees it, by the rules of the shipped one: it follows the servers' hints to the
 * leader, and repeats a call until it has an answer, an update under the request that it came with.
 */
export class SimStore implements Store {
  private leader: number;
  private blockServer: number;

  constructor(
    private readonly life: ClientLife,
    private readonly world: StoreWorld,
    private readonly random: Prng,
  ) {
    this.leader = random.between(0, world.servers - 1);
    this.blockServer = random.between(0, world.servers - 1);
  }

  async readMap(): Promise<RemoteMap> {
    const list = await this.onLeader('readMap', ({ node, state }) =>
      then(node.read(), () => state.files.list()),
    );
    return remoteMapOf(list);
  }

  async update({ name, version, content, request, epoch }: FileUpdate): Promise<UpdateResult> {
    const id = { clientId: request, sequence: SINGLE };
    const command = encodeUpdateFile(name, version, hashListOf(content), id, epoch);
    const result = await this.onLeader(`update ${name} ${version}`, ({ node }) => node.propose(command));
    this.world.ledger.told(request, result);
    if (result === 'applied' || result === 'refused' || result === 'epochMoved') return result;
    throw new Error(`an update is answered with "${result}"`);
  }

  async storedBlocks(hashes: readonly string[]): Promise<StoredBlocks> {
    const body = Buffer.from(JSON.stringify({ hashes }));
    const answer = await this.onAny({ method: 'POST', url: '/blocks/stored', body });
    const { stored, epoch } = JSON.parse(answer.body.toString()) as { stored: string[]; epoch: number };
    return { stored: new Set(stored), epoch };
  }

  async putBlock(hash: string, block: Uint8Array): Promise<void> {
    await this.onAny({ method: 'PUT', url: `/blocks/${hash}`, body: block });
  }

  async getBlock(hash: string): Promise<Uint8Array | undefined> {
    const { status, body } = await this.onAny({ method: 'GET', url: `/blocks/${hash}` }, (askedAt) => {
      if (this.world.blocks.mustBeFound(hash, askedAt))
        this.world.ledger.fail('a block that is stored is found', hash);
    });
    return status === 404 ? undefined : this.world.blocks.carried(body);
  }

  async clusterId(mayName: boolean): Promise<string | undefined> {
    const read = async (): Promise<string | undefined> => {
      const list = await this.onLeader('read cluster', ({ node, state }) =>
        then(node.read(), () => state.keys.get(CLUSTER_KEY)),
      );
      const first: unknown = Array.isArray(list) ? list[0] : undefined;
      return typeof first === 'string' ? first : undefined;
    };
    const known = await read();
    if (known !== undefined || !mayName) return known;
    const name = this.life.newId();
    const command = encodeAppend(CLUSTER_KEY, [name], { clientId: name, sequence: SINGLE });
    await this.onLeader('append cluster', ({ node }) => node.propose(command));
    return read();
  }

  private async onLeader<T>(what: string, serve: (process: SimProcess) => PendingCall<T>): Promise<T> {
    await this.life.step(what);
    for (let attempt = 0; ; attempt += 1) {
      const answer = await this.world.wire.ask(this.life.host, this.leader, serve);
      if (answer !== undefined && 'value' in answer) return answer.value;
      this.leader = answer?.error.leader ?? (this.leader + 1) % this.world.servers;
      await this.pause(attempt);
    }
  }

  /** The first answer that settles the matter. @throws StoreRefusal */
  private async onAny(
    request: SimRequest,
    onNotFound: (askedAt: number) => void = () => undefined,
  ): Promise<SimAnswer> {
    await this.life.step(`${request.method} ${request.url}`);
    for (let attempt = 0; ; attempt += 1) {
      const { blockServer } = this;
      const askedAt = this.world.time.nowMs;
      const answer = await this.world.wire.ask(this.life.host, blockServer, (process) =>
        this.world.blocks.serve(blockServer, process, request),
      );
      if (answer !== undefined && 'value' in answer) {
        const { status, body } = answer.value;
        if (status === 404) onNotFound(askedAt);
        if (status < 300 || status === 404) return answer.value;
        if (status < 500 || status === 507) throw new StoreRefusal(body.toString());
      }
      this.blockServer = (blockServer + 1) % this.world.servers;
      await this.pause(attempt);
    }
  }

  private pause(attempt: number): Promise<void> {
    const ms = Math.min(PAUSE_MAX_MS, PAUSE_MIN_MS * 2 ** Math.min(attempt, 10));
    return new Promise((resolve) => this.life.host.after(ms * this.random.next(), resolve));
  }
}

function then<T, U>({ promise, cancel }: PendingCall<T>, next: (value: T) => U): PendingCall<U> {
  return { promise: promise.then(next), cancel };
}
