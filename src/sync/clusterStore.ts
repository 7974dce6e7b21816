import { setTimeout as sleep } from 'node:timers/promises';
import { ClientError, KeyValueClient, SurfStoreClient, type ServerInfo } from '../client/index.js';
import { CourseBlocks, HttpBlocks, type BlockTransport } from './blockTransport.js';
import type { Limiter } from './limiter.js';
import { isSame } from './plan.js';
import {
  remoteMapOf,
  hashListOf,
  type RemoteMap,
  type Store,
  type StoredBlocks,
  type FileUpdate,
  type UpdateResult,
} from './store.js';

interface ClusterStoreOptions {
  readonly servers: readonly ServerInfo[];
  /** Aborted when the time is over, or the user does not want to wait any more. */
  readonly signal: AbortSignal;
  readonly limiter: Limiter;
  /** Told what the client waits for when a call takes long; undefined: for nothing any more. */
  readonly onWaiting: (reason: string | undefined) => void;
  readonly newId: () => string;
}

/** The key under which the name of the cluster is: the first item of its list, whoever appends first. */
const CLUSTER_KEY = 'surfstore/cluster';

/** After so long the user is told what a call waits for. */
const LONG_MS = 2_000;
const STATUS_MS = 900;
const ATTEMPTS_AT_UNKNOWN_MAX = 20;

/** A cluster as a store: waits through elections and lost majorities until the signal is aborted. */
export class ClusterStore implements Store {
  private readonly client: SurfStoreClient;
  private readonly keys: KeyValueClient;
  private blocks: BlockTransport | undefined;
  /** Whether the servers are of this product, and remember requests. */
  private isOwn: boolean | undefined;

  constructor(private readonly options: ClusterStoreOptions) {
    const { servers } = options;
    this.client = new SurfStoreClient({ servers, deadlineMs: Number.POSITIVE_INFINITY });
    this.keys = new KeyValueClient({ servers, deadlineMs: Number.POSITIVE_INFINITY });
  }

  close(): void {
    this.client.close();
    this.keys.close();
    this.blocks?.close();
  }

  async readMap(): Promise<RemoteMap> {
    const { signal } = this.options;
    return remoteMapOf(await this.visibly(() => this.client.getFileInfoMap({ signal })));
  }

  async update(update: FileUpdate): Promise<UpdateResult> {
    const { name, version, content, request, epoch } = update;
    const { signal } = this.options;
    if (!(await this.knowsRequests())) return this.updateOnce(update);
    try {
      const hashes = hashListOf(content);
      const isApplied = await this.visibly(() =>
        this.client.updateFileNamed(request, name, version, hashes, { signal, epoch }),
      );
      return isApplied ? 'applied' : 'refused';
    } catch (error) {
      return refusalOf(error);
    }
  }

  async storedBlocks(hashes: readonly string[]): Promise<StoredBlocks> {
    const blocks = await this.transport();
    return this.visibly(() => blocks.stored(hashes));
  }

  async putBlock(hash: string, block: Uint8Array): Promise<void> {
    const blocks = await this.transport();
    await this.visibly(() => blocks.put(hash, block));
  }

  async getBlock(hash: string): Promise<Uint8Array | undefined> {
    const blocks = await this.transport();
    return this.visibly(() => blocks.get(hash));
  }

  async clusterId(mayName: boolean): Promise<string | undefined> {
    if (!(await this.knowsRequests())) return undefined;
    const { signal, newId } = this.options;
    const read = async (): Promise<string | undefined> => {
      const list = await this.visibly(() => this.keys.get(CLUSTER_KEY, { signal }));
      const first: unknown = Array.isArray(list) ? list[0] : undefined;
      return typeof first === 'string' ? first : undefined;
    };
    const known = await read();
    if (known !== undefined || !mayName) return known;
    await this.visibly(() => this.keys.append(CLUSTER_KEY, newId(), { signal }));
    return read();
  }

  /** Servers of another kind take no request id: the map tells what became of an update that was not answered. */
  private async updateOnce({ name, version, content }: FileUpdate): Promise<UpdateResult> {
    const { signal } = this.options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const hashes = hashListOf(content);
        const isApplied = await this.visibly(() => this.client.updateFile(name, version, hashes, { signal }));
        return isApplied ? 'applied' : 'refused';
      } catch (error) {
        const isUnknown = error instanceof ClientError && error.outcome === 'unknown';
        if (!isUnknown) return refusalOf(error);
        if (error.code === 'aborted' || attempt === ATTEMPTS_AT_UNKNOWN_MAX) throw error;
      }
      const now = (await this.readMap()).files.get(name);
      if (now !== undefined && now.version >= version)
        return now.version === version && isSame(now.content, content) ? 'applied' : 'refused';
    }
  }

  private async knowsRequests(): Promise<boolean> {
    this.isOwn ??= await this.visibly(() => this.firstAnswer((id, limits) => this.client.status(id, limits)));
    return this.isOwn;
  }

  private async transport(): Promise<BlockTransport> {
    if (this.blocks !== undefined) return this.blocks;
    const { servers, signal, limiter } = this.options;
    const http = new HttpBlocks(servers, signal, limiter);
    const isOffered = await this.visibly(async () => {
      for (;;) {
        const answer = await http.isOffered();
        if (answer !== undefined) return answer;
        await sleep(STATUS_MS, undefined, { signal });
      }
    });
    if (!isOffered) http.close();
    this.blocks ??= isOffered ? http : new CourseBlocks(this.client, servers, signal, limiter);
    return this.blocks;
  }

  /** Whether the first server that answers at all answers this call. */
  private async firstAnswer(
    ask: (id: number, limits: { deadlineMs: number; signal: AbortSignal }) => Promise<unknown>,
  ): Promise<boolean> {
    const { servers, signal } = this.options;
    for (;;) {
      for (const { id } of servers) {
        try {
          await ask(id, { deadlineMs: STATUS_MS, signal });
          return true;
        } catch (error) {
          if (error instanceof TypeError) return false;
          if (!(error instanceof ClientError) || error.code === 'aborted') throw error;
          if (error.code === 'refused') return false;
        }
      }
      await sleep(STATUS_MS, undefined, { signal });
    }
  }

  /** Tells the user what a call waits for, when it takes long. */
  private async visibly<T>(action: () => Promise<T>): Promise<T> {
    const { onWaiting } = this.options;
    const startedAt = performance.now();
    let isOver = false;
    const tell = async (): Promise<void> => {
      const reason = await this.reasonToWait();
      if (isOver) return;
      onWaiting(reason && `${reason} for ${Math.round((performance.now() - startedAt) / 1_000)} s`);
      timer = setTimeout(() => void tell(), 1_000);
    };
    let timer = setTimeout(() => void tell(), LONG_MS);
    try {
      return await action();
    } finally {
      isOver = true;
      clearTimeout(timer);
      onWaiting(undefined);
    }
  }

  /** Undefined when there is a leader: then it is only slow. */
  private async reasonToWait(): Promise<string | undefined> {
    const { servers } = this.options;
    const answers = await Promise.all(
      servers.map(({ id }) => this.client.status(id, { deadlineMs: STATUS_MS }).catch(() => undefined)),
    );
    const up = answers.filter((status) => status !== undefined && !status.crashed);
    const said = `${up.length} of ${servers.length} answer`;
    if (up.length === 0) return `no server answers`;
    if (up.length * 2 <= servers.length) return `no majority, ${said},`;
    return up.some((status) => status?.role === 'leader') ? undefined : `no leader, ${said},`;
  }
}

/** The end of an update that certainly was not done, and would be refused again. Throws any other error. */
function refusalOf(error: unknown): UpdateResult {
  if (!(error instanceof ClientError) || error.code !== 'refused' || error.outcome !== 'notDone') throw error;
  if (error.message.startsWith('epochMoved')) return 'epochMoved';
  return { reason: `the store refuses it: ${error.message}` };
}
