import { BlocksHttp } from '../../../src/api/blocksHttp.js';
import { Collections } from '../../../src/api/collections.js';
import type { Route } from '../../../src/api/surfaces.js';
import {
  keyOf,
  type BlockStore,
  type BlockUsage,
  type StoredBlock,
  type StoredNow,
} from '../../../src/blocks/blockStore.js';
import { ClusterBlocks, PeerUnavailableError, type BlockPeer } from '../../../src/blocks/clusterBlocks.js';
import { CollectedStore } from '../../../src/blocks/collectedStore.js';
import { MemoryBlockStore } from '../../../src/blocks/memoryBlockStore.js';
import type { Prng } from '../../../src/sim/prng.js';
import type { SimCluster } from '../../../src/sim/simCluster.js';
import type { SimHost, VirtualTime } from '../../../src/sim/simHost.js';
import type { SimProcess } from '../../../src/sim/simServer.js';
import type { FileList } from '../../../src/stateMachine/fileMetadata.js';
import { serveHttp, type SimAnswer, type SimRequest } from './servedHttp.js';

/** How blocks fare. */
export interface BlocksBehaviour {
  /** Each operation on a disk takes at most so long. */
  readonly diskMaxMs: number;
  /** Blocks that arrive damaged. */
  readonly damage: number;
}

/** A server that has not answered a peer after so long is not waited for. */
const PEER_MS = 2_000;
/** The age of a block is exact to so much, as that of a file whose time is not renewed at every look. */
const AGE_MS = 60_000;

/** The blocks of all servers: disks that stay, and what serves them in each life of a server. */
export class SimBlocks {
  /** Of each server; they survive its process. */
  readonly disks: readonly MemoryBlockStore[];
  /** Told of every block that a collection has removed from a disk. */
  onRemoved: (hash: string, server: number) => void = () => undefined;
  /** Told of a block that is stored under the name of another one. */
  onMisnamed: (hash: string, server: number) => void = () => undefined;
  readonly counts = { repaired: 0, removed: 0, lostCopies: 0 };
  private readonly canDamage: boolean;
  private marking = 0;
  /** The servers on whose disks a block is, and since when. */
  private readonly holders = new Map<string, Map<number, number>>();
  private readonly served = new WeakMap<SimProcess, readonly Route[]>();

  constructor(
    private readonly cluster: SimCluster,
    private readonly time: VirtualTime,
    private readonly random: Prng,
    private behaviour: BlocksBehaviour,
  ) {
    const age = (): number => Math.floor(time.nowMs / AGE_MS) * AGE_MS;
    this.canDamage = behaviour.damage > 0;
    this.disks = cluster.servers.map(() => new MemoryBlockStore({}, age));
  }

  /** Whether a server goes through the map: it gives other work a turn by the real clock, and time must stand still. */
  get isMarking(): boolean {
    return this.marking > 0;
  }

  isStored(hash: string): boolean {
    return (this.holders.get(hash)?.size ?? 0) > 0;
  }

  /** Whether an honest cluster must have found the block since then: some disk has had it all the time. */
  mustBeFound(hash: string, sinceMs: number): boolean {
    // A server that gives damaged bytes is as good as one that has none.
    if (this.canDamage) return false;
    return [...(this.holders.get(hash)?.values() ?? [])].some((storedAt) => storedAt < sinceMs);
  }

  /** A disk loses a block that another one has, too. */
  async loseCopy(): Promise<void> {
    const doubled = [...this.holders].filter(([, servers]) => servers.size > 1);
    if (doubled.length === 0) return;
    const [hash, servers] = this.random.pick(doubled);
    const server = this.random.pick([...servers.keys()]);
    servers.delete(server);
    this.counts.lostCopies += 1;
    await this.disks[server]?.remove([hash], () => false);
  }

  /** From now on nothing arrives damaged. */
  heal(): void {
    this.behaviour = { ...this.behaviour, damage: 0 };
  }

  /** Has one life of a server answer a request about blocks. */
  serve(server: number, process: SimProcess, request: SimRequest): ReturnType<typeof serveHttp> {
    let routes = this.served.get(process);
    if (routes === undefined) this.served.set(process, (routes = this.routesOf(server, process)));
    return serveHttp(routes, request);
  }

  /** Spoils bytes now and then, on their way to somebody. */
  carried(body: Buffer): Buffer {
    if (body.length === 0 || !this.random.chance(this.behaviour.damage)) return body;
    const spoilt = Buffer.from(body);
    const at = this.random.between(0, body.length - 1);
    spoilt[at] = (spoilt[at] ?? 0) ^ 1;
    return spoilt;
  }

  private routesOf(server: number, process: SimProcess): Route[] {
    const { host, node, router, state } = process;
    const disk = this.disks[server];
    if (disk === undefined) throw new Error(`there is no server ${server}`);
    const own = new CollectedStore(
      new DiskOfProcess(disk, host, this.random, this.behaviour.diskMaxMs, {
        stored: (hash, block) => {
          if (keyOf(block) !== hash) this.onMisnamed(hash, server);
          const holders = this.holdersOf(hash);
          if (!holders.has(server)) holders.set(server, this.time.nowMs);
        },
        removed: (hash) => {
          this.holdersOf(hash).delete(server);
          this.counts.removed += 1;
          this.onRemoved(hash, server);
        },
      }),
      () => this.time.nowMs,
    );
    const peers = this.cluster.servers
      .filter(({ id }) => id !== server)
      .map(({ id }) => new SimPeer(id, (request) => this.askPeer(server, id, host, request)));
    const blocks = new ClusterBlocks(server, own, peers, {
      stored: () => undefined,
      read: () => undefined,
      repaired: () => (this.counts.repaired += 1),
    });
    const requireRunning = (): void => node.requireRunning();
    return [
      new Collections({
        ...{ own, router, requireRunning },
        state: { files: { list: () => this.marked(state.files.list()) }, epoch: state.epoch },
        onCollected: () => undefined,
      }),
      new BlocksHttp({
        blocks,
        own,
        epoch: () => state.epoch.current,
        acceptsFrom: (peer) => node.acceptsFrom(peer),
        requireRunning,
      }),
    ];
  }

  /** A list that notices when somebody goes through it. */
  private marked(files: FileList): FileList {
    const change = (by: number): void => void (this.marking += by);
    function* noticing(): Generator<FileList[number]> {
      change(1);
      yield* files;
      change(-1);
    }
    return Object.defineProperty([...files], Symbol.iterator, { value: noticing });
  }

  private holdersOf(hash: string): Map<number, number> {
    const known = this.holders.get(hash) ?? new Map<number, number>();
    this.holders.set(hash, known);
    return known;
  }

  /** Undefined: no answer came in time. */
  private askPeer(
    from: number,
    to: number,
    host: SimHost,
    request: SimRequest,
  ): Promise<SimAnswer | undefined> {
    const { network, servers } = this.cluster;
    return new Promise((resolve) => {
      host.after(PEER_MS, () => resolve(undefined));
      const bytes = request.body?.length ?? 0;
      network.pass(from, to, this.random, bytes, () => {
        const process = servers[to]?.process;
        process?.host.perform(() => {
          void this.serve(to, process, request).promise.then(({ status, body }) => {
            const answer = { status, body: request.method === 'GET' ? this.carried(body) : body };
            network.pass(to, from, this.random, body.length, () => host.perform(() => resolve(answer)));
          });
        });
      });
    });
  }
}

/** Another server's own store, as the one of HTTP does it. */
class SimPeer implements BlockPeer {
  constructor(
    readonly id: number,
    private readonly ask: (request: SimRequest) => Promise<SimAnswer | undefined>,
  ) {}

  async put(block: Uint8Array, hash: string): Promise<{ readonly isNew: boolean }> {
    const { status } = await this.answered({ method: 'PUT', url: `/blocks/${hash}?local=1`, body: block });
    if (status !== 201 && status !== 204) throw this.refusal(status);
    return { isNew: status === 201 };
  }

  async get(hash: string): Promise<Uint8Array | undefined> {
    const { status, body } = await this.answered({ method: 'GET', url: `/blocks/${hash}?local=1` });
    if (status === 404) return undefined;
    if (status !== 200) throw this.refusal(status);
    return body;
  }

  async has(hashes: readonly string[]): Promise<string[]> {
    const question = Buffer.from(JSON.stringify({ hashes }));
    const { status, body } = await this.answered({
      method: 'POST',
      url: '/blocks/stored?local=1',
      body: question,
    });
    if (status !== 200) throw this.refusal(status);
    return (JSON.parse(body.toString()) as { stored: string[] }).stored;
  }

  private async answered(request: SimRequest): Promise<SimAnswer> {
    const answer = await this.ask(request);
    if (answer === undefined) throw new PeerUnavailableError(`server ${this.id} does not answer`);
    return answer;
  }

  private refusal(status: number): PeerUnavailableError {
    return new PeerUnavailableError(`server ${this.id} refuses: ${status}`);
  }
}

/** A disk as one process uses it: every operation takes a while, and nothing more happens once the process has ended. */
class DiskOfProcess implements BlockStore {
  readonly isShared = false;

  constructor(
    private readonly disk: MemoryBlockStore,
    private readonly host: SimHost,
    private readonly random: Prng,
    private readonly maxMs: number,
    private readonly events: { stored(hash: string, block: Uint8Array): void; removed(hash: string): void },
  ) {}

  async put(block: Uint8Array, hash?: string): Promise<StoredNow> {
    await this.access();
    const stored = await this.disk.put(block, hash);
    this.events.stored(stored.hash, block);
    return stored;
  }

  async get(hash: string): Promise<Uint8Array | undefined> {
    await this.access();
    return this.disk.get(hash);
  }

  async has(hashes: readonly string[]): Promise<string[]> {
    await this.access();
    return this.disk.has(hashes);
  }

  async *list(): AsyncIterable<StoredBlock> {
    for await (const block of this.disk.list()) {
      await this.access();
      yield block;
    }
  }

  async remove(hashes: readonly string[], isKept: (hash: string) => boolean): Promise<string[]> {
    await this.access();
    const removed = await this.disk.remove(hashes, isKept);
    for (const hash of removed) this.events.removed(hash);
    return removed;
  }

  usage(): Promise<BlockUsage> {
    return this.disk.usage();
  }

  private access(): Promise<void> {
    return new Promise((resolve) => this.host.after(this.maxMs * this.random.next(), resolve));
  }
}
