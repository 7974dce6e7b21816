import { setTimeout as sleep } from 'node:timers/promises';
import { isMethodMissing } from '../calls/outcome.js';
import { RpcFault } from '../calls/rpcError.js';
import { ClusterError, type Cluster, type Processes } from '../cluster/cluster.js';
import { Server } from '../calls/server.js';
import type { RunMs, ServerId } from '../runRecord.js';
import { FaultLedger } from './faultLedger.js';
import { partitionCuts, type Cuts } from './links.js';
import { frozenStateOf, type Frozen, type Standstill } from './standstill.js';

/** A busy server may be slow to answer; all of these calls may be made twice. */
const TRIES = 5;
/** A server that hangs answers none of them: it is not waited for longer. */
const INSIST_MS = 5_000;
const HEAL_MS = 10_000;
const BETWEEN_TRIES_MS = 200;

/** Does things to servers, knows what is done to whom at the moment, and undoes all of it. */
export class FaultControl {
  readonly ledger: FaultLedger;
  readonly standstills: Standstill[] = [];
  readonly servers: readonly Server[];
  private readonly crashes = new Map<ServerId, { readonly at: RunMs; readonly frozen: Frozen | undefined }>();

  constructor(
    private readonly cluster: Cluster,
    private readonly files: readonly string[],
    private readonly now: () => RunMs,
  ) {
    this.ledger = new FaultLedger(now);
    this.servers = cluster.servers.map((address) => new Server(address, cluster.dialect));
  }

  get ids(): ServerId[] {
    return this.servers.map(({ id }) => id);
  }

  get up(): ServerId[] {
    return this.ids.filter((id) => this.ledger.isUp(id));
  }

  /**
   * Undoes what somebody did to the servers before the run.
   *
   * @throws ClusterError when the servers do not have the hooks
   */
  async prepare(): Promise<void> {
    try {
      for (const server of this.servers) {
        if (this.cluster.dialect === 'own') await server.makeUnreachableFrom([]);
        await server.restore();
      }
    } catch (error) {
      if (!isMethodMissing(error)) throw new ClusterError(`the cluster cannot be prepared: ${String(error)}`);
      throw new ClusterError(
        'the servers have no chaos hooks, they were started with --no-chaos-hooks: nothing can be done to them by calls',
      );
    }
  }

  async crash(id: ServerId): Promise<void> {
    if (this.ledger.suffers(id, 'crash') || !this.canAnswer(id)) return;
    const server = this.server(id);
    this.ledger.begin(id, 'crash');
    await insist(() => server.crash());
    this.ledger.holds(id, 'crash');
    const at = this.now();
    this.crashes.set(id, { at, frozen: await frozenStateOf(server, this.files).catch(() => undefined) });
  }

  async restore(id: ServerId): Promise<void> {
    if (!this.ledger.suffers(id, 'crash') || !this.canAnswer(id)) return;
    const server = this.server(id);
    const crash = this.crashes.get(id);
    const after = await frozenStateOf(server, this.files).catch(() => undefined);
    if (crash?.frozen !== undefined && after !== undefined) {
      const { at: crashedAt, frozen: before } = crash;
      this.standstills.push({ server: id, crashedAt, restoredAt: this.now(), before, after });
    }
    this.crashes.delete(id);
    this.ledger.releases(id, 'crash');
    await insist(() => server.restore());
    this.ledger.end(id, 'crash');
  }

  /**
   * The servers named in the map do not hear those from now on; all others stay as they are. One that cannot be told does not keep
   * the others from being told.
   */
  async cut(cuts: Cuts): Promise<void> {
    const tellings = await Promise.allSettled(
      [...cuts].map(async ([id, from]) => {
        if (!this.canAnswer(id) || sameMembers(this.ledger.unheardBy(id), from)) return;
        const heals = this.ledger.unheardBy(id).length > 0;
        if (heals) this.ledger.releases(id, 'unreachable');
        else this.ledger.setUnreachable(id, from);
        await insist(() => this.server(id).makeUnreachableFrom(from));
        if (heals) this.ledger.setUnreachable(id, from);
        this.ledger.holds(id, 'unreachable');
      }),
    );
    for (const telling of tellings) if (telling.status === 'rejected') throw telling.reason;
  }

  async healLinks(): Promise<void> {
    await this.cut(partitionCuts(this.ids, [this.ids]));
  }

  async kill(id: ServerId): Promise<void> {
    if (this.ledger.suffers(id, 'kill')) return;
    this.ledger.begin(id, 'kill');
    await this.processes.kill(id);
    this.ledger.holds(id, 'kill');
    // A new process knows nothing of what was done to the old one.
    for (const kind of ['crash', 'pause', 'unreachable'] as const) this.ledger.end(id, kind);
    this.crashes.delete(id);
  }

  async start(id: ServerId): Promise<void> {
    if (!this.ledger.suffers(id, 'kill')) return;
    this.ledger.releases(id, 'kill');
    await this.processes.start(id);
    this.ledger.end(id, 'kill');
  }

  async pause(id: ServerId): Promise<void> {
    if (this.ledger.suffers(id, 'pause') || this.ledger.suffers(id, 'kill')) return;
    this.ledger.begin(id, 'pause');
    await this.processes.pause(id);
    this.ledger.holds(id, 'pause');
  }

  async resume(id: ServerId): Promise<void> {
    if (!this.ledger.suffers(id, 'pause')) return;
    this.ledger.releases(id, 'pause');
    await this.processes.resume(id);
    this.ledger.end(id, 'pause');
  }

  /**
   * Undoes everything, whatever has happened.
   *
   * @returns what could not be undone, one line each
   */
  async healAll(): Promise<string[]> {
    const problems = await Promise.all(this.ids.map((id) => this.heal(id)));
    return problems.filter((problem) => problem !== undefined);
  }

  /** Servers of ours that ended though nobody here killed them, one line each. */
  deaths(): readonly string[] {
    return this.cluster.processes?.deaths() ?? [];
  }

  hangUp(): void {
    for (const server of this.servers) server.hangUp();
  }

  private async heal(id: ServerId): Promise<string | undefined> {
    const until = performance.now() + HEAL_MS;
    for (let tries = 1; ; tries += 1) {
      try {
        await this.resume(id);
        await this.start(id);
        await this.cut(new Map([[id, []]]));
        await this.restore(id);
        return undefined;
      } catch (error) {
        if (tries === TRIES || performance.now() > until)
          return `server ${id} could not be healed: ${String(error)}`;
        await sleep(BETWEEN_TRIES_MS);
      }
    }
  }

  /** Only a process that runs can be told anything. */
  private canAnswer(id: ServerId): boolean {
    return !this.ledger.suffers(id, 'kill') && !this.ledger.suffers(id, 'pause');
  }

  private get processes(): Processes {
    if (this.cluster.processes === undefined) throw new Error('these processes are not ours to stop');
    return this.cluster.processes;
  }

  private server(id: ServerId): Server {
    const server = this.servers[id];
    if (server === undefined) throw new Error(`there is no server ${id}`);
    return server;
  }
}

async function insist(call: () => Promise<void>): Promise<void> {
  const until = performance.now() + INSIST_MS;
  for (let tries = 1; ; tries += 1) {
    try {
      await call();
      return;
    } catch (error) {
      if (tries === TRIES || error instanceof RpcFault || performance.now() > until) throw error;
      await sleep(BETWEEN_TRIES_MS);
    }
  }
}

function sameMembers(a: readonly ServerId[], b: readonly ServerId[]): boolean {
  return a.length === b.length && a.every((member) => b.includes(member));
}
