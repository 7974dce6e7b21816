import { BlockStoreFullError, isKey, keyOf } from './blockStore.js';
import type { CollectedStore } from './collectedStore.js';
import { COPIES, placementOf } from './placement.js';
import { WorkLimit } from './workLimit.js';

/** Repairs under way at a time; a read that finds more to repair leaves it to the next read. */
const REPAIRS_MAX = 8;

/** Another server, as far as its own store goes: it asks nobody else. */
export interface BlockPeer {
  readonly id: number;
  /** @throws BlockStoreFullError, PeerUnavailableError */
  put(block: Uint8Array, hash: string): Promise<{ readonly isNew: boolean }>;
  /**
   * @returns the bytes, not verified; undefined when it does not have the block
   * @throws PeerUnavailableError
   */
  get(hash: string): Promise<Uint8Array | undefined>;
  /** @throws PeerUnavailableError */
  has(hashes: readonly string[]): Promise<readonly string[]>;
}

/** Another server did not answer, or refused for a reason of its own. */
export class PeerUnavailableError extends Error {
  override readonly name = 'PeerUnavailableError';
}

/** No server could answer for a block that one of those that did not answer may have, or may take. */
export class BlocksUnavailableError extends Error {
  override readonly name = 'BlocksUnavailableError';
}

/** Receives what becomes of blocks, for metrics and the log; must not throw. */
export interface BlockEvents {
  /** A client's block is stored on so many servers. */
  stored(bytes: number, copies: number): void;
  /** A client asked for a block: this server had it, another one, or none. */
  read(source: 'own' | 'peer' | 'none'): void;
  /** A server that should have the block has it again. */
  repaired(hash: string, server: number): void;
}

/** Ignores all events. */
export const noBlockEvents: BlockEvents = {
  stored: () => undefined,
  read: () => undefined,
  repaired: () => undefined,
};

/** A block of a client is stored. */
interface PlacedBlock {
  readonly hash: string;
  readonly isNew: boolean;
  /** The servers that have it now. */
  readonly copies: number;
}

/**
 * The blocks of the whole cluster, from any server of it. Each block lies on the two servers that come first in its
 * placement, or on the next ones while these are down. What this server does not have it gets from the others; a read
 * gives the block back to a server that should have it and answers that it does not.
 */
export class ClusterBlocks {
  private readonly peers: ReadonlyMap<number, BlockPeer>;
  private readonly servers: readonly number[];
  private readonly repairs = new Set<string>();
  private readonly limit = new WorkLimit();

  constructor(
    private readonly self: number,
    private readonly own: CollectedStore,
    peers: readonly BlockPeer[],
    private readonly events: BlockEvents = noBlockEvents,
  ) {
    // A store that all servers share is asked once.
    const others = own.isShared ? [] : peers;
    this.peers = new Map(others.map((peer) => [peer.id, peer]));
    this.servers = [self, ...this.peers.keys()];
  }

  /**
   * Stores a block on two servers, or on as many as there are; one is enough for success.
   *
   * @throws BlockTooLargeError, BlockStoreFullError, BlocksUnavailableError, TooMuchWorkError
   */
  put(block: Uint8Array, hash = keyOf(block)): Promise<PlacedBlock> {
    return this.limit.run(block.byteLength, () => this.place(block, hash));
  }

  /**
   * @returns the block, verified; undefined when every server answered that it does not have it
   * @throws BlocksUnavailableError when a server that did not answer may have it; TooMuchWorkError
   */
  async get(hash: string): Promise<Uint8Array | undefined> {
    return isKey(hash) ? this.limit.run(0, () => this.find(hash)) : undefined;
  }

  /** Those of the hashes whose block is stored on a server that answers, in the order of the argument. */
  async has(hashes: readonly string[]): Promise<string[]> {
    const keys = hashes.filter(isKey);
    if (keys.length === 0) return [];
    const answers = await Promise.all([
      this.own.has(keys),
      // All of them are asked, so that every copy counts as used and none is collected.
      ...[...this.peers.values()].map((peer) => peer.has(keys).catch((): string[] => [])),
    ]);
    const stored = new Set(answers.flat());
    return keys.filter((hash) => stored.has(hash));
  }

  private async place(block: Uint8Array, hash: string): Promise<PlacedBlock> {
    const waiting = placementOf(hash, this.servers);
    const errors: unknown[] = [];
    let copies = 0;
    let isNew = true;
    while (copies < COPIES && waiting.length > 0) {
      const chosen = waiting.splice(0, COPIES - copies);
      const outcomes = await Promise.allSettled(chosen.map((server) => this.putOn(server, block, hash)));
      for (const outcome of outcomes) {
        if (outcome.status === 'fulfilled') {
          copies += 1;
          isNew &&= outcome.value.isNew;
        } else errors.push(outcome.reason);
      }
    }
    if (copies === 0) throw whyNotStored(errors);
    this.events.stored(block.byteLength, copies);
    return { hash, isNew, copies };
  }

  private async find(hash: string): Promise<Uint8Array | undefined> {
    const own = await this.own.get(hash);
    if (own !== undefined) {
      this.events.read('own');
      return own;
    }
    const ranked = placementOf(hash, this.servers);
    const lacking = [this.self];
    const silent: string[] = [];
    for (const server of ranked) {
      const peer = this.peers.get(server);
      if (peer === undefined) continue;
      const block = await peer.get(hash).catch((error: unknown) => {
        silent.push(messageOf(error));
        return null;
      });
      if (block === null) continue;
      if (block !== undefined && keyOf(block) === hash) {
        this.events.read('peer');
        const homes = ranked.slice(0, COPIES);
        this.repair(
          block,
          hash,
          lacking.filter((each) => homes.includes(each)),
        );
        return block;
      }
      lacking.push(server);
    }
    this.events.read('none');
    if (silent.length > 0)
      throw new BlocksUnavailableError(
        `no server that answers has the block; another one may have it: ${silent.join('; ')}`,
      );
    return undefined;
  }

  private async putOn(server: number, block: Uint8Array, hash: string): Promise<{ readonly isNew: boolean }> {
    return server === this.self ? this.own.put(block, hash) : this.peerOf(server).put(block, hash);
  }

  private peerOf(server: number): BlockPeer {
    const peer = this.peers.get(server);
    if (peer === undefined) throw new Error(`server ${server} is not a peer`);
    return peer;
  }

  /** Not waited for: the reader has its block. */
  private repair(block: Uint8Array, hash: string, servers: readonly number[]): void {
    if (servers.length === 0 || this.repairs.size >= REPAIRS_MAX || this.repairs.has(hash)) return;
    this.repairs.add(hash);
    void Promise.allSettled(
      servers.map(async (server) => {
        await this.putOn(server, block, hash);
        this.events.repaired(hash, server);
      }),
    ).then(() => this.repairs.delete(hash));
  }
}

/** A full store is the reason only if no other server might have taken the block. */
function whyNotStored(errors: readonly unknown[]): unknown {
  const other = errors.find((error) => !(error instanceof BlockStoreFullError));
  return other instanceof PeerUnavailableError
    ? new BlocksUnavailableError(`no server could store the block: ${errors.map(messageOf).join('; ')}`)
    : (other ?? errors[0]);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
